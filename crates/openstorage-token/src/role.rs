use crate::role_error::RoleError;
use crate::yaml::node::{Node, Value, YamlError};
use crate::yaml::reader;

/// A named set of rules: what its holders may call.
///
/// Source: OpenStorage, `pkg/role/sdkserviceapi.go`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name that tokens carry; letter case counts.
    pub name: String,
    /// The rules, of which one must match and none may deny.
    pub rules: Vec<Rule>,
}

/// Which methods of which services.
///
/// A pattern `*x*` means "contains", `*x` "ends with", `x*` "starts with", `*` everything; without a
/// star at either end it is the name itself, in lowercase letters. A leading `!` denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Patterns of services.
    pub services: Vec<String>,
    /// Patterns of methods.
    pub apis: Vec<String>,
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
        let root = root.ok_or_else(|| YamlError::new(1, "the file contains no role"))?;
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
                        let what =
                            format!("a pattern in `{name}` is {}; expected a string", item.kind());
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
}

fn items<'a>(node: &'a Node, name: &str) -> Result<&'a [Node], RoleError> {
    match &node.value {
        Value::Sequence(items) => Ok(items),
        _ => {
            let what = format!("`{name}` is {}; expected a list", node.kind());
            Err(YamlError::new(node.line, what).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_no_server_takes_are_refused() {
        for (text, part) in [
            ("rules: []", "no `name`"),
            ("name: a b\nrules: []", "a slash or a blank"),
            ("name: r\n", "no `rules`"),
            ("name: r\nrules: []\n", "no `rules`"),
            ("name: r\nrules:\n- services: [a]\n", "line 3: the rule has no `apis`"),
            ("name: r\nrules: x\n", "`rules` is a single value"),
            ("name: r\nname: s\n", "`name` appears twice"),
            ("name: r\n---\nname: s\n", "line 2: a second document"),
            (
                "name: r\nrules: [{services: [[a]], apis: [b]}]\n",
                "a pattern in `services` is a list; expected a string",
            ),
            ("", "the file contains no role"),
        ] {
            let message = Role::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
