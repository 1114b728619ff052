//! YAML in block style, as go-yaml formats it.

use token_text::Shown;
use zeroize::Zeroizing;

use super::node::{Node, Value};

/// Writes a JSON value as YAML in block style, with quotes where a reader could misread a string.
///
/// Numbers and booleans are not expected: they become strings.
#[must_use]
pub fn yaml_of_json(value: &serde_json::Value) -> Zeroizing<String> {
    write(&node_of_json(value))
}

fn node_of_json(value: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    match value {
        Json::Object(members) => {
            let member =
                |(name, value): (&String, &Json)| (Node::scalar(name), node_of_json(value));
            Node::mapping(members.iter().map(member).collect())
        }
        Json::Array(items) => {
            let items = items.iter().map(node_of_json).collect();
            Node { line: 0, value: Value::Sequence(items) }
        }
        Json::String(text) => Node::scalar(text),
        other => Node::scalar(&other.to_string()),
    }
}

/// Writes a mapping in block style, as go-yaml formats it: lists at the level of their key.
///
/// A scalar that was read plain is written plain, so that a number stays a number. Every other one
/// is quoted, unless every reader takes it for a string.
pub(crate) fn write(node: &Node) -> Zeroizing<String> {
    // Without growing, which would leave a copy of a secret behind.
    let mut text = Zeroizing::new(String::with_capacity(4096 + room(node, 0)));
    match &node.value {
        Value::Mapping(members) if !members.is_empty() => write_members(members, 0, &mut text),
        _ => {
            write_inline(node, &mut text);
            text.push('\n');
        }
    }
    text
}

/// Returns how many bytes a node needs at most, if nothing in it is an escape.
fn room(node: &Node, indent: usize) -> usize {
    let around = indent + 8;
    match &node.value {
        Value::Scalar(scalar) => scalar.text.len() + around,
        Value::Sequence(items) => items.iter().map(|item| room(item, indent + 2)).sum(),
        Value::Mapping(members) => {
            members.iter().map(|(key, value)| room(key, indent) + room(value, indent + 2)).sum()
        }
    }
}

fn write_members(members: &[(Node, Node)], indent: usize, text: &mut String) {
    for (at, (key, value)) in members.iter().enumerate() {
        if at > 0 {
            text.push_str(&" ".repeat(indent));
        }
        write_key(key, indent, text);
        text.push(':');
        write_value(value, indent, text);
    }
}

/// Writes what comes before the colon of a member that begins at `indent`.
fn write_key(key: &Node, indent: usize, text: &mut String) {
    let start = text.len();
    match is_blank(key) {
        // An empty name must be written too.
        true => text.push('~'),
        false => write_inline(key, text),
    }
    if text.len() - start > LONGEST_KEY {
        text.insert_str(start, "? ");
        text.push('\n');
        text.push_str(&" ".repeat(indent));
    }
}

/// A reader looks for the colon of a key within 1,024 characters (YAML 1.2 §7.4.2); a key with more
/// bytes than this is marked with `?`.
const LONGEST_KEY: usize = 1000;

/// Writes what comes after the colon of a member that begins at `indent`.
fn write_value(value: &Node, indent: usize, text: &mut String) {
    match &value.value {
        Value::Mapping(members) if !members.is_empty() => {
            text.push('\n');
            text.push_str(&" ".repeat(indent + 2));
            write_members(members, indent + 2, text);
        }
        Value::Sequence(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                text.push_str(&" ".repeat(indent));
                write_item(item, indent, text);
            }
        }
        _ => {
            if !(is_blank(value)) {
                text.push(' ');
            }
            write_inline(value, text);
            text.push('\n');
        }
    }
}

/// Writes an item of a list whose dash is at `indent`.
fn write_item(item: &Node, indent: usize, text: &mut String) {
    text.push('-');
    match &item.value {
        Value::Mapping(members) if !members.is_empty() => {
            text.push(' ');
            write_members(members, indent + 2, text);
        }
        Value::Sequence(items) if !items.is_empty() => {
            text.push(' ');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push_str(&" ".repeat(indent + 2));
                }
                write_item(item, indent + 2, text);
            }
        }
        _ => {
            if !is_blank(item) {
                text.push(' ');
            }
            write_inline(item, text);
            text.push('\n');
        }
    }
}

fn is_blank(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(scalar)
        if scalar.plain && scalar.text.is_empty() && scalar.tag.is_none())
}

fn write_inline(node: &Node, text: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => {
            if let Some(tag) = &scalar.tag {
                text.push_str(tag);
                text.push(' ');
            }
            if scalar.plain && may_be_plain(&scalar.text) || is_surely_a_string(&scalar.text) {
                text.push_str(&scalar.text);
            } else {
                quote(&scalar.text, text);
            }
        }
        Value::Sequence(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_inline(item, text);
            }
            text.push(']');
        }
        Value::Mapping(_) => text.push_str("{}"),
    }
}

/// Writes a double-quoted scalar (YAML 1.2 §7.3.1), in which whatever a terminal would obey is an escape.
fn quote(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if Shown::escapes(c) => match u32::from(c) {
                code @ ..=0xffff => text.push_str(&format!("\\u{code:04x}")),
                code => text.push_str(&format!("\\U{code:08x}")),
            },
            c => text.push(c),
        }
    }
    text.push('"');
}

/// Returns whether a scalar that was read plain may be written plain in a block. With any other
/// character in it, it is neither a number nor a boolean, so quotes do not change its meaning.
fn may_be_plain(text: &str) -> bool {
    let inside =
        |c: char| (c.is_alphanumeric() && !Shown::escapes(c)) || "_-./@+:~=%$ ".contains(c);
    let first = text.chars().next();
    let begins = first.is_none_or(|c| c.is_alphanumeric() || "_./~+-".contains(c));
    let is_marker = ["-", "---", "..."].contains(&text);
    let breaks =
        is_marker || text.starts_with("- ") || text.contains(": ") || text.ends_with([':', ' ']);
    text == "<<" || begins && text.chars().all(inside) && !breaks && !text.starts_with("--- ")
}

/// Returns whether every reader, of YAML 1.1 or 1.2, takes the plain scalar for this string.
fn is_surely_a_string(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_-./@+:".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(inside)
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The words that YAML 1.1 reads as a boolean or null.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
