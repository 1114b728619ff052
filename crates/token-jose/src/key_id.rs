use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::error::Error;

/// The name of a key, the `kid` of a JOSE header (RFC 7515 §4.1.4).
///
/// Any text that is not empty. It is a key ID or a thumbprint, never a path or the URI of a key
/// store, because every token contains it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::EmptyKeyId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Thumbprint> for KeyId {
    /// Uses the thumbprint of a key as its ID, as step does for a key without one.
    fn from(thumbprint: Thumbprint) -> Self {
        Self(thumbprint.to_string())
    }
}

/// The SHA-256 of a key's canonical JWK, written as unpadded base64url (RFC 7638 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    pub(crate) fn of_canonical_jwk(json: &[u8]) -> Self {
        use sha2::{Digest as _, Sha256};
        Self(Sha256::digest(json).into())
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_is_any_text_but_the_empty_one() {
        assert_eq!("a b/c?d%e".parse::<KeyId>().unwrap().as_str(), "a b/c?d%e");
        assert!("".parse::<KeyId>().is_err());
    }
}
