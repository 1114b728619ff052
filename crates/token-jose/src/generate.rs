//! New key pairs, in PEM forms that all tools read.

use std::fmt;

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::rsa::Rsa;
use zeroize::Zeroizing;

use crate::algorithm::KeyKind;
use crate::error::{Error, malformed};

/// A new key pair as PEM text.
pub struct KeyPairPem {
    /// `EC PRIVATE KEY` (RFC 5915) or `RSA PRIVATE KEY` (RFC 8017 §A.1.2), not encrypted.
    pub private: Zeroizing<Vec<u8>>,
    /// `PUBLIC KEY` (RFC 7468 §13).
    pub public: Vec<u8>,
}

impl KeyPairPem {
    /// Generates a key on a NIST curve with the engine's randomness.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedKey`] for other types; [`Error::Malformed`] if the engine fails.
    pub fn ec(kind: KeyKind) -> Result<Self, Error> {
        let curve = match kind {
            KeyKind::P256 => Nid::X9_62_PRIME256V1,
            KeyKind::P384 => Nid::SECP384R1,
            KeyKind::P521 => Nid::SECP521R1,
            other => {
                return Err(Error::UnsupportedKey { what: format!("{other}, not a NIST curve") });
            }
        };
        crate::fence::shut();
        let draw = || {
            let key = EcKey::generate(&*EcGroup::from_curve_name(curve)?)?;
            let private = Zeroizing::new(key.private_key_to_pem()?);
            Ok(Self { private, public: key.public_key_to_pem()? })
        };
        draw().map_err(malformed)
    }

    /// Generates an RSA key of `bits` bits, 2048 to 8192, with the engine's randomness.
    ///
    /// # Errors
    ///
    /// [`Error::RsaSize`] outside these bounds; [`Error::Malformed`] if the engine fails.
    pub fn rsa(bits: u32) -> Result<Self, Error> {
        if !(2048..=8192).contains(&bits) {
            return Err(Error::RsaSize { bits: bits as usize });
        }
        crate::fence::shut();
        let draw = || {
            let key = Rsa::generate(bits)?;
            let private = Zeroizing::new(key.private_key_to_pem()?);
            Ok(Self { private, public: key.public_key_to_pem()? })
        };
        draw().map_err(malformed)
    }
}

impl fmt::Debug for KeyPairPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPairPem").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_file::KeyFile;
    use crate::public_key::PublicKey;
    use crate::signing_key::SigningKey as _;

    #[test]
    fn both_halves_read_back_as_one_key() {
        for (kind, label, pair) in [
            (KeyKind::P256, "EC PRIVATE KEY", KeyPairPem::ec(KeyKind::P256)),
            (KeyKind::P384, "EC PRIVATE KEY", KeyPairPem::ec(KeyKind::P384)),
            (KeyKind::P521, "EC PRIVATE KEY", KeyPairPem::ec(KeyKind::P521)),
            (KeyKind::Rsa, "RSA PRIVATE KEY", KeyPairPem::rsa(2048)),
        ] {
            let pair = pair.unwrap();
            let text = String::from_utf8(pair.private.to_vec()).unwrap();
            assert!(text.starts_with(&format!("-----BEGIN {label}-----\n")));
            let KeyFile::Plain(key) = KeyFile::parse(&pair.private).unwrap() else { panic!() };
            assert_eq!(key.public_key().kind(), kind);
            assert_eq!(*key.public_key(), PublicKey::from_pem(&pair.public).unwrap());
        }
    }

    #[test]
    fn weak_and_foreign_keys_are_not_drawn() {
        assert!(matches!(KeyPairPem::rsa(1024), Err(Error::RsaSize { bits: 1024 })));
        assert!(matches!(KeyPairPem::ec(KeyKind::Ed25519), Err(Error::UnsupportedKey { .. })));
    }
}
