//! Text from the network, made safe for a terminal.

use std::fmt;

/// The most characters of a text that are shown.
const MOST: usize = 500;

/// A text displayed with control characters escaped, cut after 500 characters.
///
/// It comes from an unknown server: it must not move the cursor, reverse the direction of text or
/// fill the screen.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = self.0.char_indices().nth(MOST).map(|(at, _)| at);
        let text = cut.and_then(|at| self.0.get(..at)).unwrap_or(self.0);
        step_provisioner::Shown(text).fmt(f)?;
        if cut.is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_reach_the_terminal() {
        assert_eq!(Shown("a\u{1b}[31m\n\u{202e}é").to_string(), "a\\u{1b}[31m\\u{a}\\u{202e}é");
    }

    #[test]
    fn a_long_message_is_cut() {
        assert_eq!(Shown(&"x".repeat(MOST)).to_string(), "x".repeat(MOST));
        assert_eq!(Shown(&"é".repeat(2 * MOST)).to_string(), format!("{}…", "é".repeat(MOST)));
    }
}
