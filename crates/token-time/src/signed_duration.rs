use std::fmt;
use std::str::FromStr;

use crate::error::Error;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The magnitude of the most negative duration, one more than that of the longest.
const LIMIT: u64 = 1 << 63;

/// A length of time that may be negative, in nanoseconds.
///
/// Text is what Go's `time.ParseDuration` reads: an optional sign, then one or more pairs of a
/// decimal number (`5`, `1.5`, `.5`, `5.`) and a unit (`ns`, `us`, `µs`, `ms`, `s`, `m`, `h`),
/// without blanks; or a bare `0`. There are no days. [`Display`](fmt::Display) writes Go's
/// canonical form: `1h30m0s`, `300ms`, `1µs`, `0s`.
///
/// Source: Go, `src/time/format.go` (`ParseDuration`) and `src/time/time.go` (`Duration.String`);
/// these are the durations of smallstep/cli flags and of step-ca's `provisioner.Duration`.
///
/// ```
/// use token_time::SignedDuration;
///
/// let half_hour: SignedDuration = "-.5h".parse()?;
/// assert_eq!(half_hour, SignedDuration::from_seconds(-1800));
/// assert_eq!(half_hour.to_string(), "-30m0s");
/// # Ok::<(), token_time::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedDuration(i64);

impl SignedDuration {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// The most negative duration, −2⁶³ nanoseconds: `-2562047h47m16.854775808s`.
    pub const MIN: Self = Self(i64::MIN);
    /// The longest duration, 2⁶³ − 1 nanoseconds: `2562047h47m16.854775807s`.
    pub const MAX: Self = Self(i64::MAX);

    /// Returns a duration of this many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Returns a duration of this many seconds; any `i32` fits.
    pub const fn from_seconds(seconds: i32) -> Self {
        // An `i64` holds 9.2 × 10^18, and this is at most 2.2 × 10^18. `as` widens here.
        Self(seconds as i64 * NANOS_PER_SECOND)
    }

    /// Returns a duration of this many seconds, or `None` if that is more than 292 years.
    pub const fn checked_from_seconds(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(NANOS_PER_SECOND) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// Returns a duration of this many seconds, or the nearest that fits.
    pub const fn saturating_from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Returns the length in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Returns whether this is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the sum, or `None` if it is out of range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// Returns the difference, or `None` if it is out of range.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }
}

impl FromStr for SignedDuration {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).map_err(|fault| Error::Duration { text: text.to_owned(), fault })
    }
}

impl fmt::Display for SignedDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{sign}{nanos}ns"),
            1_000..1_000_000 => format!("{sign}{}µs", decimal(nanos, 3)),
            1_000_000..1_000_000_000 => format!("{sign}{}ms", decimal(nanos, 6)),
            _ => {
                const MINUTE: u64 = 60_000_000_000;
                let (minutes, seconds) = (nanos / MINUTE, decimal(nanos % MINUTE, 9));
                match (minutes / 60, minutes % 60) {
                    (0, 0) => format!("{sign}{seconds}s"),
                    (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                    (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
                }
            }
        };
        f.pad(&text)
    }
}

/// Writes `value` with its last `places` digits after the point, without trailing zeros.
fn decimal(value: u64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let (whole, fraction) = (value / scale, value % scale);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = places as usize;
    format!("{whole}.{}", format!("{fraction:0width$}").trim_end_matches('0'))
}

/// Reads the grammar of Go's `time.ParseDuration`, with its limits and its rounding.
pub(crate) fn parse(text: &str) -> Result<SignedDuration, DurationFault> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(DurationFault::Empty);
    }

    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after_whole) = split_digits(rest);
        let (fraction, after_number) = match after_whole.strip_prefix('.') {
            Some(after_point) => split_digits(after_point),
            None => ("", after_whole),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(DurationFault::NoNumber);
        }
        let end = after_number
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after_number.len());
        let (unit, after_unit) = after_number.split_at(end);
        if unit.is_empty() {
            return Err(DurationFault::NoUnit);
        }
        let Some(scale) = unit_nanos(unit) else {
            return Err(DurationFault::UnknownUnit(unit.to_owned()));
        };

        let whole: u64 = match whole {
            "" => 0,
            digits => digits.parse().map_err(|_| DurationFault::OutOfRange)?,
        };
        total = whole
            .checked_mul(scale)
            .and_then(|nanos| nanos.checked_add(fraction_nanos(fraction, scale)))
            .and_then(|nanos| nanos.checked_add(total))
            .filter(|&nanos| nanos <= LIMIT)
            .ok_or(DurationFault::OutOfRange)?;
        rest = after_unit;
    }

    let nanos =
        if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
    nanos.map(SignedDuration).ok_or(DurationFault::OutOfRange)
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // U+00B5, the micro sign, and U+03BC, the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Returns the nanoseconds in a fraction of a unit, rounded as Go rounds them.
///
/// Go multiplies in `float64`, so that `0.3333333333333333333h` is 20 minutes to the nanosecond;
/// digits beyond the range of an `i64` are ignored.
fn fraction_nanos(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1_f64);
    for digit in digits.bytes() {
        if value > (LIMIT - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the arithmetic of Go's ParseDuration; the result is within 0 and 3.6e12"
    )]
    let nanos = (value as f64 * (unit as f64 / scale)) as u64;
    nanos
}

/// What is wrong with a text that should be a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DurationFault {
    /// It is empty, or only a sign.
    Empty,
    /// A number was expected, but something else was found.
    NoNumber,
    /// A number has no unit after it.
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

pub(crate) const DAYS: &str = "write days in hours: 24h for one day";

pub(crate) fn is_day(unit: &str) -> bool {
    ["d", "day", "days"].iter().any(|day| unit.eq_ignore_ascii_case(day))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> String {
        text.parse::<SignedDuration>().unwrap().to_string()
    }

    fn nanos(text: &str) -> i64 {
        text.parse::<SignedDuration>().unwrap().as_nanos()
    }

    fn fault(text: &str) -> DurationFault {
        parse(text).unwrap_err()
    }

    #[test]
    fn the_canonical_form_starts_at_the_largest_unit_and_ends_in_seconds() {
        for (given, canonical) in [
            ("5m", "5m0s"),
            (".5s", "500ms"),
            ("-1.5h", "-1h30m0s"),
            ("1us", "1µs"),
            ("1µs", "1µs"),
            ("1μs", "1µs"),
            ("24h", "24h0m0s"),
            ("90m", "1h30m0s"),
            ("300ms", "300ms"),
            ("1500ms", "1.5s"),
            ("1h1ns", "1h0m0.000000001s"),
            ("1100ns", "1.1µs"),
            ("2200us", "2.2ms"),
            ("5.m", "5m0s"),
            ("+5s", "5s"),
            ("0", "0s"),
            ("-0", "0s"),
            ("+0", "0s"),
            ("-0s", "0s"),
            ("0h0m", "0s"),
            ("-1ns", "-1ns"),
            ("1s1s", "2s"),
        ] {
            assert_eq!(text(given), canonical, "{given}");
        }
    }

    #[test]
    fn go_s_own_test_values_are_read_to_the_nanosecond() {
        // Go, src/time/time_test.go, parseDurationTests.
        for (given, expected) in [
            ("1478s", 1_478_000_000_000),
            ("3h30m", 12_600_000_000_000),
            ("10.5s4m", 250_500_000_000),
            ("-2m3.4s", -123_400_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("39h9m14.425s", 140_954_425_000_000),
            ("52763797000ns", 52_763_797_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9007199254740993ns", 9_007_199_254_740_993),
            ("9223372036854775.807us", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("-9223372036854775.808us", i64::MIN),
            ("-9223372036854ms775us808ns", i64::MIN),
            ("-2562047h47m16.854775808s", i64::MIN),
            ("0.100000000000000000000h", 360_000_000_000),
            ("0.830103483285477580700h", 2_988_372_539_827),
        ] {
            assert_eq!(nanos(given), expected, "{given}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for (given, expected) in [
            ("", DurationFault::Empty),
            ("-", DurationFault::Empty),
            ("+", DurationFault::Empty),
            ("3", DurationFault::NoUnit),
            ("00", DurationFault::NoUnit),
            ("1.", DurationFault::NoUnit),
            ("s", DurationFault::NoNumber),
            (".", DurationFault::NoNumber),
            (".s", DurationFault::NoNumber),
            ("+.s", DurationFault::NoNumber),
            ("--5s", DurationFault::NoNumber),
            (" 5s", DurationFault::NoNumber),
            ("1d", DurationFault::UnknownUnit("d".into())),
            ("5S", DurationFault::UnknownUnit("S".into())),
            ("5s ", DurationFault::UnknownUnit("s ".into())),
            ("1m 2s", DurationFault::UnknownUnit("m ".into())),
            ("1e3s", DurationFault::UnknownUnit("e".into())),
            ("1h-5m", DurationFault::UnknownUnit("h-".into())),
            ("9223372036854775808ns", DurationFault::OutOfRange),
            ("-9223372036854775809ns", DurationFault::OutOfRange),
            ("9223372036854775810ns", DurationFault::OutOfRange),
            ("9223372036854776us1ns", DurationFault::OutOfRange),
            ("9223372036854775807ns1ns", DurationFault::OutOfRange),
            ("3000000h", DurationFault::OutOfRange),
            ("99999999999999999999s", DurationFault::OutOfRange),
            ("-2562047h47m16.854775809s", DurationFault::OutOfRange),
        ] {
            assert_eq!(fault(given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_how_days_are_written() {
        assert_eq!(
            "1d".parse::<SignedDuration>().unwrap_err().to_string(),
            "\"1d\" is not a duration such as 90s, 1h30m or -5m: write days in hours: 24h for one day"
        );
        assert_eq!(
            "5".parse::<SignedDuration>().unwrap_err().to_string(),
            "\"5\" is not a duration such as 90s, 1h30m or -5m: a number has no unit"
        );
    }

    #[test]
    fn seconds_out_of_range_are_none_or_the_nearest() {
        assert_eq!(SignedDuration::checked_from_seconds(9_223_372_037), None);
        assert_eq!(SignedDuration::saturating_from_seconds(-9_223_372_037), SignedDuration::MIN);
        assert_eq!(SignedDuration::from_seconds(i32::MIN).to_string(), "-596523h14m8s");
    }

    #[test]
    fn a_width_pads_the_text() {
        assert_eq!(format!("{:>6}|", SignedDuration::from_seconds(5)), "    5s|");
    }

    proptest! {
        #[test]
        fn every_duration_survives_its_own_text(nanos: i64) {
            let duration = SignedDuration::from_nanos(nanos);
            prop_assert_eq!(duration.to_string().parse::<SignedDuration>(), Ok(duration));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<SignedDuration>();
        }

        #[test]
        fn no_near_duration_makes_the_parser_panic(text in "[-+]?([0-9]{0,22}(\\.[0-9]{0,22})?(ns|us|µs|ms|s|m|h|d)?){0,4}") {
            let _ = text.parse::<SignedDuration>();
        }
    }
}
