//! The warnings about one token or one file, cut to what a person reads.

use std::collections::HashSet;
use std::fmt;

/// Returns the first ten warnings, each once, and how many others there are.
///
/// A token or a file with thousands of mistakes has thousands of them.
pub(super) fn several<W: fmt::Display>(warnings: impl IntoIterator<Item = W>) -> Vec<String> {
    let (mut told, mut seen) = (Vec::new(), HashSet::new());
    for warning in warnings {
        let text = warning.to_string();
        if seen.insert(text.clone()) && told.len() < MOST {
            told.push(text);
        }
    }
    match seen.len() - told.len() {
        0 => {}
        1 => told.push("there is 1 more such warning".to_owned()),
        more => told.push(format!("there are {more} more such warnings")),
    }
    told
}

/// How many warnings are told.
const MOST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_warnings_are_told_and_each_once() {
        assert_eq!(several(["a", "b", "a"]), ["a", "b"]);
        let ten: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        assert_eq!(several(ten.iter().chain(&ten)), ten);
        assert_eq!(several(0..11).last().unwrap(), "there is 1 more such warning");
        let told = several((0..9_000).chain(0..9_000));
        assert_eq!(told.len(), 11);
        assert_eq!(told.last().unwrap(), "there are 8990 more such warnings");
    }
}
