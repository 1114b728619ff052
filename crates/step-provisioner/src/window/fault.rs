//! Why a CA does not sign a certificate for a time.

use std::fmt;

use token_time::{SignedDuration, Timestamp};

use crate::limits::Limit;

/// Why a CA signs no such certificate; to be read after "the certificate".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowFault {
    /// step-ca crashes on such a time.
    #[error("would start before 1970")]
    StartsBefore1970,
    /// step-ca crashes on such a time.
    #[error("would end before 1970")]
    EndsBefore1970,
    /// It would start after its voucher has ended.
    #[error("would start after {end}, when the certificate that vouches for it ends")]
    StartsAfterVoucher {
        /// That end.
        end: Timestamp,
    },
    /// It would end after its voucher.
    #[error("would end after {end}, when the certificate that vouches for it ends")]
    OutlivesVoucher {
        /// That end.
        end: Timestamp,
    },
    /// It would end before it is signed.
    #[error("would end before it is signed")]
    EndsInThePast,
    /// It would end before its start.
    #[error("would end before it starts")]
    EndsBeforeStart,
    /// It would be shorter than the CA signs.
    #[error(
        "would be valid for {lifetime}{}; the shortest that the CA signs is {limit}",
        Backdated(*backdate)
    )]
    TooShort {
        /// Its lifetime, with the backdate.
        lifetime: SignedDuration,
        /// The part of it before its signing; zero if it asks for a start.
        backdate: SignedDuration,
        /// The limit.
        limit: Limit,
    },
    /// It would be longer than the CA signs.
    #[error("would be valid for {lifetime}; the longest that the CA signs is {limit}")]
    TooLong {
        /// Its lifetime, without the backdate.
        lifetime: SignedDuration,
        /// The limit.
        limit: Limit,
    },
    /// It starts so long ago that even the longest lifetime has ended.
    #[error("would end before it is signed; the longest that the CA signs is {limit}")]
    StartsLongAgo {
        /// The limit.
        limit: Limit,
    },
    /// The shortest lifetime that the CA signs is longer than the longest.
    #[error("cannot have any lifetime: the shortest that the CA signs is {min}, the longest {max}")]
    NoLifetime {
        /// The shortest.
        min: Limit,
        /// The longest.
        max: Limit,
    },
    /// It asks for no end, and the default lifetime is shorter than the CA signs.
    #[error("would be valid for {default}; the shortest that the CA signs is {limit}")]
    DefaultTooShort {
        /// The default.
        default: Limit,
        /// The limit.
        limit: Limit,
    },
    /// It asks for no end, and the default lifetime is longer than the CA signs.
    #[error("would be valid for {default}; the longest that the CA signs is {limit}")]
    DefaultTooLong {
        /// The default.
        default: Limit,
        /// The limit.
        limit: Limit,
    },
    /// What is left of its voucher is shorter than the CA signs.
    #[error(
        "would end with the one that vouches for it, at {end}; the shortest that the CA signs is \
         {limit}"
    )]
    VoucherTooShort {
        /// That end.
        end: Timestamp,
        /// The limit.
        limit: Limit,
    },
}

/// A token that the CA may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowDoubt {
    /// Why.
    pub fault: WindowFault,
    /// When it is spent from this time on.
    pub from: Option<Timestamp>,
    /// When it is spent before this time.
    pub until: Option<Timestamp>,
    /// Whether the limit is certain; else the authority may have set another.
    pub is_certain: bool,
    /// What the request that spends the token can ask for, so that the CA accepts it.
    pub remedy: Option<Remedy>,
}

impl WindowDoubt {
    /// A limit that the authority may have set otherwise.
    #[must_use]
    pub fn unsure(fault: WindowFault) -> Self {
        Self { fault, from: None, until: None, is_certain: false, remedy: None }
    }

    /// Returns whether the CA refuses the token whenever it is spent, unless the request has the
    /// remedy.
    #[must_use]
    pub fn needs_remedy(&self) -> bool {
        self.is_certain && self.remedy.is_some() && self.from.is_none() && self.until.is_none()
    }
}

/// A time that a token leaves open, so that the request to sign can ask for another than the CA's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A start before the signing.
    EarlierStart,
    /// A start after the signing.
    LaterStart,
    /// An end before the default one.
    EarlierEnd,
    /// An end after the default one.
    LaterEnd,
}

/// ` with the 1m0s by which the CA backdates it`, or nothing.
struct Backdated(SignedDuration);

impl fmt::Display for Backdated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SignedDuration::ZERO => Ok(()),
            backdate => write!(f, " with the {backdate} by which the CA backdates it"),
        }
    }
}
