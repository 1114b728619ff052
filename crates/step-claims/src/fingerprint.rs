use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// The SHA-256 of a CA's root certificate in DER: the claim `sha`.
///
/// The holder of the token uses it to check that a server sent the right root certificate.
/// The CA itself ignores it.
///
/// Text is 64 hexadecimal digits. Upper case is accepted, and dashes or colons between digits are
/// ignored, because `openssl x509 -fingerprint` and `step` print them.
///
/// Source: smallstep/cli, `token/options.go` (`WithSHA`) and `command/ca/bootstrap.go`.
///
/// ```
/// use step_claims::RootFingerprint;
///
/// let root = RootFingerprint::of_der(b"not really a certificate");
/// assert_eq!(root.to_string().to_uppercase().parse::<RootFingerprint>()?, root);
/// # Ok::<(), step_claims::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RootFingerprint([u8; 32]);

impl RootFingerprint {
    /// Wraps a fingerprint that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Computes the fingerprint of a certificate, given as its complete DER.
    pub fn of_der(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for RootFingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refusal = || Error::Fingerprint { text: text.to_owned() };
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(refusal)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |value, digit| value << 4 | digit);
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for RootFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.0))
    }
}

impl Serialize for RootFingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hash_is_over_the_der() {
        // FIPS 180-4, the empty message.
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(RootFingerprint::of_der(b"").to_string(), text);
        assert_eq!(text.parse::<RootFingerprint>().unwrap(), RootFingerprint::of_der(b""));
    }

    #[test]
    fn case_dashes_and_colons_do_not_matter_and_length_does() {
        let expected = RootFingerprint::from_bytes([0xab; 32]);
        for text in ["ab".repeat(32), "AB".repeat(32), ["AB"; 32].join(":"), ["abab"; 16].join("-")]
        {
            assert_eq!(text.parse::<RootFingerprint>().unwrap(), expected, "{text}");
        }
        for text in
            ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"ag".repeat(32), &"a ".repeat(64)]
        {
            assert!(matches!(text.parse::<RootFingerprint>(), Err(Error::Fingerprint { .. })));
        }
    }

    proptest! {
        #[test]
        fn a_fingerprint_survives_its_own_text(bytes: [u8; 32]) {
            let fingerprint = RootFingerprint::from_bytes(bytes);
            prop_assert_eq!(fingerprint.to_string().parse::<RootFingerprint>().unwrap(), fingerprint);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<RootFingerprint>();
        }
    }
}
