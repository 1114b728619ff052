use std::fmt;

use token_text::ShownValue;

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
    /// Something that a template or a shell was to replace: `${uuid}`.
    Placeholder {
        /// The claim.
        claim: &'static str,
        /// The placeholder.
        text: String,
    },
    /// Quotation marks as a text processor writes them, which no YAML or shell takes away.
    CurlyQuotes {
        /// The claim.
        claim: &'static str,
        /// The value.
        text: String,
    },
    /// A role that no server can have, because its name has a slash or a blank in it.
    ImpossibleRole {
        /// The role.
        name: String,
    },
    /// A role that is almost a built-in one: in other letters, with other punctuation, or mistyped.
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
        Self::of_claims(&Claims {
            issuer,
            subject: &account.subject,
            name: &account.name,
            email: &account.email,
            roles: account.roles.as_deref().unwrap_or_default(),
            groups: account.groups.as_deref().unwrap_or_default(),
            lifetime: Some(lifetime.as_seconds()),
        })
    }

    /// Returns the warnings about an existing token.
    #[must_use]
    pub fn of_identity(identity: &Identity) -> Vec<Self> {
        Self::of_claims(&Claims {
            issuer: &identity.issuer,
            subject: &identity.subject,
            name: &identity.name,
            email: &identity.email,
            roles: &identity.roles,
            groups: &identity.groups,
            lifetime: identity.lifetime(),
        })
    }

    fn of_claims(claims: &Claims<'_>) -> Vec<Self> {
        let mut warnings = Vec::new();
        let scheme = claims.issuer.get(.."https://".len()).unwrap_or_default();
        if scheme.eq_ignore_ascii_case("https://") {
            warnings.push(Self::HttpsIssuer);
        }
        if claims.roles.is_empty() {
            warnings.push(Self::NoRole);
        }
        for (claim, text) in claims.texts() {
            let placeholder = placeholder(text).map(str::to_owned);
            warnings.extend(placeholder.map(|text| Self::Placeholder { claim, text }));
            if has_curly_quotes(claim, text) {
                warnings.push(Self::CurlyQuotes { claim, text: text.to_owned() });
            }
        }
        warnings.extend(claims.roles.iter().filter_map(|role| Self::of_role(role)));
        if claims.groups.iter().any(|group| group == "*") {
            warnings.push(Self::EveryGroup);
        }
        match claims.lifetime {
            Some(0) => warnings.push(Self::NoLife),
            Some(seconds) if seconds > YEAR => warnings.push(Self::LongLife { seconds }),
            _ => {}
        }
        warnings
    }

    fn of_role(role: &str) -> Option<Self> {
        if roles::is_built_in(role) {
            return None;
        }
        let meant = roles::nearest_built_in(role).map(str::to_owned);
        let name = role.to_owned();
        if meant.is_some() || role.starts_with("system.") {
            return Some(Self::UnknownSystemRole { name, meant });
        }
        role.contains(['/', ' ']).then_some(Self::ImpossibleRole { name })
    }

    /// Returns the warning about a shared secret, if there is one.
    #[must_use]
    pub fn of_secret(secret: &[u8]) -> Option<Self> {
        (secret.len() < ENOUGH).then_some(Self::WeakSecret { bytes: secret.len() })
    }
}

/// What a token says, as far as it may be a mistake.
struct Claims<'a> {
    issuer: &'a str,
    subject: &'a str,
    name: &'a str,
    email: &'a str,
    roles: &'a [String],
    groups: &'a [String],
    lifetime: Option<u64>,
}

impl Claims<'_> {
    /// Returns every text with its claim.
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let single = [
            ("iss", self.issuer),
            ("sub", self.subject),
            ("name", self.name),
            ("email", self.email),
        ];
        let roles = self.roles.iter().map(|text| ("roles", text.as_str()));
        let groups = self.groups.iter().map(|text| ("groups", text.as_str()));
        single.into_iter().chain(roles).chain(groups)
    }
}

/// Finds the first `${…}`, `$(…)` or `{{…}}`.
fn placeholder(text: &str) -> Option<&str> {
    [("${", "}"), ("$(", ")"), ("{{", "}}")]
        .into_iter()
        .filter_map(|(open, close)| {
            let start = text.find(open)?;
            let length = text.get(start..)?.find(close)? + close.len();
            text.get(start..start + length)
        })
        .next()
}

/// Returns whether curly quotation marks are there by mistake; a name may have them inside.
fn has_curly_quotes(claim: &str, text: &str) -> bool {
    match claim {
        "name" => text.starts_with(QUOTES) || text.ends_with(QUOTES),
        _ => text.contains(QUOTES),
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
            Self::Placeholder { claim, text } => {
                write!(f, "`{claim}` contains `{text}`, which nothing has replaced")
            }
            Self::CurlyQuotes { claim, text } => write!(
                f,
                "`{claim}` has curly quotation marks in it, which belong to the value: `{text}`"
            ),
            Self::ImpossibleRole { name } => {
                let name = ShownValue(name);
                write!(f, "role `{name}` contains a slash or a blank, so no server has it")
            }
            Self::UnknownSystemRole { name, meant: Some(meant) } => {
                let name = ShownValue(name);
                write!(f, "role `{name}` is not built in; did you mean `{meant}`?")
            }
            Self::UnknownSystemRole { name, meant: None } => {
                write!(f, "role `{}` is not built in", ShownValue(name))
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

/// Quotation marks that text processors make of straight ones.
const QUOTES: [char; 8] = ['“', '”', '„', '‟', '‘', '’', '‚', '‛'];

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
        let (roles, groups) = (&strings(roles), &strings(groups));
        let (subject, name, email) = ("s", "Pat O’Neill", "e@x");
        Warning::of_claims(&Claims { issuer, subject, name, email, roles, groups, lifetime })
    }

    fn of_account(text: &str) -> Vec<String> {
        let account = Account::from_yaml(text).unwrap().0;
        let warnings = Warning::of_account(&account, "i", Lifetime::DEFAULT);
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_role_that_almost_is_a_built_in_one_is_told() {
        for (role, meant) in [
            ("System.User", Some("system.user")),
            ("system user", Some("system.user")),
            ("system:user", Some("system.user")),
            ("system_admin", Some("system.admin")),
            ("“system.view”", Some("system.view")),
            ("sytem.guest", Some("system.guest")),
            ("system.users", Some("system.user")),
            (" system.user", Some("system.user")),
            ("system.operator", None),
        ] {
            let expected = Warning::UnknownSystemRole {
                name: role.to_owned(),
                meant: meant.map(str::to_owned),
            };
            let told = warnings("i", &[role], &[], None);
            assert_eq!(told.last(), Some(&expected), "{role}");
        }
        for role in ["system.user", "user", "viewer", "backup.operator", "systems", ""] {
            assert_eq!(warnings("i", &[role], &[], None), [], "{role}");
        }
        for role in ["a b", "backup/operator"] {
            let impossible = Warning::ImpossibleRole { name: role.to_owned() };
            assert_eq!(warnings("i", &[role], &[], None), [impossible]);
        }
    }

    #[test]
    fn what_was_not_replaced_and_curly_quotes_are_told() {
        assert_eq!(
            of_account(
                "name: Tenant\nemail: t@x\nsub: ${uuid} or email\nroles: [“system.user”]\ngroups: [“developers”]\n"
            ),
            [
                "`sub` contains `${uuid}`, which nothing has replaced",
                "`roles` has curly quotation marks in it, which belong to the value: `“system.user”`",
                "`groups` has curly quotation marks in it, which belong to the value: `“developers”`",
                "role `“system.user”` is not built in; did you mean `system.user`?",
            ]
        );
        for (text, part) in [
            ("{sub: '{{ .Values.sub }}', roles: [r]}", "`sub` contains `{{ .Values.sub }}`"),
            ("{sub: s, email: '$(whoami)@x', roles: [r]}", "`email` contains `$(whoami)`"),
            ("{sub: s, roles: ['${ROLE}']}", "`roles` contains `${ROLE}`"),
            ("{sub: s, name: “N”, roles: [r]}", "`name` has curly"),
        ] {
            let told = of_account(text);
            assert!(told.len() == 1 && told[0].contains(part), "{text}: {told:?}");
        }
        for text in
            ["{sub: a$b, roles: [r]}", "{sub: '${', roles: [r]}", "{sub: '}}{', roles: [r]}"]
        {
            assert_eq!(of_account(text), [] as [&str; 0], "{text}");
        }
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
