use std::str::FromStr;

use crate::error::Error;
use crate::setting::{Origin, Setting};

/// A value as the caller gave it: an empty one counts as given, and means none.
///
/// A script with an empty variable writes `--kid ""`. That takes precedence over the environment,
/// and selects no key ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<T> {
    /// The value is empty.
    Empty,
    /// Any other value.
    Value(T),
}

impl<T: Clone> Given<T> {
    /// Returns the value of a flag as a setting; an empty value means none.
    pub fn setting(&self, flag: &'static str) -> Option<Setting<T>> {
        match self {
            Self::Value(value) => Some(Setting::new(value.clone(), Origin::CommandLine { flag })),
            Self::Empty => None,
        }
    }

    /// Returns the value of a flag as a setting, and refuses an empty one.
    ///
    /// # Errors
    ///
    /// A usage error that names the flag: most likely a script's variable was not set.
    pub fn non_empty(&self, flag: &'static str) -> Result<Setting<T>, Error> {
        self.setting(flag).ok_or_else(|| empty_flag(flag))
    }
}

/// Reports that a flag has an empty value where it needs one.
#[must_use]
pub fn empty_flag(flag: &str) -> Error {
    Error::usage(format!("--{flag} is empty"))
        .hint("leave it out, or check the variable it comes from")
}

impl<T: FromStr> FromStr for Given<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text.is_empty() { Ok(Self::Empty) } else { text.parse().map(Self::Value) }
    }
}

/// A flag that is on or off, in the spellings of Go's `strconv.ParseBool`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch(pub bool);

impl Switch {
    /// Returns whether a flag is on; one that was not given is off.
    #[must_use]
    pub fn is_on(switch: Option<Self>) -> bool {
        switch.is_some_and(|switch| switch.0)
    }
}

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Self(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Self(false)),
            _ => Err("expected `true` or `false`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_has_the_spellings_of_go() {
        for text in ["1", "t", "T", "true", "TRUE", "True"] {
            assert!(text.parse::<Switch>().unwrap().0, "{text}");
        }
        for text in ["0", "f", "F", "false", "FALSE", "False"] {
            assert!(!text.parse::<Switch>().unwrap().0, "{text}");
        }
        for text in ["", "yes", "tRUE", " true", "on"] {
            assert!(text.parse::<Switch>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_value_is_given_and_stands_for_none() {
        assert_eq!("".parse::<Given<u8>>().unwrap(), Given::Empty);
        assert_eq!("7".parse::<Given<u8>>().unwrap(), Given::Value(7));
    }
}
