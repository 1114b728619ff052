//! One entry of a CA's list of provisioners.

use std::fmt;
use std::sync::Arc;

use step_claims::Operation;
use token_text::Excerpt;

use crate::capability::Capability;
use crate::claims::ProvisionerClaims;
use crate::disabled::Disabled;
use crate::kind::{JwkProvisioner, Kind};
use crate::raw::Raw;

/// The token identifier of every Kubernetes provisioner; a CA has at most one.
const K8S_SA_ID: &str = "k8ssa/k8sSA-default";

/// One entry of a CA's list of provisioners.
#[derive(Clone)]
pub struct Provisioner {
    /// The name, which becomes the `iss` of the tokens minted for it.
    pub name: String,
    /// The type, with the members that belong to it.
    pub kind: Kind,
    /// Its settings for the certificates it issues; those that set nothing are one in memory.
    pub claims: Arc<ProvisionerClaims>,
    /// Why the CA has disabled it, if it has: it failed to initialise and refuses every token. In the
    /// CA's own list this is what the CA says; in a ca.json it is what step-ca decides at its start,
    /// see [`CaConfig::check_anchors`](crate::CaConfig::check_anchors).
    pub disabled: Option<Box<Disabled>>,
    /// The entry as the CA sent it, with all its members.
    pub raw: Raw,
}

impl Provisioner {
    /// Returns the identifier by which a CA finds a token's provisioner, unique within a CA.
    ///
    /// For a JWK provisioner it combines the token's `iss` and `kid`, for OIDC and Azure it is
    /// the client and the tenant, for the others the fragment of an audience.
    ///
    /// Source: smallstep/certificates, `authority/provisioner`, the `GetIDForToken` methods.
    #[must_use]
    pub fn token_id(&self) -> String {
        match &self.kind {
            Kind::Jwk(jwk) => {
                let key_id = jwk.key_id.as_ref().map_or("", |key_id| key_id.as_str());
                format!("{}:{key_id}", self.name)
            }
            Kind::Oidc(oidc) => oidc.client_id.clone(),
            Kind::Azure(azure) => azure.tenant_id.clone(),
            Kind::K8sSa { .. } => K8S_SA_ID.to_owned(),
            Kind::Gcp(_) => format!("gcp/{}", self.name),
            Kind::Aws(_) => format!("aws/{}", self.name),
            Kind::Acme => format!("acme/{}", self.name),
            Kind::X5c { .. } => format!("x5c/{}", self.name),
            Kind::SshPop => format!("sshpop/{}", self.name),
            Kind::Scep => format!("scep/{}", self.name),
            Kind::Nebula { .. } => format!("nebula/{}", self.name),
        }
    }

    /// Returns the two parts of the fragment in an audience for this provisioner, such as
    /// `x5c` and the name; `None` for types whose audience has no fragment.
    ///
    /// The name is as configured: the caller percent-encodes it for the URL.
    #[must_use]
    pub fn fragment(&self) -> Option<(&'static str, &str)> {
        let kind = self.kind.name().fragment()?;
        Some((kind, &self.name))
    }

    /// Returns the line for this provisioner in a menu, in step's format:
    /// `admin@example.com (JWK) [kid: …]`, or `[no kid]`. Control characters are written as escapes.
    #[must_use]
    pub fn label(&self) -> String {
        let (name, kind) = (Excerpt(&self.name), self.kind.name());
        match &self.kind {
            Kind::Jwk(jwk) => match &jwk.key_id {
                Some(key_id) => format!("{name} ({kind}) [kid: {}]", Excerpt(key_id.as_str())),
                None => format!("{name} ({kind}) [no kid]"),
            },
            Kind::Oidc(oidc) => format!("{name} ({kind}) [client: {}]", Excerpt(&oidc.client_id)),
            Kind::Azure(azure) => {
                format!("{name} ({kind}) [tenant: {}]", Excerpt(&azure.tenant_id))
            }
            _ => format!("{name} ({kind})"),
        }
    }

    /// Returns what this provisioner may authorise: [`Capability::of`] its type, limited by
    /// its own members.
    ///
    /// A claim that is not set here may be set for the whole CA. So it limits nothing, but an SSH
    /// certificate then depends on it.
    #[must_use]
    pub fn capability(&self, operation: Operation) -> Capability {
        let capability = self.capability_by_members(operation);
        if capability.is_refused() {
            return capability;
        }
        match self.claims.enable_ssh_ca {
            Some(false) if signs_ssh(operation) => NO_SSH_CA,
            None if signs_ssh(operation) => capability.and_ssh_of_authority(),
            _ if self.renews(operation) && self.claims.disable_renewal == Some(true) => NO_RENEWAL,
            _ => capability,
        }
    }

    /// Returns what this provisioner may authorise under the claims of its CA, which a ca.json
    /// contains: [`capability`](Self::capability), limited by the effective claims.
    #[must_use]
    pub fn capability_within(
        &self,
        global: &ProvisionerClaims,
        operation: Operation,
    ) -> Capability {
        let capability = self.capability_by_members(operation);
        let claims = self.claims.effective(global);
        if signs_ssh(operation) && !capability.is_refused() && !claims.enable_ssh_ca {
            return NO_SSH_CA;
        }
        if self.renews(operation) && claims.disable_renewal {
            return NO_RENEWAL;
        }
        capability
    }

    /// What its type and its members allow, without its claims.
    fn capability_by_members(&self, operation: Operation) -> Capability {
        let capability = Capability::of(&self.kind, operation);
        if capability.is_refused() {
            return capability;
        }
        match (&self.kind, operation) {
            (Kind::Jwk(jwk), _) if jwk.key.is_err() => Capability::Refused {
                reason: "its `key` is not a public key that can be used",
                instead: "another provisioner, or correct its `key`",
            },
            (Kind::Gcp(gcp), Operation::SshUser) if !gcp.disable_ssh_ca_user => Capability::Allowed,
            (Kind::Gcp(_), Operation::SshUser) => Capability::Refused {
                reason: "its `disableSSHCAUser` is not set to false, so it signs no SSH user \
                         certificates",
                instead: "a JWK, X5C or OIDC provisioner",
            },
            (Kind::Gcp(gcp), Operation::SshHost) if gcp.disable_ssh_ca_host => {
                Capability::Refused {
                    reason: "its `disableSSHCAHost` is true, so it signs no SSH host certificates",
                    instead: "a JWK or X5C provisioner",
                }
            }
            (Kind::Oidc(oidc), _)
                if oidc.admins.is_empty()
                    && matches!(capability, Capability::Conditional { .. }) =>
            {
                Capability::Refused {
                    reason: "step-ca lets only the `admins` of an OIDC provisioner do that, but \
                             this one lists none",
                    instead: "a JWK provisioner",
                }
            }
            _ => capability,
        }
    }

    /// The policy of the SSHPOP provisioner applies, whichever provisioner issued the certificate.
    fn renews(&self, operation: Operation) -> bool {
        matches!(self.kind, Kind::SshPop) && operation == Operation::SshRenew
    }

    /// Returns whether it is a JWK provisioner without a key.
    pub(crate) fn lacks_key(&self) -> bool {
        self.jwk().is_some_and(|jwk| jwk.is_missing)
    }

    pub(crate) fn jwk(&self) -> Option<&JwkProvisioner> {
        match &self.kind {
            Kind::Jwk(jwk) => Some(jwk),
            _ => None,
        }
    }
}

fn signs_ssh(operation: Operation) -> bool {
    matches!(operation, Operation::SshUser | Operation::SshHost)
}

const NO_RENEWAL: Capability = Capability::Refused {
    reason: "its claims have `\"disableRenewal\": true`",
    instead: "another SSHPOP provisioner, or a new certificate",
};

const NO_SSH_CA: Capability = Capability::Refused {
    reason: "its claims lack `\"enableSSHCA\": true`, so it signs no SSH certificates",
    instead: "a provisioner with this claim, or set it",
};

impl fmt::Debug for Provisioner {
    /// Leaves out the raw entry, which may contain a client secret and an encrypted key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provisioner")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("claims", &self.claims)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, provisioner};

    use super::*;

    #[test]
    fn a_token_finds_its_provisioner_by_these_identifiers() {
        for (json, id) in [
            (testing::JWK, format!("admin@example.com:{}", testing::JWK_KEY_ID)),
            (r#"{"type":"OIDC","name":"o","clientID":"c1"}"#, "c1".to_owned()),
            (r#"{"type":"Azure","name":"z","tenantID":"t1"}"#, "t1".to_owned()),
            (r#"{"type":"K8sSA","name":"k"}"#, "k8ssa/k8sSA-default".to_owned()),
            (r#"{"type":"GCP","name":"n"}"#, "gcp/n".to_owned()),
            (r#"{"type":"AWS","name":"n"}"#, "aws/n".to_owned()),
            (r#"{"type":"ACME","name":"n"}"#, "acme/n".to_owned()),
            (r#"{"type":"X5C","name":"My Prov/é%1"}"#, "x5c/My Prov/é%1".to_owned()),
            (r#"{"type":"SSHPOP","name":"n"}"#, "sshpop/n".to_owned()),
            (r#"{"type":"SCEP","name":"n"}"#, "scep/n".to_owned()),
            (r#"{"type":"Nebula","name":"n"}"#, "nebula/n".to_owned()),
        ] {
            assert_eq!(provisioner(json).token_id(), id);
        }
    }

    #[test]
    fn five_types_put_their_name_into_the_fragment() {
        for kind in ["X5C", "SSHPOP", "Nebula", "AWS", "GCP"] {
            let provisioner = provisioner(&format!(r#"{{"type":"{kind}","name":"a b"}}"#));
            let fragment = (kind.to_lowercase(), "a b".to_owned());
            let found = provisioner.fragment().map(|(kind, name)| (kind.into(), name.into()));
            assert_eq!(found, Some(fragment));
        }
        for kind in ["JWK", "OIDC", "Azure", "ACME", "SCEP", "K8sSA"] {
            let provisioner = provisioner(&format!(r#"{{"type":"{kind}","name":"a"}}"#));
            assert_eq!(provisioner.fragment(), None, "{kind}");
        }
    }

    #[test]
    fn a_label_is_worded_as_step_words_it() {
        for (json, label) in [
            (testing::JWK, format!("admin@example.com (JWK) [kid: {}]", testing::JWK_KEY_ID)),
            (r#"{"type":"JWK","name":"j","key":{"kid":""}}"#, "j (JWK) [no kid]".to_owned()),
            (r#"{"type":"oidc","name":"o","clientID":"c"}"#, "o (OIDC) [client: c]".to_owned()),
            (r#"{"type":"azure","name":"z","tenantID":"t"}"#, "z (Azure) [tenant: t]".to_owned()),
            (r#"{"type":"k8ssa","name":"k"}"#, "k (K8sSA)".to_owned()),
            (r#"{"type":"ACME","name":"a\u001b[2J"}"#, "a\\u{1b}[2J (ACME)".to_owned()),
        ] {
            assert_eq!(provisioner(json).label(), label);
        }
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        let oidc = provisioner(r#"{"type":"OIDC","name":"o","clientSecret":"hush"}"#);
        let jwk = provisioner(r#"{"type":"JWK","name":"j","encryptedKey":"hush"}"#);
        for provisioner in [oidc, jwk] {
            let debug = format!("{provisioner:?} {provisioner:#?}");
            assert!(debug.contains("[hidden]") && !debug.contains("hush"), "{debug}");
        }
    }

    #[test]
    fn a_provisioner_s_own_members_narrow_what_its_type_may_do() {
        use Operation::{Revoke, Sign, SshHost, SshRevoke, SshUser};
        let refused = |json: &str, operation| provisioner(json).capability(operation).is_refused();
        let off = r#"{"type":"X5C","name":"n","claims":{"enableSSHCA":false}}"#;
        assert!(refused(off, SshUser) && refused(off, SshHost));
        assert!(!refused(off, Sign) && !refused(off, Revoke));
        let unset = r#"{"type":"X5C","name":"n"}"#;
        assert!(!refused(unset, SshUser));
        let gcp = r#"{"type":"GCP","name":"n","disableSSHCAHost":true}"#;
        assert!(refused(gcp, SshUser) && refused(gcp, SshHost));
        let gcp = r#"{"type":"GCP","name":"n","disableSSHCAUser":false}"#;
        assert!(!refused(gcp, SshUser) && !refused(gcp, SshHost));
        for key in [r#"{"kty":"XX"}"#, "null"] {
            let jwk = format!(r#"{{"type":"JWK","name":"n","key":{key}}}"#);
            assert!(refused(&jwk, Sign) && refused(&jwk, SshRevoke));
        }
        let oidc = r#"{"type":"OIDC","name":"n"}"#;
        assert!(refused(oidc, Revoke) && refused(oidc, SshRevoke) && refused(oidc, SshHost));
        assert!(!refused(oidc, Sign) && !refused(oidc, SshUser));
        let oidc = r#"{"type":"OIDC","name":"n","admins":["a@example.com"]}"#;
        assert!(!refused(oidc, Revoke) && !refused(oidc, SshHost));
    }

    #[test]
    fn an_ssh_certificate_depends_on_the_authority_unless_the_entry_says_so() {
        use Operation::{Sign, SshHost, SshRevoke, SshUser};
        let text = |json, operation| provisioner(json).capability(operation).to_string();
        let unset = r#"{"type":"X5C","name":"n"}"#;
        assert_eq!(text(unset, SshUser), "if the authority enables SSH");
        assert_eq!(text(unset, Sign), "yes");
        assert!(!text(unset, SshRevoke).starts_with("if"));
        let set = r#"{"type":"X5C","name":"n","claims":{"enableSSHCA":true}}"#;
        assert_eq!(text(set, SshHost), "yes");
        let oidc = r#"{"type":"OIDC","name":"n","admins":["a@example.com"]}"#;
        assert!(text(oidc, SshHost).ends_with("`admins`, and the authority enables SSH"));
        let within = |json, claims: &ProvisionerClaims| {
            provisioner(json).capability_within(claims, SshUser).to_string()
        };
        let enabled = ProvisionerClaims { enable_ssh_ca: Some(true), ..Default::default() };
        assert_eq!(within(unset, &enabled), "yes");
        assert!(within(unset, &ProvisionerClaims::default()).starts_with("no: its claims lack"));
    }
}
