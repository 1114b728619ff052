//! Plain keys in DER: PKCS#8 (RFC 5958), SEC1 (RFC 5915) and PKCS#1 (RFC 8017 §A.1.2) for private
//! ones, SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) for public ones.
//!
//! OpenSSL reads all of these too, but its setup costs more than a signature: 1.5 ms and 3 MB in
//! a program that mints one token. So the usual forms are read here and passed to the engine that
//! signs; OpenSSL reads and names all the others.

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use pkcs8::PrivateKeyInfo;
use pkcs8::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use pkcs8::der::{self, Decode as _, Reader as _, SliceReader};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::private_key::{Material, PrivateKey, ecdsa};
use crate::public_key::PublicKey;

/// Reads the key under a PEM label, or returns `None` for a form that is left to OpenSSL.
pub(crate) fn private_key(label: &str, der: &[u8]) -> Option<Result<PrivateKey, Error>> {
    match label {
        "PRIVATE KEY" => {
            let info = match PrivateKeyInfo::try_from(der) {
                Ok(info) => info,
                Err(error) => return Some(Err(Error::Malformed { reason: error.to_string() })),
            };
            match info.algorithm.oid {
                EC => ec(curve(info.algorithm.parameters_oid().ok()?)?, der),
                RSA => rsa(info.private_key),
                ED25519 => ed25519(info.private_key),
                RSA_PSS => None,
                // OpenSSL would read them, but for DSA it first computes a public key of any size.
                other => Some(Err(Error::UnsupportedKey { what: named(other) })),
            }
        }
        "EC PRIVATE KEY" => ec(curve(sec1_curve(der).ok()?)?, der),
        "RSA PRIVATE KEY" => rsa(der),
        _ => None,
    }
}

/// Reads a SubjectPublicKeyInfo, or returns `None` for a form that is left to OpenSSL:
/// damaged, of another algorithm or curve, or with a point that is not uncompressed.
pub(crate) fn public_key(der: &[u8]) -> Option<Result<PublicKey, Error>> {
    let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    let bytes = info.subject_public_key.as_bytes()?;
    match info.algorithm.oid {
        EC => {
            let kind = curve(info.algorithm.parameters_oid().ok()?)?;
            (bytes.first() == Some(&4)).then(|| PublicKey::from_point(kind, bytes))
        }
        RSA => {
            let [n, e] = SliceReader::new(bytes)
                .and_then(|mut reader| {
                    let numbers = reader.sequence(|inner| {
                        Ok([inner.decode::<UintRef<'_>>()?, inner.decode::<UintRef<'_>>()?])
                    })?;
                    reader.finish(numbers)
                })
                .ok()?;
            Some(PublicKey::rsa(n.as_bytes().to_vec(), e.as_bytes().to_vec()))
        }
        ED25519 if info.algorithm.parameters.is_none() => Some(PublicKey::ed25519(bytes.to_vec())),
        _ => None,
    }
}

fn named(oid: ObjectIdentifier) -> String {
    match oid {
        X25519 => "an X25519 key, which cannot sign".to_owned(),
        DSA => "a DSA key".to_owned(),
        other => format!("a key of algorithm {other}"),
    }
}

/// Takes PKCS#8 or SEC1; the engine checks that an included public key matches the private key.
fn ec(kind: KeyKind, der: &[u8]) -> Option<Result<PrivateKey, Error>> {
    let algorithm = Algorithm::of(kind);
    let pair = EcdsaKeyPair::from_private_key_der(ecdsa(algorithm)?, der).ok()?;
    Some(PrivateKey::of_ecdsa(pair, algorithm, None))
}

fn rsa(der: &[u8]) -> Option<Result<PrivateKey, Error>> {
    let (n, e) = rsa_public(der).ok()?;
    Some(PublicKey::rsa(n, e).and_then(|public| {
        let material = Material::Rsa { der: Zeroizing::new(der.to_vec()) };
        PrivateKey::new(material, public, Algorithm::Rs256, None)
    }))
}

/// Takes a CurvePrivateKey (RFC 8410 §7): an octet string in the octet string.
fn ed25519(der: &[u8]) -> Option<Result<PrivateKey, Error>> {
    let seed = OctetStringRef::from_der(der).ok()?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).ok()?;
    let public = PublicKey::ed25519(pair.public_key().as_ref().to_vec());
    Some(public.and_then(|public| {
        let material = Material::Ed25519 { seed: Zeroizing::new(seed.as_bytes().to_vec()) };
        PrivateKey::new(material, public, Algorithm::EdDsa, None)
    }))
}

/// Reads the PKCS#8 of an X25519 key (RFC 8410 §7), as Nebula hosts use; `None` if it is
/// anything else.
pub(crate) fn x25519(der: &[u8]) -> Option<PrivateKey> {
    let info = PrivateKeyInfo::try_from(der).ok()?;
    if info.algorithm.oid != X25519 {
        return None;
    }
    let scalar = OctetStringRef::from_der(info.private_key).ok()?;
    Some(PrivateKey::of_x25519(scalar.as_bytes().try_into().ok()?))
}

/// Returns modulus and exponent, the second and third number of an RSAPrivateKey.
fn rsa_public(der: &[u8]) -> der::Result<(Vec<u8>, Vec<u8>)> {
    SliceReader::new(der)?.sequence(|inner| {
        let [_version, n, e]: [UintRef<'_>; 3] =
            [inner.decode()?, inner.decode()?, inner.decode()?];
        while !inner.is_finished() {
            let _private: AnyRef<'_> = inner.decode()?;
        }
        Ok((n.as_bytes().to_vec(), e.as_bytes().to_vec()))
    })
}

/// Returns the named curve of an ECPrivateKey, its element `[0]`.
fn sec1_curve(der: &[u8]) -> der::Result<ObjectIdentifier> {
    SliceReader::new(der)?.sequence(|inner| {
        let _version: UintRef<'_> = inner.decode()?;
        let _scalar: OctetStringRef<'_> = inner.decode()?;
        let parameters: AnyRef<'_> = inner.decode()?;
        while !inner.is_finished() {
            let _public: AnyRef<'_> = inner.decode()?;
        }
        ObjectIdentifier::from_der(parameters.value())
    })
}

fn curve(oid: ObjectIdentifier) -> Option<KeyKind> {
    match oid {
        P256 => Some(KeyKind::P256),
        P384 => Some(KeyKind::P384),
        P521 => Some(KeyKind::P521),
        _ => None,
    }
}

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            label in prop::sample::select(vec!["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"]),
            der: Vec<u8>,
        ) {
            let _ = private_key(label, &der);
            let _ = public_key(&der);
            let _ = x25519(&der);
        }
    }
}
