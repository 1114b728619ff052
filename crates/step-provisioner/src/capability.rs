//! Which types of provisioners may authorise which operations.
//!
//! Source: smallstep/certificates, the `Authorize…` methods below `authority/provisioner`.

use std::fmt;

use step_claims::Operation;

use crate::kind::KindName;

/// Whether provisioners of a type may authorise an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// They may.
    Allowed,
    /// They may under a condition that does not follow from the type alone.
    Conditional {
        /// The condition, to be read after "if".
        needs: &'static str,
    },
    /// They may not: step-ca refuses every such token.
    Refused {
        /// What step-ca refuses and why.
        reason: &'static str,
        /// What to use instead, to be read after "use".
        instead: &'static str,
    },
}

impl Capability {
    /// Returns whether provisioners of the type `kind` may authorise `operation`.
    ///
    /// Signing an SSH certificate also needs the claim `enableSSHCA`, for every type:
    /// see [`Provisioner::capability`](crate::Provisioner::capability).
    #[must_use]
    pub fn of(kind: impl Into<KindName>, operation: Operation) -> Self {
        cell(kind.into(), operation)
    }

    /// Returns whether step-ca refuses every such token.
    #[must_use]
    pub fn is_refused(self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Adds the condition that the CA enables SSH, where it is not known whether it does.
    pub(crate) fn and_ssh_of_authority(self) -> Self {
        match self {
            Self::Allowed => SSH_OF_AUTHORITY,
            ADMINS => ADMINS_AND_SSH_OF_AUTHORITY,
            other => other,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed => f.write_str("yes"),
            Self::Conditional { needs } => write!(f, "if {needs}"),
            Self::Refused { reason, instead } => write!(f, "no: {reason}; use {instead}"),
        }
    }
}

/// The whole table: every type with every operation, row by row.
pub const CAPABILITIES: [(KindName, Operation, Capability); 88] = table();

const fn table() -> [(KindName, Operation, Capability); 88] {
    let mut table = [(KindName::Jwk, Operation::Sign, Capability::Allowed); 88];
    let mut index = 0;
    while index < table.len() {
        let kind = KindName::ALL[index / Operation::ALL.len()];
        let operation = Operation::ALL[index % Operation::ALL.len()];
        table[index] = (kind, operation, cell(kind, operation));
        index += 1;
    }
    table
}

const fn cell(kind: KindName, operation: Operation) -> Capability {
    match operation {
        Operation::Sign => sign(kind),
        Operation::Revoke => revoke(kind),
        Operation::Renew => RENEW,
        Operation::SshUser => ssh_user(kind),
        Operation::SshHost => ssh_host(kind),
        Operation::SshRevoke => ssh_revoke(kind),
        Operation::SshRenew | Operation::SshRekey => ssh_renew(kind),
        _ => refused("step-ca accepts no tokens for this operation", "another operation"),
    }
}

const fn sign(kind: KindName) -> Capability {
    match kind {
        KindName::SshPop => SSH_ONLY,
        KindName::Acme => ACME,
        KindName::Scep => SCEP,
        KindName::Jwk
        | KindName::Oidc
        | KindName::Gcp
        | KindName::Aws
        | KindName::Azure
        | KindName::X5c
        | KindName::K8sSa
        | KindName::Nebula => Capability::Allowed,
    }
}

const fn revoke(kind: KindName) -> Capability {
    match kind {
        KindName::Jwk | KindName::X5c => Capability::Allowed,
        KindName::Oidc => ADMINS,
        KindName::K8sSa => refused(
            "step-ca revokes the serial number in the subject, and the subject of a Kubernetes \
             token is an account",
            "a JWK or X5C provisioner, or the certificate itself over mutual TLS",
        ),
        KindName::Nebula => refused(
            "Nebula provisioners do not revoke certificates",
            "a JWK or X5C provisioner, or the certificate itself over mutual TLS",
        ),
        KindName::Aws | KindName::Gcp | KindName::Azure => refused(
            "provisioners for cloud instances do not revoke certificates",
            "a JWK or X5C provisioner, or the certificate itself over mutual TLS",
        ),
        KindName::SshPop => SSH_ONLY,
        KindName::Acme => ACME,
        KindName::Scep => SCEP,
    }
}

const fn ssh_user(kind: KindName) -> Capability {
    match kind {
        KindName::Jwk | KindName::X5c | KindName::Oidc | KindName::K8sSa => Capability::Allowed,
        KindName::Gcp => Capability::Conditional {
            needs: "the provisioner's `disableSSHCAUser` is set to false",
        },
        KindName::Nebula => refused(
            "Nebula provisioners sign SSH certificates for hosts only",
            "a JWK, X5C or OIDC provisioner, or ask for a host certificate",
        ),
        KindName::Aws | KindName::Azure => refused(
            "provisioners for cloud instances sign SSH certificates for hosts only",
            "a JWK, X5C or OIDC provisioner, or ask for a host certificate",
        ),
        KindName::SshPop => NO_NEW_SSH,
        KindName::Acme => ACME,
        KindName::Scep => SCEP,
    }
}

const fn ssh_host(kind: KindName) -> Capability {
    match kind {
        KindName::Jwk
        | KindName::X5c
        | KindName::K8sSa
        | KindName::Nebula
        | KindName::Aws
        | KindName::Azure
        | KindName::Gcp => Capability::Allowed,
        KindName::Oidc => ADMINS,
        KindName::SshPop => NO_NEW_SSH,
        KindName::Acme => ACME,
        KindName::Scep => SCEP,
    }
}

const fn ssh_revoke(kind: KindName) -> Capability {
    match kind {
        KindName::Jwk | KindName::SshPop => Capability::Allowed,
        KindName::Oidc => ADMINS,
        KindName::X5c
        | KindName::K8sSa
        | KindName::Nebula
        | KindName::Aws
        | KindName::Azure
        | KindName::Gcp => refused(
            "only JWK, SSHPOP and OIDC provisioners revoke SSH certificates",
            "a JWK provisioner, or an SSHPOP provisioner with the certificate and its key",
        ),
        KindName::Acme => ACME,
        KindName::Scep => SCEP,
    }
}

const fn ssh_renew(kind: KindName) -> Capability {
    match kind {
        KindName::SshPop => {
            Capability::Conditional { needs: "the certificate is a host certificate" }
        }
        KindName::Acme => ACME,
        KindName::Scep => SCEP,
        _ => refused(
            "to renew or rekey an SSH host certificate, the proof must be that certificate",
            "an SSHPOP provisioner with the certificate and its key",
        ),
    }
}

const fn refused(reason: &'static str, instead: &'static str) -> Capability {
    Capability::Refused { reason, instead }
}

const ADMINS: Capability = Capability::Conditional {
    needs: "the identity's e-mail address or one of its groups is listed in the provisioner's \
            `admins`",
};

const SSH_OF_AUTHORITY: Capability = Capability::Conditional { needs: "the authority enables SSH" };

const ADMINS_AND_SSH_OF_AUTHORITY: Capability = Capability::Conditional {
    needs: "the identity's e-mail address or one of its groups is listed in the provisioner's \
            `admins`, and the authority enables SSH",
};

const RENEW: Capability = refused(
    "no provisioner renews X.509 certificates by token: the certificate is its own proof",
    "a renew token made with the certificate and its key",
);

const SSH_ONLY: Capability =
    refused("SSHPOP provisioners handle SSH certificates only", "a JWK or X5C provisioner");

const NO_NEW_SSH: Capability = refused(
    "SSHPOP provisioners only revoke, renew and rekey existing SSH certificates",
    "a JWK or X5C provisioner",
);

const ACME: Capability =
    refused("ACME provisioners use no tokens", "an ACME client (RFC 8555), or a JWK provisioner");

const SCEP: Capability =
    refused("SCEP provisioners use no tokens", "a SCEP client (RFC 8894), or a JWK provisioner");

#[cfg(test)]
mod tests {
    use super::*;

    /// What step-ca 0.30.2 does, one line per type: `y`es, `c`onditional, `n`o, in the order of
    /// [`Operation::ALL`]: sign, revoke, renew, user, host, SSH revoke, SSH renew, SSH rekey.
    const TABLE: [(KindName, &str); 11] = [
        (KindName::Jwk, "yynyyynn"),
        (KindName::Oidc, "ycnyccnn"),
        (KindName::Gcp, "ynncynnn"),
        (KindName::Aws, "ynnnynnn"),
        (KindName::Azure, "ynnnynnn"),
        (KindName::Acme, "nnnnnnnn"),
        (KindName::X5c, "yynyynnn"),
        (KindName::K8sSa, "ynnyynnn"),
        (KindName::SshPop, "nnnnnycc"),
        (KindName::Scep, "nnnnnnnn"),
        (KindName::Nebula, "ynnnynnn"),
    ];

    #[test]
    fn every_type_may_do_what_step_ca_lets_it_do() {
        for (kind, row) in TABLE {
            for (operation, expected) in Operation::ALL.into_iter().zip(row.chars()) {
                let found = match Capability::of(kind, operation) {
                    Capability::Allowed => 'y',
                    Capability::Conditional { .. } => 'c',
                    Capability::Refused { .. } => 'n',
                };
                assert_eq!(found, expected, "{kind} {operation}");
            }
        }
    }

    #[test]
    fn the_table_lists_every_pair_once() {
        let mut pairs = CAPABILITIES.iter();
        for kind in KindName::ALL {
            for operation in Operation::ALL {
                let expected = (kind, operation, Capability::of(kind, operation));
                assert_eq!(pairs.next(), Some(&expected));
            }
        }
        assert_eq!(pairs.next(), None);
    }

    #[test]
    fn every_refusal_says_why_and_what_to_use() {
        for (kind, operation, capability) in CAPABILITIES {
            let text = capability.to_string();
            assert!(!text.ends_with('.') && !text.contains("  "), "{kind} {operation}: {text}");
            if let Capability::Refused { reason, instead } = capability {
                assert!(!reason.is_empty() && !instead.is_empty(), "{kind} {operation}");
            }
        }
    }

    #[test]
    fn a_type_without_tokens_may_do_nothing() {
        for (kind, _, capability) in CAPABILITIES {
            assert!(kind.has_tokens() || capability.is_refused(), "{kind}");
        }
    }
}
