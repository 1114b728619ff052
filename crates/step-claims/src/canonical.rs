//! JSON values with sorted members, as `step` writes them.

use std::collections::BTreeMap;

use go_json::{Elements, Kind, Members, Value};

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
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut value = value;
    loop {
        let mut done = match Open::of(value) {
            Some(array_or_object) => {
                open.push(array_or_object);
                None
            }
            None => Some(scalar(value)?),
        };
        value = loop {
            let Some(innermost) = open.last_mut() else { return Ok(done.unwrap_or_default()) };
            if let Some(done) = done.take() {
                innermost.add(done);
            }
            match innermost.next() {
                Some(value) => break value,
                None => done = open.pop().map(Open::close),
            }
        };
    }
}

/// An array or object of which some elements have been written.
enum Open<'a> {
    Array { rest: Elements<'a>, written: Vec<String> },
    Object { rest: Members<'a>, name: String, written: BTreeMap<String, String> },
}

impl<'a> Open<'a> {
    fn of(value: Value<'a>) -> Option<Self> {
        let array = value.elements().map(|rest| Self::Array { rest, written: Vec::new() });
        array.or_else(|| {
            let written = BTreeMap::new();
            value.members().map(|rest| Self::Object { rest, name: String::new(), written })
        })
    }

    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            Self::Array { rest, .. } => rest.next(),
            Self::Object { rest, name, .. } => {
                let (next, value) = rest.next()?;
                *name = next.into_owned();
                Some(value)
            }
        }
    }

    fn add(&mut self, text: String) {
        match self {
            Self::Array { written, .. } => written.push(text),
            Self::Object { name, written, .. } => {
                written.insert(std::mem::take(name), text);
            }
        }
    }

    fn close(self) -> String {
        match self {
            Self::Array { written, .. } => format!("[{}]", written.join(",")),
            Self::Object { written, .. } => {
                let members = written.iter().map(|(name, text)| format!("{}:{text}", quoted(name)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }
}

fn scalar(value: Value<'_>) -> Result<String, TooLarge<'_>> {
    match (value.kind(), value.string()) {
        (_, Some(text)) => Ok(quoted(&text)),
        (Kind::Number, _) if value.number().is_none() => Err(TooLarge { number: value.text() }),
        _ => Ok(value.text().to_owned()),
    }
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
