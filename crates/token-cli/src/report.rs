//! Prints a verdict: one line per check, what to try after a failure, and a conclusion.

use std::borrow::Cow;
use std::fmt::Write as _;

use token_text::printable;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It passed.
    Ok,
    /// It failed.
    Fail,
    /// It passed, with a warning.
    Warn,
    /// It was not reached.
    Skip,
}

impl Mark {
    /// Returns [`Ok`](Self::Ok) or [`Fail`](Self::Fail).
    #[must_use]
    pub fn of(passed: bool) -> Self {
        if passed { Self::Ok } else { Self::Fail }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fail => "FAIL",
            Self::Warn => "warn",
            Self::Skip => "-",
        }
    }
}

/// The report of a verdict, line by line. Names are ours; every other text is made safe to print.
#[derive(Clone, Debug, Default)]
pub struct Report(String);

impl Report {
    /// Adds a check: its mark, its name, and what was found.
    pub fn check(&mut self, mark: Mark, name: &str, found: &str) {
        self.line(&format!("{:<5} {name:<10} {}", mark.as_str(), printable(found)));
    }

    /// Adds what to try after the check above failed.
    pub fn way_out(&mut self, text: &str) {
        self.line(&format!("      try: {}", printable(text)));
    }

    /// Adds the answer to a question, and its reason.
    pub fn answer(&mut self, mark: Mark, question: &str, reason: &str) {
        let (question, reason) = (printable(question), printable(reason));
        self.line(&format!("{:<5} {question} -- {reason}", mark.as_str()));
    }

    /// Ends the report with its conclusion, and returns the text.
    #[must_use]
    pub fn conclude(mut self, conclusion: &str) -> String {
        self.line(&printable(conclusion));
        self.0
    }

    fn line(&mut self, line: &str) {
        let line = cut(line);
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

/// Leaves out the middle of a line that would fill the screen: a value is quoted whole in it, and
/// what is said about the value comes before or behind.
fn cut(line: &str) -> Cow<'_, str> {
    let length = line.chars().count();
    if length <= LONGEST {
        return Cow::Borrowed(line);
    }
    let begin = line.chars().take(LONGEST / 2);
    Cow::Owned(begin.chain(['…']).chain(line.chars().skip(length - LONGEST / 2)).collect())
}

/// The most characters of a line; ten roles and what each says fit.
const LONGEST: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_keeps_its_ends() {
        let mut report = Report::default();
        let name = "é".repeat(150_000);
        report.check(Mark::Fail, "issuer", &format!("`{name}` is not a trusted issuer"));
        report.answer(Mark::Ok, "can volume/create", &"x".repeat(150_000));
        report.way_out(&"x".repeat(1_980));
        let text = report.conclude(&name);
        assert!(text.lines().all(|line| line.chars().count() <= LONGEST + 1));
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("FAIL  issuer     `éé"), "{first}");
        assert!(first.ends_with("éé` is not a trusted issuer"), "{first}");
        assert!(first.contains("é…é"), "{first}");
        assert!(text.contains(&format!("      try: {}\n", "x".repeat(1_980))));
    }

    #[test]
    fn a_report_lines_up() {
        let mut report = Report::default();
        report.check(Mark::of(true), "issuer", "is `a\u{1b}`");
        report.check(Mark::Fail, "signature", "differs");
        report.way_out("look at the secret");
        report.answer(Mark::Ok, "can volume/create", "rule 1 grants it");
        let text = report.conclude("refused");
        assert_eq!(
            text,
            "ok    issuer     is `a\\u{1b}`\n\
             FAIL  signature  differs\n      try: look at the secret\n\
             ok    can volume/create -- rule 1 grants it\nrefused\n"
        );
    }
}
