use std::collections::BTreeMap;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::UserFault;

/// How deeply arrays and objects may be nested; the outermost is the first level.
pub(crate) const MAX_DEPTH: usize = 128;

/// A JSON value that keeps numbers as written and sorts members by their bytes.
///
/// `serde_json::Value` would change numbers beyond 2⁵³, and keeps members in the
/// order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonValue {
    Null,
    Bool(bool),
    /// The text of a number, which is valid JSON.
    Number(String),
    Text(String),
    Array(Vec<JsonValue>),
    Object(BTreeMap<String, JsonValue>),
}

impl Serialize for JsonValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => serde_json::from_str::<&RawValue>(text)
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => members.serialize(serializer),
        }
    }
}

/// Reads values from text that serde_json has accepted as JSON.
///
/// So the grammar is not checked here; a value that cannot be used is a [`UserFault`].
/// Each character is read once, at any depth.
pub(crate) struct Reader<'a> {
    rest: &'a str,
    /// The member of the outermost object that is currently read.
    pub(crate) member: String,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(json: &'a RawValue) -> Self {
        Self { rest: json.get(), member: String::new() }
    }

    /// Reads the next value, at level `depth` if it is an array or an object.
    pub(crate) fn value(&mut self, depth: usize) -> Result<JsonValue, UserFault> {
        self.skip_blanks();
        match self.rest.as_bytes().first() {
            Some(b'{') => self.object(depth).map(JsonValue::Object),
            Some(b'[') => self.array(depth).map(JsonValue::Array),
            Some(b'"') => self.text().map(JsonValue::Text),
            _ => self.scalar(),
        }
    }

    /// Reads the next object; the last of several members with the same name wins.
    pub(crate) fn object(
        &mut self,
        depth: usize,
    ) -> Result<BTreeMap<String, JsonValue>, UserFault> {
        check_depth(depth)?;
        let mut members = BTreeMap::new();
        self.skip_mark('{');
        while self.rest.starts_with('"') {
            let name = self.text()?;
            if depth == 1 {
                self.member.clone_from(&name);
            }
            self.skip_mark(':');
            let value = self.value(depth + 1)?;
            members.insert(name, value);
            self.skip_mark(',');
        }
        self.skip_mark('}');
        Ok(members)
    }

    fn array(&mut self, depth: usize) -> Result<Vec<JsonValue>, UserFault> {
        check_depth(depth)?;
        let mut items = Vec::new();
        self.skip_mark('[');
        while !self.rest.is_empty() && !self.rest.starts_with(']') {
            items.push(self.value(depth + 1)?);
            self.skip_mark(',');
        }
        self.skip_mark(']');
        Ok(items)
    }

    fn text(&mut self) -> Result<String, UserFault> {
        let mut escaped = false;
        let end = self.rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        // From one quote to the other; both are ASCII.
        let literal = self.take(end.map_or(self.rest.len(), |end| end + 2));
        // `"\ud800"` is valid by the grammar (RFC 8259 §8.2), but is not text.
        serde_json::from_str(literal).map_err(|_| UserFault::HalfCharacter)
    }

    fn scalar(&mut self) -> Result<JsonValue, UserFault> {
        let end = |c: char| matches!(c, ',' | ']' | '}') || is_blank(c);
        Ok(match self.take(self.rest.find(end).unwrap_or(self.rest.len())) {
            "null" => JsonValue::Null,
            "true" => JsonValue::Bool(true),
            "false" => JsonValue::Bool(false),
            number => match number.parse::<f64>() {
                Ok(value) if value.is_finite() => JsonValue::Number(number.to_owned()),
                _ => return Err(UserFault::NumberRange { number: number.to_owned() }),
            },
        })
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Skips a punctuation mark, if present, and the white space on both sides of it.
    fn skip_mark(&mut self, mark: char) {
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(mark).unwrap_or(self.rest);
        self.skip_blanks();
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }
}

/// RFC 8259 §2: `ws`.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn check_depth(depth: usize) -> Result<(), UserFault> {
    if depth > MAX_DEPTH { Err(UserFault::TooDeep { deepest: MAX_DEPTH }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read(json: &str) -> Result<JsonValue, UserFault> {
        Reader::new(serde_json::from_str(json).unwrap()).value(1)
    }

    #[test]
    fn blanks_and_escapes_are_read_past() {
        let json = "\t{ \"a\\\\\" : [ ] , \"b\\\"}\" : { } ,\r\n\"c\":[ -1.5e3 , \"]\" , true ] } ";
        assert_eq!(
            serde_json::to_string(&read(json).unwrap()).unwrap(),
            r#"{"a\\":[],"b\"}":{},"c":[-1.5e3,"]",true]}"#
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e300..1e300_f64).prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((".*", inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(value in any_json()) {
            for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let written = serde_json::to_string(&read(&json).unwrap()).unwrap();
                let again: Value = serde_json::from_str(&written).unwrap();
                prop_assert_eq!(again, serde_json::from_str::<Value>(&json).unwrap());
            }
        }
    }
}
