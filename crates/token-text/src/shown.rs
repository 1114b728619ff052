//! Text from outside, made safe to print.

use std::fmt;

/// A text from outside in which whatever a terminal would obey is written as an escape.
///
/// The list of provisioners comes over the network, and nobody has vouched for it yet: a name
/// must not move the cursor, change colours, or change the writing direction of the text around it.
///
/// ```
/// use token_text::Shown;
///
/// assert_eq!(Shown("a\u{1b}[31m").to_string(), r"a\u{1b}[31m");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if Self::escapes(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

impl Shown<'_> {
    /// Returns whether a terminal would obey this character, or show the following ones in another order.
    #[must_use]
    pub fn escapes(c: char) -> bool {
        c.is_control() || is_bidi_control(c)
    }
}

/// The characters that change the writing direction (Unicode Standard Annex #9, table 4), and the
/// two separators that some terminals take for line ends.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text whose control characters are written as escapes, cut after 500 characters.
///
/// A server sent it: it must not move the cursor, change the writing direction or fill the screen.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a>(pub &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = self.0.char_indices().nth(MOST).map(|(at, _)| at);
        let text = cut.and_then(|at| self.0.get(..at)).unwrap_or(self.0);
        Shown(text).fmt(f)?;
        if cut.is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}

/// How many characters of a text are shown.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_reach_the_terminal() {
        assert_eq!(Shown("a\u{1b}[31m\n\u{202e}é").to_string(), "a\\u{1b}[31m\\u{a}\\u{202e}é");
    }

    #[test]
    fn a_message_cannot_reach_the_terminal() {
        assert_eq!(Excerpt("a\u{1b}[31m\n\u{202e}é").to_string(), "a\\u{1b}[31m\\u{a}\\u{202e}é");
    }

    #[test]
    fn a_long_message_is_cut() {
        assert_eq!(Excerpt(&"x".repeat(MOST)).to_string(), "x".repeat(MOST));
        assert_eq!(Excerpt(&"é".repeat(2 * MOST)).to_string(), format!("{}…", "é".repeat(MOST)));
    }
}
