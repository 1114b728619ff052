use std::fmt;

use crate::signed_duration::SignedDuration;
use crate::timestamp::Timestamp;

/// Why a text is no time, or why a time cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a duration.
    #[error("{text:?} is not a duration such as 90s, 1h30m or -5m: {fault}")]
    Duration {
        /// The text as it was given.
        text: String,
        /// The first thing wrong with it.
        fault: DurationFault,
    },

    /// The text is not an RFC 3339 time.
    #[error("{text:?} is not a time such as 2026-11-22T22:16:46Z: {fault}")]
    Time {
        /// The text as it was given.
        text: String,
        /// The first thing wrong with it.
        fault: TimeFault,
    },

    /// The text is neither a time nor a duration.
    #[error(
        "{text:?} is neither a time such as 2026-11-22T22:16:46Z nor a duration such as 1h30m{}",
        advice(*time, duration)
    )]
    When {
        /// The text as it was given.
        text: String,
        /// Why it is no time.
        time: TimeFault,
        /// Why it is no duration.
        duration: DurationFault,
    },

    /// A duration leads away from an instant to one that cannot be held.
    #[error("{duration} from {start} is out of range")]
    OutOfRange {
        /// The instant the duration counts from.
        start: Timestamp,
        /// The duration added to it.
        duration: SignedDuration,
    },

    /// The system's clock shows an instant that cannot be held.
    #[error("the clock shows an instant that is out of range")]
    Clock,
}

/// What is wrong with a text that should be a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DurationFault {
    /// There is nothing, or nothing but a sign.
    Empty,
    /// A number was expected where something else stands.
    NoNumber,
    /// A number has no unit behind it.
    NoUnit,
    /// The unit is none of `ns`, `us`, `µs`, `ms`, `s`, `m` and `h`.
    UnknownUnit(String),
    /// The length is outside −2⁶³ to 2⁶³ − 1 nanoseconds, about 292 years either way.
    OutOfRange,
}

impl fmt::Display for DurationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::NoNumber => f.write_str("a number is missing"),
            Self::NoUnit => f.write_str("a number has no unit"),
            Self::UnknownUnit(unit) if is_day(unit) => f.write_str(DAYS),
            Self::UnknownUnit(unit) => {
                write!(f, "{unit:?} is not a unit (h, m, s, ms, us and ns are)")
            }
            Self::OutOfRange => f.write_str("it is longer than 292 years"),
        }
    }
}

/// What is wrong with a text that should be a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeFault {
    /// It does not have the form of RFC 3339 at all.
    Shape,
    /// It would be a time if `Z` or an offset such as `+01:00` stood at its end.
    NoOffset,
    /// It names a second number 60; leap seconds are not accepted.
    LeapSecond,
    /// It has the form, but the calendar or the day has no such time: 30 February, 24 o'clock.
    NoSuchTime,
    /// Its offset takes it out of the years 0000 to 9999 in UTC.
    OutOfRange,
}

impl fmt::Display for TimeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shape => "the form is date, capital T, time, capital Z or an offset",
            Self::NoOffset => "it must end in Z or in an offset such as +01:00",
            Self::LeapSecond => "leap seconds are not accepted",
            Self::NoSuchTime => "there is no such date or time of day",
            Self::OutOfRange => "it is outside the years 0000 to 9999 in UTC",
        })
    }
}

const DAYS: &str = "days are written in hours, 1 day as 24h";

/// What to say behind "neither a time nor a duration", where the text shows which was meant.
fn advice(time: TimeFault, duration: &DurationFault) -> String {
    match (time, duration) {
        (TimeFault::Shape, DurationFault::UnknownUnit(unit)) if is_day(unit) => {
            format!("; {DAYS}")
        }
        (TimeFault::Shape, DurationFault::OutOfRange | DurationFault::NoUnit) => {
            format!("; as a duration, {duration}")
        }
        (TimeFault::Shape, _) => String::new(),
        (time, _) => format!("; as a time, {time}"),
    }
}

fn is_day(unit: &str) -> bool {
    ["d", "day", "days"].iter().any(|day| unit.eq_ignore_ascii_case(day))
}
