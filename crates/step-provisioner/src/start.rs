//! Whether step-ca starts with a ca.json.
//!
//! Source: smallstep/certificates 0.30.2, `authority/config/config.go` (`AuthConfig.Validate`),
//! `authority/authority.go` (`ReloadAdminResources`) and `authority/provisioner/collection.go`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

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
        let entries = self.provisioners.as_slice();
        let keyless = entries.iter().position(Provisioner::lacks_key);
        let name = first_repeated(entries, |entry| Cow::Borrowed(&*entry.name));
        let id = first_repeated(entries, |entry| Cow::Owned(entry.token_id()));
        let [keyless, name, id] =
            [keyless.map(|at| (at, at)), name, id].map(|found| found.unwrap_or((usize::MAX, 0)));
        // What step-ca finds first; of one entry, in this order.
        let entry = entries.get(keyless.0.min(name.0).min(id.0))?;
        if keyless.0 <= name.0.min(id.0) {
            return Some(StartFault::NoKey { name: entry.name.clone() });
        }
        if name.0 <= id.0 {
            return Some(StartFault::SameName { name: entry.name.clone() });
        }
        let one = entries.get(id.1)?.label();
        Some(StartFault::SameId { one, other: entry.label(), id: entry.token_id() })
    }
}

/// Returns the place of the first entry whose text an earlier one has too, and the place of that one.
///
/// Only hashes are kept, which take less memory than the texts of many entries.
fn first_repeated<'a>(
    entries: &'a [Provisioner],
    text: impl Fn(&'a Provisioner) -> Cow<'a, str>,
) -> Option<(usize, usize)> {
    let hasher = RandomState::new();
    let mut seen: HashSet<u64> = HashSet::new();
    entries.iter().enumerate().find_map(|(at, entry)| {
        let own = text(entry);
        if seen.insert(hasher.hash_one(&own)) {
            return None;
        }
        // Two texts may have the same hash.
        let earlier = entries.iter().take(at).position(|earlier| text(earlier) == own)?;
        Some((at, earlier))
    })
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
