//! One value of a checked text.

use std::borrow::Cow;
use std::fmt;

use crate::walk;

/// One value of a [`Document`](crate::Document), which is read when it is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value<'a>(&'a str);

/// The type of a value (RFC 8259 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl<'a> Value<'a> {
    /// The text is a checked one, without white space around it.
    pub(crate) fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the value as it is written, which is JSON in the strictest sense.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.0
    }

    /// Returns the type of the value.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// Returns whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Returns the text of a string, borrowed unless it has an escape in it.
    #[must_use]
    pub fn string(self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| unquoted(self.0))
    }

    /// Returns `true` or `false`.
    #[must_use]
    pub fn boolean(self) -> Option<bool> {
        (self.kind() == Kind::Boolean).then(|| self.0 == "true")
    }

    /// Returns a number as a 64-bit float, or `None` if it does not fit one.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        let number = (self.kind() == Kind::Number).then(|| self.0.parse().ok()).flatten();
        number.filter(|number: &f64| number.is_finite())
    }

    /// Returns the elements of an array.
    #[must_use]
    pub fn elements(self) -> Option<Elements<'a>> {
        (self.kind() == Kind::Array).then_some(Elements { text: self.0, at: 1 })
    }

    /// Returns the members of an object in their order, repeated ones too.
    #[must_use]
    pub fn members(self) -> Option<Members<'a>> {
        (self.kind() == Kind::Object).then_some(Members { text: self.0, at: 1 })
    }
}

impl fmt::Debug for Value<'_> {
    /// Leaves out the value, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Value").field(&self.kind()).finish()
    }
}

/// The elements of an array.
///
/// Each element is read to its end to find the next one: whoever looks into them to any depth reads
/// [`Tokens`](crate::Tokens) instead.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Elements<'a> {
    /// Returns each element with the offset of its text in the array's.
    pub fn placed(mut self) -> impl Iterator<Item = (usize, Value<'a>)> {
        std::iter::from_fn(move || {
            let value = self.next()?;
            Some((self.at - value.0.len(), value))
        })
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let start = start_of_next(self.text, self.at)?;
        let value = value_at(self.text, start);
        self.at = start + value.0.len();
        Some(value)
    }
}

/// The members of an object, each with its name, read like [`Elements`].
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let start = start_of_next(self.text, self.at)?;
        let end = walk::end_of_string(bytes, start);
        let colon = walk::after_space(bytes, end);
        let value = value_at(self.text, walk::after_space(bytes, colon + 1));
        self.at = walk::after_space(bytes, colon + 1) + value.0.len();
        Some((unquoted(self.text.get(start..end).unwrap_or_default()), value))
    }
}

/// Returns where the next element or member begins, past a comma; `None` at the closing bracket.
fn start_of_next(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = walk::after_space(bytes, at);
    if bytes.get(at) == Some(&b',') {
        at = walk::after_space(bytes, at + 1);
    }
    // The closing bracket of the array or object is the last byte of its text.
    (at + 1 < bytes.len()).then_some(at)
}

fn value_at(text: &str, start: usize) -> Value<'_> {
    let end = walk::end_of_value(text.as_bytes(), start);
    Value(text.get(start..end).unwrap_or_default())
}

/// Returns the text of a string with its quotes, whose syntax has been checked.
pub(crate) fn unquoted(quoted: &str) -> Cow<'_, str> {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or("");
    if inner.contains('\\') {
        return Cow::Owned(serde_json::from_str(quoted).unwrap_or_default());
    }
    Cow::Borrowed(inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::document::Document;

    use super::*;

    #[test]
    fn every_member_is_there_in_its_order() {
        let document = Document::whole(br#" {"a":"1", "A" : 3 ,"\u0061":"2"} "#).unwrap();
        let members: Vec<_> = document.value().members().unwrap().collect();
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["a", "A", "a"]);
        let values: Vec<_> = members.iter().map(|(_, value)| value.text()).collect();
        assert_eq!(values, ["\"1\"", "3", "\"2\""]);
    }

    #[test]
    fn a_value_has_one_type() {
        let read = |text: &str| {
            let document = Document::whole(text.as_bytes()).unwrap();
            let value = document.value();
            let kinds = [
                value.is_null(),
                value.boolean().is_some(),
                value.number().is_some(),
                value.string().is_some(),
                value.elements().is_some(),
                value.members().is_some(),
            ];
            kinds.iter().position(|&is| is)
        };
        for (place, text) in ["null", "false", "-1.5e3", "\"\"", "[]", "{}"].iter().enumerate() {
            assert_eq!(read(text), Some(place), "{text}");
        }
        assert_eq!(read("1e999"), None);
    }

    fn json(depth: u32) -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            "[a-c\\\\\"{}\\[\\],: é\u{7}]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(depth, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec(("[a-c\\\\\" ]{0,3}", inner), 0..5).prop_map(|members| {
                    members.into_iter().collect::<serde_json::Map<_, _>>().into()
                }),
            ]
        })
    }

    /// Reads a value again, by walking it.
    fn walked(value: Value<'_>) -> serde_json::Value {
        match value.kind() {
            Kind::Null => serde_json::Value::Null,
            Kind::Boolean => value.boolean().unwrap().into(),
            Kind::Number => value.number().unwrap().into(),
            Kind::String => value.string().unwrap().into_owned().into(),
            Kind::Array => value.elements().unwrap().map(walked).collect(),
            Kind::Object => value
                .members()
                .unwrap()
                .map(|(name, value)| (name.into_owned(), walked(value)))
                .collect(),
        }
    }

    proptest! {
        #[test]
        fn what_is_walked_is_what_was_written(value in json(4), pretty: bool) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let document = Document::whole(text.as_bytes()).unwrap();
            prop_assert_eq!(walked(document.value()), value);
        }
    }
}
