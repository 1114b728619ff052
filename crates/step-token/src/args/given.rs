use std::str::FromStr;

/// A value as a caller gave it: an empty one counts as given, and stands for none.
///
/// `--kid ""` is what a script writes whose variable is empty. It outranks the environment, and asks
/// for no key ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given<T> {
    Empty,
    Value(T),
}

impl<T: FromStr> FromStr for Given<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text.is_empty() { Ok(Self::Empty) } else { text.parse().map(Self::Value) }
    }
}

/// A flag that is on or off, in the spellings of Go's `strconv.ParseBool`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Switch(pub(crate) bool);

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Self(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Self(false)),
            _ => Err("it is `true` or `false`".to_owned()),
        }
    }
}

/// A `KEY=VALUE` for the `user` claim, looked at when the claim is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment(pub(crate) String);

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Err("it is KEY=VALUE".to_owned())
        } else if text.contains('=') {
            Ok(Self(text.to_owned()))
        } else {
            Err("it has no `=`; it is KEY=VALUE".to_owned())
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
