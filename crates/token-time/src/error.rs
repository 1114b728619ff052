use crate::signed_duration::{DAYS, DurationFault, SignedDuration, is_day};
use crate::timestamp::{TimeFault, Timestamp};

/// Why a text is not a time or duration, or why a time cannot be computed.
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
        way_out(*time, duration)
    )]
    When {
        /// The text as it was given.
        text: String,
        /// Why it is not a time.
        time: TimeFault,
        /// Why it is not a duration.
        duration: DurationFault,
    },

    /// An instant plus a duration is outside the range of [`Timestamp`].
    #[error("{duration} from {start} is out of range")]
    OutOfRange {
        /// The instant the duration counts from.
        start: Timestamp,
        /// The duration added to it.
        duration: SignedDuration,
    },

    /// The system clock shows an instant outside the range of [`Timestamp`].
    #[error("the system clock shows a time that is out of range")]
    Clock,
}

/// What to add after "neither a time nor a duration" if the text shows which was meant.
fn way_out(time: TimeFault, duration: &DurationFault) -> String {
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
