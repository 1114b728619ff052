use std::fmt;
use std::str::FromStr;

use token_jose::{Error as JoseError, KeyKind, PublicKey, SharedSecret};
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

/// The settings by which a server checks self-signed tokens.
///
/// One issuer, and a key for each family of algorithms it accepts.
#[derive(Clone, Debug)]
pub struct Server {
    /// The issuer whose tokens it accepts; letter case counts.
    pub issuer: String,
    /// Checks HS256, HS384 and HS512.
    pub shared_secret: Option<SharedSecret>,
    /// Checks RS256, RS384 and RS512.
    pub rsa: Option<ServerKey>,
    /// Checks ES256, ES384 and ES512.
    pub ec: Option<ServerKey>,
    /// Which claim is the user's unique ID.
    pub username: UsernameClaim,
    /// Which library reads its tokens.
    pub generation: Generation,
}

impl Server {
    /// Returns a server without keys, which refuses every token until the caller adds one.
    #[must_use]
    pub fn new(issuer: String) -> Self {
        Self {
            issuer,
            shared_secret: None,
            rsa: None,
            ec: None,
            username: UsernameClaim::default(),
            generation: Generation::default(),
        }
    }
}

/// The JWT library a server is built with; the two read times and padding differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Generation {
    /// github.com/golang-jwt/jwt, version 4: a token is no longer valid in the second of `exp`.
    #[default]
    Current,
    /// github.com/dgrijalva/jwt-go, version 3.2: it is still valid in that second, and with an
    /// `exp` that is not a number it never expires.
    Older,
}

/// The claim that is the user's unique ID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UsernameClaim {
    /// `sub`.
    #[default]
    Subject,
    /// `email`.
    Email,
    /// `name`.
    Name,
}

impl UsernameClaim {
    /// Returns the claim's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "sub",
            Self::Email => "email",
            Self::Name => "name",
        }
    }
}

impl fmt::Display for UsernameClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for UsernameClaim {
    type Err = String;

    /// Reads a claim's name. A server treats any other word as `sub`; here it is an error.
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Subject, Self::Email, Self::Name]
            .into_iter()
            .find(|claim| claim.as_str() == text)
            .ok_or_else(|| "expected `sub`, `email` or `name`".to_owned())
    }
}

/// A public key as a server reads it from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKey(PublicKey);

impl ServerKey {
    /// Reads the file of the RSA flag: PEM with a SubjectPublicKeyInfo or a certificate, whatever its
    /// label. Only the first section counts.
    ///
    /// # Errors
    ///
    /// [`ServerKeyError`] for anything else, and for a key that is not an RSA key.
    pub fn rsa(pem: &[u8]) -> Result<Self, ServerKeyError> {
        let key = Self::read(pem)?;
        match key.0.kind() {
            KeyKind::Rsa => Ok(key),
            kind => Err(ServerKeyError::Kind { found: kind, due: "an RSA key" }),
        }
    }

    /// Reads the file of the EC flag, as [`rsa`](Self::rsa) does: P-256, P-384 or P-521.
    ///
    /// # Errors
    ///
    /// [`ServerKeyError`] for anything else, and for a key that is not on one of these curves.
    pub fn ec(pem: &[u8]) -> Result<Self, ServerKeyError> {
        let key = Self::read(pem)?;
        match key.0.kind() {
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => Ok(key),
            kind => Err(ServerKeyError::Kind { found: kind, due: "an EC key" }),
        }
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.0
    }

    /// Reads as Go's `encoding/pem` and `crypto/x509` do, which accept less than other readers.
    fn read(pem: &[u8]) -> Result<Self, ServerKeyError> {
        let section = token_pem::sections(pem)
            .find(|section| {
                // A section begins at the start of a line, without a byte order mark before it.
                let start = pem.len() - section.rest.len();
                let begins = start == 0 || pem.get(start - 1) == Some(&b'\n');
                let end = b"\n-----END ";
                begins
                    && section.rest.starts_with(b"-----BEGIN ")
                    && section.rest.windows(end.len()).any(|window| window == end)
            })
            .ok_or(ServerKeyError::NoPem)?;
        let label = String::from_utf8_lossy(section.label).into_owned();
        if label.ends_with("PRIVATE KEY") {
            return Err(ServerKeyError::Private);
        }
        let der = section.contents()?;
        let spki = match X509Certificate::from_der(&der) {
            Ok(([], certificate)) => certificate.public_key().raw.to_vec(),
            _ => der,
        };
        if !is_usual(&spki) {
            return Err(ServerKeyError::NoKey { label });
        }
        match PublicKey::from_spki(&spki) {
            Ok(key) => Ok(Self(key)),
            Err(JoseError::Malformed { .. }) => Err(ServerKeyError::NoKey { label }),
            Err(cause) => Err(ServerKeyError::Unusable(cause)),
        }
    }
}

/// Returns whether Go reads this form of SubjectPublicKeyInfo: plain RSA, or an uncompressed point
/// on a named curve, with nothing after it.
fn is_usual(spki: &[u8]) -> bool {
    let Ok(([], key)) = SubjectPublicKeyInfo::from_der(spki) else { return false };
    if key.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION {
        return true;
    }
    let named = key
        .algorithm
        .parameters
        .as_ref()
        .is_some_and(|curve| curve.header.tag().0 == OBJECT_IDENTIFIER);
    key.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY
        && named
        && key.subject_public_key.data.first() == Some(&4)
}

/// The tag of an OBJECT IDENTIFIER (X.690 §8.19).
const OBJECT_IDENTIFIER: u32 = 6;

/// Why a file is not a public key for a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerKeyError {
    /// There is no PEM section.
    #[error("contains no PEM")]
    NoPem,

    /// A section is cut off or is not base64.
    #[error(transparent)]
    Damaged(#[from] token_pem::Damaged),

    /// It is a private key.
    #[error("is a private key; expected the public key")]
    Private,

    /// The section is neither a SubjectPublicKeyInfo nor a certificate.
    #[error("begins with `{label}`; expected a `PUBLIC KEY` or a `CERTIFICATE`")]
    NoKey {
        /// The label of the section.
        label: String,
    },

    /// A key that this crate cannot verify with.
    #[error("{0}")]
    Unusable(#[source] JoseError),

    /// A key of another kind.
    #[error("is a key of type {found}; expected {due}")]
    Kind {
        /// What it is.
        found: KeyKind,
        /// What it must be.
        due: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use token_jose::KeyPairPem;

    use super::*;

    #[test]
    fn keys_are_told_apart() {
        let (ec, rsa) = (KeyPairPem::ec(KeyKind::P256).unwrap(), KeyPairPem::rsa(2048).unwrap());
        assert!(ServerKey::ec(&ec.public).is_ok() && ServerKey::rsa(&rsa.public).is_ok());
        for (result, part) in [
            (ServerKey::ec(&rsa.public), "is a key of type RSA; expected an EC key"),
            (ServerKey::rsa(&ec.public), "is a key of type P-256; expected an RSA key"),
            (ServerKey::ec(&ec.private), "is a private key"),
            (ServerKey::ec(b"word"), "contains no PEM"),
            (
                ServerKey::rsa(b"-----BEGIN X-----\nAAAA\n-----END X-----\n"),
                "begins with `X`; expected",
            ),
            (ServerKey::rsa(b"-----BEGIN X-----\nAAAA\n"), "contains no PEM"),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
