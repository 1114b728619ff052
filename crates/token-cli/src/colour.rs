//! Labels in colour: what a line on a terminal begins with.

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Where the stream is a terminal, and the environment does not say no.
    Auto,
    /// On both streams, terminals or not.
    Always,
    /// Never.
    Never,
}

/// Colours the label that a line begins with; every other text stays as it is.
pub(crate) fn painted(text: &str) -> String {
    text.split_inclusive('\n').map(painted_line).collect()
}

fn painted_line(line: &str) -> String {
    // A label ends the line, or is followed by a blank.
    let known = LABELS.iter().find_map(|(label, code)| {
        let rest = line.strip_prefix(label)?;
        rest.starts_with([' ', '\n']).then_some((*label, *code, rest))
    });
    match known {
        Some((label, code, rest)) => format!("\u{1b}[{code}m{label}\u{1b}[0m{rest}"),
        None => line.to_owned(),
    }
}

/// The labels, each with its code (ECMA-48, SGR).
const LABELS: [(&str, &str); 8] = [
    ("error:", "1;31"),
    ("warning:", "1;33"),
    ("note:", "1;36"),
    ("hint:", "1;32"),
    ("ok", "32"),
    ("FAIL", "1;31"),
    ("warn", "33"),
    ("-", "2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_label_at_the_start_is_coloured() {
        assert_eq!(
            painted("error: an error: x\nhint: y"),
            "\u{1b}[1;31merror:\u{1b}[0m an error: x\n\u{1b}[1;32mhint:\u{1b}[0m y"
        );
        assert_eq!(painted("ok    issuer\n"), "\u{1b}[32mok\u{1b}[0m    issuer\n");
        for plain in ["okay", "FAILED", "      try: x", "", "warning", "-x"] {
            assert_eq!(painted(plain), plain);
        }
    }
}
