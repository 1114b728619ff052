use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::yaml::node::{Node, Scalar, Value, YamlError};
use crate::yaml::reader;

/// The account a token is for: the five members of an auth-config file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `sub`, the unique ID, which owns resources; empty if there is none.
    pub subject: String,
    /// `name`, for people to read.
    pub name: String,
    /// `email`.
    pub email: String,
    /// `roles`, names of roles on the server. In a token, `None` becomes `null`, and an empty list
    /// stays one.
    pub roles: Option<Vec<String>>,
    /// `groups`; `*` is every group. `None` is left out of a token.
    pub groups: Option<Vec<String>>,
}

impl Account {
    /// Reads an auth-config file: a YAML mapping, of which JSON is a special case.
    ///
    /// A scalar keeps its written text, so `0x10` is the name `0x10`. If a member appears twice,
    /// the last counts; of several documents, the first. An empty file is an account without members.
    /// Whatever is ignored is reported as a warning.
    ///
    /// Source: gopkg.in/yaml.v2 as OpenStorage's own tool calls it.
    ///
    /// # Errors
    ///
    /// [`AccountError`], with the line if there is one, if this is not YAML or not a mapping, or has
    /// a mapping or a list in place of a string, or a string in place of a list.
    pub fn from_yaml(text: &str) -> Result<(Self, Vec<AccountWarning>), AccountError> {
        let stream = reader::parse(text)?;
        let mut reader =
            Reader { account: Self::default(), seen: Vec::new(), warnings: Vec::new() };
        match stream.first {
            None => {}
            Some(root) if root.is_null() => {}
            Some(Node { value: Value::Mapping(members), .. }) => reader.mapping(&members)?,
            Some(root) => return Err(AccountError::NoMapping { kind: root.kind() }),
        }
        if let Some(line) = stream.second_at {
            reader.warnings.push(AccountWarning::SecondDocument { line });
        }
        Ok((reader.account, reader.warnings))
    }

    /// Returns the subject that replaces a missing one: the base64 (standard alphabet, padded) of
    /// `openstorage.io/NAME/EMAIL`.
    ///
    /// Two people with the same name and e-mail address get the same one, and share resources.
    ///
    /// Source: OpenStorage's own tool; whether pxctl does the same is not known.
    #[must_use]
    pub fn derived_subject(&self) -> String {
        STANDARD.encode(format!("openstorage.io/{}/{}", self.name, self.email))
    }
}

/// A warning about something in an auth-config file that is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountWarning {
    /// An unknown member.
    UnknownMember {
        /// Its line, from 1.
        line: usize,
        /// Its name.
        name: String,
        /// The member that was probably intended.
        meant: Option<&'static str>,
    },
    /// A claim that comes from a flag or from the clock, never from the file.
    NotFromHere {
        /// Its line, from 1.
        line: usize,
        /// Its name.
        name: String,
    },
    /// A member that appears twice; the last counts.
    Repeated {
        /// The line of the last, from 1.
        line: usize,
        /// Its name.
        name: &'static str,
        /// The line of the one before.
        before: usize,
    },
    /// A second document, which is ignored.
    SecondDocument {
        /// The line it begins in, from 1.
        line: usize,
    },
}

impl fmt::Display for AccountWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMember { line, name, meant: Some(meant) } => {
                write!(f, "line {line}: `{name}` is ignored; did you mean `{meant}`?")
            }
            Self::UnknownMember { line, name, meant: None } => {
                write!(
                    f,
                    "line {line}: `{name}` is ignored; the known members are {}",
                    NAMES.join(", ")
                )
            }
            Self::NotFromHere { line, name } => write!(
                f,
                "line {line}: `{name}` is ignored; the issuer comes from a flag, and the times from the clock"
            ),
            Self::Repeated { line, name, before } => {
                write!(f, "line {line}: `{name}` is in line {before} too; the last one counts")
            }
            Self::SecondDocument { line } => {
                write!(f, "line {line}: a second document begins here; it is ignored")
            }
        }
    }
}

/// Why a text is not an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// It is not YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),

    /// It is YAML, but not a mapping.
    #[error("is {kind}; expected a mapping with `name:`, `sub:`, `email:`, `roles:` and `groups:`")]
    NoMapping {
        /// What it is.
        kind: &'static str,
    },

    /// A member is not what it must be.
    #[error("line {line}: `{name}` is {found}; expected {due}")]
    WrongKind {
        /// The line, from 1.
        line: usize,
        /// The member.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        due: &'static str,
    },
}

struct Reader {
    account: Account,
    seen: Vec<(&'static str, usize)>,
    warnings: Vec<AccountWarning>,
}

impl Reader {
    fn mapping(&mut self, members: &[(Node, Node)]) -> Result<(), AccountError> {
        for (key, value) in members {
            let Value::Scalar(name) = &key.value else { continue };
            if name.is_merge() {
                self.merge(value)?;
                continue;
            }
            let name = if name.is_null() { "" } else { name.text.as_str() };
            match NAMES.into_iter().find(|known| *known == name) {
                Some(known) => {
                    self.warn_of_repetition(known, key.line);
                    self.member(known, value)?;
                }
                // Its value is ignored, but must be a string.
                None if name == "issuer" => {
                    string("issuer", value)?;
                    self.warnings.push(unread(name, key.line));
                }
                None => self.warnings.push(unread(name, key.line)),
            }
        }
        Ok(())
    }

    /// Takes the members of another mapping, or of several, where the first overrides the rest.
    fn merge(&mut self, value: &Node) -> Result<(), AccountError> {
        let refused = |node: &Node| {
            let what = format!("`<<` merges mappings, but this is {}", node.kind());
            AccountError::from(YamlError::new(node.line, what))
        };
        match &value.value {
            Value::Mapping(members) => self.mapping(members),
            Value::Sequence(items) => items.iter().rev().try_for_each(|item| match &item.value {
                Value::Mapping(members) => self.mapping(members),
                _ => Err(refused(item)),
            }),
            Value::Scalar(_) => Err(refused(value)),
        }
    }

    fn warn_of_repetition(&mut self, name: &'static str, line: usize) {
        match self.seen.iter_mut().find(|(seen, _)| *seen == name) {
            Some((_, before)) => {
                self.warnings.push(AccountWarning::Repeated { line, name, before: *before });
                *before = line;
            }
            None => self.seen.push((name, line)),
        }
    }

    fn member(&mut self, name: &'static str, value: &Node) -> Result<(), AccountError> {
        let account = &mut self.account;
        match name {
            "name" => account.name = string(name, value)?,
            "sub" => account.subject = string(name, value)?,
            "email" => account.email = string(name, value)?,
            "roles" => account.roles = strings(name, value)?,
            _ => account.groups = strings(name, value)?,
        }
        Ok(())
    }
}

fn string(name: &'static str, node: &Node) -> Result<String, AccountError> {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => Ok(String::new()),
        Value::Scalar(scalar) if scalar.is_binary() => {
            binary(scalar).ok_or_else(|| wrong(name, node, "not base64 of text", "a string"))
        }
        Value::Scalar(scalar) => Ok(scalar.text.to_string()),
        _ => Err(wrong(name, node, node.kind(), "a string")),
    }
}

fn strings(name: &'static str, node: &Node) -> Result<Option<Vec<String>>, AccountError> {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => Ok(None),
        Value::Sequence(items) => {
            let item = |item: &Node| match item.value {
                Value::Scalar(_) => string(name, item),
                _ => {
                    let found = format!("a list with {} in it", item.kind());
                    Err(wrong(name, item, found, "a list of strings"))
                }
            };
            items.iter().map(item).collect::<Result<_, _>>().map(Some)
        }
        _ => Err(wrong(name, node, node.kind(), "a list, as in `[a, b]`")),
    }
}

/// Decodes a scalar that is tagged `!!binary`.
fn binary(scalar: &Scalar) -> Option<String> {
    let text = scalar.text.replace(['\r', '\n'], "");
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

fn wrong(
    name: &'static str,
    node: &Node,
    found: impl Into<String>,
    due: &'static str,
) -> AccountError {
    AccountError::WrongKind { line: node.line, name, found: found.into(), due }
}

fn unread(name: &str, line: usize) -> AccountWarning {
    let lower = name.to_lowercase();
    if ["iss", "issuer", "exp", "iat"].contains(&lower.as_str()) {
        return AccountWarning::NotFromHere { line, name: name.to_owned() };
    }
    let meant = match lower.as_str() {
        "subject" => Some("sub"),
        "mail" | "e-mail" => Some("email"),
        _ => NAMES.into_iter().find(|known| *known == lower || *known == format!("{lower}s")),
    };
    AccountWarning::UnknownMember { line, name: name.to_owned(), meant }
}

/// The members of the file.
const NAMES: [&str; 5] = ["name", "sub", "email", "roles", "groups"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Account {
        Account::from_yaml(text).unwrap().0
    }

    fn warnings(text: &str) -> Vec<String> {
        Account::from_yaml(text).unwrap().1.iter().map(ToString::to_string).collect()
    }

    fn fault(text: &str) -> String {
        Account::from_yaml(text).unwrap_err().to_string()
    }

    fn some(list: &[&str]) -> Option<Vec<String>> {
        Some(list.iter().map(|&item| item.to_owned()).collect())
    }

    #[test]
    fn the_documented_file_is_read() {
        let account = read(
            "name: Storage Administrator\nemail: admin@example.com\nsub: admin@example.com/admin\n\
             roles: [\"system.admin\"]\ngroups: [\"*\"]\n",
        );
        assert_eq!(account.name, "Storage Administrator");
        assert_eq!(account.email, "admin@example.com");
        assert_eq!(account.subject, "admin@example.com/admin");
        assert_eq!(account.roles, some(&["system.admin"]));
        assert_eq!(account.groups, some(&["*"]));
    }

    #[test]
    fn scalars_are_strings_as_they_are_written() {
        for value in ["12", "true", "0x10", "2.50", "2020-01-01", "yes", "1_000", "!!int 12"] {
            let text = value.rsplit(' ').next().unwrap();
            assert_eq!(read(&format!("name: {value}\n")).name, text, "{value}");
        }
        assert_eq!(read("roles: [1, true, ~, 'x']").roles, some(&["1", "true", "", "x"]));
        assert_eq!(read("name: !!binary SGk=").name, "Hi");
    }

    #[test]
    fn nothing_is_an_empty_string_or_no_list() {
        for text in ["", "# a comment\n", "---\n", "~\n", "name:\nroles:\n", "name: ~\nroles: null"]
        {
            assert_eq!(read(text), Account::default(), "{text:?}");
        }
        assert_eq!(read("roles: []\ngroups: []").groups, some(&[]));
    }

    #[test]
    fn json_anchors_tabs_and_merges_work() {
        assert_eq!(read(r#"{"name": "N", "roles": ["a"]}"#).roles, some(&["a"]));
        assert_eq!(read("roles: &r [a, b]\ngroups: *r\n").groups, some(&["a", "b"]));
        assert_eq!(read("name:\tx\n").name, "x");
        let merged = read("base: &b {name: N, email: e@x}\n<<: *b\nname: M\n");
        assert_eq!((merged.name.as_str(), merged.email.as_str()), ("M", "e@x"));
    }

    #[test]
    fn what_does_not_count_is_told_with_its_line() {
        assert_eq!(
            warnings("name: a\nrole: x\ncolor: red\niss: i\nName: b\nname: c\n---\nname: d\n"),
            [
                "line 2: `role` is ignored; did you mean `roles`?",
                "line 3: `color` is ignored; the known members are name, sub, email, roles, groups",
                "line 4: `iss` is ignored; the issuer comes from a flag, and the times from the clock",
                "line 5: `Name` is ignored; did you mean `name`?",
                "line 6: `name` is in line 1 too; the last one counts",
                "line 7: a second document begins here; it is ignored",
            ]
        );
        assert_eq!(read("name: a\nname: c\n").name, "c");
    }

    #[test]
    fn what_is_no_account_says_where_and_why() {
        for (text, part) in [
            ("- a\n", "is a list; expected a mapping"),
            ("word\n", "is a single value; expected a mapping"),
            (
                "name: a\nroles: system.admin\n",
                "line 2: `roles` is a single value; expected a list",
            ),
            ("name: {a: b}\n", "line 1: `name` is a mapping; expected a string"),
            ("roles: {a: b}\n", "line 1: `roles` is a mapping; expected a list"),
            ("roles:\n- a\n- [b]\n", "line 3: `roles` is a list with a list in it"),
            ("roles: ''\n", "`roles` is a single value"),
            ("name: a\n b: c\n", "line 2"),
            ("? [a]\n: b\n", "a list cannot be the name of a member"),
            ("<<: x\n", "`<<` merges mappings, but this is a single value"),
            ("name: !!binary '???'\n", "not base64"),
            ("issuer: [i]\n", "`issuer` is a list; expected a string"),
        ] {
            assert!(fault(text).contains(part), "{text:?}: {}", fault(text));
        }
    }

    #[test]
    fn a_missing_subject_is_made_of_name_and_address() {
        for (name, email, subject) in
            [("N", "e@x", "b3BlbnN0b3JhZ2UuaW8vTi9lQHg="), ("", "", "b3BlbnN0b3JhZ2UuaW8vLw==")]
        {
            let account =
                Account { name: name.to_owned(), email: email.to_owned(), ..Account::default() };
            assert_eq!(account.derived_subject(), subject);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Account::from_yaml(&text);
        }
    }
}
