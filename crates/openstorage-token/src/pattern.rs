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
    Pattern::read(pattern).fits(name)
}

/// A pattern that is compared with several names.
pub(crate) enum Pattern {
    Is(String),
    Contains(String),
    EndsWith(String),
    StartsWith(String),
}

impl Pattern {
    pub(crate) fn read(pattern: &str) -> Self {
        let part = || pattern.replace('*', "").trim().to_owned();
        match (pattern.starts_with('*'), pattern.ends_with('*')) {
            (true, true) => Self::Contains(part()),
            (true, false) => Self::EndsWith(part()),
            (false, true) => Self::StartsWith(part()),
            (false, false) => Self::Is(pattern.to_owned()),
        }
    }

    pub(crate) fn fits(&self, name: &str) -> bool {
        match self {
            Self::Is(pattern) => !pattern.is_empty() && pattern == name,
            Self::Contains(part) => name.contains(part.as_str()),
            Self::EndsWith(part) => name.ends_with(part.as_str()),
            Self::StartsWith(part) => name.starts_with(part.as_str()),
        }
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
