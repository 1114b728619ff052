//! The proofs of possession, and the types of provisioner they are for.

use std::fmt;

use crate::kind::KindName;

/// The proof in a request; it works with one type of provisioner only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProofKind {
    /// An X.509 certificate and its key.
    X5c,
    /// An SSH certificate and its key.
    SshPop,
    /// A Nebula certificate and its key.
    Nebula,
    /// The token of a Kubernetes service account.
    K8sSa,
}

impl ProofKind {
    /// Returns the type of provisioner that the proof works with.
    #[must_use]
    pub const fn kind(self) -> KindName {
        match self {
            Self::X5c => KindName::X5c,
            Self::SshPop => KindName::SshPop,
            Self::Nebula => KindName::Nebula,
            Self::K8sSa => KindName::K8sSa,
        }
    }
}

impl fmt::Display for ProofKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X5c => "X.509 certificate",
            Self::SshPop => "SSH certificate",
            Self::Nebula => "Nebula certificate",
            Self::K8sSa => "Kubernetes token",
        })
    }
}
