//! JSON as step-ca's own tools write it: compact, and safe inside HTML.
//!
//! The Go programs of step-ca escape `<`, `>`, `&`, U+2028 and U+2029 in every string. A CA
//! accepts both forms; writing the same one makes tokens comparable byte for byte.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Returns `value` as one line of JSON, without white space, `<`, `>`, `&`, U+2028 and U+2029 as
/// `\uXXXX`.
///
/// Members come in the order in which `value` serialises them: headers and claims are structs whose
/// fields are in alphabetical order.
///
/// Source: the `encoding/json` package of Go, `HTMLEscape`.
///
/// # Errors
///
/// Only what the `Serialize` implementation of `value` reports; writing to memory cannot fail.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::with_capacity(1024);
    value.serialize(&mut Serializer::with_formatter(&mut text, HtmlSafe))?;
    Ok(text)
}

struct HtmlSafe;

impl Formatter for HtmlSafe {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        // Most strings need no escape: one pass over the bytes finds out.
        let mut rest = fragment;
        if !fragment.bytes().any(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
            return writer.write_all(fragment.as_bytes());
        }
        while let Some((at, escape, width)) = first_unsafe(rest) {
            writer.write_all(&rest.as_bytes()[..at])?;
            writer.write_all(escape)?;
            rest = &rest[at + width..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Returns the position of the first character to escape, its escape, and its length in bytes.
fn first_unsafe(text: &str) -> Option<(usize, &'static [u8], usize)> {
    text.char_indices().find_map(|(at, c)| {
        let escape: &[u8] = match c {
            '<' => b"\\u003c",
            '>' => b"\\u003e",
            '&' => b"\\u0026",
            '\u{2028}' => b"\\u2028",
            '\u{2029}' => b"\\u2029",
            _ => return None,
        };
        Some((at, escape, c.len_utf8()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_written_as_go_writes_them() {
        let text = "a<b>&\u{2028}\u{2029}\t\"\\ü\u{7f}\u{1}";
        assert_eq!(
            String::from_utf8(to_vec(text).unwrap()).unwrap(),
            "\"a\\u003cb\\u003e\\u0026\\u2028\\u2029\\t\\\"\\\\ü\u{7f}\\u0001\""
        );
    }

    #[test]
    fn there_is_no_white_space() {
        let value = serde_json::json!({"a": [1, true, null], "b": {"c": "d"}});
        assert_eq!(to_vec(&value).unwrap(), br#"{"a":[1,true,null],"b":{"c":"d"}}"#);
    }
}
