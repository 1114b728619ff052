//! The nodes of a YAML document: single values, lists and mappings, with their lines.

use zeroize::Zeroizing;

/// A value and the line it begins in, from 1.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// A scalar; it may be a token, so it is wiped.
#[derive(Clone)]
pub(crate) struct Scalar {
    /// The text, without quotes and escapes.
    pub(crate) text: Zeroizing<String>,
    /// Written without quotes and not as a block.
    pub(super) plain: bool,
    pub(super) tag: Option<String>,
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scalar(..)")
    }
}

/// What a stream holds: its first document, and the line in which a second begins.
#[derive(Debug)]
pub(crate) struct Stream {
    /// `None` if there is no document, or nothing in it but comments.
    pub(crate) first: Option<Node>,
    pub(crate) second_at: Option<usize>,
}

/// Why a text is not read as YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there; never the text itself, which may be a secret.
    pub what: String,
}

impl YamlError {
    pub(crate) fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

impl Scalar {
    pub(crate) fn quoted(text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), plain: false, tag: None }
    }

    /// Returns whether it is a null of YAML 1.1.
    pub(crate) fn is_null(&self) -> bool {
        match self.tag.as_deref() {
            None => self.plain && ["", "~", "null", "Null", "NULL"].contains(&self.text.as_str()),
            Some(tag) => tag == "!!null",
        }
    }

    pub(crate) fn is_binary(&self) -> bool {
        self.tag.as_deref() == Some("!!binary")
    }

    /// Returns whether it is the key that merges another mapping into this one (YAML 1.1).
    pub(crate) fn is_merge(&self) -> bool {
        self.text.as_str() == "<<"
            && (self.tag.as_deref() == Some("!!merge") || self.plain && self.tag.is_none())
    }
}

impl Node {
    pub(crate) fn scalar(text: &str) -> Self {
        Self { line: 0, value: Value::Scalar(Scalar::quoted(text)) }
    }

    pub(crate) fn mapping(members: Vec<(Self, Self)>) -> Self {
        Self { line: 0, value: Value::Mapping(members) }
    }

    /// Returns the text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) if !scalar.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// Returns how many bytes of text it has, with those of its tags.
    pub(super) fn bytes(&self) -> usize {
        match &self.value {
            Value::Scalar(scalar) => scalar.text.len() + scalar.tag.as_ref().map_or(0, String::len),
            Value::Sequence(items) => items.iter().map(Self::bytes).sum(),
            Value::Mapping(members) => {
                members.iter().map(|(key, value)| key.bytes() + value.bytes()).sum()
            }
        }
    }

    /// Returns the value of a member of a mapping; if the name is repeated, the last.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let Value::Mapping(members) = &self.value else { return None };
        members.iter().rev().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value)
    }

    /// Returns its name in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) if scalar.is_null() => "empty",
            Value::Scalar(_) => "a single value",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}
