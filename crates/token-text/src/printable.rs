//! Escapes text from outside before it is printed on a terminal.

use zeroize::Zeroizing;

use crate::shown::Shown;

/// Escapes control characters, and those that change the order in which text is shown.
#[must_use]
pub fn printable(text: &str) -> String {
    Shown(text).to_string()
}

/// Escapes the same characters in JSON, where they occur only in strings, and keeps the lines.
///
/// The result may contain a token, so it is wiped on drop.
#[must_use]
pub fn printable_json(json: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(json.len() + 64));
    for c in json.chars() {
        match c {
            '\n' => text.push(c),
            c if Shown::escapes(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_escaped_and_keeps_its_lines() {
        let value = serde_json::json!({ "a": "b\u{202e}c\u{9b}\u{feff}\u{61c}\u{e0041}\u{200b}\né", "d": [1] });
        let json = serde_json::to_string_pretty(&value).unwrap();
        let shown = printable_json(&json);
        assert!(!shown.chars().any(|c| c != '\n' && Shown::escapes(c)), "{}", shown.as_str());
        assert_eq!(shown.lines().count(), json.lines().count());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn what_moves_a_cursor_or_turns_text_around_is_escaped() {
        let text = "a\u{1b}]0;x\u{7}b\u{202e}c\u{9b}\né";
        let shown = printable(text);
        assert_eq!(shown, r"a\u{1b}]0;x\u{7}b\u{202e}c\u{9b}\u{a}é");
    }
}
