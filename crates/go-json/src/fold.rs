//! Names of members without regard to letter case.

/// Returns whether `encoding/json` stores a member of this name in a field of that one.
///
/// Letters are folded as Unicode's simple case folding does: the long s (U+017F) is an s, and the
/// Kelvin sign (U+212A) a k. The name of the field is ASCII.
#[must_use]
pub fn folds_to(name: &str, field: &str) -> bool {
    if name.is_ascii() {
        return name.eq_ignore_ascii_case(field);
    }
    let fold = |c: char| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(field.chars().map(|c| c.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_as_in_go() {
        for (name, field, folds) in [
            ("sub", "sub", true),
            ("SUB", "sub", true),
            ("dnsnames", "dnsNames", true),
            ("ſub", "sub", true),
            ("\u{212a}ey", "key", true),
            ("dNſNameſ", "dnsNames", true),
            ("sub ", "sub", false),
            ("ıd", "id", false),
            ("", "id", false),
        ] {
            assert_eq!(folds_to(name, field), folds, "{name}");
        }
    }
}
