//! Text from outside on its way to a terminal.

/// Escapes what a terminal would obey, or show in another order than it is written: a CA's list is
/// fetched before anybody has vouched for it, and a file may hold anything.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_directional(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The marks, embeddings, overrides and isolates of Unicode Standard Annex #9, and the two
/// separators that some terminals take for line ends.
fn is_directional(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_cursor_or_turns_text_around_is_escaped() {
        let text = "a\u{1b}]0;x\u{7}b\u{202e}c\u{9b}\né";
        let shown = printable(text);
        assert_eq!(shown, r"a\u{1b}]0;x\u{7}b\u{202e}c\u{9b}\u{a}é");
    }
}
