//! A text whose syntax has been checked.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Malformed, Syntax};
use crate::scan::{Scan, scan};
use crate::value::Value;
use crate::walk;

/// The number of brackets that `encoding/json` reads within each other.
const DEEPEST: usize = 10_000;

/// A JSON text whose syntax has been checked, once and as a whole.
///
/// It borrows the bytes unless some of them must be read as U+FFFD.
pub struct Document<'a> {
    text: Cow<'a, str>,
    overflows: bool,
}

impl<'a> Document<'a> {
    /// Reads a text as `json.Unmarshal` of `encoding/json` does: one value, and nothing but white
    /// space after it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is not JSON, or has more than 10,000 brackets within each other.
    pub fn whole(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::read(bytes, DEEPEST, Rest::IsSpace)
    }

    /// Reads the first value of a text as a `json.Decoder` of `encoding/json` does. What follows it
    /// is ignored.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it does not begin with JSON, or has more than 10,000 brackets within each
    /// other.
    pub fn first(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::read(bytes, DEEPEST, Rest::IsIgnored)
    }

    /// Reads a text as go-jose does: one value, nested to any depth, and nothing but white space
    /// after it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is not JSON.
    pub fn jose(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::read(bytes, usize::MAX, Rest::IsSpace)
    }

    fn read(bytes: &'a [u8], deepest: usize, rest: Rest) -> Result<Self, Malformed> {
        let malformed = |(at, fault)| match is_utf_16(bytes) {
            true => Malformed::at(0, Syntax::Utf16, bytes),
            false => Malformed::at(at, fault, bytes),
        };
        let Scan { end, overflows, halves } = scan(bytes, deepest).map_err(malformed)?;
        let after = walk::after_space(bytes, end);
        if rest == Rest::IsSpace && after != bytes.len() {
            return Err(malformed((after, Syntax::Trailing)));
        }
        let start = walk::after_space(bytes, 0);
        let value = bytes.get(start..end).unwrap_or_default();
        let halves = halves.into_iter().map(|at| at - start);
        Ok(Self { text: text(value, halves), overflows })
    }

    /// Returns the value that the text is.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        Value::of(&self.text)
    }

    /// Returns whether a number in it does not fit a 64-bit float, which only matters to a
    /// decoder that has to store it.
    #[must_use]
    pub fn overflows(&self) -> bool {
        self.overflows
    }
}

impl fmt::Debug for Document<'_> {
    /// Leaves out the text, which may contain a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// What may follow a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    IsSpace,
    IsIgnored,
}

/// Returns bytes as text, with U+FFFD for each byte that is not UTF-8 and for each half of a
/// surrogate pair.
fn text(bytes: &[u8], halves: impl ExactSizeIterator<Item = usize>) -> Cow<'_, str> {
    if halves.len() == 0 {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(repaired(bytes)),
        };
    }
    let mut bytes = bytes.to_vec();
    for at in halves {
        if let Some(escape) = bytes.get_mut(at..at + 6) {
            escape.copy_from_slice(b"\\ufffd");
        }
    }
    Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|error| repaired(error.as_bytes())))
}

/// Returns whether a text that is no JSON is UTF-16, as PowerShell writes it: it has a byte order mark,
/// or its first character is of ASCII and has a NUL beside it.
fn is_utf_16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [1..=0x7f, 0, ..] | [0, 1..=0x7f, ..])
}

fn repaired(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn string(text: &[u8]) -> String {
        Document::whole(text).unwrap().value().string().unwrap().into_owned()
    }

    fn fault(text: &[u8]) -> Malformed {
        Document::whole(text).unwrap_err()
    }

    #[test]
    fn what_is_no_text_becomes_a_replacement_character() {
        for (bytes, read) in [
            (&b"\"a\xffb\""[..], "a\u{fffd}b"),
            (b"\"\xe2\x82\"", "\u{fffd}\u{fffd}"),
            (b"\"\xed\xa0\x80\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (br#""\ud800""#, "\u{fffd}"),
            (br#""\udc00x""#, "\u{fffd}x"),
            (br#""\ud800\u0041""#, "\u{fffd}A"),
            (br#" "\ud800\ud83d\ude00" "#, "\u{fffd}\u{1f600}"),
            (br#""\\ud800""#, "\\ud800"),
            (br#""\"\ud800""#, "\"\u{fffd}"),
            (b"\"\\ud800\xff\"", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(string(bytes), read, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_fault_has_its_place_and_says_what_was_expected() {
        for (text, message) in [
            ("", "unexpected end at line 1, column 1"),
            ("{", "unexpected end at line 1, column 2"),
            ("{\n  \"a\": 1\n  \"b\": 2\n}", "expected `,` or `}` at line 3, column 3"),
            ("[1\n\n2]", "expected `,` or `]` at line 3, column 1"),
            ("[1,]", "expected a value at line 1, column 4"),
            ("{\"a\":1,}", "expected the name of a member in double quotes at line 1, column 8"),
            ("{\"a\" 1}", "expected `:` at line 1, column 6"),
            ("{} x", "unexpected text after the value at line 1, column 4"),
            ("{\"a\":01}", "invalid number at line 1, column 7"),
            ("-", "unexpected end at line 1, column 2"),
            ("1.x", "invalid number at line 1, column 3"),
            ("nul", "unexpected end at line 1, column 4"),
            ("nuLl", "expected a value at line 1, column 3"),
            ("\"\u{1}\"", "control character in a string at line 1, column 2"),
            ("\"\\x\"", "invalid escape at line 1, column 2"),
            ("\"\\u12g4\"", "invalid escape at line 1, column 2"),
            ("\u{feff}{}", "expected a value at line 1, column 1"),
        ] {
            assert_eq!(fault(text.as_bytes()).to_string(), message, "{text}");
        }
    }

    #[test]
    fn utf_16_is_named() {
        let units: Vec<u16> = "{\"a\":1}".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let marked = |mark: &[u8], text: &[u8]| [mark, text].concat();
        for text in [&little, &big, &marked(b"\xff\xfe", &little), &marked(b"\xfe\xff", &big)] {
            assert_eq!(fault(text).to_string(), "the text is UTF-16; expected UTF-8");
        }
        assert_eq!(fault(b"\xef\xbb\xbf{}").fault, Syntax::Value);
    }

    #[test]
    fn ten_thousand_brackets_are_read_and_one_more_only_by_go_jose() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
        assert!(Document::whole(&nested(10_000)).is_ok());
        assert!(Document::first(&nested(10_000)).is_ok());
        assert_eq!(fault(&nested(10_001)).fault, Syntax::Depth);
        assert!(Document::jose(&nested(200_000)).is_ok());
    }

    #[test]
    fn a_decoder_stops_after_the_first_value() {
        for text in ["{} garbage", "[1]]", "\"a\"\"b\"", "{}\u{0}"] {
            assert!(Document::first(text.as_bytes()).is_ok(), "{text}");
            assert_eq!(fault(text.as_bytes()).fault, Syntax::Trailing, "{text}");
        }
        assert_eq!(Document::first(b" {} x").unwrap().value().text(), "{}");
    }

    #[test]
    fn numbers_that_fit_no_float_are_noticed_wherever_they_are() {
        let overflows = |text: &[u8]| Document::whole(text).unwrap().overflows();
        assert!(overflows(br#"{"a":[1e400]}"#));
        assert!(!overflows(br#"{"a":["1e400", 1e300, 1e-400]}"#));
        let digits = |count| format!("[{}]", "9".repeat(count)).into_bytes();
        assert!(!overflows(&digits(308)) && overflows(&digits(310)));
    }

    #[test]
    fn nothing_of_the_text_is_in_its_debug_form() {
        let document = Document::whole(br#"{"password":"tr0ub4dor"}"#).unwrap();
        assert!(!format!("{document:?} {:?}", document.value()).contains("tr0ub4dor"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Document::first(&bytes);
        }

        #[test]
        fn valid_utf8_is_accepted_exactly_if_it_is_json(
            text in "[\\[\\]{},:\"\\\\ud0aAe.+\\-truefalsn1 \n\u{1}é]{0,24}"
        ) {
            let strict: Result<&serde_json::value::RawValue, _> = serde_json::from_str(&text);
            prop_assert_eq!(Document::whole(text.as_bytes()).is_ok(), strict.is_ok(), "{}", text);
        }
    }
}
