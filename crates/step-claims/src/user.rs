use go_json::{Document, Kind, Value};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::canonical::{canonical, quoted};
use crate::error::Error;

/// The requester's own data: the claim `user`, which certificate templates of the CA read as
/// `.Token.user`.
///
/// Members are sorted by their bytes, also inside nested objects, and the last of several with the
/// same name wins. Numbers stay as they were written: `step` turns `1000000` into
/// `1e+06` and `9007199254740993` into another number (Q26).
///
/// Source: smallstep/cli, `flags/flags.go` (`ParseTemplateData`).
///
/// ```
/// use step_claims::UserData;
///
/// let mut user = UserData::from_object(br#"{"team":"red","id":9007199254740993}"#)?;
/// user.set("team=blue")?;
/// user.set("roles=[\"db\"]")?;
/// assert_eq!(
///     serde_json::to_string(&user)?,
///     r#"{"id":9007199254740993,"roles":["db"],"team":"blue"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct UserData {
    /// The names and values of all members, one after another.
    text: String,
    /// Sorted by name.
    members: Vec<Member>,
}

/// Where a member is in the text. Its value, one line of JSON, follows its name.
#[derive(Clone, Copy, Debug)]
struct Member {
    at: usize,
    name: u32,
    value: u32,
}

impl UserData {
    /// Parses a JSON object, the contents of the file of `--set-file`. A byte order mark before
    /// it is skipped. Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD, as in `step`.
    ///
    /// # Errors
    ///
    /// - [`Error::UserNotJson`] if it cannot be read.
    /// - [`Error::UserNotObject`] if it is an array, a string, a number, or `null` (Q46).
    /// - [`Error::UserNumber`] if a number in it does not fit a 64-bit float.
    pub fn from_object(json: &[u8]) -> Result<Self, Error> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let document = Document::whole(json).map_err(Error::UserNotJson)?;
        let found = match document.value().kind() {
            Kind::Object => "an object",
            Kind::Array => "an array",
            Kind::String => "a string",
            Kind::Null => "null",
            Kind::Boolean => "a boolean",
            Kind::Number => "a number",
        };
        let members = document.value().members().ok_or(Error::UserNotObject { found })?;
        let mut user = Self::default();
        user.text.reserve_exact(json.len());
        for (name, value) in members {
            let member = user.append(&name, &one_line(&name, value)?);
            user.members.push(member);
        }
        let Self { text, members } = &mut user;
        // Equal names stay in their order, so the last of them comes first in reverse.
        members.sort_by(|one, other| one.name(text).cmp(other.name(text)));
        members.reverse();
        members.dedup_by(|earlier, later| earlier.name(text) == later.name(text));
        members.reverse();
        Ok(user)
    }

    /// Sets one member from `NAME=VALUE`, the argument of `--set`.
    ///
    /// A JSON value is stored as JSON, any other as a string: `n=1` is a number, `n="1"` and
    /// `n=one` are strings, `n=` is an empty one. The name ends at the first `=`; it may be empty,
    /// and a dot in it does not make a path.
    ///
    /// # Errors
    ///
    /// - [`Error::UserAssignment`] if there is no `=`.
    /// - [`Error::UserNumber`] if a number in it does not fit a 64-bit float.
    pub fn set(&mut self, assignment: &str) -> Result<(), Error> {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(Error::UserAssignment { text: assignment.to_owned() });
        };
        if let Ok(document) = Document::whole(value.as_bytes()) {
            let value = one_line(name, document.value())?;
            self.insert(name, &value);
            return Ok(());
        }
        self.insert(name, &quoted(value));
        Ok(())
    }

    fn insert(&mut self, name: &str, value: &str) {
        let member = self.append(name, value);
        let Self { text, members } = self;
        match members.binary_search_by(|other| other.name(text).cmp(name)) {
            Ok(at) => members.splice(at..=at, [member]).for_each(drop),
            Err(at) => members.insert(at, member),
        }
    }

    /// Appends the text of a member.
    fn append(&mut self, name: &str, value: &str) -> Member {
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        let at = self.text.len();
        self.text.push_str(name);
        self.text.push_str(value);
        Member { at, name: length(name), value: length(value) }
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|member| (member.name(&self.text), member.value(&self.text)))
    }

    /// Returns whether there are no members; the token then omits the claim (Q2).
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl Member {
    fn name(self, text: &str) -> &str {
        text.get(self.at..self.at + self.name as usize).unwrap_or_default()
    }

    fn value(self, text: &str) -> &str {
        let start = self.at + self.name as usize;
        text.get(start..start + self.value as usize).unwrap_or_default()
    }
}

impl PartialEq for UserData {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for UserData {}

/// Returns a value as one line of JSON.
fn one_line(name: &str, value: Value<'_>) -> Result<String, Error> {
    canonical(value).map_err(|too_large| Error::UserNumber {
        name: name.to_owned(),
        number: too_large.number.to_owned(),
    })
}

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, text) in self.iter() {
            let value: &RawValue = serde_json::from_str(text).map_err(S::Error::custom)?;
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(user: &UserData) -> String {
        String::from_utf8(token_jose::json::to_vec(user).unwrap()).unwrap()
    }

    fn set(assignments: &[&str]) -> String {
        let mut user = UserData::default();
        for assignment in assignments {
            user.set(assignment).unwrap();
        }
        written(&user)
    }

    fn file(json: &str) -> Result<String, Error> {
        UserData::from_object(json.as_bytes()).map(|user| written(&user))
    }

    #[test]
    fn a_value_that_is_json_is_stored_as_json_and_any_other_as_text() {
        for (assignment, expected) in [
            ("a=1", r#"{"a":1}"#),
            ("a= 1 ", r#"{"a":1}"#),
            ("a=\"1\"", r#"{"a":"1"}"#),
            ("a={\"b\":2}", r#"{"a":{"b":2}}"#),
            ("a=[1, true,null ]", r#"{"a":[1,true,null]}"#),
            ("a=false", r#"{"a":false}"#),
            ("a=null", r#"{"a":null}"#),
            ("a=", r#"{"a":""}"#),
            ("a=x", r#"{"a":"x"}"#),
            ("a==x", r#"{"a":"=x"}"#),
            ("a=01", r#"{"a":"01"}"#),
            ("a=NaN", r#"{"a":"NaN"}"#),
            ("a=1.", r#"{"a":"1."}"#),
            ("a={", r#"{"a":"{"}"#),
            ("=v", r#"{"":"v"}"#),
            ("a.b=1", r#"{"a.b":1}"#),
            ("a=x<y", r#"{"a":"x\u003cy"}"#),
            ("a=\"\\u0041\\/\\u003c\"", r#"{"a":"A/\u003c"}"#),
        ] {
            assert_eq!(set(&[assignment]), expected, "{assignment}");
        }
    }

    #[test]
    fn the_recorded_values_are_written_to_the_byte() {
        assert_eq!(
            set(&["a=1", "b=\"1\"", "c={\"z\":1,\"a\":[true,null]}", "d=", "e=x<y", "a=2"]),
            r#"{"a":2,"b":"1","c":{"a":[true,null],"z":1},"d":"","e":"x\u003cy"}"#
        );
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        assert_eq!(
            set(&["a=1000000", "b=9007199254740993", "c=0.00001", "d=[1E5,-0,1.0]", "e=1e-400"]),
            r#"{"a":1000000,"b":9007199254740993,"c":0.00001,"d":[1E5,-0,1.0],"e":1e-400}"#
        );
    }

    #[test]
    fn a_number_that_no_ca_can_hold_is_refused_however_deep_it_lies() {
        for assignment in ["a=1e400", "a=-1e309", "a={\"b\":[0,1e400]}"] {
            let error = UserData::default().set(assignment).unwrap_err();
            assert!(matches!(error, Error::UserNumber { .. }), "{assignment}");
        }
        assert_eq!(
            file(r#"{"a":1,"limits":{"b":1e400}}"#).unwrap_err().to_string(),
            "user data \"limits\" contains 1e400, a number too large for the CA"
        );
        assert_eq!(set(&["a=1e308"]), r#"{"a":1e308}"#);
    }

    #[test]
    fn members_are_sorted_and_the_last_duplicate_wins() {
        assert_eq!(
            file(r#"{"b":1,"é":0,"a":{"z":1,"y":{"d":1,"c":2},"z":3},"B":2,"b":4,"~":5}"#).unwrap(),
            r#"{"B":2,"a":{"y":{"c":2,"d":1},"z":3},"b":4,"~":5,"é":0}"#
        );
        assert_eq!(file("\u{feff}{\"a\":1}\n").unwrap(), r#"{"a":1}"#);
        assert_eq!(file("{}").unwrap(), "{}");
        assert!(UserData::from_object(b"{}").unwrap().is_empty());
    }

    #[test]
    fn later_values_replace_earlier_ones() {
        let mut user = UserData::from_object(br#"{"team":"red","n":1,"big":9}"#).unwrap();
        for assignment in ["team=blue", "n=5", "big=7"] {
            user.set(assignment).unwrap();
        }
        assert_eq!(written(&user), r#"{"big":7,"n":5,"team":"blue"}"#);
    }

    #[test]
    fn a_file_must_hold_an_object() {
        for (json, found) in [
            ("null", "null"),
            ("[1]\n", "an array"),
            ("\"a\"", "a string"),
            (" true", "a boolean"),
            ("-1", "a number"),
        ] {
            assert_eq!(
                file(json).unwrap_err().to_string(),
                format!("user data must be a JSON object, but this is {found}")
            );
        }
        for json in ["", "{\"a\":", "{} {}", "{'a':1}", "{\"a\":01}", "\u{feff}\u{feff}{}"] {
            assert!(matches!(file(json), Err(Error::UserNotJson(_))), "{json:?}");
        }
    }

    #[test]
    fn an_assignment_needs_an_equals_sign() {
        for text in ["", "noeq"] {
            assert_eq!(
                UserData::default().set(text).unwrap_err().to_string(),
                format!("{text:?} does not set user data: write NAME=VALUE")
            );
        }
    }

    #[test]
    fn what_is_no_character_becomes_a_replacement_character() {
        for (assignment, expected) in [
            ("a=\"\\ud800\"", "{\"a\":\"\u{fffd}\"}"),
            ("a={\"\\udc00\":1}", "{\"a\":{\"\u{fffd}\":1}}"),
            ("a=[\"\\ud800\\u0041\"]", "{\"a\":[\"\u{fffd}A\"]}"),
            ("a=\"\\ud83d\\ude00\"", "{\"a\":\"😀\"}"),
        ] {
            assert_eq!(set(&[assignment]), expected);
        }
        let user = UserData::from_object(b"{\"\xff\":\"\xc3\",\"\\ud800\":1}").unwrap();
        assert_eq!(written(&user), "{\"\u{fffd}\":1}");
    }

    #[test]
    fn ten_thousand_levels_are_carried_and_what_is_deeper_is_text() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let deep = nested(10_000);
        assert_eq!(set(&[&format!("a={deep}")]), format!(r#"{{"a":{deep}}}"#));
        let deeper = nested(10_001);
        assert_eq!(set(&[&format!("a={deeper}")]), format!(r#"{{"a":"{deeper}"}}"#));
        let object = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert!(matches!(file(&object), Err(Error::UserNotJson(_))));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in ".*") {
            let _ = UserData::default().set(&text);
            let _ = UserData::from_object(text.as_bytes());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = UserData::from_object(&bytes);
        }

        #[test]
        fn what_was_written_is_read_back(
            text in "\\{(\"[ab]\":(1|\"x\"|\\[1,2\\]|\\{\"b\":1,\"a\":2\\}),){0,3}\"c\":null\\}",
        ) {
            let user = UserData::from_object(text.as_bytes()).unwrap();
            prop_assert_eq!(UserData::from_object(written(&user).as_bytes()).unwrap(), user);
        }
    }
}
