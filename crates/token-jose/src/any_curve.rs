//! ECDSA for verifiers that do not compare the algorithm with the curve.

use pkcs8::der::Encode as _;
use pkcs8::der::asn1::UintRef;

use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::public_key::PublicKey;
use crate::x509::ecdsa_verifier;

impl PublicKey {
    /// Checks an ECDSA signature with the widths and the hash of `algorithm`, on the NIST curve of
    /// this key, whichever it is.
    ///
    /// RFC 7518 §3.4 gives each algorithm its curve, and [`verify`](Self::verify) keeps to that.
    /// golang-jwt does not: with it a P-256 key verifies ES384, r and s padded to 48 bytes each.
    /// This returns the answer of such a verifier.
    ///
    /// # Errors
    ///
    /// - [`Error::AlgorithmMismatch`] if `algorithm` or the key is not for ECDSA;
    /// - [`Error::BadSignature`] if the signature does not match the key and the bytes, or is not
    ///   as long as the algorithm's.
    pub fn verify_on_any_curve(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let verifier = ecdsa_verifier(algorithm, self.kind())
            .ok_or(Error::AlgorithmMismatch { algorithm, kind: self.kind() })?;
        let width = algorithm.key_kind().coordinate_len().unwrap_or_default();
        if signature.len() != 2 * width {
            return Err(Error::BadSignature);
        }
        let (r, s) = signature.split_at(width);
        let der = sequence(r, s).ok_or(Error::BadSignature)?;
        self.parsed(verifier)?.verify_sig(message, &der).map_err(|_| Error::BadSignature)
    }
}

/// Returns both numbers as an ECDSA-Sig-Value (RFC 3279 §2.2.3).
fn sequence(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?].to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_file::KeyFile;
    use crate::signing_key::SigningKey as _;

    fn key() -> Box<crate::private_key::PrivateKey> {
        // The key of RFC 7515 appendix A.3.
        let jwk = br#"{"kty":"EC","crv":"P-256",
            "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
        match KeyFile::parse(jwk).unwrap() {
            KeyFile::Plain(key) => key,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_own_algorithm_verifies_as_ever() {
        let key = key();
        let signature = key.sign(b"m").unwrap();
        let public = key.public_key();
        public.verify_on_any_curve(Algorithm::Es256, b"m", &signature).unwrap();
        let other = public.verify_on_any_curve(Algorithm::Es256, b"n", &signature);
        assert!(matches!(other, Err(Error::BadSignature)));
    }

    #[test]
    fn a_padded_signature_is_checked_with_the_hash_of_its_algorithm() {
        // ES384 hashes with SHA-384, so a signature over SHA-256 does not verify, and one of the
        // wrong width has the wrong length.
        let key = key();
        let signature = key.sign(b"m").unwrap();
        let (r, s) = signature.split_at(32);
        let padded = [&[0; 16], r, &[0; 16], s].concat();
        for bytes in [&padded, &signature] {
            let result = key.public_key().verify_on_any_curve(Algorithm::Es384, b"m", bytes);
            assert!(matches!(result, Err(Error::BadSignature)));
        }
    }

    #[test]
    fn algorithms_of_other_families_do_not_fit() {
        let key = key();
        for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
            let result = key.public_key().verify_on_any_curve(algorithm, b"m", &[0; 64]);
            assert!(matches!(result, Err(Error::AlgorithmMismatch { .. })));
        }
    }
}
