//! Text from outside on its way to a terminal.

use step_provisioner::Shown;

/// Escapes what a terminal would obey, or show in another order than it is written.
pub(crate) fn printable(text: &str) -> String {
    Shown(text).to_string()
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
