use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use token_jose::SharedSecret;
use zeroize::Zeroizing;

use crate::text;

/// How the secret that made a signature differs from the one that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretForm {
    /// The given one is base64 of it.
    Decoded,
    /// It is the base64 of the given one.
    Encoded,
    /// It has no line break at its end, and the given one has.
    WithoutLineBreak,
    /// It has a line break at its end, and the given one has not.
    WithLineBreak,
}

impl fmt::Display for SecretForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decoded => "the token was signed with what the given secret decodes to, so the secret still is base64; decode it with `base64 -d`",
            Self::Encoded => "the token was signed with the base64 of the given secret, so the secret was decoded once too often",
            Self::WithoutLineBreak => "the token was signed with the given secret without the line break at its end",
            Self::WithLineBreak => "the token was signed with the given secret and a line break after it",
        })
    }
}

impl SecretForm {
    /// Tries the forms that a secret takes on its way through files and Kubernetes Secrets.
    pub(super) fn find(
        secret: &SharedSecret,
        verifies: impl Fn(&SharedSecret) -> bool,
    ) -> Option<Self> {
        let given = secret.expose();
        let fits =
            |bytes: &[u8]| SharedSecret::new(bytes.to_vec()).is_ok_and(|secret| verifies(&secret));
        let shorter = without_line_break(given);
        if shorter.len() < given.len() && fits(shorter) {
            return Some(Self::WithoutLineBreak);
        }
        if fits(&Zeroizing::new([given, b"\n"].concat())) {
            return Some(Self::WithLineBreak);
        }
        let decoded = std::str::from_utf8(given).ok().and_then(text::any_base64);
        if let Some(decoded) = decoded.map(Zeroizing::new)
            && (fits(&decoded) || fits(without_line_break(&decoded)))
        {
            return Some(Self::Decoded);
        }
        let encoded = Zeroizing::new(STANDARD.encode(given));
        fits(encoded.as_bytes()).then_some(Self::Encoded)
    }
}

fn without_line_break(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use token_jose::{MacAlgorithm, SharedSecret};

    use super::*;

    /// Finds how `made` differs from `given`.
    fn form(given: &[u8], made: &[u8]) -> Option<SecretForm> {
        let secret = |bytes: &[u8]| SharedSecret::new(bytes.to_vec()).unwrap();
        let signature = secret(made).key(MacAlgorithm::Hs256).tag(b"message");
        SecretForm::find(&secret(given), |secret| {
            secret.key(MacAlgorithm::Hs256).verify(b"message", &signature).is_ok()
        })
    }

    #[test]
    fn a_secret_is_recognised_in_another_form() {
        for (given, made, expected) in [
            ("bXlzZWNyZXQ=", "mysecret", Some(SecretForm::Decoded)),
            ("bXlzZWNyZXQ", "mysecret", Some(SecretForm::Decoded)),
            ("bXlz\nZWNyZXQ=\n", "mysecret", Some(SecretForm::Decoded)),
            ("bXlzZWNyZXQK", "mysecret", Some(SecretForm::Decoded)),
            ("_-4=", "\u{ffff}", None),
            ("mysecret", "bXlzZWNyZXQ=", Some(SecretForm::Encoded)),
            ("mysecret\n", "mysecret", Some(SecretForm::WithoutLineBreak)),
            ("mysecret\r\n", "mysecret", Some(SecretForm::WithoutLineBreak)),
            ("mysecret", "mysecret\n", Some(SecretForm::WithLineBreak)),
            ("mysecret", "another", None),
            ("\n", "another", None),
        ] {
            assert_eq!(form(given.as_bytes(), made.as_bytes()), expected, "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn base64_of_any_secret_is_recognised(made in proptest::collection::vec(any::<u8>(), 1..80)) {
            let given = STANDARD.encode(&made);
            prop_assert_eq!(form(given.as_bytes(), &made), Some(SecretForm::Decoded));
            prop_assert_eq!(form(&made, given.as_bytes()), Some(SecretForm::Encoded));
        }
    }
}
