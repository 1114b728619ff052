//! Why a selection leaves a provisioner out.

use std::fmt;

use crate::kind::KindName;
use crate::proof::ProofKind;

/// Why a provisioner was left out, in the words of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// The proof in the request works with another type.
    OtherType(ProofKind),
    /// The request names another key ID or client.
    OtherKeyId,
    /// The request names another provisioner.
    OtherName,
    /// Clients of its type need no token.
    NoTokens(KindName),
    /// It may not authorise the operation.
    Refused {
        /// What step-ca refuses and why.
        reason: &'static str,
    },
    /// The CA has disabled it, and another one works.
    Disabled,
    /// The given key is not its own.
    OtherKey,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherType(proof) => {
                write!(f, "the {proof} works with {} provisioners only", proof.kind())
            }
            Self::OtherKeyId => f.write_str("its key ID is not the given one"),
            Self::OtherName => f.write_str("its name is not the given one"),
            Self::NoTokens(kind) => write!(f, "{kind} clients need no token"),
            Self::Refused { reason } => f.write_str(reason),
            Self::Disabled => f.write_str("it is disabled"),
            Self::OtherKey => f.write_str("its key is not the given one"),
        }
    }
}
