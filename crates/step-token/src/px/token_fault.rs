//! What is wrong with a token, as far as that can be seen without a key.

use std::fmt;

use openstorage_token::{Expiry, unverified};
use token_jose::Token;
use token_time::Timestamp;

/// Why no server accepts a token now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenFault {
    /// No server can read its claims.
    Unreadable,
    /// It has no `exp`.
    NoEnd,
    /// Its `exp` is not a time.
    NoTime,
    /// It has expired.
    Expired(Timestamp),
    /// It is not valid yet.
    Early(Timestamp),
}

impl TokenFault {
    /// Looks for a fault in a token's claims.
    pub(super) fn of(token: &Token, now: Timestamp) -> Option<Self> {
        let Some(identity) = unverified(token.expose()) else { return Some(Self::Unreadable) };
        let now = now.unix_seconds();
        let time = Timestamp::from_unix_seconds;
        match (identity.expires, identity.issued_at) {
            (Expiry::Absent, _) => Some(Self::NoEnd),
            (Expiry::NoTime, _) => Some(Self::NoTime),
            (Expiry::At(end), _) if end <= now => Some(Self::Expired(time(end))),
            (_, Some(beginning)) if beginning > now => Some(Self::Early(time(beginning))),
            _ => None,
        }
    }

    /// Returns whether time cannot heal it.
    pub(super) fn is_final(self) -> bool {
        !matches!(self, Self::Early(_))
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("cannot be read by any server"),
            Self::NoEnd => f.write_str("has no `exp`"),
            Self::NoTime => f.write_str("has an `exp` that is not a time"),
            Self::Expired(end) => write!(f, "expired at {end}"),
            Self::Early(beginning) => write!(f, "is not valid before {beginning}"),
        }
    }
}
