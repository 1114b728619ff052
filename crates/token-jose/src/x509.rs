//! Signatures of certificates (RFC 5280 §4.1.1.3), whose algorithms have object identifiers, not an
//! `alg`.

use aws_lc_rs::signature::{self as engine, VerificationAlgorithm};
use pkcs8::der::asn1::{ContextSpecific, ObjectIdentifier};
use pkcs8::der::{self, Reader as _, SliceReader, TagMode, TagNumber};
use pkcs8::spki::AlgorithmIdentifierRef;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::public_key::PublicKey;

impl PublicKey {
    /// Checks the signature of a certificate (RFC 5280 §4.1.1.3) by its issuer's key.
    ///
    /// `algorithm` is the contents of the OBJECT IDENTIFIER, without tag and length. `parameters`
    /// is the contents of the parameters, for RSASSA-PSS the inside of the SEQUENCE (RFC 4055
    /// §3.1); the parameters of other algorithms are ignored. `message` is the DER of
    /// the part that is signed, `signature` the bytes of the BIT STRING.
    ///
    /// Supported are ECDSA (RFC 5758 §3.2) and RSA with PKCS#1 v1.5 (RFC 4055 §5) or PSS, all with
    /// SHA-256, SHA-384 or SHA-512, and Ed25519 (RFC 8410 §3). A PSS salt has the length of its hash.
    ///
    /// # Errors
    ///
    /// - [`Error::UnsupportedSignature`] for SHA-1, MD5 and algorithms not listed here;
    /// - [`Error::BadSignature`] if the signature does not match the key and the bytes, or is for
    ///   another type of key.
    pub fn verify_x509(
        &self,
        algorithm: &[u8],
        parameters: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let scheme = Scheme::parse(algorithm, parameters)?;
        let verifier = scheme.verifier(self.kind()).ok_or(Error::BadSignature)?;
        self.parsed(verifier)?.verify_sig(message, signature).map_err(|_| Error::BadSignature)
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    Ecdsa(Hash),
    Pkcs1(Hash),
    Pss(Hash),
    Ed25519,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Returns the engine's verifier for ECDSA in DER with the hash of `algorithm`, on a curve.
pub(crate) fn ecdsa_verifier(
    algorithm: Algorithm,
    curve: KeyKind,
) -> Option<&'static dyn VerificationAlgorithm> {
    let hash = match algorithm {
        Algorithm::Es256 => Hash::Sha256,
        Algorithm::Es384 => Hash::Sha384,
        Algorithm::Es512 => Hash::Sha512,
        _ => return None,
    };
    Scheme::Ecdsa(hash).verifier(curve)
}

impl Scheme {
    pub(crate) fn parse(algorithm: &[u8], parameters: &[u8]) -> Result<Self, Error> {
        let oid = ObjectIdentifier::from_bytes(algorithm)
            .map_err(|_| unsupported("an algorithm whose identifier cannot be read"))?;
        match oid {
            ECDSA_SHA256 => Ok(Self::Ecdsa(Hash::Sha256)),
            ECDSA_SHA384 => Ok(Self::Ecdsa(Hash::Sha384)),
            ECDSA_SHA512 => Ok(Self::Ecdsa(Hash::Sha512)),
            RSA_SHA256 => Ok(Self::Pkcs1(Hash::Sha256)),
            RSA_SHA384 => Ok(Self::Pkcs1(Hash::Sha384)),
            RSA_SHA512 => Ok(Self::Pkcs1(Hash::Sha512)),
            RSA_PSS => pss(parameters).map(Self::Pss),
            ED25519 => Ok(Self::Ed25519),
            RSA_MD5 => Err(unsupported("RSA and MD5")),
            RSA_SHA1 => Err(unsupported("RSA and SHA-1")),
            ECDSA_SHA1 => Err(unsupported("ECDSA and SHA-1")),
            RSA_SHA1_ISO => Err(unsupported("RSA and SHA-1")),
            other => Err(unsupported(&format!("algorithm {other}"))),
        }
    }

    /// Returns the engine's verifier, or `None` if keys of this type make no such signatures.
    fn verifier(self, kind: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, kind) {
            (Self::Ecdsa(Hash::Sha256), KeyKind::P256) => &engine::ECDSA_P256_SHA256_ASN1,
            (Self::Ecdsa(Hash::Sha384), KeyKind::P256) => &engine::ECDSA_P256_SHA384_ASN1,
            (Self::Ecdsa(Hash::Sha512), KeyKind::P256) => &engine::ECDSA_P256_SHA512_ASN1,
            (Self::Ecdsa(Hash::Sha256), KeyKind::P384) => &engine::ECDSA_P384_SHA256_ASN1,
            (Self::Ecdsa(Hash::Sha384), KeyKind::P384) => &engine::ECDSA_P384_SHA384_ASN1,
            (Self::Ecdsa(Hash::Sha512), KeyKind::P384) => &engine::ECDSA_P384_SHA512_ASN1,
            (Self::Ecdsa(Hash::Sha256), KeyKind::P521) => &engine::ECDSA_P521_SHA256_ASN1,
            (Self::Ecdsa(Hash::Sha384), KeyKind::P521) => &engine::ECDSA_P521_SHA384_ASN1,
            (Self::Ecdsa(Hash::Sha512), KeyKind::P521) => &engine::ECDSA_P521_SHA512_ASN1,
            (Self::Pkcs1(Hash::Sha256), KeyKind::Rsa) => &engine::RSA_PKCS1_2048_8192_SHA256,
            (Self::Pkcs1(Hash::Sha384), KeyKind::Rsa) => &engine::RSA_PKCS1_2048_8192_SHA384,
            (Self::Pkcs1(Hash::Sha512), KeyKind::Rsa) => &engine::RSA_PKCS1_2048_8192_SHA512,
            (Self::Pss(Hash::Sha256), KeyKind::Rsa) => &engine::RSA_PSS_2048_8192_SHA256,
            (Self::Pss(Hash::Sha384), KeyKind::Rsa) => &engine::RSA_PSS_2048_8192_SHA384,
            (Self::Pss(Hash::Sha512), KeyKind::Rsa) => &engine::RSA_PSS_2048_8192_SHA512,
            (Self::Ed25519, KeyKind::Ed25519) => &engine::ED25519,
            _ => return None,
        })
    }
}

impl Hash {
    fn len(self) -> u32 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// Reads RSASSA-PSS-params; the defaults are SHA-1 and a salt of 20 bytes (RFC 4055 §3.1).
fn pss(parameters: &[u8]) -> Result<Hash, Error> {
    let damaged = |_| unsupported("RSASSA-PSS with damaged parameters");
    let (hash, mask, salt, trailer) = pss_fields(parameters).map_err(damaged)?;
    let hash = match hash {
        None | Some(SHA1) => return Err(unsupported("RSASSA-PSS and SHA-1")),
        Some(SHA256) => Hash::Sha256,
        Some(SHA384) => Hash::Sha384,
        Some(SHA512) => Hash::Sha512,
        Some(other) => return Err(unsupported(&format!("RSASSA-PSS and hash {other}"))),
    };
    let same = match mask {
        Some(SHA256) => hash == Hash::Sha256,
        Some(SHA384) => hash == Hash::Sha384,
        Some(SHA512) => hash == Hash::Sha512,
        _ => false,
    };
    if !same {
        return Err(unsupported("RSASSA-PSS with two different hashes"));
    }
    let salt = salt.unwrap_or(20);
    if salt != hash.len() {
        return Err(unsupported(&format!("RSASSA-PSS with a salt of {salt} bytes")));
    }
    if trailer.is_some_and(|trailer| trailer != 1) {
        return Err(unsupported("RSASSA-PSS with an unknown trailer"));
    }
    Ok(hash)
}

type PssFields = (Option<ObjectIdentifier>, Option<ObjectIdentifier>, Option<u32>, Option<u32>);

/// Returns the hash, the hash of the mask, the length of the salt and the trailer.
fn pss_fields(parameters: &[u8]) -> der::Result<PssFields> {
    let mut reader = SliceReader::new(parameters)?;
    let hash: Option<AlgorithmIdentifierRef<'_>> =
        reader.context_specific(TagNumber::N0, TagMode::Explicit)?;
    let mask: Option<AlgorithmIdentifierRef<'_>> =
        reader.context_specific(TagNumber::N1, TagMode::Explicit)?;
    let salt = ContextSpecific::decode_explicit(&mut reader, TagNumber::N2)?;
    let trailer = ContextSpecific::decode_explicit(&mut reader, TagNumber::N3)?;
    let mask = match mask {
        None => None,
        Some(mask) => {
            mask.assert_algorithm_oid(MGF1).map_err(|_| der::ErrorKind::Failed)?;
            let hash = mask.parameters.ok_or(der::ErrorKind::Failed)?;
            Some(hash.decode_as::<AlgorithmIdentifierRef<'_>>()?.oid)
        }
    };
    let fields = (
        hash.map(|hash| hash.oid),
        mask,
        salt.map(|salt| salt.value),
        trailer.map(|trailer| trailer.value),
    );
    reader.finish(fields)
}

fn unsupported(what: &str) -> Error {
    Error::UnsupportedSignature { what: what.to_owned() }
}

const ECDSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const RSA_MD5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4");
const RSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
/// Microsoft's makecert wrote this one (ISO/IEC 14888).
const RSA_SHA1_ISO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.29");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

#[cfg(test)]
mod tests {
    use openssl::hash::MessageDigest;
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::Padding;
    use openssl::sign::{RsaPssSaltlen, Signer};
    use proptest::prelude::*;

    use super::*;

    fn digests() -> [MessageDigest; 3] {
        [MessageDigest::sha256(), MessageDigest::sha384(), MessageDigest::sha512()]
    }

    fn public(key: &PKey<Private>) -> PublicKey {
        PublicKey::from_spki(&key.public_key_to_der().unwrap()).unwrap()
    }

    /// Checks that the signature verifies, and that it does not for a changed message.
    fn check(key: &PublicKey, oid: ObjectIdentifier, parameters: &[u8], signature: &[u8]) {
        let verify = |message| key.verify_x509(oid.as_bytes(), parameters, message, signature);
        verify(b"certificate").unwrap_or_else(|error| panic!("{oid}: {error}"));
        assert!(matches!(verify(b"certificatf"), Err(Error::BadSignature)), "{oid}");
    }

    fn sequence(contents: &[u8]) -> Vec<u8> {
        tagged(0x30, contents)
    }

    fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
    }

    fn algorithm(oid: ObjectIdentifier, parameters: &[u8]) -> Vec<u8> {
        sequence(&[&tagged(6, oid.as_bytes()), parameters].concat())
    }

    /// The inside of RSASSA-PSS-params.
    fn pss_parameters(hash: ObjectIdentifier, mask: ObjectIdentifier, salt: u8) -> Vec<u8> {
        [
            tagged(0xa0, &algorithm(hash, &[5, 0])),
            tagged(0xa1, &algorithm(MGF1, &algorithm(mask, &[5, 0]))),
            tagged(0xa2, &[2, 1, salt]),
        ]
        .concat()
    }

    fn what(result: Result<(), Error>) -> String {
        match result {
            Err(Error::UnsupportedSignature { what }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_curve_signs_with_every_hash() {
        use openssl::nid::Nid;
        for curve in [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1] {
            let group = openssl::ec::EcGroup::from_curve_name(curve).unwrap();
            let key = openssl::ec::EcKey::generate(&group).unwrap();
            let key = PKey::from_ec_key(key).unwrap();
            for (digest, oid) in
                digests().into_iter().zip([ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512])
            {
                let signature =
                    Signer::new(digest, &key).unwrap().sign_oneshot_to_vec(b"certificate").unwrap();
                check(&public(&key), oid, &[], &signature);
            }
        }
    }

    #[test]
    fn rsa_signs_with_every_hash_and_both_paddings() {
        let key = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
        let oids = [(RSA_SHA256, SHA256, 32), (RSA_SHA384, SHA384, 48), (RSA_SHA512, SHA512, 64)];
        for (digest, (pkcs1, hash, salt)) in digests().into_iter().zip(oids) {
            let mut signer = Signer::new(digest, &key).unwrap();
            let signature = signer.sign_oneshot_to_vec(b"certificate").unwrap();
            check(&public(&key), pkcs1, &[], &signature);

            let mut signer = Signer::new(digest, &key).unwrap();
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
            let signature = signer.sign_oneshot_to_vec(b"certificate").unwrap();
            check(&public(&key), RSA_PSS, &pss_parameters(hash, hash, salt), &signature);
        }
    }

    #[test]
    fn ed25519_signs() {
        let key = PKey::generate_ed25519().unwrap();
        let mut signer = Signer::new_without_digest(&key).unwrap();
        let signature = signer.sign_oneshot_to_vec(b"certificate").unwrap();
        check(&public(&key), ED25519, &[], &signature);
    }

    #[test]
    fn an_algorithm_of_another_kind_is_no_match() {
        let key = public(&PKey::generate_ed25519().unwrap());
        for oid in [ECDSA_SHA256, RSA_SHA256] {
            let refused = key.verify_x509(oid.as_bytes(), &[], b"", &[0; 64]);
            assert!(matches!(refused, Err(Error::BadSignature)), "{refused:?}");
        }
    }

    #[test]
    fn weak_hashes_and_unknown_algorithms_are_named() {
        let key = public(&PKey::generate_ed25519().unwrap());
        let refused = |oid: ObjectIdentifier, parameters: &[u8]| {
            what(key.verify_x509(oid.as_bytes(), parameters, b"", b""))
        };
        assert_eq!(refused(RSA_SHA1, &[]), "RSA and SHA-1");
        assert_eq!(refused(RSA_MD5, &[]), "RSA and MD5");
        assert_eq!(refused(ECDSA_SHA1, &[]), "ECDSA and SHA-1");
        assert_eq!(refused(MGF1, &[]), "algorithm 1.2.840.113549.1.1.8");
        assert_eq!(refused(RSA_PSS, &[]), "RSASSA-PSS and SHA-1");
        let salt = pss_parameters(SHA256, SHA256, 20);
        assert_eq!(refused(RSA_PSS, &salt), "RSASSA-PSS with a salt of 20 bytes");
        let hashes = pss_parameters(SHA256, SHA1, 32);
        assert_eq!(refused(RSA_PSS, &hashes), "RSASSA-PSS with two different hashes");
        assert_eq!(refused(RSA_PSS, &[1]), "RSASSA-PSS with damaged parameters");
        let trailer = [pss_parameters(SHA256, SHA256, 32), tagged(0xa3, &[2, 1, 2])].concat();
        assert_eq!(refused(RSA_PSS, &trailer), "RSASSA-PSS with an unknown trailer");
        for unreadable in [&[][..], &[0x2a, 0x86], &[0xff; 200]] {
            let what = what(key.verify_x509(unreadable, &[], b"", b""));
            assert_eq!(what, "an algorithm whose identifier cannot be read");
        }
    }

    proptest! {
        #[test]
        fn any_parameters_are_read_without_panic(oid: Vec<u8>, parameters: Vec<u8>) {
            let _ = Scheme::parse(&oid, &parameters);
            let _ = pss(&parameters);
        }
    }
}
