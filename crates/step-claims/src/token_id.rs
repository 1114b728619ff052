use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::error::Error;

/// The unique ID of a token: the claim `jti` (RFC 7519 §4.1.7).
///
/// A CA remembers the IDs of spent tokens and refuses a second use. It is 256 random bits as 64
/// lower-case hexadecimal digits, which is what `step` writes.
///
/// Source: smallstep/cli, `token/options.go` (`WithJWTID`) and `utils/cautils/token_generator.go`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// Wraps 256 bits, which the caller draws from a secure random source.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(crate::fingerprint::hex(&bytes))
    }

    /// Returns the 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenId {
    type Err = Error;

    /// Parses an existing ID, to make the same token again.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 64 || !digits {
            return Err(Error::TokenId { text: text.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_64_lower_case_digits() {
        let id = TokenId::from_random([0x0f; 32]);
        assert_eq!(id.as_str(), "0f".repeat(32));
        assert_eq!(id.as_str().parse::<TokenId>().unwrap(), id);
        for text in ["", "0f", &"0F".repeat(32), &"0g".repeat(32), &"0f".repeat(33)] {
            assert!(matches!(text.parse::<TokenId>(), Err(Error::TokenId { .. })), "{text}");
        }
    }
}
