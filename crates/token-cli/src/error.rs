use std::error::Error as StdError;
use std::fmt;

use token_text::printable;

use crate::exit::Exit;

/// An error of the program, for the person who reads it.
///
/// The libraries say what is wrong; the program adds which flag, file or variable is at fault, and
/// what to try. The first line is printed after `error:`, each hint after `hint:`.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Reports a command line that cannot work.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Reports a setting that is missing or wrong, or a file that cannot be used.
    #[must_use]
    pub fn settings(message: impl Into<String>) -> Self {
        Self::new(Exit::Settings, message)
    }

    /// Reports a key that cannot be used, or a wrong password.
    #[must_use]
    pub fn key(message: impl Into<String>) -> Self {
        Self::new(Exit::Key, message)
    }

    /// Reports a CA that refused or could not be reached.
    #[must_use]
    pub fn ca(message: impl Into<String>) -> Self {
        Self::new(Exit::Ca, message)
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hints: Vec::new(), source: None }
    }

    /// Adds a hint: what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds any number of hints.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    /// Adds a hint for each of the first ten, and `more` for those that are left.
    #[must_use]
    pub fn hint_for_each(mut self, hints: Vec<String>, more: impl FnOnce(usize) -> String) -> Self {
        const MOST: usize = 10;
        let left = hints.len().saturating_sub(MOST);
        self.hints.extend(hints.into_iter().take(MOST));
        self.hints.extend((left > 0).then(|| more(left)));
        self
    }

    /// Adds the cause, which is printed after the message.
    #[must_use]
    pub fn because(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(cause));
        self
    }

    /// Returns the exit status this error ends the program with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Returns the text for stderr: the message with its causes, then each hint on its own line.
    ///
    /// A cause whose text the message already contains is left out.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = format!("error: {}", printable(&self.message));
        let mut cause = self.source();
        while let Some(error) = cause {
            let told = printable(&error.to_string());
            if !text.contains(&told) {
                text.push_str(": ");
                text.push_str(&told);
            }
            cause = error.source();
        }
        for hint in &self.hints {
            text.push_str("\nhint: ");
            text.push_str(&printable(hint));
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_message_causes_and_hints() {
        let error = Error::settings("cannot read x")
            .because(std::io::Error::from(std::io::ErrorKind::NotFound))
            .hint("name another file");
        assert_eq!(
            error.report(),
            "error: cannot read x: entity not found\nhint: name another file"
        );
        assert_eq!(error.exit(), Exit::Settings);
    }
}
