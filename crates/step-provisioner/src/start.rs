//! Whether step-ca starts with a ca.json.
//!
//! Source: smallstep/certificates 0.30.2, `authority/config/config.go` (`AuthConfig.Validate`),
//! `authority/authority.go` (`ReloadAdminResources`) and `authority/provisioner/collection.go`.

use std::collections::{HashMap, HashSet};

use token_text::Excerpt;
use token_time::SignedDuration;

use crate::claims::ProvisionerClaims;
use crate::config::CaConfig;
use crate::kind::KindName;
use crate::limits::Contradiction;
use crate::provisioner::Provisioner;

/// Why step-ca does not start with a ca.json, because of its provisioners.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartFault {
    /// There are two provisioners for Kubernetes service accounts.
    #[error("it has more than one K8sSA provisioner")]
    SeveralK8sSa,

    /// Certificates would begin after their signing.
    #[error("`authority.backdate` is negative")]
    Backdate,

    /// The authority's own lifetimes of X.509 certificates contradict each other.
    #[error("{0}")]
    Lifetimes(Contradiction),

    /// A JWK provisioner has no key: step-ca crashes.
    #[error("the JWK provisioner `{}` has no `key`", Excerpt(name))]
    NoKey {
        /// Its name.
        name: String,
    },

    /// Two provisioners have one name.
    #[error("two provisioners have the name `{}`", Excerpt(name))]
    SameName {
        /// The name.
        name: String,
    },

    /// A token could be for either of two provisioners.
    #[error(
        "tokens for {} and {} have the same ID, `{}`",
        Excerpt(one),
        Excerpt(other),
        Excerpt(id)
    )]
    SameId {
        /// The label of the first.
        one: String,
        /// The label of the second.
        other: String,
        /// [`Provisioner::token_id`](crate::Provisioner::token_id) of both.
        id: String,
    },
}

impl CaConfig {
    /// Returns why step-ca does not start with this file, as far as its provisioners decide.
    #[must_use]
    pub fn start_fault(&self) -> Option<StartFault> {
        let k8s = |entry: &&Provisioner| entry.kind.name() == KindName::K8sSa;
        if self.provisioners.iter().filter(k8s).count() > 1 {
            return Some(StartFault::SeveralK8sSa);
        }
        if self.backdate < SignedDuration::ZERO {
            return Some(StartFault::Backdate);
        }
        let none = ProvisionerClaims::default();
        if let Some(contradiction) = none.effective(&self.claims).contradiction() {
            return Some(StartFault::Lifetimes(contradiction));
        }
        if self.enable_admin {
            return None;
        }
        let (mut ids, mut names) = (HashMap::new(), HashSet::new());
        self.provisioners.iter().find_map(|entry| {
            let name = || entry.name.clone();
            if entry.lacks_key() {
                return Some(StartFault::NoKey { name: name() });
            }
            let id = entry.token_id();
            if !names.insert(entry.name.as_str()) {
                return Some(StartFault::SameName { name: name() });
            }
            let other = ids.insert(id.clone(), entry)?;
            Some(StartFault::SameId { one: other.label(), other: entry.label(), id })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why step-ca does not start with these members of `authority`.
    fn fault(members: &str, provisioners: &str) -> Option<String> {
        let json = format!(r#"{{"authority":{{{members}"provisioners":[{provisioners}]}}}}"#);
        CaConfig::parse(json.as_bytes()).unwrap().start_fault().map(|fault| fault.to_string())
    }

    const JWK: &str = r#"{"type":"JWK","name":"j","key":{"kid":"k"}}"#;

    #[test]
    fn names_and_ids_are_each_provisioner_s_own() {
        assert_eq!(fault("", JWK), None);
        let name = format!(r#"{JWK},{{"type":"ACME","name":"j"}}"#);
        assert_eq!(fault("", &name).unwrap(), "two provisioners have the name `j`");
        let id = format!(r#"{JWK},{{"type":"OIDC","name":"o","clientID":"j:k"}}"#);
        assert_eq!(
            fault("", &id).unwrap(),
            "tokens for j (JWK) [kid: k] and o (OIDC) [client: j:k] have the same ID, `j:k`"
        );
        // An unknown type is none of the CA's.
        assert_eq!(fault("", &format!(r#"{JWK},{{"type":"EST","name":"j"}}"#)), None);
        // With a database the list of the file is not the CA's.
        assert_eq!(fault(r#""enableAdmin":true,"#, &name), None);
    }

    #[test]
    fn a_jwk_provisioner_without_key_and_two_for_kubernetes_are_too_much() {
        let keyless = r#"{"type":"JWK","name":"j","key":null}"#;
        assert_eq!(fault("", keyless).unwrap(), "the JWK provisioner `j` has no `key`");
        let two = r#"{"type":"K8sSA","name":"a"},{"type":"K8sSA","name":"b"}"#;
        for members in ["", r#""enableAdmin":true,"#] {
            assert_eq!(fault(members, two).unwrap(), "it has more than one K8sSA provisioner");
        }
    }

    #[test]
    fn the_authority_s_own_durations_count() {
        let backdate = fault(r#""backdate":"-1s","#, JWK).unwrap();
        assert_eq!(backdate, "`authority.backdate` is negative");
        let claims = fault(r#""claims":{"maxTLSCertDuration":"1h"},"#, JWK).unwrap();
        assert!(
            claims.ends_with("`defaultTLSCertDuration` of 24h0m0s (step-ca's default)"),
            "{claims}"
        );
        assert_eq!(fault(r#""claims":{"minUserSSHCertDuration":"48h"},"#, JWK), None);
    }
}
