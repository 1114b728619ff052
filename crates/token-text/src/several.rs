//! A list of names, cut to what a message can carry.

use std::fmt;

use crate::shown::Excerpt;

/// The first ten of `items`, each in backquotes, and how many more there are.
///
/// The names come from files and servers, in any number and of any length. A long one is cut.
///
/// ```
/// use token_text::Several;
///
/// assert_eq!(Several(&["a", "b\u{1b}"]).to_string(), r"`a`, `b\u{1b}`");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Several<'a, T>(pub &'a [T]);

impl<T: AsRef<str>> fmt::Display for Several<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(self.0, "`", f)
    }
}

/// The same without backquotes, for values that have them already or need none.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a, T>(pub &'a [T]);

impl<T: AsRef<str>> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(self.0, "", f)
    }
}

fn list<T: AsRef<str>>(items: &[T], quote: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (position, item) in items.iter().take(MOST).enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        write!(f, "{separator}{quote}{}{quote}", Excerpt(item.as_ref()))?;
    }
    match items.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// How many names a message has.
const MOST: usize = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_list_is_cut_at_ten() {
        let names: Vec<String> = (0..13).map(|n| format!("p{n}")).collect();
        assert_eq!(
            Several(&names).to_string(),
            "`p0`, `p1`, `p2`, `p3`, `p4`, `p5`, `p6`, `p7`, `p8`, `p9` and 3 more"
        );
        assert_eq!(Listed(&names).to_string(), "p0, p1, p2, p3, p4, p5, p6, p7, p8, p9 and 3 more");
        assert_eq!(Several(&["one"]).to_string(), "`one`");
        assert_eq!(Several::<&str>(&[]).to_string(), "");
    }

    #[test]
    fn a_long_name_is_cut() {
        let name = "x".repeat(70_000);
        assert_eq!(Several(&[&name]).to_string(), format!("`{}…`", "x".repeat(500)));
    }

    proptest! {
        #[test]
        fn no_list_is_longer_than_a_screen(
            names in proptest::collection::vec(".{0,2000}", 0..30)
        ) {
            let text = Several(&names).to_string();
            // Ten names of 500 characters; the longest escape has ten.
            prop_assert!(text.chars().count() < 10 * 5_010, "{}", text.len());
            prop_assert!(!text.chars().any(crate::Shown::escapes));
        }
    }
}
