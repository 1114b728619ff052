use std::fmt;

use serde::Serialize;

/// A JWS signature algorithm, the `alg` of a JOSE header.
///
/// Source: RFC 7518 §3.1; for `EdDSA` RFC 8037 §3.1. `XEdDSA` is not registered: step-ca accepts it
/// in Nebula tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// Ed25519.
    EdDsa,
    /// Signatures of an X25519 key, which verify as Ed25519 (Signal, "The XEdDSA and VXEdDSA
    /// Signature Schemes").
    XEdDsa,
}

impl Algorithm {
    /// Every algorithm, in the order of RFC 7518.
    pub const ALL: [Self; 11] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::EdDsa,
        Self::XEdDsa,
    ];

    /// Returns the name as written in a JOSE header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::EdDsa => "EdDSA",
            Self::XEdDsa => "XEdDSA",
        }
    }

    /// Returns the default algorithm for a type of key: RS256 for RSA, the curve's own for others.
    #[must_use]
    pub fn of(kind: KeyKind) -> Self {
        match kind {
            KeyKind::P256 => Self::Es256,
            KeyKind::P384 => Self::Es384,
            KeyKind::P521 => Self::Es512,
            KeyKind::Rsa => Self::Rs256,
            KeyKind::Ed25519 => Self::EdDsa,
            KeyKind::X25519 => Self::XEdDsa,
        }
    }

    /// Returns the type of key that this algorithm needs.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::Es512 => KeyKind::P521,
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                KeyKind::Rsa
            }
            Self::EdDsa => KeyKind::Ed25519,
            Self::XEdDsa => KeyKind::X25519,
        }
    }
}

/// Writes an algorithm as a JOSE header does, and parses it.
macro_rules! spelled {
    ($type:ident) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::error::Error;

            /// Parses a name, which is case-sensitive (RFC 7515 §4.1.1).
            fn from_str(name: &str) -> Result<Self, $crate::error::Error> {
                Self::ALL
                    .into_iter()
                    .find(|algorithm| algorithm.as_str() == name)
                    .ok_or_else(|| $crate::error::Error::UnknownAlgorithm { name: name.to_owned() })
            }
        }
    };
}

pub(crate) use spelled;

spelled!(Algorithm);

impl Serialize for Algorithm {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a key is: its family and, for elliptic curves, the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// RSA of 2048 to 8192 bits.
    Rsa,
    /// Ed25519.
    Ed25519,
    /// X25519, the key of a Nebula host. A JWK provisioner cannot use one.
    X25519,
}

impl KeyKind {
    /// Returns the JWK's name for the curve, or `RSA` (RFC 7518 §6.2.1.1, RFC 8037 §2).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }

    /// Returns the length in bytes of a coordinate, for the NIST curves (RFC 7518 §6.2.1.2).
    pub(crate) fn coordinate_len(self) -> Option<usize> {
        match self {
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::P521 => Some(66),
            Self::Rsa | Self::Ed25519 | Self::X25519 => None,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse::<Algorithm>().unwrap(), algorithm);
        }
    }

    #[test]
    fn letter_case_and_none_are_refused() {
        for name in ["es256", "none", "HS256", "", "ES256 "] {
            assert!(name.parse::<Algorithm>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_default_algorithm_fits_its_kind() {
        for algorithm in Algorithm::ALL {
            let kind = algorithm.key_kind();
            assert_eq!(Algorithm::of(kind).key_kind(), kind);
        }
    }
}
