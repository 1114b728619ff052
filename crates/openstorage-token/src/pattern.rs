//! The patterns of a role's rules, as a server matches them.

/// Returns whether a pattern denies a name.
pub(crate) fn denies(pattern: &str, name: &str) -> bool {
    is_denial(pattern) && fits(&bare(pattern), name)
}

/// Returns whether a pattern denies what it fits.
pub(crate) fn is_denial(pattern: &str) -> bool {
    pattern.starts_with('!')
}

/// Returns a pattern without the marks of a denial.
pub(crate) fn bare(pattern: &str) -> String {
    pattern.replace('!', "").trim().to_owned()
}

/// Returns whether a pattern fits a name: `*x*` contains, `*x` ends with, `x*` starts with, `x` is.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let (first, last) = (pattern.starts_with('*'), pattern.ends_with('*'));
    if pattern.is_empty() || !(first || last) {
        return !pattern.is_empty() && pattern == name;
    }
    let part = pattern.replace('*', "");
    let part = part.trim();
    match (first, last) {
        (true, true) => name.contains(part),
        (true, false) => name.ends_with(part),
        _ => name.starts_with(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_stars_at_their_ends_alone() {
        for (pattern, name, fit) in [
            ("*", "x", true),
            ("***", "x", true),
            ("create", "create", true),
            ("Create", "create", false),
            ("c*e", "create", false),
            ("*c*e", "create", false),
            ("*rea*", "create", true),
            ("*ate", "create", true),
            ("cre*", "create", true),
            ("", "", false),
            ("cr* ", "create", false),
            ("* rea *", "create", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
        assert!(
            denies("!*", "x") && denies("! x", "x") && !denies("!", "x") && !denies("*!x", "x")
        );
    }
}
