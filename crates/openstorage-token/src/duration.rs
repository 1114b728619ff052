use std::fmt;
use std::str::FromStr;

/// How long a token lives: whole seconds, up to 292 years.
///
/// Text is one number and one unit, `s`, `m`, `h`, `d` or `y`, with nothing before, between or
/// after; a day has 24 hours, a year 365 days. Leading zeros and a length of zero are allowed.
/// This accepts what OpenStorage accepts, except for lengths that overflow its count of nanoseconds
/// and turn into another time, often one in the past.
///
/// Source: OpenStorage, `pkg/auth/duration.go`.
///
/// ```
/// use openstorage_token::Lifetime;
///
/// assert_eq!("1y".parse::<Lifetime>()?.as_seconds(), 31_536_000);
/// assert!("1w".parse::<Lifetime>().is_err());
/// # Ok::<(), openstorage_token::LifetimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(u64);

impl Lifetime {
    /// One day: the lifetime if none is given.
    pub const DEFAULT: Self = Self(86_400);

    /// A length of zero.
    pub const ZERO: Self = Self(0);

    /// Returns the seconds.
    #[must_use]
    pub fn as_seconds(self) -> u64 {
        self.0
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    fn from_str(text: &str) -> Result<Self, LifetimeError> {
        let fault = |fault| LifetimeError { text: text.to_owned(), fault };
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        if text.is_empty() {
            return Err(fault(LifetimeFault::Empty));
        }
        if digits.is_empty() {
            return Err(fault(match unit.strip_prefix(['-', '+']) {
                Some(_) => LifetimeFault::Sign,
                None => LifetimeFault::NoNumber,
            }));
        }
        let (seconds, most) = match unit {
            "s" => (1, 9_223_372_036),
            "m" => (60, 153_722_867),
            "h" => (3600, 2_562_047),
            "d" => (86_400, 106_751),
            "y" => (31_536_000, 292),
            "" => return Err(fault(LifetimeFault::NoUnit)),
            unit => return Err(fault(LifetimeFault::UnknownUnit(unit.to_owned()))),
        };
        // A number too large for the type is too long a time as well.
        let count: u64 = digits.parse().unwrap_or(u64::MAX);
        if count > most {
            return Err(fault(LifetimeFault::TooLong { most, unit: unit.to_owned() }));
        }
        Ok(Self(count * seconds))
    }
}

impl fmt::Display for Lifetime {
    /// Writes the same length in the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(31_536_000, "y"), (86_400, "d"), (3600, "h"), (60, "m")];
        let fits = |(length, _): &&(u64, &str)| self.0 > 0 && self.0.is_multiple_of(*length);
        match units.iter().find(fits) {
            Some((length, unit)) => write!(f, "{}{unit}", self.0 / length),
            None => write!(f, "{}s", self.0),
        }
    }
}

/// Why a text is not a lifetime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid duration: {fault}")]
pub struct LifetimeError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub fault: LifetimeFault,
}

/// What is wrong with a text that should be a lifetime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LifetimeFault {
    /// The text is empty.
    #[error("it is empty; expected a number and a unit, as in `30d`")]
    Empty,
    /// It begins with a sign.
    #[error("it has a sign, which is not allowed")]
    Sign,
    /// It does not begin with a digit.
    #[error("it must begin with a number, as in `30d`")]
    NoNumber,
    /// It is a number without a unit.
    #[error("the unit is missing: s, m, h, d or y, as in `30d`")]
    NoUnit,
    /// What follows the number is not a unit.
    #[error("{0:?} is not a unit; expected s, m, h, d or y, as in `30d`")]
    UnknownUnit(String),
    /// It is longer than a server can count.
    #[error("the longest is {most}{unit}, about 292 years")]
    TooLong {
        /// The largest number of this unit.
        most: u64,
        /// The unit.
        unit: String,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_number_and_one_unit_are_a_lifetime() {
        for (text, seconds) in [
            ("1d", 86_400),
            ("123s", 123),
            ("30d", 2_592_000),
            ("1y", 31_536_000),
            ("0001d", 86_400),
            ("5m", 300),
            ("12h", 43_200),
            ("0s", 0),
            ("0d", 0),
            ("9223372036s", 9_223_372_036),
            ("153722867m", 9_223_372_020),
            ("2562047h", 9_223_369_200),
            ("106751d", 9_223_286_400),
            ("292y", 9_208_512_000),
            ("00000000000000000000000000001s", 1),
        ] {
            assert_eq!(text.parse::<Lifetime>().unwrap().as_seconds(), seconds, "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_and_says_why() {
        for (text, part) in [
            ("", "empty"),
            ("123", "the unit is missing"),
            ("0", "the unit is missing"),
            ("1w", "\"w\" is not a unit"),
            ("1S", "\"S\" is not a unit"),
            ("5M", "\"M\" is not a unit"),
            ("-1d", "has a sign"),
            ("+1d", "has a sign"),
            ("1.5h", "\".5h\" is not a unit"),
            ("1h30m", "\"h30m\" is not a unit"),
            ("1 d", "\" d\" is not a unit"),
            (" 1d", "must begin with a number"),
            ("1d ", "\"d \" is not a unit"),
            ("1d\n", "is not a unit"),
            ("123sabcd", "is not a unit"),
            ("ab123s", "must begin with a number"),
            ("d", "must begin with a number"),
            ("9223372037s", "the longest is 9223372036s"),
            ("153722868m", "the longest is 153722867m"),
            ("2562048h", "the longest is 2562047h"),
            ("106752d", "the longest is 106751d"),
            ("293y", "the longest is 292y"),
            ("99999999y", "the longest is 292y"),
            ("9223372036854775808s", "the longest"),
            ("99999999999999999999999s", "the longest"),
            ("١d", "must begin with a number"),
        ] {
            let message = text.parse::<Lifetime>().unwrap_err().to_string();
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(seconds in 0_u64..=9_208_512_000) {
            let lifetime = Lifetime(seconds);
            prop_assert_eq!(lifetime.to_string().parse::<Lifetime>().unwrap(), lifetime);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Lifetime>();
        }
    }
}
