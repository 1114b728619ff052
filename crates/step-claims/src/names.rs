use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::error::Error;
use crate::serial::Serial;

/// Defines a newtype for a text that is not empty; `FromStr` is the only constructor.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $empty:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the text, unchanged.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                if text.is_empty() { Err(Error::$empty) } else { Ok(Self(text.to_owned())) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// The name that a token is for: the claim `sub` (RFC 7519 §4.1.2).
    ///
    /// A certificate's common name, an SSH certificate's key ID, or the serial number of the
    /// certificate to revoke; see [`Serial`](crate::Serial) for that. Any text that is not empty is
    /// kept unchanged, blanks included: the CA decides which names it accepts.
    Subject, EmptySubject
}

name! {
    /// One subject alternative name of an X.509 certificate.
    ///
    /// Any text that is not empty is kept unchanged: it is neither lower-cased nor trimmed.
    /// (An empty name is what an empty `STEP_SAN` gives in `step`; it yields a certificate without
    /// names. Q28)
    San, EmptySan
}

name! {
    /// One login or host that an SSH certificate is valid for.
    ///
    /// Any text that is not empty is kept unchanged; an empty one makes the CA fail.
    Principal, EmptyPrincipal
}

impl From<Serial> for Subject {
    /// The subject of a revoke token is the certificate's serial number.
    fn from(serial: Serial) -> Self {
        Self(serial.into_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_carried_unchanged() {
        for text in [" ", "Host.Example.COM.", "bücher.example", "a,b", "\u{0}"] {
            assert_eq!(text.parse::<Subject>().unwrap().as_str(), text);
            assert_eq!(text.parse::<San>().unwrap().to_string(), text);
            assert_eq!(text.parse::<Principal>().unwrap().as_ref(), text);
        }
    }

    #[test]
    fn the_empty_name_is_refused() {
        assert!(matches!("".parse::<Subject>(), Err(Error::EmptySubject)));
        assert!(matches!("".parse::<San>(), Err(Error::EmptySan)));
        assert!(matches!("".parse::<Principal>(), Err(Error::EmptyPrincipal)));
    }
}
