//! The contexts of pxctl: names for a token and an endpoint, in one YAML file.

use std::fmt;
use std::str::FromStr;

use token_jose::Token;
use zeroize::Zeroizing;

use crate::verdict::judge::unverified;
use crate::verdict::payload::Identity;
use crate::yaml::node::{Node, Value, YamlError};
use crate::yaml::{reader, writer};

/// The contexts of a file, with everything else in it.
///
/// Both forms are read, with the outer member `contextconfig` and without, and each is written back
/// as it was found; unknown members are kept, but comments are not.
#[derive(Clone)]
pub struct Contexts {
    root: Node,
    outer: bool,
}

impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contexts").field("outer", &self.outer).finish_non_exhaustive()
    }
}

/// One context, as it is in the file.
#[derive(Clone, Debug)]
pub struct Context {
    /// The line it begins in, from 1; 0 for one that is not in a file yet.
    pub line: usize,
    /// Its name; empty if it has none.
    pub name: String,
    /// Its token.
    pub token: Option<Token>,
    /// The endpoint of its server.
    pub endpoint: Option<String>,
}

impl Context {
    /// Returns what the token says about its holder, unchecked.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.token.as_ref().and_then(|token| unverified(token.expose()))
    }
}

/// A name for a new context: no blanks, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextName(String);

impl ContextName {
    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContextName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Err("the name of a context cannot be empty".to_owned())
        } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            Err("the name of a context cannot contain blanks".to_owned())
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// What `create` did with a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is new; the first one becomes the current one.
    New,
    /// It existed; the given values replaced its own.
    Updated,
}

impl Default for Contexts {
    fn default() -> Self {
        let inner = Node::mapping(vec![(Node::scalar(LIST), sequence(Vec::new()))]);
        Self { root: Node::mapping(vec![(Node::scalar(OUTER), inner)]), outer: true }
    }
}

impl Contexts {
    /// Reads the text of a file; an empty one has no contexts.
    ///
    /// # Errors
    ///
    /// [`ContextsError`] with the line, if this is not YAML or not a context file.
    pub fn parse(text: &str) -> Result<Self, ContextsError> {
        let Some(root) = reader::parse_alone(text)? else { return Ok(Self::default()) };
        let Value::Mapping(members) = &root.value else {
            return Err(ContextsError::NoMapping { line: root.line, kind: root.kind() });
        };
        no_doubles(members)?;
        let outer = root.member(OUTER).is_some();
        let contexts = Self { root, outer };
        contexts.check()?;
        Ok(contexts)
    }

    fn check(&self) -> Result<(), ContextsError> {
        let wrong = |node: &Node, name: &'static str, due: &'static str| ContextsError::WrongKind {
            line: node.line,
            name,
            kind: node.kind(),
            due,
        };
        let inner = self.inner();
        match &inner.value {
            Value::Mapping(members) => no_doubles(members)?,
            _ if inner.is_null() => return Ok(()),
            _ => return Err(wrong(inner, OUTER, "a mapping")),
        }
        if let Some(current) = inner.member(CURRENT).filter(|current| !is_scalar(current)) {
            return Err(wrong(current, CURRENT, "a name"));
        }
        let Some(list) = inner.member(LIST).filter(|list| !list.is_null()) else { return Ok(()) };
        let Value::Sequence(items) = &list.value else {
            return Err(wrong(list, LIST, "a list"));
        };
        for item in items {
            let Value::Mapping(members) = &item.value else {
                return Err(wrong(item, LIST, "a list of mappings"));
            };
            no_doubles(members)?;
            for name in [NAME, TOKEN, ENDPOINT] {
                if let Some(value) = item.member(name).filter(|value| !is_scalar(value)) {
                    return Err(wrong(value, name, "a string"));
                }
            }
        }
        Ok(())
    }

    fn inner(&self) -> &Node {
        if self.outer { self.root.member(OUTER).unwrap_or(&self.root) } else { &self.root }
    }

    fn inner_mut(&mut self) -> &mut Vec<(Node, Node)> {
        let outer = self.outer;
        let root = members_mut(&mut self.root);
        if outer { members_mut(value_mut(root, OUTER)) } else { root }
    }

    fn list_mut(&mut self) -> &mut Vec<Node> {
        let list = value_mut(self.inner_mut(), LIST);
        if !matches!(list.value, Value::Sequence(_)) {
            *list = sequence(Vec::new());
        }
        match &mut list.value {
            Value::Sequence(items) => items,
            _ => unreachable!("it was made a sequence"),
        }
    }

    /// Returns the name of the current context, if there is one.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        self.inner().member(CURRENT).and_then(Node::text).filter(|name| !name.is_empty())
    }

    /// Returns every context, in the order of the file.
    #[must_use]
    pub fn all(&self) -> Vec<Context> {
        let Some(Value::Sequence(items)) = self.inner().member(LIST).map(|list| &list.value) else {
            return Vec::new();
        };
        let text =
            |item: &Node, name: &str| item.member(name).and_then(Node::text).map(str::to_owned);
        items
            .iter()
            .map(|item| Context {
                line: item.line,
                name: text(item, NAME).unwrap_or_default(),
                token: text(item, TOKEN).filter(|token| !token.is_empty()).map(Token::new),
                endpoint: text(item, ENDPOINT).filter(|endpoint| !endpoint.is_empty()),
            })
            .collect()
    }

    /// Returns the context of this name.
    ///
    /// # Errors
    ///
    /// [`ContextsError::Unknown`] with the existing names, [`ContextsError::Twice`] with the lines.
    pub fn find(&self, name: &str) -> Result<Context, ContextsError> {
        let all = self.all();
        let mut found = all.iter().filter(|context| context.name == name);
        match (found.next(), found.next()) {
            (Some(context), None) => Ok(context.clone()),
            (Some(first), Some(second)) => Err(ContextsError::Twice {
                name: name.to_owned(),
                lines: [first.line, second.line],
            }),
            (None, _) => Err(ContextsError::Unknown {
                name: name.to_owned(),
                there: all.into_iter().map(|context| context.name).collect(),
            }),
        }
    }

    /// Creates a context, or replaces the given values of an existing one. The first context
    /// becomes the current one.
    ///
    /// # Errors
    ///
    /// [`ContextsError::Twice`] if several have the name.
    pub fn create(
        &mut self,
        name: &ContextName,
        token: Option<&Token>,
        endpoint: Option<&str>,
    ) -> Result<Created, ContextsError> {
        let created = match self.find(name.as_str()) {
            Ok(_) => Created::Updated,
            Err(ContextsError::Unknown { .. }) => Created::New,
            Err(error) => return Err(error),
        };
        let is_first = self.all().is_empty();
        let items = self.list_mut();
        if created == Created::New {
            items.push(Node::mapping(vec![(Node::scalar(NAME), Node::scalar(name.as_str()))]));
        }
        if let Some(item) = items.iter_mut().find(|item| name_of(item) == name.as_str()) {
            let members = members_mut(item);
            if let Some(token) = token {
                *value_mut(members, TOKEN) = Node::scalar(token.expose());
                renew_identity(members, unverified(token.expose()));
            }
            if let Some(endpoint) = endpoint {
                *value_mut(members, ENDPOINT) = Node::scalar(endpoint);
            }
        }
        if created == Created::New && is_first {
            self.point_at(Some(name.as_str()));
        }
        Ok(created)
    }

    /// Makes a context the current one and returns it.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub fn set(&mut self, name: &str) -> Result<Context, ContextsError> {
        let context = self.find(name)?;
        self.point_at(Some(name));
        Ok(context)
    }

    /// Clears the current context; returns its name.
    pub fn unset(&mut self) -> Option<String> {
        let current = self.current().map(str::to_owned);
        self.point_at(None);
        current
    }

    /// Removes a context; if it was the current one, none is current afterwards.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub fn delete(&mut self, name: &str) -> Result<(), ContextsError> {
        self.find(name)?;
        self.list_mut().retain(|item| name_of(item) != name);
        if self.current() == Some(name) {
            self.point_at(None);
        }
        Ok(())
    }

    /// Removes the contexts that hold a token, and returns their names.
    pub fn delete_holding(&mut self, token: &Token) -> Vec<String> {
        let mut names = Vec::new();
        self.list_mut().retain(|item| {
            let holds = item.member(TOKEN).and_then(Node::text) == Some(token.expose());
            if holds {
                names.push(name_of(item).to_owned());
            }
            !holds
        });
        if self.current().is_some_and(|current| names.iter().any(|name| name == current)) {
            self.point_at(None);
        }
        names
    }

    fn point_at(&mut self, name: Option<&str>) {
        let inner = self.inner_mut();
        let there = inner.iter().position(|(key, _)| key.text() == Some(CURRENT));
        match (name, there) {
            (Some(name), Some(at)) => inner[at].1 = Node::scalar(name),
            (Some(name), None) => inner.insert(0, (Node::scalar(CURRENT), Node::scalar(name))),
            (None, Some(at)) => {
                inner.remove(at);
            }
            (None, None) => {}
        }
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn to_yaml(&self) -> Zeroizing<String> {
        writer::write(&self.root)
    }
}

/// Updates the identity that the file stores beside a token; it comes only from the token.
fn renew_identity(members: &mut Vec<(Node, Node)>, identity: Option<Identity>) {
    members.retain(|(key, _)| key.text() != Some("error"));
    let Some(at) = members.iter().position(|(key, _)| key.text() == Some("identity")) else {
        return;
    };
    match identity {
        None => {
            members.remove(at);
        }
        Some(identity) => {
            let member = |name, value: &str| (Node::scalar(name), Node::scalar(value));
            members[at].1 = Node::mapping(vec![
                member("subject", &identity.subject),
                member("name", &identity.name),
                member("email", &identity.email),
            ]);
        }
    }
}

fn no_doubles(members: &[(Node, Node)]) -> Result<(), ContextsError> {
    for (at, (key, _)) in members.iter().enumerate() {
        let before = members.iter().take(at).find(|(earlier, _)| earlier.text() == key.text());
        if let Some((earlier, _)) = before {
            let name = key.text().unwrap_or_default().to_owned();
            return Err(ContextsError::Double { name, lines: [earlier.line, key.line] });
        }
    }
    Ok(())
}

/// Returns the name of a context, empty if it has none.
fn name_of(item: &Node) -> &str {
    item.member(NAME).and_then(Node::text).unwrap_or_default()
}

fn is_scalar(node: &Node) -> bool {
    matches!(node.value, Value::Scalar(_))
}

fn sequence(items: Vec<Node>) -> Node {
    Node { line: 0, value: Value::Sequence(items) }
}

/// Returns the members of a mapping; anything else becomes an empty one.
fn members_mut(node: &mut Node) -> &mut Vec<(Node, Node)> {
    if !matches!(node.value, Value::Mapping(_)) {
        node.value = Value::Mapping(Vec::new());
    }
    match &mut node.value {
        Value::Mapping(members) => members,
        _ => unreachable!("it was made a mapping"),
    }
}

/// Returns the value of a member, which is created if it is missing.
fn value_mut<'a>(members: &'a mut Vec<(Node, Node)>, name: &str) -> &'a mut Node {
    let at = members.iter().position(|(key, _)| key.text() == Some(name)).unwrap_or_else(|| {
        members.push((Node::scalar(name), Node::mapping(Vec::new())));
        members.len() - 1
    });
    &mut members[at].1
}

/// Why a file is not a usable context file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextsError {
    /// It is not YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),

    /// It is not UTF-8.
    #[error("the file is not UTF-8")]
    NoText,

    /// It is UTF-16.
    #[error("the file is UTF-16; expected UTF-8")]
    Utf16,

    /// It is YAML, but not a mapping.
    #[error("line {line}: the file is {kind}; expected a mapping")]
    NoMapping {
        /// The line, from 1.
        line: usize,
        /// What it is.
        kind: &'static str,
    },

    /// A member is not what it must be.
    #[error("line {line}: `{name}` is {kind}; expected {due}")]
    WrongKind {
        /// The line, from 1.
        line: usize,
        /// The member.
        name: &'static str,
        /// What it is.
        kind: &'static str,
        /// What it must be.
        due: &'static str,
    },

    /// A member appears twice in one mapping.
    #[error("`{name}` appears twice, in lines {} and {}", lines[0], lines[1])]
    Double {
        /// The member.
        name: String,
        /// Where, from 1.
        lines: [usize; 2],
    },

    /// Two contexts have the same name.
    #[error("two contexts are called `{name}`, in lines {} and {}", lines[0], lines[1])]
    Twice {
        /// The name.
        name: String,
        /// Where they begin, from 1.
        lines: [usize; 2],
    },

    /// No context has the name.
    #[error("there is no context `{}`", token_text::ShownValue(name))]
    Unknown {
        /// The name.
        name: String,
        /// The existing names.
        there: Vec<String>,
    },
}

const OUTER: &str = "contextconfig";
const CURRENT: &str = "current";
const LIST: &str = "configurations";
const NAME: &str = "context";
const TOKEN: &str = "token";
const ENDPOINT: &str = "endpoint";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> ContextName {
        text.parse().unwrap()
    }

    fn token(text: &str) -> Token {
        Token::new(text.to_owned())
    }

    /// The documented listing, with an unknown member.
    const FOUND: &str = "contextconfig:\n  current: user\n  configurations:\n  - context: user\n    token: a.b.c\n    identity:\n      subject: s\n      name: n\n      email: e\n    endpoint: http://localhost:9001\n    tlsdata:\n      cacert: /ca\n  color: 0x10\n";

    #[test]
    fn a_new_file_has_the_outer_member_and_its_first_context_is_current() {
        let mut contexts = Contexts::default();
        assert_eq!(contexts.create(&name("admin"), Some(&token("x.y.z")), None), Ok(Created::New));
        assert_eq!(contexts.create(&name("user"), None, Some("http://h:1")), Ok(Created::New));
        assert_eq!(
            contexts.to_yaml().as_str(),
            "contextconfig:\n  current: admin\n  configurations:\n  - context: admin\n    token: x.y.z\n  - context: user\n    endpoint: http://h:1\n"
        );
    }

    #[test]
    fn what_nobody_knows_stays_and_what_is_given_is_replaced() {
        let mut contexts = Contexts::parse(FOUND).unwrap();
        assert_eq!(contexts.to_yaml().as_str(), FOUND);
        let created = contexts.create(&name("user"), None, Some("http://other:9001"));
        assert_eq!(created, Ok(Created::Updated));
        assert_eq!(contexts.to_yaml().as_str(), FOUND.replace("http://localhost", "http://other"));
        // An identity comes from the token; this one has none.
        contexts.create(&name("user"), Some(&token("d.e.f")), None).unwrap();
        let text = contexts.to_yaml();
        assert!(text.contains("token: d.e.f\n") && !text.contains("identity"), "{}", *text);
    }

    #[test]
    fn a_file_without_the_outer_member_stays_without() {
        let text = "current: a\nconfigurations:\n- context: a\n- context: b\n";
        let mut contexts = Contexts::parse(text).unwrap();
        contexts.set("b").unwrap();
        assert_eq!(contexts.to_yaml().as_str(), text.replace("current: a", "current: b"));
        contexts.delete("b").unwrap();
        assert_eq!(contexts.current(), None);
        assert_eq!(contexts.to_yaml().as_str(), "configurations:\n- context: a\n");
    }

    #[test]
    fn contexts_are_found_by_name_and_by_token() {
        let mut contexts = Contexts::parse(FOUND).unwrap();
        assert_eq!(contexts.current(), Some("user"));
        let unknown = contexts.set("admin").unwrap_err();
        assert!(matches!(unknown, ContextsError::Unknown { ref there, .. } if there == &["user"]));
        assert_eq!(contexts.unset(), Some("user".to_owned()));
        assert_eq!(contexts.current(), None);
        assert!(contexts.delete_holding(&token("x.y.z")).is_empty());
        assert_eq!(contexts.delete_holding(&token("a.b.c")), ["user"]);
        assert!(contexts.all().is_empty());
    }

    #[test]
    fn a_context_without_a_name_is_removed_by_its_token() {
        let text = "configurations:\n- token: a.b.c\n- context: a\n  token: a.b.c\n- context: b\n";
        let mut contexts = Contexts::parse(text).unwrap();
        assert_eq!(contexts.delete_holding(&token("a.b.c")), ["", "a"]);
        assert_eq!(contexts.to_yaml().as_str(), "configurations:\n- context: b\n");
    }

    #[test]
    fn what_is_broken_says_where() {
        for (text, part) in [
            ("- a\n", "line 1: the file is a list; expected a mapping"),
            ("contextconfig: x\n", "`contextconfig` is a single value; expected a mapping"),
            ("configurations: x\n", "`configurations` is a single value; expected a list"),
            ("configurations:\n- x\n", "line 2: `configurations` is a single value"),
            ("configurations:\n- context: [a]\n", "line 2: `context` is a list; expected a string"),
            ("current: {a: b}\n", "`current` is a mapping; expected a name"),
            ("current: a\ncurrent: b\n", "`current` appears twice, in lines 1 and 2"),
            ("a: [\n", "line"),
            ("a: 1\n---\nb: 1\n", "line 2: a second document"),
            ("---\n# nothing\n---\nb: 1\n", "line 3: a second document"),
        ] {
            let message = Contexts::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text:?}: {message}");
        }
        let twice = "configurations:\n- context: a\n- context: a\n";
        let mut twice = Contexts::parse(twice).unwrap();
        for result in [twice.delete("a"), twice.set("a").map(drop)] {
            assert_eq!(
                result.unwrap_err().to_string(),
                "two contexts are called `a`, in lines 2 and 3"
            );
        }
    }

    #[test]
    fn nothing_is_a_file_without_contexts() {
        for text in ["", "# nothing\n", "~\n", "contextconfig:\n", "contextconfig: {}\n"] {
            let mut contexts = Contexts::parse(text).unwrap();
            assert!(contexts.all().is_empty(), "{text:?}");
            contexts.create(&name("a"), None, None).unwrap();
            let again = Contexts::parse(&contexts.to_yaml()).unwrap();
            assert_eq!(again.current(), Some("a"), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Contexts::parse(&text);
        }

        #[test]
        fn names_and_tokens_come_back(names in prop::collection::btree_set("[^\\s\\p{C}]{1,12}", 1..6)) {
            let mut contexts = Contexts::default();
            for text in &names {
                contexts.create(&name(text), Some(&token(text)), Some(text)).unwrap();
            }
            let again = Contexts::parse(&contexts.to_yaml()).unwrap().all();
            for (text, context) in names.iter().zip(&again) {
                prop_assert_eq!(text, &context.name);
                prop_assert_eq!(context.token.as_ref().map(Token::expose), Some(text.as_str()));
            }
        }
    }
}
