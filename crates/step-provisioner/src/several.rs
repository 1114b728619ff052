//! A list of names, cut to what a message can carry.

use std::fmt;

use token_text::Shown;

/// The first ten of `items`, each in backquotes, and how many more there are.
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
