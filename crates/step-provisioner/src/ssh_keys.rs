//! The SSH keys that a ca.json names.
//!
//! Source: smallstep/certificates, `authority/config/ssh.go`, `authority/authorize.go` and
//! `authority/ssh.go`.

use step_claims::Operation;

use crate::capability::Capability;
use crate::object::{Fault, Object};

/// Which SSH keys a CA has; with neither it refuses to sign, renew and rekey SSH certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SshKeys {
    /// Whether it has a key for user certificates.
    pub user: bool,
    /// Whether it has a key for host certificates.
    pub host: bool,
    /// Whether it has a public key for user certificates, its own or an earlier one, with which it
    /// accepts one as proof.
    pub accepts_user: bool,
    /// The same for host certificates.
    pub accepts_host: bool,
}

impl SshKeys {
    pub(crate) fn read(top: &Object<'_>) -> Result<Self, Fault> {
        let ssh = top.object("ssh")?;
        let user = ssh.non_empty("userKey")?.is_some();
        let host = ssh.non_empty("hostKey")?.is_some();
        let mut keys = Self { user, host, accepts_user: user, accepts_host: host };
        for key in ssh.elements("keys")?.into_iter().filter_map(Object::value) {
            if !key.boolean("federated")?.unwrap_or(false) {
                let kind = key.string("type")?;
                keys.accepts_user |= kind == "user";
                keys.accepts_host |= kind == "host";
            }
        }
        Ok(keys)
    }

    /// Returns whether it accepts an SSH certificate of some type as proof.
    pub(crate) fn accepts_some(self) -> bool {
        self.accepts_user || self.accepts_host
    }

    /// Returns why the CA refuses an operation, if it is for want of a key: it signs, renews and
    /// rekeys nothing without the key for that type of certificate. It revokes without any.
    #[must_use]
    pub fn refusal(self, operation: Operation) -> Option<Capability> {
        let (has, reason) = match operation {
            Operation::SshUser => (self.user, "the ca.json has no `userKey` in `ssh`"),
            // Only host certificates are renewed and rekeyed.
            Operation::SshHost | Operation::SshRenew | Operation::SshRekey => {
                (self.host, "the ca.json has no `hostKey` in `ssh`")
            }
            _ => return None,
        };
        let instead = "the ca.json of a CA with SSH keys (`step ca init --ssh`)";
        (!has).then_some(Capability::Refused { reason, instead })
    }
}

#[cfg(test)]
mod tests {
    use crate::object::document;

    use super::*;

    fn keys(ssh: &str) -> SshKeys {
        let json = format!(r#"{{"ssh":{ssh}}}"#);
        let document = document(json.as_bytes()).unwrap();
        SshKeys::read(&Object::outermost(&document).unwrap()).unwrap()
    }

    #[test]
    fn an_earlier_key_accepts_certificates_and_signs_none() {
        let keys =
            keys(r#"{"userKey":"k","keys":[{"type":"host"},{"type":"user","federated":true}]}"#);
        assert!(keys.user && !keys.host && keys.accepts_user && keys.accepts_host);
    }

    #[test]
    fn without_a_key_everything_but_revoking_is_refused() {
        let keys = keys(r#"{"keys":[{"type":"host","federated":true}]}"#);
        assert_eq!(keys, SshKeys::default());
        for operation in Operation::ALL {
            let signs = matches!(
                operation,
                Operation::SshUser | Operation::SshHost | Operation::SshRenew | Operation::SshRekey
            );
            assert_eq!(keys.refusal(operation).is_some(), signs, "{operation}");
        }
    }
}
