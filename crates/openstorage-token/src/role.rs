use std::fmt;
use std::str::FromStr;

use crate::server::Generation;
use crate::yaml::node::{Node, Value, YamlError};
use crate::yaml::reader;

/// A named set of rules: what its holders may call.
///
/// Source: OpenStorage, `pkg/role/sdkserviceapi.go`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name that tokens carry; letter case counts.
    pub name: String,
    /// The rules, of which one must fit and none deny.
    pub rules: Vec<Rule>,
}

/// Which methods of which services.
///
/// A pattern `*x*` means "contains", `*x` "ends with", `x*` "starts with", `*` everything; without a
/// star at either end it is the name itself, in small letters. A leading `!` denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Patterns of services.
    pub services: Vec<String>,
    /// Patterns of methods.
    pub apis: Vec<String>,
}

/// A method of a service, as rules see it: `volume/create`.
///
/// Read from `SERVICE/METHOD` or from gRPC's full name,
/// `/openstorage.api.OpenStorageVolume/Create`; both parts in small letters, the prefix dropped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiMethod {
    service: String,
    method: String,
}

impl FromStr for ApiMethod {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let bare = text.strip_prefix('/').unwrap_or(text);
        match bare.split_once('/') {
            Some((service, method))
                if !service.is_empty() && !method.is_empty() && !method.contains('/') =>
            {
                let service = service.to_lowercase();
                let service = service.strip_prefix(PREFIX).unwrap_or(&service).to_owned();
                Ok(Self { service, method: method.to_lowercase() })
            }
            _ => Err(RoleError::NoMethod { text: text.to_owned() }),
        }
    }
}

impl ApiMethod {
    /// Returns whether OpenStorage has this service; a name that is mistyped asks about nothing.
    #[must_use]
    pub fn has_known_service(&self) -> bool {
        SERVICES.contains(&self.service.as_str())
    }

    /// The services of OpenStorage, as rules name them.
    ///
    /// Source: OpenStorage, `api/api.proto`, version 9.4.
    #[must_use]
    pub fn services() -> &'static [&'static str] {
        &SERVICES
    }
}

impl fmt::Display for ApiMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.method)
    }
}

/// What a role says of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleAnswer {
    /// A rule fits.
    Granted {
        /// Which, from 1.
        rule: usize,
        /// The pattern that fits the service.
        service: String,
        /// The pattern that fits the method.
        api: String,
    },
    /// A rule denies it, whatever the others say.
    Denied {
        /// Which, from 1.
        rule: usize,
        /// The pattern, with its exclamation mark.
        pattern: String,
    },
    /// No rule fits.
    Silent,
    /// The server has no such role, and passes over it.
    Unknown,
}

/// What the roles of a token say of a method, each in the order of the token.
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

    /// Adds roles of the server's own; one of a name that is there takes its place.
    ///
    /// # Errors
    ///
    /// [`RoleError::System`] for the name of a role that cannot be changed.
    pub fn add(&mut self, roles: Vec<Role>) -> Result<(), RoleError> {
        for role in roles {
            if FIXED.contains(&role.name.as_str()) {
                return Err(RoleError::System { name: role.name });
            }
            self.0.retain(|there| there.name != role.name);
            self.0.push(role);
        }
        Ok(())
    }

    /// Says whether holders of these roles may call a method, and which rule decides.
    pub fn decide<'a>(
        &self,
        held: impl IntoIterator<Item = &'a str>,
        method: &ApiMethod,
    ) -> Decision {
        let mut answers = Vec::new();
        for name in held {
            let role = self.0.iter().find(|role| role.name == name);
            let answer = role.map_or(RoleAnswer::Unknown, |role| role.answer(method));
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
    /// Reads a role, or a list of roles, in YAML or JSON: `name`, and `rules` with `services` and
    /// `apis`, as `pxctl role create --role-config` takes them.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the line; for a name with a slash or a blank in it, a role without rules
    /// and a rule without services or apis, as the server refuses them.
    pub fn parse(text: &str) -> Result<Vec<Self>, RoleError> {
        let root = reader::parse_unrepeated(text)?;
        let root = root.ok_or_else(|| YamlError::new(1, "there is no role"))?;
        match &root.value {
            Value::Sequence(_) => Self::list(&root),
            _ => Self::of(&root).map(|role| vec![role]),
        }
    }

    pub(crate) fn list(node: &Node) -> Result<Vec<Self>, RoleError> {
        items(node, "roles")?.iter().map(Self::of).collect()
    }

    fn of(node: &Node) -> Result<Self, RoleError> {
        let missing = |what: &str| YamlError::new(node.line, format!("the role has no {what}"));
        let name = node.member("name").and_then(Node::text).unwrap_or_default();
        if name.is_empty() {
            return Err(missing("`name`").into());
        }
        if name.contains(['/', ' ']) {
            return Err(RoleError::Name { line: node.line, name: name.to_owned() });
        }
        let rules = node.member("rules").ok_or_else(|| missing("`rules`"))?;
        let rules = items(rules, "rules")?;
        if rules.is_empty() {
            return Err(missing("`rules`").into());
        }
        let rule = |node: &Node| {
            let patterns = |name: &'static str| {
                let patterns = node.member(name).map(|list| items(list, name)).transpose()?;
                let patterns = patterns.unwrap_or_default();
                if patterns.is_empty() {
                    return Err(
                        YamlError::new(node.line, format!("the rule has no `{name}`")).into()
                    );
                }
                let text = |item: &Node| match &item.value {
                    Value::Scalar(_) => Ok(item.text().unwrap_or_default().to_owned()),
                    _ => {
                        let what = format!("a pattern of `{name}` is {}", item.kind());
                        Err(RoleError::from(YamlError::new(item.line, what)))
                    }
                };
                patterns.iter().map(text).collect::<Result<_, RoleError>>()
            };
            Ok::<_, RoleError>(Rule { services: patterns("services")?, apis: patterns("apis")? })
        };
        let rules = rules.iter().map(rule).collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), rules })
    }

    /// Denials are looked for first, in every rule.
    fn answer(&self, method: &ApiMethod) -> RoleAnswer {
        for (rule, at) in self.rules.iter().zip(1..) {
            for service in &rule.services {
                let denial = if denies(service, &method.service) {
                    Some(service)
                } else if fits(service, &method.service) {
                    rule.apis.iter().find(|api| denies(api, &method.method))
                } else {
                    None
                };
                if let Some(pattern) = denial {
                    return RoleAnswer::Denied { rule: at, pattern: pattern.clone() };
                }
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

fn items<'a>(node: &'a Node, name: &str) -> Result<&'a [Node], RoleError> {
    match &node.value {
        Value::Sequence(items) => Ok(items),
        _ => {
            let what = format!("`{name}` is {}; a list is due", node.kind());
            Err(YamlError::new(node.line, what).into())
        }
    }
}

fn denies(pattern: &str, name: &str) -> bool {
    pattern.starts_with('!') && fits(pattern.replace('!', "").trim(), name)
}

fn fits(pattern: &str, name: &str) -> bool {
    let (first, last) = (pattern.starts_with('*'), pattern.ends_with('*'));
    if pattern.is_empty() || !(first || last) {
        return !pattern.is_empty() && pattern == name;
    }
    let part = pattern.replace('*', "");
    let part = part.trim();
    match (first, last) {
        (true, true) => name.contains(part),
        (true, false) => name.ends_with(part),
        _ => name.starts_with(part),
    }
}

/// Returns whether every server has a role of this name.
pub(crate) fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// Returns the built-in role whose name shares most of its letters in order with this one.
pub(crate) fn nearest_built_in(name: &str) -> Option<&'static str> {
    let shared = |role: &&str| {
        let mut letters = role.chars();
        name.chars()
            .filter(|letter| letters.clone().any(|c| c == *letter) && letters.any(|c| c == *letter))
            .count()
    };
    let least = "system.".len() + 2;
    BUILT_IN.into_iter().filter(|role| shared(role) >= least).max_by_key(shared)
}

/// Why something is no role, or no method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// It is no YAML, or a member is missing or of the wrong kind.
    #[error(transparent)]
    Yaml(#[from] YamlError),

    /// A name that no server accepts.
    #[error("line {line}: role `{name}` has a slash or a blank in its name")]
    Name {
        /// The line, from 1.
        line: usize,
        /// The name.
        name: String,
    },

    /// A role that the server keeps as it is.
    #[error("role `{name}` is built in and cannot be changed")]
    System {
        /// The name.
        name: String,
    },

    /// A text that names no method.
    #[error("{text:?} names no method; `volume/create` does")]
    NoMethod {
        /// The text.
        text: String,
    },
}

const ADMIN: &str = "system.admin";
const VIEWER: &str = "system.view";
const USER: &str = "system.user";

/// The role of whoever brings no token.
const GUEST: &str = "system.guest";

/// The roles that every server has.
const BUILT_IN: [&str; 4] = [ADMIN, VIEWER, USER, GUEST];

/// Those of them that no server lets anybody change.
const FIXED: [&str; 3] = [ADMIN, VIEWER, USER];

/// What gRPC names begin with.
const PREFIX: &str = "openstorage.api.openstorage";

/// What `system.view` may call; the last came later than the others.
const VIEW: [&str; 7] =
    ["*enumerate*", "inspect*", "stats", "status", "validate", "capacityusage", "watch"];

const SERVICES: [&str; 24] = [
    "alerts",
    "bucket",
    "cloudbackup",
    "cluster",
    "clusterdomains",
    "clusterpair",
    "credentials",
    "diags",
    "filesystemcheck",
    "filesystemtrim",
    "identity",
    "job",
    "migrate",
    "mountattach",
    "node",
    "objectstore",
    "policy",
    "pool",
    "role",
    "schedulepolicy",
    "storagepolicy",
    "verifychecksum",
    "volume",
    "watch",
];

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
    fn patterns_have_stars_at_their_ends_alone() {
        for (pattern, name, fit) in [
            ("*", "x", true),
            ("***", "x", true),
            ("create", "create", true),
            ("Create", "create", false),
            ("c*e", "create", false),
            ("*c*e", "create", false),
            ("*rea*", "create", true),
            ("*ate", "create", true),
            ("cre*", "create", true),
            ("", "", false),
            ("cr* ", "create", false),
            ("* rea *", "create", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
        assert!(
            denies("!*", "x") && denies("! x", "x") && !denies("!", "x") && !denies("*!x", "x")
        );
    }

    #[test]
    fn roles_that_no_server_takes_are_refused() {
        for (text, part) in [
            ("rules: []", "no `name`"),
            ("name: a b\nrules: []", "a slash or a blank"),
            ("name: r\n", "no `rules`"),
            ("name: r\nrules: []\n", "no `rules`"),
            ("name: r\nrules:\n- services: [a]\n", "line 3: the rule has no `apis`"),
            ("name: r\nrules: x\n", "`rules` is a single value"),
            ("name: r\nname: s\n", "`name` stands twice"),
            ("name: r\n---\nname: s\n", "line 2: a second document"),
            (
                "name: r\nrules: [{services: [[a]], apis: [b]}]\n",
                "a pattern of `services` is a list",
            ),
            ("", "no role"),
        ] {
            let message = Role::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
        let mut roles = Roles::built_in(Generation::Current);
        let admin = Role::parse("name: system.admin\nrules: [{services: [a], apis: [b]}]").unwrap();
        assert!(matches!(roles.add(admin), Err(RoleError::System { .. })));
    }

    #[test]
    fn a_service_that_is_mistyped_is_unknown() {
        let known = |text: &str| text.parse::<ApiMethod>().unwrap().has_known_service();
        assert!(known("volume/create") && known("/openstorage.api.OpenStorageRole/Create"));
        assert!(!known("volumes/create") && !known("OpenStorageRole/Create"));
    }

    #[test]
    fn what_names_no_method_is_refused() {
        for text in ["", "volume", "/volume", "a/b/c", "/", "volume/", "//x"] {
            assert!(text.parse::<ApiMethod>().is_err(), "{text}");
        }
    }
}
