use std::str::FromStr;

use crate::error::Error;
use crate::signed_duration::SignedDuration;
use crate::timestamp::Timestamp;
use crate::{signed_duration, timestamp};

/// A time, or a duration from a "now" that is given later.
///
/// `--not-before`, `--not-after`, `--cert-not-before` and `--cert-not-after` take it. A
/// text is tried as a time first and then as a duration.
///
/// Source: smallstep/cli, `flags/flags.go` (`ParseTimeOrDuration`); for the two that travel inside
/// an SSH token smallstep/certificates, `authority/provisioner/timeduration.go`.
///
/// ```
/// use token_time::{Timestamp, When};
///
/// let now = Timestamp::from_unix_seconds(1_795_385_145);
/// let when: When = "20m".parse()?;
/// assert_eq!(when.resolve(now)?.unix_seconds(), 1_795_386_345);
/// # Ok::<(), token_time::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// This instant.
    At(Timestamp),
    /// This long after "now", or before it if negative.
    After(SignedDuration),
}

impl When {
    /// Reads a flag that may be left unset.
    ///
    /// An empty text is unset, and so is [`Timestamp::GO_ZERO`] in any notation, because
    /// `step` treats that time as missing. A zero duration is not unset: it means "now".
    ///
    /// # Errors
    ///
    /// [`Error::When`] if the text is neither a time nor a duration.
    pub fn optional(text: &str) -> Result<Option<Self>, Error> {
        if text.is_empty() {
            return Ok(None);
        }
        let when: Self = text.parse()?;
        Ok(Some(when).filter(|&when| when != Self::At(Timestamp::GO_ZERO)))
    }

    /// Returns the instant that this means at `now`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the result is outside the range of [`Timestamp`].
    pub fn resolve(self, now: Timestamp) -> Result<Timestamp, Error> {
        match self {
            Self::At(time) => Ok(time),
            Self::After(duration) => {
                now.checked_add(duration).ok_or(Error::OutOfRange { start: now, duration })
            }
        }
    }

    /// Returns the text of `validAfter` and `validBefore` in the claim `step.ssh`.
    ///
    /// A time is RFC 3339 in UTC; a duration is in canonical form, and the CA counts it from the
    /// moment it signs. A zero duration and [`Timestamp::GO_ZERO`] give an empty text, which leaves
    /// the choice to the CA.
    ///
    /// Source: smallstep/certificates, `authority/provisioner/timeduration.go` (`MarshalJSON`).
    pub fn certificate_text(self) -> String {
        match self {
            Self::At(Timestamp::GO_ZERO) | Self::After(SignedDuration::ZERO) => String::new(),
            Self::At(time) => time.to_string(),
            Self::After(duration) => duration.to_string(),
        }
    }
}

impl FromStr for When {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let time = match timestamp::parse(text) {
            Ok(time) => return Ok(Self::At(time)),
            Err(fault) => fault,
        };
        match signed_duration::parse(text) {
            Ok(duration) => Ok(Self::After(duration)),
            Err(duration) => Err(Error::When { text: text.to_owned(), time, duration }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn when(text: &str) -> When {
        text.parse().unwrap()
    }

    fn refusal(text: &str) -> String {
        text.parse::<When>().unwrap_err().to_string()
    }

    #[test]
    fn a_time_stays_and_a_duration_counts_from_now() {
        let now = Timestamp::from_unix_seconds(1_795_385_146);
        assert_eq!(
            when("2026-11-23T00:06:46.75+02:00").resolve(now).unwrap().to_string(),
            "2026-11-22T22:06:46.75Z"
        );
        assert_eq!(when("-5m").resolve(now).unwrap().unix_seconds(), 1_795_384_846);
        assert_eq!(when("0").resolve(now), Ok(now));
    }

    #[test]
    fn the_empty_text_and_go_s_zero_time_are_unset() {
        for text in ["", "0001-01-01T00:00:00Z", "0001-01-01T01:00:00+01:00"] {
            assert_eq!(When::optional(text), Ok(None), "{text:?}");
        }
        for text in ["0", "0s", "0001-01-01T00:00:00.5Z"] {
            assert!(When::optional(text).unwrap().is_some(), "{text:?}");
        }
        assert!(When::optional("1d").is_err());
    }

    #[test]
    fn certificate_times_are_written_as_step_writes_them() {
        for (given, written) in [
            ("-1.5h", "-1h30m0s"),
            ("16h", "16h0m0s"),
            ("1us", "1µs"),
            ("1500ms", "1.5s"),
            ("720h", "720h0m0s"),
            ("0", ""),
            ("0s", ""),
            ("-0s", ""),
            ("0001-01-01T00:00:00Z", ""),
            ("2027-01-01T01:02:03.4500+01:00", "2027-01-01T00:02:03.45Z"),
            ("2027-01-02T00:00:00Z", "2027-01-02T00:00:00Z"),
        ] {
            assert_eq!(when(given).certificate_text(), written, "{given}");
        }
    }

    #[test]
    fn a_refusal_names_both_forms_and_helps_with_the_one_that_was_meant() {
        let both = "is neither a time such as 2026-11-22T22:16:46Z nor a duration such as 1h30m";
        for (text, advice) in [
            ("1d", "; write days in hours: 24h for one day"),
            ("7days", "; write days in hours: 24h for one day"),
            ("-2d12h", "; write days in hours: 24h for one day"),
            ("90", "; as a duration, a number has no unit"),
            ("3000000h", "; as a duration, it is longer than 292 years"),
            ("2026-11-22T22:16:46", "; as a time, it must end in Z or in an offset such as +01:00"),
            ("2026-02-30T00:00:00Z", "; as a time, there is no such date or time of day"),
            ("tomorrow", ""),
            ("", ""),
        ] {
            assert_eq!(refusal(text), format!("{text:?} {both}{advice}"));
        }
        assert_eq!(refusal("\u{1b}[31m"), format!("\"\\u{{1b}}[31m\" {both}"));
    }

    #[test]
    fn an_instant_out_of_range_is_an_error() {
        let now = Timestamp::from_unix_seconds(i64::MAX);
        let error = when("1h").resolve(now).unwrap_err();
        assert_eq!(error.to_string(), "1h0m0s from +292277026596-12-04T15:30:07Z is out of range");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*", seconds: i64) {
            if let Ok(when) = text.parse::<When>() {
                let _ = when.resolve(Timestamp::from_unix_seconds(seconds));
                let _ = when.certificate_text();
            }
        }

        #[test]
        fn a_certificate_text_means_what_was_given(nanos: i64) {
            let when = When::After(SignedDuration::from_nanos(nanos));
            let again = When::optional(&when.certificate_text()).unwrap();
            prop_assert_eq!(again, Some(when).filter(|_| nanos != 0));
        }
    }
}
