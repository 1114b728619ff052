use token_time::When;

use crate::names::{Principal, San};
use crate::operation::Operation;

/// What a one-time token lets its holder ask of the CA.
///
/// Each variant carries the names it authorises and nothing else: a revoke token with SANs, or an
/// X.509 token with SSH principals, cannot be written down. The name that all have, the subject, is
/// in [`Claims`](crate::Claims).
///
/// There is no X.509 rekey, for the reason given at [`Operation`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Issue an X.509 certificate for exactly these names; with none, for the subject.
    Sign(Vec<San>),
    /// Revoke the X.509 certificate whose serial number is the subject.
    Revoke,
    /// Renew the X.509 certificate whose common name is the subject.
    ///
    /// The certificate itself, in the token's header, vouches for this, not a provisioner.
    Renew,
    /// Issue an SSH user certificate.
    SshUser(SshCertificate),
    /// Issue an SSH host certificate.
    SshHost(SshCertificate),
    /// Revoke the SSH certificate whose serial number is the subject.
    SshRevoke,
    /// Renew the SSH host certificate that vouches for the token.
    SshRenew,
    /// Replace the SSH host certificate that vouches for the token with one for another key.
    SshRekey,
}

/// The requested contents of an SSH certificate; its key ID is the token's subject.
///
/// The CA prefers these values to those of the request. For values that are not set it uses the
/// request's or its own defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshCertificate {
    /// The logins or hosts it is valid for; with none, the CA uses the subject.
    pub principals: Vec<Principal>,
    /// When it becomes valid. A duration counts from the moment the CA signs.
    pub valid_after: Option<When>,
    /// When it expires. A duration counts from the moment the CA signs.
    pub valid_before: Option<When>,
}

impl Purpose {
    /// Returns the operation that a token with this purpose is spent on.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Sign(_) => Operation::Sign,
            Self::Revoke => Operation::Revoke,
            Self::Renew => Operation::Renew,
            Self::SshUser(_) => Operation::SshUser,
            Self::SshHost(_) => Operation::SshHost,
            Self::SshRevoke => Operation::SshRevoke,
            Self::SshRenew => Operation::SshRenew,
            Self::SshRekey => Operation::SshRekey,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoke_token_is_spent_at_revoke() {
        assert_eq!(Purpose::Revoke.operation(), Operation::Revoke);
        assert_eq!(Purpose::SshRevoke.operation(), Operation::SshRevoke);
    }

    #[test]
    fn every_operation_has_a_purpose() {
        let ssh = SshCertificate::default;
        let purposes = [
            Purpose::Sign(Vec::new()),
            Purpose::Revoke,
            Purpose::Renew,
            Purpose::SshUser(ssh()),
            Purpose::SshHost(ssh()),
            Purpose::SshRevoke,
            Purpose::SshRenew,
            Purpose::SshRekey,
        ];
        assert_eq!(purposes.map(|purpose| purpose.operation()), Operation::ALL);
    }
}
