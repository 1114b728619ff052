//! A JSON object read member by member, as step-ca fills a struct.
//!
//! An unknown member is ignored, and a missing one is the empty value. Only requested members are
//! parsed, so a fault elsewhere does not matter.

use std::str::FromStr;

use go_json::{Document, Exact, Fields, Kind, Mismatch, Occurrence, Value};
use token_time::SignedDuration;

use crate::error::{Error, Expected};

/// A member of the wrong type.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Its path from the outermost object: `claims.enableSSHCA`.
    pub(crate) member: String,
    /// What it should be.
    pub(crate) expected: Expected,
}

impl Fault {
    /// Turns this into an error about the whole document.
    pub(crate) fn of_document(self) -> Error {
        Error::Member { member: self.member, expected: self.expected }
    }
}

impl From<Mismatch> for Fault {
    fn from(mismatch: Mismatch) -> Self {
        Self { member: mismatch.member, expected: mismatch.expected.into() }
    }
}

/// Checks the syntax of a document; a leading UTF-8 byte order mark is ignored.
///
/// step and step-ca decode the first value of the text, whatever follows it.
pub(crate) fn document(json: &[u8]) -> Result<Document<'_>, Error> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    Ok(Document::first(json)?)
}

/// A JSON object whose members are read as those of a Go struct.
#[derive(Debug)]
pub(crate) struct Object<'a>(Fields<'a>);

impl<'a> Object<'a> {
    /// Returns the outermost object of a document.
    pub(crate) fn outermost(document: &'a Document<'_>) -> Result<Self, Error> {
        Self::value(document.value()).ok_or(Error::NotAnObject)
    }

    /// Reads a value as an object; `None` if it is something else.
    pub(crate) fn value(value: Value<'a>) -> Option<Self> {
        Fields::of(value).map(Self)
    }

    /// A string; empty if missing.
    pub(crate) fn string(&self, member: &str) -> Result<String, Fault> {
        Ok(self.0.string(member)?)
    }

    /// A string; an empty one counts as missing.
    pub(crate) fn non_empty(&self, member: &str) -> Result<Option<String>, Fault> {
        Ok(Some(self.string(member)?).filter(|text| !text.is_empty()))
    }

    /// An array of strings; empty if missing.
    pub(crate) fn strings(&self, member: &str) -> Result<Vec<String>, Fault> {
        Ok(self.optional_strings(member)?.unwrap_or_default())
    }

    /// An array of strings, `None` if missing. A `null` in it is the empty string.
    pub(crate) fn optional_strings(&self, member: &str) -> Result<Option<Vec<String>>, Fault> {
        Ok(self.0.strings(member)?)
    }

    /// A string or an array of strings, of which the last one counts.
    pub(crate) fn one_or_more(&self, member: &str) -> Result<Vec<String>, Fault> {
        let mut last = Vec::new();
        for found in self.0.occurrences(member) {
            let read = one_or_more(found.value);
            let read = read.ok_or_else(|| self.fault(member, Expected::OneOrMore))?;
            last = if found.is_discarded { last } else { read };
        }
        Ok(last)
    }

    /// A boolean, `None` if missing.
    pub(crate) fn boolean(&self, member: &str) -> Result<Option<bool>, Fault> {
        Ok(self.0.optional_boolean(member)?)
    }

    /// A boolean, false if missing.
    pub(crate) fn flag(&self, member: &str) -> Result<bool, Fault> {
        Ok(self.0.boolean(member)?)
    }

    /// A duration in Go's syntax, `None` if missing.
    pub(crate) fn duration(&self, member: &str) -> Result<Option<SignedDuration>, Fault> {
        self.last_duration(member, self.0.pointed(member))
    }

    /// A duration that is no pointer in Go, which reads a `null` as an empty text: `None` if missing.
    pub(crate) fn required_duration(&self, member: &str) -> Result<Option<SignedDuration>, Fault> {
        self.last_duration(member, self.0.occurrences(member))
    }

    fn last_duration(
        &self,
        member: &str,
        found: Vec<Occurrence<'a>>,
    ) -> Result<Option<SignedDuration>, Fault> {
        let mut last = None;
        for found in found {
            let duration = found.value.string().map(|text| SignedDuration::from_str(&text));
            let Some(Ok(duration)) = duration else {
                return Err(self.fault(member, Expected::Duration));
            };
            last = if found.is_discarded { last } else { Some(duration) };
        }
        Ok(last)
    }

    /// Bytes in padded standard base64 (RFC 4648 §4), in which Go accepts line breaks.
    pub(crate) fn bytes(&self, member: &str) -> Result<Vec<u8>, Fault> {
        Ok(self.0.bytes(member)?.unwrap_or_default())
    }

    /// The elements of an array; none if missing.
    pub(crate) fn elements(&self, member: &str) -> Result<Vec<Value<'a>>, Fault> {
        Ok(self.0.elements(member)?.unwrap_or_default())
    }

    /// An array, `None` if missing.
    pub(crate) fn array(&self, member: &str) -> Result<Option<Value<'a>>, Fault> {
        Ok(self.0.array(member)?)
    }

    /// An object, without members if missing.
    pub(crate) fn object(&self, member: &str) -> Result<Self, Fault> {
        Ok(Self(self.0.object(member)?))
    }

    /// A value of any type, `None` if it is missing or `null`.
    pub(crate) fn raw(&self, member: &str) -> Option<Value<'a>> {
        let found = self.0.pointed(member);
        found.iter().rfind(|found| !found.is_discarded).map(|found| found.value)
    }

    /// A key, which go-jose reads: the text, and its members if none of them is repeated.
    pub(crate) fn key(&self, member: &str) -> Option<Key<'a>> {
        self.raw(member).map(|value| Key { json: value.text(), members: exact(value) })
    }

    fn fault(&self, member: &str, expected: Expected) -> Fault {
        Fault { member: self.0.path_of(member), expected }
    }
}

/// A JWK (RFC 7517) that has not been read yet.
#[derive(Debug)]
pub(crate) struct Key<'a> {
    /// The whole key.
    pub(crate) json: &'a str,
    members: Result<Exact<'a>, String>,
}

impl Key<'_> {
    /// Returns why go-jose reads no members, if it does not.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.members.as_ref().err().map(String::as_str)
    }

    /// Whether there is such a member, and it is not `null`.
    pub(crate) fn has(&self, member: &str) -> bool {
        let value = self.members.as_ref().ok().and_then(|members| members.get(member));
        value.is_some_and(|value| !value.is_null())
    }

    /// A string; an empty one counts as missing, and so does anything else.
    pub(crate) fn non_empty(&self, member: &str) -> Option<String> {
        let value = self.members.as_ref().ok()?.get(member)?.string()?;
        (!value.is_empty()).then(|| value.into_owned())
    }
}

fn exact(value: Value<'_>) -> Result<Exact<'_>, String> {
    let members = Exact::of(value).ok_or("it is not an object")?;
    members.map_err(|repeated| repeated.to_string())
}

/// Go decodes these into a type of its own, which holds nothing after `null`.
fn one_or_more(value: Value<'_>) -> Option<Vec<String>> {
    match value.kind() {
        Kind::Null => Some(Vec::new()),
        Kind::String => Some(vec![value.string()?.into_owned()]),
        _ => {
            let text = |item: Value<'_>| match item.is_null() {
                true => Some(String::new()),
                false => item.string().map(std::borrow::Cow::into_owned),
            };
            value.elements()?.map(text).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an object and hands it on.
    fn read<T>(json: &str, read: impl FnOnce(Object<'_>) -> T) -> T {
        let document = document(json.as_bytes()).unwrap();
        read(Object::outermost(&document).unwrap())
    }

    fn error(json: &str) -> Error {
        match document(json.as_bytes()) {
            Ok(document) => Object::outermost(&document).unwrap_err(),
            Err(error) => error,
        }
    }

    #[test]
    fn the_last_of_two_members_counts_and_null_is_missing() {
        read(r#"{"a":"first","A":"last","n":null,"l":["x",null]}"#, |object| {
            assert_eq!(object.string("a").unwrap(), "last");
            assert_eq!(object.string("n").unwrap(), "");
            assert_eq!(object.boolean("n").unwrap(), None);
            assert_eq!(object.non_empty("missing").unwrap(), None);
            assert_eq!(object.strings("l").unwrap(), ["x", ""]);
            assert!(object.elements("missing").unwrap().is_empty());
        });
    }

    #[test]
    fn a_null_is_no_duration_where_there_is_no_pointer() {
        for (json, expected) in [(r#"{"a":"1h","A":"2h"}"#, Some("2h")), ("{}", None)] {
            let duration = read(json, |object| object.required_duration("a").unwrap());
            assert_eq!(duration, expected.map(|text| text.parse().unwrap()), "{json}");
        }
        for json in [r#"{"a":null}"#, r#"{"a":null,"A":"1h"}"#, r#"{"a":"1h","a":null}"#] {
            let fault = read(json, |object| object.required_duration("a").unwrap_err());
            assert_eq!(fault.of_document().to_string(), "`a` is not a duration such as `24h`");
            assert!(read(json, |object| object.duration("a").is_ok()), "{json}");
        }
    }

    #[test]
    fn a_fault_names_the_whole_path() {
        let fault = read(r#"{"Authority":{"claims":{"enableSSHCA":"yes"}}}"#, |object| {
            let claims = object.object("authority").unwrap().object("claims").unwrap();
            claims.boolean("enableSSHCA").unwrap_err()
        });
        assert_eq!(fault.member, "authority.claims.enableSSHCA");
        assert_eq!(
            fault.of_document().to_string(),
            "`authority.claims.enableSSHCA` is not a boolean"
        );
    }

    #[test]
    fn bytes_are_padded_base64_and_may_hold_line_breaks() {
        read(r#"{"b":"aGVs\r\nbG8=","c":"aGVsbG8","d":"_-8="}"#, |object| {
            assert_eq!(object.bytes("b").unwrap(), b"hello");
            assert_eq!(object.bytes("missing").unwrap(), b"");
            assert!(object.bytes("c").is_err());
            assert!(object.bytes("d").is_err());
        });
    }

    #[test]
    fn what_is_no_json_is_placed_by_line_and_column() {
        let place = error("{\n  \"a\": 1,\n  \"b\" 2\n}");
        assert_eq!(place.to_string(), "not JSON: expected `:` at line 3, column 7");
        assert_eq!(error("").to_string(), "not JSON: unexpected end at line 1, column 1");
    }

    #[test]
    fn what_is_json_but_no_object_is_told_apart_and_not_quoted() {
        for json in ["\"secret\"", "[]", "null", " 12 "] {
            assert!(matches!(error(json), Error::NotAnObject), "{json}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(read("\u{feff}{\"a\":\"b\"}", |object| object.string("a").unwrap()), "b");
    }

    #[test]
    fn deep_nesting_is_an_error_where_it_is_read_and_nothing_where_it_is_not() {
        let deep = |depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        read(&deep(9_999), |object| {
            assert!(object.strings("a").is_err());
            assert_eq!(object.string("b").unwrap(), "");
        });
        let message = "not JSON: nested too deeply at line 1, column 10005";
        assert_eq!(error(&deep(100_000)).to_string(), message);
    }

    #[test]
    fn roots_may_be_one_or_several_and_the_last_counts() {
        let roots = |json| read(json, |object| object.one_or_more("root").ok());
        assert_eq!(roots(r#"{"root":"a"}"#).unwrap(), ["a"]);
        assert_eq!(roots(r#"{"root":["a","b"],"Root":["c",null]}"#).unwrap(), ["c", ""]);
        assert!(roots(r#"{"root":"a","root":null}"#).unwrap().is_empty());
        assert!(roots(r#"{"root":1,"root":"a"}"#).is_none());
    }

    #[test]
    fn the_members_of_a_key_are_exact_and_not_repeated() {
        read(r#"{"Key":{"kid":"a","KID":"b"}}"#, |object| {
            assert_eq!(object.key("key").unwrap().non_empty("kid").as_deref(), Some("a"));
        });
        read(r#"{"key":{"kid":"a","kid":"b"}}"#, |object| {
            let key = object.key("key").unwrap();
            assert_eq!(key.fault(), Some("the member `kid` is repeated"));
            assert_eq!(key.non_empty("kid"), None);
        });
        read(r#"{"key":{"kid":"a"},"key":null}"#, |object| assert!(object.key("key").is_none()));
    }
}
