use std::fmt;

/// The operation that a token is spent on: one endpoint of the CA.
///
/// There is an SSH rekey, but no X.509 rekey. `POST /rekey` is authorised by the certificate being
/// replaced, presented in the TLS handshake, and reads no token; `step ca token --rekey`
/// without `--ssh` silently makes a sign token instead (Q1).
///
/// Source: smallstep/certificates, `api/api.go` (`Route`) and `authority/provisioner/provisioner.go`
/// (`Audiences`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Issue an X.509 certificate.
    Sign,
    /// Revoke an X.509 certificate.
    Revoke,
    /// Renew an X.509 certificate, for holders that cannot present it in the TLS handshake.
    Renew,
    /// Issue an SSH user certificate.
    SshUser,
    /// Issue an SSH host certificate.
    SshHost,
    /// Revoke an SSH certificate.
    SshRevoke,
    /// Renew an SSH host certificate.
    SshRenew,
    /// Replace an SSH host certificate with one for another key.
    SshRekey,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 8] = [
        Self::Sign,
        Self::Revoke,
        Self::Renew,
        Self::SshUser,
        Self::SshHost,
        Self::SshRevoke,
        Self::SshRenew,
        Self::SshRekey,
    ];

    /// Returns the endpoint's path below the CA's address, without a leading slash and without the
    /// `1.0/` that every endpoint also accepts.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Revoke => "revoke",
            Self::Renew => "renew",
            Self::SshUser | Self::SshHost => "ssh/sign",
            Self::SshRevoke => "ssh/revoke",
            Self::SshRenew => "ssh/renew",
            Self::SshRekey => "ssh/rekey",
        }
    }

    /// Returns whether this concerns an SSH certificate.
    pub const fn is_ssh(self) -> bool {
        match self {
            Self::Sign | Self::Revoke | Self::Renew => false,
            Self::SshUser | Self::SshHost | Self::SshRevoke | Self::SshRenew | Self::SshRekey => {
                true
            }
        }
    }

    /// Returns whether this issues a certificate for names that the token lists. Only then do the
    /// claims `cnf` and `user` have an effect.
    pub const fn issues(self) -> bool {
        matches!(self, Self::Sign | Self::SshUser | Self::SshHost)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sign => "X.509 sign",
            Self::Revoke => "X.509 revoke",
            Self::Renew => "X.509 renew",
            Self::SshUser => "SSH user sign",
            Self::SshHost => "SSH host sign",
            Self::SshRevoke => "SSH revoke",
            Self::SshRenew => "SSH renew",
            Self::SshRekey => "SSH rekey",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_ssh_certificate_are_asked_for_at_one_endpoint() {
        let paths = Operation::ALL.map(Operation::path);
        assert_eq!(
            paths,
            [
                "sign",
                "revoke",
                "renew",
                "ssh/sign",
                "ssh/sign",
                "ssh/revoke",
                "ssh/renew",
                "ssh/rekey"
            ]
        );
    }

    #[test]
    fn an_operation_is_ssh_exactly_when_its_name_and_its_path_say_so() {
        for operation in Operation::ALL {
            assert_eq!(operation.is_ssh(), operation.path().starts_with("ssh/"));
            assert_eq!(operation.is_ssh(), operation.to_string().starts_with("SSH "));
            assert_eq!(operation.issues(), operation.path().ends_with("sign"));
        }
    }
}
