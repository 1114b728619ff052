//! Names from a CA, made safe for a terminal.

use std::fmt;

/// A foreign text, displayed with terminal control characters escaped.
///
/// The list of provisioners comes over the network and is not authenticated: a name must
/// not move the cursor, change colours, or reverse the direction of the text around it.
///
/// ```
/// use step_provisioner::Shown;
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
    /// Returns whether this character controls a terminal, or the direction of the text after it.
    #[must_use]
    pub fn escapes(c: char) -> bool {
        c.is_control() || is_bidi_control(c)
    }
}

/// Characters that change the direction of writing (Unicode Standard Annex #9, table 4), and the
/// two separators that some terminals treat as line ends.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first ten of `items`, each in backticks, and how many more there are.
pub(crate) struct Several<'a, T>(pub(crate) &'a [T]);

impl<T: AsRef<str>> fmt::Display for Several<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 10;
        for (position, item) in self.0.iter().take(MOST).enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}`{}`", Shown(item.as_ref()))?;
        }
        match self.0.len().saturating_sub(MOST) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_reach_the_terminal() {
        assert_eq!(Shown("a\u{1b}[31m\n\u{202e}é").to_string(), "a\\u{1b}[31m\\u{a}\\u{202e}é");
    }

    #[test]
    fn a_long_list_is_cut_at_ten() {
        let names: Vec<String> = (0..13).map(|n| format!("p{n}")).collect();
        assert_eq!(
            Several(&names).to_string(),
            "`p0`, `p1`, `p2`, `p3`, `p4`, `p5`, `p6`, `p7`, `p8`, `p9` and 3 more"
        );
        assert_eq!(Several(&["one"]).to_string(), "`one`");
        assert_eq!(Several::<&str>(&[]).to_string(), "");
    }
}
