//! What the roles of a token allow, as a server decides it.

use std::collections::HashMap;
use std::fmt;

use token_text::Excerpt;

use crate::api_method::ApiMethod;
use crate::nearest::nearest;
use crate::pattern::{denies, fits};
use crate::role::{Role, Rule};
use crate::role_error::RoleError;
use crate::server::Generation;

/// What a role says about a method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleAnswer {
    /// A rule matches.
    Granted {
        /// Which, from 1.
        rule: usize,
        /// The pattern that matches the service.
        service: String,
        /// The pattern that matches the method.
        api: String,
    },
    /// A rule denies it, whatever the others say.
    Denied {
        /// Which, from 1.
        rule: usize,
        /// The pattern, with its exclamation mark.
        pattern: String,
    },
    /// No rule matches.
    Silent,
    /// The server has no such role, and ignores it.
    Unknown,
}

impl fmt::Display for RoleAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted { rule, service, api } => {
                write!(f, "rule {rule} grants it (services `{service}`, apis `{api}`)")
            }
            Self::Denied { rule, pattern } => write!(f, "rule {rule} denies it (`{pattern}`)"),
            Self::Silent => f.write_str("no rule matches"),
            Self::Unknown => f.write_str("the role is not known here"),
        }
    }
}

/// What the roles of a token say about a method, in the order of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The method.
    pub method: ApiMethod,
    /// Every role up to the first that grants.
    pub answers: Vec<(String, RoleAnswer)>,
}

impl Decision {
    /// Returns whether one of the roles grants it.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.answers.iter().any(|(_, answer)| matches!(answer, RoleAnswer::Granted { .. }))
    }
}

impl fmt::Display for Decision {
    /// Says what decides: the role that grants it, or what the roles say, of which ten are named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let granted =
            self.answers.iter().find(|(_, answer)| matches!(answer, RoleAnswer::Granted { .. }));
        if let Some((role, answer)) = granted {
            return Told(role, answer).fmt(f);
        }
        if self.answers.is_empty() {
            return f.write_str("the token has no roles");
        }
        for (at, (role, answer)) in self.answers.iter().take(MOST_TOLD).enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{}", Told(role, answer))?;
        }
        match self.answers.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(f, "; and {more} more roles"),
        }
    }
}

/// A role and its answer; a long name or pattern is cut.
struct Told<'a>(&'a str, &'a RoleAnswer);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "role `{}`: {}", Excerpt(self.0), Excerpt(&self.1.to_string()))
    }
}

/// How many roles a message names.
const MOST_TOLD: usize = 10;

/// The roles of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Returns the four roles that every server has.
    #[must_use]
    pub fn built_in(generation: Generation) -> Self {
        let strings = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
        let role = |name: &str, rules: &[(&[&str], &[&str])]| Role {
            name: name.to_owned(),
            rules: rules
                .iter()
                .map(|(services, apis)| Rule { services: strings(services), apis: strings(apis) })
                .collect(),
        };
        let view: &[&str] = match generation {
            Generation::Current => &VIEW,
            Generation::Older => VIEW.get(..VIEW.len() - 1).unwrap_or_default(),
        };
        Self(vec![
            role(ADMIN, &[(&["*"], &["*"])]),
            role(VIEWER, &[(&["*"], view), (&["identity"], &["*"])]),
            role(
                USER,
                &[
                    (&USER_SERVICES, &["*"]),
                    (&["cluster", "node"], &["inspect*", "enumerate*"]),
                    (&["identity"], &["*"]),
                    (&["policy"], &["*enumerate*", "*inspect*"]),
                ],
            ),
            role(
                GUEST,
                &[
                    (&["mountattach", "volume", "cloudbackup", "migrate"], &["*"]),
                    (&["identity"], &["version"]),
                    (&["cluster", "node"], &["inspect*", "enumerate*"]),
                ],
            ),
        ])
    }

    /// Adds the server's own roles; each replaces an existing one of the same name.
    ///
    /// # Errors
    ///
    /// [`RoleError::System`] for the name of a role that cannot be changed.
    pub fn add(&mut self, roles: Vec<Role>) -> Result<(), RoleError> {
        for role in roles {
            if is_fixed(&role.name) {
                return Err(RoleError::System { name: role.name });
            }
            self.0.retain(|there| there.name != role.name);
            self.0.push(role);
        }
        Ok(())
    }

    /// Returns the role of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Role> {
        self.0.iter().find(|role| role.name == name)
    }

    /// Returns all roles: the built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.0.iter()
    }

    /// Returns the role whose name is nearest to one that does not exist.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest_role(name, self.iter().map(|role| role.name.as_str()))
    }

    /// Decides whether holders of these roles may call a method, and names the rule that decides.
    pub fn decide<'a>(
        &self,
        held: impl IntoIterator<Item = &'a str>,
        method: &ApiMethod,
    ) -> Decision {
        let (mut answers, mut known) = (Vec::new(), HashMap::new());
        for name in held {
            // A token may hold the same role thousands of times.
            let answer = known.entry(name).or_insert_with(|| {
                self.find(name).map_or(RoleAnswer::Unknown, |role| role.answer(method))
            });
            let answer = answer.clone();
            let granted = matches!(answer, RoleAnswer::Granted { .. });
            answers.push((name.to_owned(), answer));
            if granted {
                break;
            }
        }
        Decision { method: method.clone(), answers }
    }
}

impl Role {
    /// Looks for denials first, in every rule.
    fn answer(&self, method: &ApiMethod) -> RoleAnswer {
        for (rule, at) in self.rules.iter().zip(1..) {
            if let Some(pattern) = rule.denial(method) {
                return RoleAnswer::Denied { rule: at, pattern: pattern.to_owned() };
            }
        }
        for (rule, at) in self.rules.iter().zip(1..) {
            let service = rule.services.iter().find(|service| fits(service, &method.service));
            let api = rule.apis.iter().find(|api| fits(api, &method.method));
            if let (Some(service), Some(api)) = (service, api) {
                return RoleAnswer::Granted {
                    rule: at,
                    service: service.clone(),
                    api: api.clone(),
                };
            }
        }
        RoleAnswer::Silent
    }
}

impl Rule {
    /// Returns the first pattern that denies a method: one of a service, or one of its methods if a
    /// service before it fits.
    fn denial(&self, method: &ApiMethod) -> Option<&str> {
        let mut is_service_seen = false;
        for service in &self.services {
            if denies(service, &method.service) {
                return Some(service);
            }
            // The methods are the same for every service.
            if !is_service_seen && fits(service, &method.service) {
                is_service_seen = true;
                if let Some(api) = self.apis.iter().find(|api| denies(api, &method.method)) {
                    return Some(api);
                }
            }
        }
        None
    }
}

/// Returns whether every server has a role of this name.
#[must_use]
pub fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// Returns whether no server lets this built-in role be changed.
#[must_use]
pub fn is_fixed(name: &str) -> bool {
    FIXED.contains(&name)
}

/// Returns the built-in role that was probably meant by a name that is none: in other letters or
/// with other punctuation, or mistyped.
pub(crate) fn nearest_built_in(name: &str) -> Option<&'static str> {
    nearest_role(name, BUILT_IN)
}

fn nearest_role<'a>(name: &str, roles: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    let roles: Vec<(String, &str)> = roles.into_iter().map(|role| (plain(role), role)).collect();
    let meant = nearest(&name, roles.iter().map(|(plain, _)| plain.as_str()))?;
    roles.iter().find(|(plain, _)| plain == meant).map(|(_, role)| *role)
}

/// Returns the letters and digits of a name, in lowercase.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

const ADMIN: &str = "system.admin";
const VIEWER: &str = "system.view";
const USER: &str = "system.user";

/// The role of callers without a token.
const GUEST: &str = "system.guest";

/// The roles that every server has.
const BUILT_IN: [&str; 4] = [ADMIN, VIEWER, USER, GUEST];

/// Those that cannot be changed on any server.
const FIXED: [&str; 3] = [ADMIN, VIEWER, USER];

/// What `system.view` may call; the last was added later.
const VIEW: [&str; 7] =
    ["*enumerate*", "inspect*", "stats", "status", "validate", "capacityusage", "watch"];

const USER_SERVICES: [&str; 7] = [
    "volume",
    "cloudbackup",
    "credentials",
    "objectstore",
    "schedulepolicy",
    "mountattach",
    "migrate",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(held: &[&str], method: &str) -> Decision {
        let roles = Roles::built_in(Generation::Current);
        roles.decide(held.iter().copied(), &method.parse().unwrap())
    }

    fn custom(rules: &str, method: &str) -> RoleAnswer {
        let text = format!("name: r\nrules: {rules}\n");
        let mut roles = Roles::built_in(Generation::Current);
        roles.add(Role::parse(&text).unwrap()).unwrap();
        roles.decide(["r"], &method.parse().unwrap()).answers.remove(0).1
    }

    #[test]
    fn built_in_roles_grant_what_is_documented() {
        for (role, method, granted) in [
            ("system.admin", "role/create", true),
            ("system.view", "volume/inspectwithfilters", true),
            ("system.view", "volume/create", false),
            ("system.view", "volume/watch", true),
            ("system.user", "/openstorage.api.OpenStorageVolume/Create", true),
            ("system.user", "cluster/inspectcurrent", true),
            ("system.user", "cluster/domains", false),
            ("system.user", "policy/defaultinspect", true),
            ("system.guest", "identity/version", true),
            ("system.guest", "identity/capabilities", false),
        ] {
            assert_eq!(decide(&[role], method).is_granted(), granted, "{role} {method}");
        }
        let older = Roles::built_in(Generation::Older);
        assert!(!older.decide(["system.view"], &"volume/watch".parse().unwrap()).is_granted());
    }

    #[test]
    fn one_role_that_grants_is_enough_and_unknown_ones_are_passed_over() {
        let decision = decide(&["nobody", "system.view", "system.user", "x"], "volume/create");
        assert!(decision.is_granted());
        assert_eq!(decision.answers.len(), 3);
        assert_eq!(decision.answers[0].1, RoleAnswer::Unknown);
        assert_eq!(decision.answers[1].1, RoleAnswer::Silent);
        assert!(!decide(&[], "volume/create").is_granted());
    }

    #[test]
    fn the_rule_that_decides_is_named() {
        let granted = custom(
            "[{services: [node], apis: ['*']}, {services: [vol*], apis: [create]}]",
            "volume/create",
        );
        let expected =
            RoleAnswer::Granted { rule: 2, service: "vol*".into(), api: "create".into() };
        assert_eq!(granted, expected);
        let denied = custom(
            "[{services: ['*'], apis: ['*']}, {services: [volume], apis: ['!*delete*']}]",
            "volume/delete",
        );
        assert_eq!(denied, RoleAnswer::Denied { rule: 2, pattern: "!*delete*".into() });
    }

    #[test]
    fn the_first_denial_in_the_order_of_the_services_decides() {
        for (rules, pattern) in [
            ("[{services: [volume, '!vol*'], apis: ['!create', '*']}]", "!create"),
            ("[{services: ['!vol*', volume], apis: ['!create', '*']}]", "!vol*"),
            ("[{services: [volume, '*', '!vol*'], apis: ['*', '!inspect']}]", "!vol*"),
            ("[{services: [node, '!volume'], apis: ['!create']}]", "!volume"),
        ] {
            let denied = RoleAnswer::Denied { rule: 1, pattern: pattern.to_owned() };
            assert_eq!(custom(rules, "volume/create"), denied, "{rules}");
        }
    }

    /// Each pattern costs the same, however many others there are.
    #[test]
    fn thousands_of_patterns_and_of_roles_are_looked_at_one_by_one() {
        let patterns = vec!["*e*".to_owned(); 9_000];
        let rule = Rule { services: patterns.clone(), apis: vec!["!x".to_owned(); 9_000] };
        let mut roles = Roles::built_in(Generation::Current);
        roles.add(vec![Role { name: "r".to_owned(), rules: vec![rule] }]).unwrap();
        let start = std::time::Instant::now();
        let method = "volume/create".parse().unwrap();
        let decision = roles.decide(vec!["r"; 15_000], &method);
        assert_eq!(decision.answers.len(), 15_000);
        let taken = start.elapsed();
        assert!(taken.as_secs() < 10, "{taken:?}");
    }

    #[test]
    fn a_message_names_ten_roles() {
        let names: Vec<String> = (0..15_000).map(|n| format!("role-{n}")).collect();
        let roles = Roles::built_in(Generation::Current);
        let held = names.iter().map(String::as_str);
        let text = roles.decide(held, &"volume/create".parse().unwrap()).to_string();
        assert!(
            text.ends_with("role `role-9`: the role is not known here; and 14990 more roles"),
            "{text}"
        );
        let long = "x".repeat(150_000);
        let text = roles.decide([long.as_str()], &"volume/create".parse().unwrap()).to_string();
        assert_eq!(text, format!("role `{}…`: the role is not known here", "x".repeat(500)));
    }

    #[test]
    fn a_role_that_is_built_in_stays_as_it_is() {
        let mut roles = Roles::built_in(Generation::Current);
        let admin = Role::parse("name: system.admin\nrules: [{services: [a], apis: [b]}]").unwrap();
        assert!(matches!(roles.add(admin), Err(RoleError::System { .. })));
    }
}
