use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::Error;
use crate::signed_duration::SignedDuration;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// The first second of the year 0000 and the last of 9999, in UTC: the range of RFC 3339.
const RFC3339_SECONDS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// An instant: whole seconds since the Unix epoch, and the nanoseconds since that second began.
///
/// Text must be strict RFC 3339: a capital `T`, an offset (`Z` or `±HH:MM`), two digits
/// everywhere, a point before the fraction. Digits beyond the ninth of a fraction are cut off. Leap
/// seconds are refused, because Unix time cannot represent them.
///
/// [`Display`](fmt::Display) writes the same instant in UTC with as many digits of a fraction as
/// are needed, up to nine. Instants outside the years 0000 to 9999, which RFC 3339 cannot write and
/// [`FromStr`] refuses, are written with a sign and a longer year, as in ISO 8601.
///
/// Source: RFC 3339 §5.6; RFC 7519 §2 (NumericDate).
///
/// ```
/// use token_time::Timestamp;
///
/// let time: Timestamp = "2027-01-01T01:02:03.4500+01:00".parse()?;
/// assert_eq!(time.unix_seconds(), 1_798_761_723);
/// assert_eq!(time.to_string(), "2027-01-01T00:02:03.45Z");
/// # Ok::<(), token_time::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    /// Below 10⁹; it counts forward from `seconds`, also for instants before 1970.
    nanos: u32,
}

impl Timestamp {
    /// 1 January 1970, 00:00:00 UTC.
    pub const UNIX_EPOCH: Self = Self { seconds: 0, nanos: 0 };

    /// 1 January of the year 1, 00:00:00 UTC: Go, and so `step`, treats it as "unset".
    pub const GO_ZERO: Self = Self { seconds: -62_135_596_800, nanos: 0 };

    /// Returns the instant this many seconds after the Unix epoch; negative is before it.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// Returns the instant `nanos` nanoseconds after that second began, or `None` from 10⁹ up.
    pub const fn from_unix(seconds: i64, nanos: u32) -> Option<Self> {
        if nanos < 1_000_000_000 { Some(Self { seconds, nanos }) } else { None }
    }

    /// Returns the whole seconds since the Unix epoch, rounded towards the past.
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds since that second began, below 10⁹.
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// Returns the instant at which this second began.
    pub const fn whole_second(self) -> Self {
        Self::from_unix_seconds(self.seconds)
    }

    /// Returns the instant `duration` later, or `None` if it is out of range.
    pub fn checked_add(self, duration: SignedDuration) -> Option<Self> {
        Self::from_total_nanos(self.total_nanos() + i128::from(duration.as_nanos()))
    }

    /// Returns the instant `duration` earlier, or `None` if it is out of range.
    pub fn checked_sub(self, duration: SignedDuration) -> Option<Self> {
        Self::from_total_nanos(self.total_nanos() - i128::from(duration.as_nanos()))
    }

    /// Returns the time from `earlier` to this, or the nearest duration that fits.
    pub fn saturating_since(self, earlier: Self) -> SignedDuration {
        let nanos = self.total_nanos() - earlier.total_nanos();
        SignedDuration::from_nanos(match i64::try_from(nanos) {
            Ok(nanos) => nanos,
            Err(_) if nanos < 0 => i64::MIN,
            Err(_) => i64::MAX,
        })
    }

    /// At most 2⁶³ × 10⁹ + 10⁹ either way, far below the limits of `i128`.
    fn total_nanos(self) -> i128 {
        i128::from(self.seconds) * NANOS_PER_SECOND + i128::from(self.nanos)
    }

    fn from_total_nanos(nanos: i128) -> Option<Self> {
        Some(Self {
            seconds: i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).ok()?,
            nanos: u32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).ok()?,
        })
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = Error;

    /// Converts a reading of the system clock.
    fn try_from(time: SystemTime) -> Result<Self, Error> {
        let (nanos, sign) = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => (after.as_nanos(), 1),
            Err(before) => (before.duration().as_nanos(), -1),
        };
        i128::try_from(nanos)
            .ok()
            .and_then(|nanos| Self::from_total_nanos(sign * nanos))
            .ok_or(Error::Clock)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).map_err(|fault| Error::Time { text: text.to_owned(), fault })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_date(self.seconds.div_euclid(SECONDS_PER_DAY));
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let year =
            if (0..=9999).contains(&year) { format!("{year:04}") } else { format!("{year:+05}") };
        let mut text = format!(
            "{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        if self.nanos != 0 {
            text.push_str(format!(".{:09}", self.nanos).trim_end_matches('0'));
        }
        text.push('Z');
        f.pad(&text)
    }
}

/// Returns year, month and day of a day counted from 1 January 1970, in the proleptic Gregorian
/// calendar.
///
/// The count is by eras of 400 years that begin on 1 March, so that the leap day comes last:
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`. It holds for
/// every day that a second in an `i64` can name, which the `time` crate's dates do not.
fn civil_date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, day_of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_month)
}

/// Parses RFC 3339. The `time` crate knows the calendar; what it accepts beyond the grammar (any
/// character for the `T`, a small `z`, leap seconds) is refused before it sees the text.
pub(crate) fn parse(text: &str) -> Result<Timestamp, TimeFault> {
    let (clock, rest) =
        text.split_at_checked("0000-00-00T00:00:00".len()).ok_or(TimeFault::Shape)?;
    if !has_shape(clock, "0000-00-00T00:00:00") {
        return Err(TimeFault::Shape);
    }
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, offset) = rest.split_at(end);
            if digits.is_empty() {
                return Err(TimeFault::Shape);
            }
            (digits.get(..9).unwrap_or(digits), offset)
        }
        None => ("0", rest),
    };
    match offset {
        "" => return Err(TimeFault::NoOffset),
        "Z" => {}
        _ if has_shape(offset, "+00:00") || has_shape(offset, "-00:00") => {}
        _ => return Err(TimeFault::Shape),
    }
    if clock.ends_with(":60") {
        return Err(TimeFault::LeapSecond);
    }

    let time = OffsetDateTime::parse(&format!("{clock}.{fraction}{offset}"), &Rfc3339)
        .map_err(|_| TimeFault::NoSuchTime)?;
    if !RFC3339_SECONDS.contains(&time.unix_timestamp()) {
        return Err(TimeFault::OutOfRange);
    }
    Ok(Timestamp { seconds: time.unix_timestamp(), nanos: time.nanosecond() })
}

/// Returns whether `text` is `shape` with a digit for every `0`.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        })
}

/// What is wrong with a text that should be a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeFault {
    /// It does not have the form of RFC 3339 at all.
    Shape,
    /// It lacks `Z` or an offset such as `+01:00` at its end.
    NoOffset,
    /// Its second is 60; leap seconds are not accepted.
    LeapSecond,
    /// It has the form, but there is no such date or time of day: 30 February, 24 o'clock.
    NoSuchTime,
    /// Its offset takes it out of the years 0000 to 9999 in UTC.
    OutOfRange,
}

impl fmt::Display for TimeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shape => "expected a date, a capital T, a time, then Z or an offset",
            Self::NoOffset => "it must end in Z or in an offset such as +01:00",
            Self::LeapSecond => "leap seconds are not accepted",
            Self::NoSuchTime => "there is no such date or time of day",
            Self::OutOfRange => "it is outside the years 0000 to 9999 in UTC",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (i64, u32) {
        let time: Timestamp = text.parse().unwrap();
        (time.unix_seconds(), time.subsec_nanos())
    }

    #[test]
    fn times_are_read_in_every_zone() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", (0, 0)),
            ("2026-11-22T22:06:46Z", (1_795_385_206, 0)),
            ("2026-11-23T00:06:46.75+02:00", (1_795_385_206, 750_000_000)),
            ("1969-12-31T23:59:59.9Z", (-1, 900_000_000)),
            ("2024-02-29T12:00:00-00:00", (1_709_208_000, 0)),
            ("2026-11-22T22:06:46.1234567899Z", (1_795_385_206, 123_456_789)),
            ("0001-01-01T00:00:00Z", (-62_135_596_800, 0)),
            ("0000-01-01T00:00:00Z", (-62_167_219_200, 0)),
            ("9999-12-31T23:59:59.999999999Z", (253_402_300_799, 999_999_999)),
            ("2026-11-22T22:06:46+23:59", (1_795_385_206 - 86_340, 0)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_rfc_3339_does_not_allow_is_refused() {
        for (text, fault) in [
            ("", TimeFault::Shape),
            ("2026-11-22", TimeFault::Shape),
            ("2026-11-22 22:06:46Z", TimeFault::Shape),
            ("2026-11-22t22:06:46Z", TimeFault::Shape),
            ("2026-11-22T22:06:46z", TimeFault::Shape),
            ("2026-11-22T2:06:46Z", TimeFault::Shape),
            ("2026-11-22T22:06Z", TimeFault::Shape),
            ("2026-11-22T22:06:46,5Z", TimeFault::Shape),
            ("2026-11-22T22:06:46.Z", TimeFault::Shape),
            ("2026-11-22T22:06:46+0100", TimeFault::Shape),
            ("2026-11-22T22:06:46+01", TimeFault::Shape),
            ("2026-11-22T22:06:46Z ", TimeFault::Shape),
            (" 2026-11-22T22:06:46Z", TimeFault::Shape),
            ("12026-11-22T22:06:46Z", TimeFault::Shape),
            ("2026-11-22T22:06:4é", TimeFault::Shape),
            ("2026-11-22T22:06:46", TimeFault::NoOffset),
            ("2026-11-22T22:06:46.5", TimeFault::NoOffset),
            ("2016-12-31T23:59:60Z", TimeFault::LeapSecond),
            ("2026-02-30T00:00:00Z", TimeFault::NoSuchTime),
            ("2025-02-29T00:00:00Z", TimeFault::NoSuchTime),
            ("2026-13-01T00:00:00Z", TimeFault::NoSuchTime),
            ("2026-00-01T00:00:00Z", TimeFault::NoSuchTime),
            ("2026-01-00T00:00:00Z", TimeFault::NoSuchTime),
            ("2026-01-01T24:00:00Z", TimeFault::NoSuchTime),
            ("2026-01-01T00:60:00Z", TimeFault::NoSuchTime),
            ("2026-01-01T00:00:61Z", TimeFault::NoSuchTime),
            ("2026-01-01T00:00:00+24:00", TimeFault::NoSuchTime),
            ("2026-01-01T00:00:00+00:60", TimeFault::NoSuchTime),
            ("9999-12-31T23:59:59-00:01", TimeFault::OutOfRange),
            ("0000-01-01T00:00:00+00:01", TimeFault::OutOfRange),
        ] {
            assert_eq!(parse(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn the_text_is_utc_without_needless_digits() {
        for (given, shown) in [
            ("2027-01-01T01:02:03.4500+01:00", "2027-01-01T00:02:03.45Z"),
            ("2027-01-02T00:00:00Z", "2027-01-02T00:00:00Z"),
            ("2027-01-02T00:00:00.000Z", "2027-01-02T00:00:00Z"),
            ("1969-12-31T23:59:59.000000001Z", "1969-12-31T23:59:59.000000001Z"),
            ("0000-02-29T00:00:00Z", "0000-02-29T00:00:00Z"),
            ("2000-03-01T00:00:00+00:01", "2000-02-29T23:59:00Z"),
        ] {
            assert_eq!(given.parse::<Timestamp>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn instants_beyond_rfc_3339_still_have_a_text() {
        for (seconds, shown) in [
            (253_402_300_800, "+10000-01-01T00:00:00Z"),
            (-62_167_219_201, "-0001-12-31T23:59:59Z"),
            (i64::MAX, "+292277026596-12-04T15:30:07Z"),
            (i64::MIN, "-292277022657-01-27T08:29:52Z"),
        ] {
            assert_eq!(Timestamp::from_unix_seconds(seconds).to_string(), shown);
        }
    }

    #[test]
    fn the_system_clock_is_taken_over_on_both_sides_of_1970() {
        let late = UNIX_EPOCH + Duration::new(1_795_385_206, 5);
        assert_eq!(Timestamp::try_from(late), Ok(Timestamp::from_unix(1_795_385_206, 5).unwrap()));
        let early = UNIX_EPOCH - Duration::from_millis(1);
        assert_eq!(Timestamp::try_from(early), Ok(Timestamp::from_unix(-1, 999_000_000).unwrap()));
    }

    #[test]
    fn sums_that_cannot_be_held_are_none() {
        let last = Timestamp::from_unix(i64::MAX, 999_999_999).unwrap();
        assert_eq!(last.checked_add(SignedDuration::from_nanos(1)), None);
        assert_eq!(
            last.checked_sub(SignedDuration::from_nanos(1)).unwrap().subsec_nanos(),
            999_999_998
        );
        let first = Timestamp::from_unix_seconds(i64::MIN);
        assert_eq!(first.checked_add(SignedDuration::MIN), None);
        assert_eq!(first.checked_sub(SignedDuration::from_nanos(1)), None);
        assert_eq!(first.saturating_since(last), SignedDuration::MIN);
        assert_eq!(last.saturating_since(first), SignedDuration::MAX);
        assert_eq!(Timestamp::from_unix(0, 1_000_000_000), None);
    }

    proptest! {
        #[test]
        fn every_rfc_3339_instant_survives_its_own_text(
            seconds in RFC3339_SECONDS, nanos in 0_u32..1_000_000_000,
        ) {
            let time = Timestamp::from_unix(seconds, nanos).unwrap();
            prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
        }

        #[test]
        fn every_instant_has_a_text(seconds: i64, nanos in 0_u32..1_000_000_000) {
            let text = Timestamp::from_unix(seconds, nanos).unwrap().to_string();
            prop_assert!(text.ends_with('Z'));
        }

        #[test]
        fn a_sum_can_be_taken_back(seconds: i64, nanos: i64) {
            let time = Timestamp::from_unix_seconds(seconds);
            let duration = SignedDuration::from_nanos(nanos);
            if let Some(sum) = time.checked_add(duration) {
                prop_assert_eq!(sum.checked_sub(duration), Some(time));
                prop_assert_eq!(sum.saturating_since(time), duration);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<Timestamp>();
        }

        #[test]
        fn no_near_time_makes_the_parser_panic(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9é]{0,12})?(Z|[-+][0-9]{2}:[0-9]{2})?",
        ) {
            let _ = text.parse::<Timestamp>();
        }
    }
}
