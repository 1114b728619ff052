//! The names of objects, and of what is in a Secret.

use std::fmt;
use std::str::FromStr;

/// A name that Kubernetes gives a Secret or a StorageClass: up to 253 lowercase letters, digits,
/// dashes and dots, with a letter or digit at both ends of every part (a DNS subdomain, RFC 1123).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName(String);

/// A namespace: up to 63 lowercase letters, digits and dashes, with a letter or digit at both ends
/// (a DNS label, RFC 1123).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

/// A member of a Secret's `data`: letters, digits, dashes, dots and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKey(String);

impl DataKey {
    /// The member that stores a token.
    #[must_use]
    pub fn auth_token() -> Self {
        Self("auth-token".to_owned())
    }

    /// The member that stores a shared secret.
    #[must_use]
    pub fn shared_secret() -> Self {
        Self("shared-secret".to_owned())
    }
}

impl FromStr for ObjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = text.len() <= 253 && text.split('.').all(is_label);
        let rule = "lowercase letters, digits, dashes and dots, with a letter or digit at both ends of every part, at most 253 characters";
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError { what: "the name of an object", rule })
        }
    }
}

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let rule = "lowercase letters, digits and dashes, with a letter or digit at both ends, at most 63 characters";
        if text.len() <= 63 && is_label(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError { what: "a namespace", rule })
        }
    }
}

impl FromStr for DataKey {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let fits = !text.is_empty()
            && text.len() <= 253
            && text.bytes().all(inside)
            && text != "."
            && !text.starts_with("..");
        let rule = "letters, digits, dashes, dots and underscores, without two dots at the beginning, at most 253 characters";
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError { what: "the name of a member of a Secret", rule })
        }
    }
}

fn is_label(text: &str) -> bool {
    let end = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    end(text.bytes().next())
        && end(text.bytes().last())
        && text.bytes().all(|byte| byte == b'-' || end(Some(byte)))
}

macro_rules! names {
    ($($name:ident)*) => {$(
        impl $name {
            /// Returns the name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names!(ObjectName Namespace DataKey);

/// Why Kubernetes does not accept a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} consists of {rule} (Kubernetes)")]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// The characters and length that such a name may have.
    pub rule: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_kubernetes() {
        let long = "a".repeat(64);
        for (text, object, namespace, key) in [
            ("px-user-token", true, true, true),
            ("a.b", true, false, true),
            ("A", false, false, true),
            ("a_b", false, false, true),
            ("-a", false, false, true),
            ("a-", false, false, true),
            ("a..b", false, false, true),
            ("", false, false, false),
            (".", false, false, false),
            ("..a", false, false, false),
            (".a", false, false, true),
            ("ü", false, false, false),
            (&long, true, false, true),
            (&"a".repeat(254), false, false, false),
        ] {
            assert_eq!(text.parse::<ObjectName>().is_ok(), object, "{text}");
            assert_eq!(text.parse::<Namespace>().is_ok(), namespace, "{text}");
            assert_eq!(text.parse::<DataKey>().is_ok(), key, "{text}");
        }
    }
}
