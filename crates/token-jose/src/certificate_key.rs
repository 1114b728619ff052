//! Keys of certificates, of every kind that a CA verifies with.

use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};

use crate::error::{Error, malformed};
use crate::public_key::PublicKey;
use crate::x509::{Hash, Scheme};

/// The public key of a certificate, for checking the signatures of others.
///
/// A CA also knows keys that sign no tokens here: RSA from 1024 bits, and curve P-224. So a
/// certificate can have such a key, or be signed by one.
#[derive(Clone, Debug)]
pub struct CertificateKey(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Known(PublicKey),
    Other(PKey<Public>),
}

impl CertificateKey {
    /// Reads a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] or [`Error::UnsupportedKey`] if it is no key that can verify.
    pub fn from_spki(der: &[u8]) -> Result<Self, Error> {
        if let Ok(key) = PublicKey::from_spki(der) {
            return Ok(Self(Kind::Known(key)));
        }
        let key = PKey::public_key_from_der(der).map_err(malformed)?;
        match key.id() {
            Id::EC | Id::RSA => Ok(Self(Kind::Other(key))),
            other => Err(Error::UnsupportedKey { what: crate::openssl::name_of(other) }),
        }
    }

    /// Checks the signature of a certificate; the parameters are those of
    /// [`PublicKey::verify_x509`].
    ///
    /// # Errors
    ///
    /// - [`Error::UnsupportedSignature`] for SHA-1, MD5 and unknown algorithms;
    /// - [`Error::BadSignature`] if the signature does not match the key and the bytes, if it is
    ///   for another type of key, or if it is of an RSA key below 1024 bits.
    pub fn verify(
        &self,
        algorithm: &[u8],
        parameters: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        match &self.0 {
            Kind::Known(key) => key.verify_x509(algorithm, parameters, message, signature),
            Kind::Other(key) => {
                let scheme = Scheme::parse(algorithm, parameters)?;
                match verified(key, scheme, message, signature) {
                    Some(true) => Ok(()),
                    _ => Err(Error::BadSignature),
                }
            }
        }
    }
}

/// Returns whether the signature verifies, or `None` if keys of this kind make no such signatures.
fn verified(key: &PKey<Public>, scheme: Scheme, message: &[u8], signature: &[u8]) -> Option<bool> {
    let (hash, pss) = match (scheme, key.id()) {
        (Scheme::Ecdsa(hash), Id::EC) => (hash, false),
        (Scheme::Pkcs1(hash), Id::RSA) if key.bits() >= 1024 => (hash, false),
        (Scheme::Pss(hash), Id::RSA) if key.bits() >= 1024 => (hash, true),
        _ => return None,
    };
    let digest = match hash {
        Hash::Sha256 => MessageDigest::sha256(),
        Hash::Sha384 => MessageDigest::sha384(),
        Hash::Sha512 => MessageDigest::sha512(),
    };
    let mut verifier = Verifier::new(digest, key).ok()?;
    if pss {
        verifier.set_rsa_padding(Padding::PKCS1_PSS).ok()?;
        verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).ok()?;
    }
    verifier.verify_oneshot(signature, message).ok()
}

#[cfg(test)]
mod tests {
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::Private;
    use openssl::rsa::Rsa;
    use openssl::sign::Signer;

    use super::*;

    /// The contents of the identifiers of RSA and of ECDSA with SHA-256.
    const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

    fn checked(key: &PKey<Private>, algorithm: &[u8]) -> [Result<(), Error>; 2] {
        let public = CertificateKey::from_spki(&key.public_key_to_der().unwrap()).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer.sign_oneshot_to_vec(b"certificate").unwrap();
        [b"certificate", b"certificatf"]
            .map(|message| public.verify(algorithm, &[], message, &signature))
    }

    #[test]
    fn keys_that_sign_no_tokens_verify_certificates() {
        let rsa = |bits| PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
        let p224 = EcGroup::from_curve_name(Nid::SECP224R1).unwrap();
        let p224 = PKey::from_ec_key(EcKey::generate(&p224).unwrap()).unwrap();
        for (key, algorithm) in
            [(rsa(1024), RSA_SHA256), (rsa(2048), RSA_SHA256), (p224.clone(), ECDSA_SHA256)]
        {
            let [right, wrong] = checked(&key, algorithm);
            assert!(right.is_ok(), "{right:?}");
            assert!(matches!(wrong, Err(Error::BadSignature)), "{wrong:?}");
        }
        assert!(matches!(checked(&rsa(1016), RSA_SHA256), [Err(Error::BadSignature), _]));
        assert!(matches!(checked(&p224, RSA_SHA256), [Err(Error::BadSignature), _]));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let x25519 = PKey::generate_x25519().unwrap().public_key_to_der().unwrap();
        assert!(matches!(
            CertificateKey::from_spki(&x25519),
            Err(Error::UnsupportedKey { .. } | Error::Malformed { .. })
        ));
        assert!(CertificateKey::from_spki(b"rubbish").is_err());
    }
}
