use std::fmt;
use std::path::PathBuf;

use token_text::ShownPath;

/// A value and where it came from.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a value came from, so that a message can say what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of this invocation.
    CommandLine {
        /// The flag, without dashes.
        flag: &'static str,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A member of a defaults file.
    Defaults {
        /// The file.
        file: PathBuf,
        /// The member.
        key: String,
    },
    /// Not set anywhere.
    Default,
}

impl Origin {
    /// Returns whether this origin takes precedence over the other.
    #[must_use]
    pub fn outranks(&self, other: &Self) -> bool {
        let rank = |origin: &Self| match origin {
            Self::CommandLine { .. } => 3,
            Self::Environment { .. } => 2,
            Self::Defaults { .. } => 1,
            Self::Default => 0,
        };
        rank(self) > rank(other)
    }

    /// Returns whether it is a flag of this invocation.
    ///
    /// A flag without effect is refused; a setting without effect is ignored with a note.
    #[must_use]
    pub fn is_command_line(&self) -> bool {
        matches!(self, Self::CommandLine { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine { flag } => write!(f, "--{flag}"),
            Self::Environment { variable } => f.write_str(variable),
            Self::Defaults { file, key } => write!(f, "`{key}` in {}", ShownPath(file)),
            Self::Default => f.write_str("the default"),
        }
    }
}

impl<T> Setting<T> {
    /// Joins a value with its origin.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// Changes the value and keeps its origin.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Setting<U> {
        Setting { value: f(self.value), origin: self.origin }
    }
}
