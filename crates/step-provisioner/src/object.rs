//! A JSON object read member by member, as Go's `encoding/json` fills a struct.
//!
//! An unknown member is ignored, a missing one and `null` are the empty value, and of a member
//! that occurs twice the last one counts. Only requested members are parsed.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
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

/// A JSON object whose members are still text.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    path: String,
    members: BTreeMap<String, &'a RawValue>,
}

impl<'a> Object<'a> {
    /// Reads a document that is an object; a leading UTF-8 byte order mark is ignored.
    pub(crate) fn document(json: &'a [u8]) -> Result<Self, Error> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        if json.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            serde_json::from_slice::<serde::de::IgnoredAny>(json).map_err(|e| Error::json(&e))?;
            return Err(Error::NotAnObject);
        }
        let members = serde_json::from_slice(json).map_err(|e| Error::json(&e))?;
        Ok(Self { path: String::new(), members })
    }

    /// Reads `raw` as an object; `None` if it is something else.
    pub(crate) fn value(raw: &'a RawValue) -> Option<Self> {
        let members = serde_json::from_str(raw.get()).ok()?;
        Some(Self { path: String::new(), members })
    }

    /// The text of a member, `None` if it is missing or `null`.
    pub(crate) fn raw(&self, member: &str) -> Option<&'a RawValue> {
        self.members.get(member).copied().filter(|raw| raw.get() != "null")
    }

    /// A string; empty if missing.
    pub(crate) fn string(&self, member: &str) -> Result<String, Fault> {
        Ok(self.read::<String>(member, Expected::String)?.unwrap_or_default())
    }

    /// A string; an empty one counts as missing.
    pub(crate) fn non_empty(&self, member: &str) -> Result<Option<String>, Fault> {
        Ok(self.read::<String>(member, Expected::String)?.filter(|text| !text.is_empty()))
    }

    /// An array of strings; empty if missing.
    pub(crate) fn strings(&self, member: &str) -> Result<Vec<String>, Fault> {
        Ok(self.optional_strings(member)?.unwrap_or_default())
    }

    /// An array of strings, `None` if missing. A `null` in it is the empty string.
    pub(crate) fn optional_strings(&self, member: &str) -> Result<Option<Vec<String>>, Fault> {
        let items = self.read::<Vec<Option<String>>>(member, Expected::Strings)?;
        Ok(items.map(|items| items.into_iter().map(Option::unwrap_or_default).collect()))
    }

    /// A string or an array of strings.
    pub(crate) fn one_or_more(&self, member: &str) -> Result<Vec<String>, Fault> {
        match self.raw(member) {
            Some(raw) if raw.get().starts_with('"') => Ok(vec![self.string(member)?]),
            _ => {
                self.strings(member).map_err(|fault| self.fault(member, Expected::OneOrMore, fault))
            }
        }
    }

    /// A boolean, `None` if missing.
    pub(crate) fn boolean(&self, member: &str) -> Result<Option<bool>, Fault> {
        self.read(member, Expected::Boolean)
    }

    /// A duration in Go's syntax, `None` if missing.
    pub(crate) fn duration(&self, member: &str) -> Result<Option<SignedDuration>, Fault> {
        let Some(text) = self.read::<String>(member, Expected::Duration)? else {
            return Ok(None);
        };
        let duration = SignedDuration::from_str(&text);
        duration.map(Some).map_err(|fault| self.fault(member, Expected::Duration, fault))
    }

    /// Bytes in padded standard base64 (RFC 4648 §4), in which Go accepts line breaks.
    pub(crate) fn bytes(&self, member: &str) -> Result<Vec<u8>, Fault> {
        let mut text = self.read::<String>(member, Expected::Base64)?.unwrap_or_default();
        text.retain(|c| c != '\r' && c != '\n');
        STANDARD.decode(text).map_err(|fault| self.fault(member, Expected::Base64, fault))
    }

    /// The elements of an array, still as text; none if missing.
    pub(crate) fn elements(&self, member: &str) -> Result<Vec<&'a RawValue>, Fault> {
        Ok(self.read(member, Expected::Array)?.unwrap_or_default())
    }

    /// An object, without members if missing.
    pub(crate) fn object(&self, member: &str) -> Result<Self, Fault> {
        let members = self.read(member, Expected::Object)?.unwrap_or_default();
        Ok(Self { path: format!("{}{member}.", self.path), members })
    }

    fn read<T: Deserialize<'a>>(
        &self,
        member: &str,
        expected: Expected,
    ) -> Result<Option<T>, Fault> {
        let Some(raw) = self.raw(member) else {
            return Ok(None);
        };
        let value = serde_json::from_str(raw.get());
        value.map(Some).map_err(|fault| self.fault(member, expected, fault))
    }

    /// The cause is dropped: it may quote the value, which may be secret.
    fn fault<E>(&self, member: &str, expected: Expected, _cause: E) -> Fault {
        Fault { member: format!("{}{member}", self.path), expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &str) -> Object<'_> {
        Object::document(json.as_bytes()).unwrap()
    }

    #[test]
    fn the_last_of_two_members_counts_and_null_is_missing() {
        let object = object(r#"{"a":"first","a":"last","n":null,"l":["x",null]}"#);
        assert_eq!(object.string("a").unwrap(), "last");
        assert_eq!(object.string("n").unwrap(), "");
        assert_eq!(object.boolean("n").unwrap(), None);
        assert_eq!(object.non_empty("missing").unwrap(), None);
        assert_eq!(object.strings("l").unwrap(), ["x", ""]);
        assert!(object.elements("missing").unwrap().is_empty());
    }

    #[test]
    fn a_fault_names_the_whole_path() {
        let object = object(r#"{"authority":{"claims":{"enableSSHCA":"yes"}}}"#);
        let claims = object.object("authority").unwrap().object("claims").unwrap();
        let fault = claims.boolean("enableSSHCA").unwrap_err();
        assert_eq!(fault.member, "authority.claims.enableSSHCA");
        assert_eq!(
            fault.of_document().to_string(),
            "`authority.claims.enableSSHCA` is not a boolean"
        );
    }

    #[test]
    fn bytes_are_padded_base64_and_may_hold_line_breaks() {
        let object = object(r#"{"b":"aGVs\r\nbG8=","c":"aGVsbG8","d":"_-8="}"#);
        assert_eq!(object.bytes("b").unwrap(), b"hello");
        assert_eq!(object.bytes("missing").unwrap(), b"");
        assert!(object.bytes("c").is_err());
        assert!(object.bytes("d").is_err());
    }

    #[test]
    fn what_is_no_json_is_placed_by_line_and_column() {
        let error = Object::document(b"{\n  \"a\": 1,\n  \"b\" 2\n}").unwrap_err();
        assert_eq!(error.to_string(), "not JSON: expected `:` at line 3, column 7");
        let error = Object::document(b"").unwrap_err();
        assert!(error.to_string().starts_with("not JSON: EOF"), "{error}");
    }

    #[test]
    fn what_is_json_but_no_object_is_told_apart_and_not_quoted() {
        for json in ["\"secret\"", "[]", "null", " 12 "] {
            let error = Object::document(json.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::NotAnObject), "{json}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(object("\u{feff}{\"a\":\"b\"}").string("a").unwrap(), "b");
    }

    #[test]
    fn deep_nesting_is_an_error_where_it_is_read_and_nothing_where_it_is_not() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let object = object(&deep);
        assert!(object.strings("a").is_err());
        assert_eq!(object.string("b").unwrap(), "");
    }
}
