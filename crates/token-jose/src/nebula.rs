//! Private keys as nebula-cert writes them: raw bytes in PEM, with labels of its own.
//!
//! Source: slackhq/nebula, `cert/pem.go`.

use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::private_key::{Material, PrivateKey, ecdsa};
use crate::public_key::PublicKey;

/// The PEM labels that are read.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Labels {
    /// Those of OpenSSL and OpenSSH.
    Usual,
    /// The same, and those of nebula-cert and X25519 keys.
    Nebula,
}

/// Reads the key under a label, given without its first word, or returns `None` for a label that
/// nebula-cert does not use.
///
/// Contents of a wrong length are [`Error::Malformed`], because the label fixes the length.
pub(crate) fn private_key(
    label: &str,
    contents: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, Error>,
) -> Result<Option<PrivateKey>, Error> {
    match label {
        "X25519 PRIVATE KEY" => {
            let scalar = contents()?;
            Ok(Some(PrivateKey::of_x25519(exactly(&scalar)?)))
        }
        "P256 PRIVATE KEY" | "ECDSA P256 PRIVATE KEY" => p256(exactly(&contents()?)?).map(Some),
        "ED25519 PRIVATE KEY" => ed25519(exactly(&contents()?)?).map(Some),
        sealed if sealed.ends_with(" ENCRYPTED PRIVATE KEY") => {
            Err(Error::UnsupportedSealing { what: "nebula-cert's own encryption".to_owned() })
        }
        _ => Ok(None),
    }
}

/// Takes a scalar, from which the engine derives the public key.
fn p256(scalar: &[u8; 32]) -> Result<PrivateKey, Error> {
    let algorithm = Algorithm::of(KeyKind::P256);
    let mut der = Zeroizing::new([0; P256_PREFIX.len() + 32]);
    let (prefix, number) = der.split_at_mut(P256_PREFIX.len());
    prefix.copy_from_slice(P256_PREFIX);
    number.copy_from_slice(scalar);
    let refused = || Error::Malformed { reason: "its number is not a P-256 key".to_owned() };
    let pair = ecdsa(algorithm).and_then(|ecdsa| {
        aws_lc_rs::signature::EcdsaKeyPair::from_private_key_der(ecdsa, &*der).ok()
    });
    PrivateKey::of_ecdsa(pair.ok_or_else(refused)?, algorithm, None)
}

/// Takes seed and public key, as Go stores them, and checks that they match.
fn ed25519(key: &[u8; 64]) -> Result<PrivateKey, Error> {
    let (seed, public) = key.split_at(32);
    let public = PublicKey::ed25519(public.to_vec())?;
    let material = Material::Ed25519 { seed: Zeroizing::new(seed.to_vec()) };
    PrivateKey::new(material, public, Algorithm::EdDsa, None)
}

fn exactly<const N: usize>(contents: &[u8]) -> Result<&[u8; N], Error> {
    contents.try_into().map_err(|_| Error::Malformed {
        reason: format!("it holds {} bytes instead of {N}", contents.len()),
    })
}

/// The part of a PKCS#8 key of P-256 (RFC 5958, RFC 5915) before its scalar, if the public
/// key is left out.
const P256_PREFIX: &[u8; 35] = b"\x30\x41\x02\x01\x00\
    \x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
    \x04\x27\x30\x25\x02\x01\x01\x04\x20";
