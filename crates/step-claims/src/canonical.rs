//! JSON values with sorted members, as `step` writes them.

use std::borrow::Cow;

use go_json::{Elements, Kind, Value};

/// A number that does not fit the 64-bit float in which a CA stores it.
#[derive(Debug)]
pub(crate) struct TooLarge<'a> {
    /// The number as it was written.
    pub(crate) number: &'a str,
}

/// Returns a value as one line of JSON.
///
/// Members are sorted by their bytes, and the last of several with the same name counts. Numbers stay
/// as they were written: a float would change those beyond 2⁵³. No depth overflows the stack.
pub(crate) fn canonical(value: Value<'_>) -> Result<String, TooLarge<'_>> {
    let mut text = String::with_capacity(value.text().len());
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut next = Some(value);
    loop {
        if let Some(value) = next {
            match Open::of(value) {
                Some(array_or_object) => {
                    text.push(array_or_object.first());
                    open.push(array_or_object);
                }
                None => push_scalar(&mut text, value)?,
            }
        }
        let Some(innermost) = open.last_mut() else { return Ok(text) };
        next = innermost.next(&mut text);
        if next.is_none() {
            text.push(innermost.last());
            open.pop();
        }
    }
}

/// An array or object of which some elements have been written.
enum Open<'a> {
    Array(Elements<'a>),
    Object(std::vec::IntoIter<Member<'a>>),
}

type Member<'a> = (Cow<'a, str>, Value<'a>);

impl<'a> Open<'a> {
    fn of(value: Value<'a>) -> Option<Self> {
        let array = value.elements().map(Self::Array);
        array.or_else(|| Some(Self::Object(sorted(value.members()?.collect()).into_iter())))
    }

    fn first(&self) -> char {
        if matches!(self, Self::Array(_)) { '[' } else { '{' }
    }

    fn last(&self) -> char {
        if matches!(self, Self::Array(_)) { ']' } else { '}' }
    }

    /// Writes what stands before the next value, and returns the value.
    fn next(&mut self, text: &mut String) -> Option<Value<'a>> {
        let (name, value) = match self {
            Self::Array(rest) => (None, rest.next()?),
            Self::Object(rest) => {
                let (name, value) = rest.next()?;
                (Some(name), value)
            }
        };
        if !text.ends_with(['[', '{']) {
            text.push(',');
        }
        if let Some(name) = name {
            text.push_str(&quoted(&name));
            text.push(':');
        }
        Some(value)
    }
}

/// Sorts members by name, and keeps the last of several with the same one.
fn sorted(mut members: Vec<Member<'_>>) -> Vec<Member<'_>> {
    // Equal names stay in their order, so the last of them comes first in reverse.
    members.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
    members.reverse();
    members.dedup_by(|(earlier, _), (later, _)| earlier == later);
    members.reverse();
    members
}

fn push_scalar<'a>(text: &mut String, value: Value<'a>) -> Result<(), TooLarge<'a>> {
    match value.string() {
        Some(string) => text.push_str(&quoted(&string)),
        None if value.kind() == Kind::Number && value.number().is_none() => {
            return Err(TooLarge { number: value.text() });
        }
        None => text.push_str(value.text()),
    }
    Ok(())
}

/// Returns a text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let json = token_jose::json::to_vec(text).ok().and_then(|json| String::from_utf8(json).ok());
    json.expect("a string can be written as JSON, which is UTF-8")
}

#[cfg(test)]
mod tests {
    use go_json::Document;
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> String {
        canonical(Document::whole(json.as_bytes()).unwrap().value()).unwrap()
    }

    #[test]
    fn blanks_and_escapes_are_read_past() {
        let json = "\t{ \"a\\\\\" : [ ] , \"b\\\"}\" : { } ,\r\n\"c\":[ -1.5e3 , \"]\" , true ] } ";
        assert_eq!(read(json), r#"{"a\\":[],"b\"}":{},"c":[-1.5e3,"]",true]}"#);
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            (-1e300..1e300_f64).prop_map(serde_json::Value::from),
            ".*".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::vec((".*", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(value in any_json()) {
            for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let again: serde_json::Value = serde_json::from_str(&read(&json)).unwrap();
                prop_assert_eq!(again, serde_json::from_str::<serde_json::Value>(&json).unwrap());
            }
        }
    }
}
