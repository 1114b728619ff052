//! Why a CA has disabled a provisioner.

use token_text::Excerpt;

use crate::limits::Contradiction;

/// Why a provisioner is disabled: step-ca could not initialise it, and refuses all its tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Disabled {
    /// The CA says so itself.
    #[error("{}", Excerpt(reason))]
    Reported {
        /// Its reason, or its name for the state.
        reason: String,
    },

    /// A member is missing or empty.
    #[error("it has no `{member}`")]
    Missing {
        /// The member.
        member: &'static str,
    },

    /// A member has a value that step-ca does not accept.
    #[error("its `{member}` {fault}")]
    Member {
        /// The member.
        member: &'static str,
        /// What is wrong, to be read after the member's name.
        fault: String,
    },

    /// It has two members of which only one may be there.
    #[error("it has both `{one}` and `{other}`")]
    Both {
        /// The first.
        one: &'static str,
        /// The second.
        other: &'static str,
    },

    /// The lifetimes of its X.509 certificates contradict each other.
    #[error("{0}")]
    Lifetimes(Contradiction),
}

impl Disabled {
    /// Returns whether the CA itself said so; anything else follows from a ca.json.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        matches!(self, Self::Reported { .. })
    }
}
