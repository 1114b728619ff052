use std::fmt;

use crate::account::Account;
use crate::duration::Lifetime;
use crate::roles;
use crate::verdict::payload::Identity;

/// A warning about something in a token that is allowed but rarely intended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The issuer looks like that of an OpenID Connect provider.
    HttpsIssuer,
    /// Group `*`: access to every resource of every owner.
    EveryGroup,
    /// No roles: the token is accepted, but every call is denied.
    NoRole,
    /// A role that begins like a built-in one but is not one.
    UnknownSystemRole {
        /// The role.
        name: String,
        /// The built-in one that is nearest.
        meant: Option<String>,
    },
    /// It is valid for more than a year.
    LongLife {
        /// How long, in seconds.
        seconds: u64,
    },
    /// It expires when it is issued.
    NoLife,
    /// The secret is shorter than the hash it is used with.
    WeakSecret {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl Warning {
    /// Returns the warnings about a token to be minted.
    #[must_use]
    pub fn of_account(account: &Account, issuer: &str, lifetime: Lifetime) -> Vec<Self> {
        let roles = account.roles.as_deref().unwrap_or_default();
        let groups = account.groups.as_deref().unwrap_or_default();
        Self::of_claims(issuer, roles, groups, Some(lifetime.as_seconds()))
    }

    /// Returns the warnings about an existing token.
    #[must_use]
    pub fn of_identity(identity: &Identity) -> Vec<Self> {
        Self::of_claims(&identity.issuer, &identity.roles, &identity.groups, identity.lifetime())
    }

    fn of_claims(
        issuer: &str,
        roles: &[String],
        groups: &[String],
        lifetime: Option<u64>,
    ) -> Vec<Self> {
        let mut warnings = Vec::new();
        let scheme = issuer.get(.."https://".len()).unwrap_or_default();
        if scheme.eq_ignore_ascii_case("https://") {
            warnings.push(Self::HttpsIssuer);
        }
        if roles.is_empty() {
            warnings.push(Self::NoRole);
        }
        let unknown = |role: &&String| role.starts_with("system.") && !roles::is_built_in(role);
        warnings.extend(roles.iter().filter(unknown).map(|role| Self::UnknownSystemRole {
            name: role.clone(),
            meant: roles::nearest_built_in(role).map(str::to_owned),
        }));
        if groups.iter().any(|group| group == "*") {
            warnings.push(Self::EveryGroup);
        }
        match lifetime {
            Some(0) => warnings.push(Self::NoLife),
            Some(seconds) if seconds > YEAR => warnings.push(Self::LongLife { seconds }),
            _ => {}
        }
        warnings
    }

    /// Returns the warning about a shared secret, if there is one.
    #[must_use]
    pub fn of_secret(secret: &[u8]) -> Option<Self> {
        (secret.len() < ENOUGH).then_some(Self::WeakSecret { bytes: secret.len() })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HttpsIssuer => f.write_str(
                "the issuer begins with https://, like that of an OpenID Connect provider; a server that trusts such a provider would not accept the token as self-signed",
            ),
            Self::EveryGroup => {
                f.write_str("group `*` gives access to every resource of every owner")
            }
            Self::NoRole => f.write_str("the token has no role: a server accepts it, but denies every call"),
            Self::UnknownSystemRole { name, meant: Some(meant) } => {
                write!(f, "role `{name}` is not built in; did you mean `{meant}`?")
            }
            Self::UnknownSystemRole { name, meant: None } => {
                write!(f, "role `{name}` is not built in")
            }
            Self::LongLife { seconds } => {
                write!(f, "the token is valid for {} days; anyone who steals it can use it that long", seconds / 86_400)
            }
            Self::NoLife => f.write_str("the token expires when it is issued; no current server accepts it"),
            Self::WeakSecret { bytes } => write!(
                f,
                "the shared secret has {bytes} bytes; with fewer than {ENOUGH} it can be guessed from a token (RFC 7518 §3.2)"
            ),
        }
    }
}

const YEAR: u64 = 31_536_000;

/// The bytes of a SHA-256 hash.
const ENOUGH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(
        issuer: &str,
        roles: &[&str],
        groups: &[&str],
        lifetime: Option<u64>,
    ) -> Vec<Warning> {
        let strings = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
        Warning::of_claims(issuer, &strings(roles), &strings(groups), lifetime)
    }

    #[test]
    fn what_is_rarely_meant_is_told() {
        let told = warnings("HTTPS://x", &["system.admn", "own"], &["*"], Some(40_000_000));
        assert_eq!(
            told,
            [
                Warning::HttpsIssuer,
                Warning::UnknownSystemRole {
                    name: "system.admn".into(),
                    meant: Some("system.admin".into())
                },
                Warning::EveryGroup,
                Warning::LongLife { seconds: 40_000_000 },
            ]
        );
        assert_eq!(warnings("i", &[], &[], Some(0)), [Warning::NoRole, Warning::NoLife]);
        assert_eq!(warnings("i", &["system.user"], &["g"], Some(31_536_000)), []);
    }

    #[test]
    fn a_short_secret_is_weak() {
        assert_eq!(Warning::of_secret(&[0; 31]), Some(Warning::WeakSecret { bytes: 31 }));
        assert_eq!(Warning::of_secret(&[0; 32]), None);
    }
}
