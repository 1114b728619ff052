//! JSON as a Go program reads it, where Rust would read it differently.
//!
//! A server's verdict depends on these: bytes that are not UTF-8 and halves of surrogate pairs
//! become U+FFFD, a number must fit a 64-bit float only where its value is asked for, members of a struct
//! are found without regard to letter case, and of members of one name the last counts.
//!
//! Source: the `encoding/json` package of Go, version 1.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// The bytes as text, ready for a strict JSON parser.
#[derive(Debug)]
pub(crate) struct Text {
    text: String,
    /// A number somewhere is too large for a 64-bit float.
    overflows: bool,
    too_deep: bool,
}

impl Text {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let text = String::from_utf8(bytes).unwrap_or_else(|error| repaired(error.as_bytes()));
        let mut text = Self { text, overflows: false, too_deep: false };
        if text.is_unusual() {
            text.scan();
        }
        text
    }

    /// Returns whether the text must be scanned as a whole: it may contain an escape, a number with
    /// an exponent or very many digits, or too many brackets.
    fn is_unusual(&self) -> bool {
        let bytes = self.text.as_bytes();
        let exponent = |pair: &[u8]| matches!(pair, [digit, b'e' | b'E'] if digit.is_ascii_digit() || *digit == b'.');
        bytes.len() > DEEPEST.min(LONGEST)
            || bytes.contains(&b'\\')
            || bytes.windows(2).any(exponent)
    }

    /// Returns whether a number in it does not fit a 64-bit float.
    pub(crate) fn overflows(&self) -> bool {
        self.overflows
    }

    /// Reads the text as one JSON value with nothing after it.
    pub(crate) fn value(&self) -> Result<Json<'_>, Malformed> {
        let raw: &RawValue = serde_json::from_str(&self.text).map_err(|_| Malformed::Syntax)?;
        if self.too_deep { Err(Malformed::Depth) } else { Ok(Json(raw)) }
    }

    /// Reads the text as an object; any other value is returned unchanged.
    pub(crate) fn members(&self) -> Result<Result<Vec<Member<'_>>, Json<'_>>, Malformed> {
        // Nearly every text is an object, which is then read only once.
        match serde_json::from_str::<Members<'_>>(&self.text) {
            Ok(members) if !self.too_deep => Ok(Ok(members.0)),
            _ => self.value().map(Err),
        }
    }

    /// Scans brackets and numbers outside strings, and escapes inside them.
    fn scan(&mut self) {
        let bytes = self.text.as_bytes();
        let mut lone = Vec::new();
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at + 1, &mut lone),
                b'[' | b'{' => {
                    depth += 1;
                    self.too_deep |= depth > DEEPEST;
                    at += 1;
                }
                b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    at += 1;
                }
                b'-' | b'0'..=b'9' => {
                    let end =
                        bytes.iter().skip(at).position(|byte| !b"+-.eE0123456789".contains(byte));
                    let end = end.map_or(bytes.len(), |length| at + length);
                    let number = self.text.get(at..end).unwrap_or_default();
                    self.overflows |= number.parse().is_ok_and(f64::is_infinite);
                    at = end;
                }
                _ => at += 1,
            }
        }
        for at in lone {
            self.text.replace_range(at..at + 6, "\\ufffd");
        }
    }
}

/// Returns the position after the string that begins at `at`, and records its lone surrogates.
fn string_end(bytes: &[u8], mut at: usize, lone: &mut Vec<usize>) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => match unit(bytes, at) {
                Some(0xd800..=0xdbff) if matches!(unit(bytes, at + 6), Some(0xdc00..=0xdfff)) => {
                    at += 12;
                }
                Some(0xd800..=0xdfff) => {
                    lone.push(at);
                    at += 6;
                }
                Some(_) => at += 6,
                None => at += 2,
            },
            _ => at += 1,
        }
    }
    at
}

/// Returns the number after `\u`, if it has four hexadecimal digits.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(digits, 16).ok()
}

/// Returns the bytes as text, with U+FFFD for each byte that is not UTF-8.
fn repaired(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

/// Why bytes are not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    Syntax,
    Depth,
}

/// A value that is not parsed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a>(&'a RawValue);

impl<'a> Json<'a> {
    pub(crate) fn is_null(self) -> bool {
        self.0.get() == "null"
    }

    pub(crate) fn string(self) -> Option<String> {
        let text = self.0.get();
        // Without an escape, the string is exactly the text between the quotes.
        match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(text) if !text.contains('\\') => Some(text.to_owned()),
            _ => serde_json::from_str(text).ok(),
        }
    }

    /// Returns a number as a 64-bit float; `None` if it does not fit.
    pub(crate) fn number(self) -> Option<f64> {
        let is_number = self.0.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
        self.0.get().parse().ok().filter(|number: &f64| is_number && number.is_finite())
    }

    /// Returns the items of a list, if all of them are strings.
    pub(crate) fn strings(self) -> Option<Vec<String>> {
        serde_json::from_str(self.0.get()).ok()
    }

    pub(crate) fn list(self) -> Option<Vec<Self>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.0.get()).ok()?;
        Some(items.into_iter().map(Json).collect())
    }

    /// Returns what it is, for a message.
    pub(crate) fn kind(self) -> &'static str {
        match self.0.get().as_bytes().first() {
            Some(b'"') => "a string",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}

/// A member of an object, with its name unescaped.
pub(crate) type Member<'a> = (Cow<'a, str>, Json<'a>);

/// The members of an object, including repeated ones.
struct Members<'a>(Vec<Member<'a>>);

/// A name, borrowed from the text unless it has an escape in it.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry::<_, &'de RawValue>()? {
                    members.push((name, Json(value)));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// Returns whether Go reads a member of this name into a field; the field's name is lowercase.
///
/// Go folds as Unicode does: the long s is an s, the Kelvin sign a k.
pub(crate) fn folds_to(name: &str, field: &str) -> bool {
    if name.is_ascii() {
        return name.eq_ignore_ascii_case(field);
    }
    let fold = |c: char| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(field.chars())
}

/// In a text of fewer bytes, no number without an exponent can be too large.
const LONGEST: usize = 308;

/// The depth that Go reads at most.
const DEEPEST: usize = 10_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn members(text: &[u8]) -> Vec<(String, Option<String>)> {
        let text = Text::new(text.to_vec());
        let members = text.members().unwrap().unwrap();
        members.into_iter().map(|(name, value)| (name.into_owned(), value.string())).collect()
    }

    fn string(text: &[u8]) -> String {
        Text::new(text.to_vec()).value().unwrap().string().unwrap()
    }

    #[test]
    fn every_member_is_there_in_its_order() {
        let expected = [("a", Some("1")), ("A", None), ("a", Some("2"))];
        let read = members(br#" {"a":"1","A":3,"\u0061":"2"} "#);
        let read: Vec<_> =
            read.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_text_becomes_a_replacement_character() {
        for (bytes, read) in [
            (&b"\"a\xffb\""[..], "a\u{fffd}b"),
            (b"\"\xe2\x82\"", "\u{fffd}\u{fffd}"),
            (br#""\ud800""#, "\u{fffd}"),
            (br#""\udc00x""#, "\u{fffd}x"),
            (br#""\ud800\u0041""#, "\u{fffd}A"),
            (br#""\ud800\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (br#""\\ud800""#, "\\ud800"),
            (br#""\"\ud800""#, "\"\u{fffd}"),
        ] {
            assert_eq!(string(bytes), read, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_is_no_json_is_told_from_what_is_too_deep() {
        for text in ["", "{", "{} x", "{\"a\":01}", "nul", "\"\u{1}\"", "\u{feff}{}", "[1,]"] {
            assert_eq!(
                Text::new(text.as_bytes().to_vec()).value().unwrap_err(),
                Malformed::Syntax,
                "{text}"
            );
        }
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Text::new(nested(10_000).into_bytes()).value().is_ok());
        assert_eq!(Text::new(nested(10_001).into_bytes()).value().unwrap_err(), Malformed::Depth);
    }

    #[test]
    fn numbers_that_fit_no_float_are_noticed_wherever_they_are() {
        assert!(Text::new(br#"{"a":[1e400]}"#.to_vec()).overflows());
        assert!(!Text::new(br#"{"a":["1e400", 1e300, 1e-400]}"#.to_vec()).overflows());
        let digits = |count| format!("[{}]", "9".repeat(count)).into_bytes();
        assert!(!Text::new(digits(308)).overflows() && Text::new(digits(310)).overflows());
    }

    #[test]
    fn names_fold_as_in_go() {
        for (name, folds) in [("sub", true), ("SUB", true), ("ſub", true), ("sub ", false)] {
            assert_eq!(folds_to(name, "sub"), folds, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let text = Text::new(bytes);
            if let Ok(value) = text.value() {
                let _ = (value.list(), value.number(), value.string());
            }
            let _ = text.members();
        }

        #[test]
        fn no_text_of_escapes_panics(text in "[\\\\ud8c0\"{}:, ]{0,40}") {
            let _ = Text::new(text.as_bytes().to_vec()).value();
        }
    }
}
