use token_time::{SignedDuration, Timestamp, When};

use crate::error::Error;

/// When a token is made and when it may be spent: `iat`, `nbf` and `exp`.
///
/// All three are whole seconds since the Unix epoch and come from one reading of the clock, so that
/// `--not-before 0s --not-after 1h` is exactly an hour (Q13). The CA allows 60 seconds of leeway on
/// both sides and has no longest lifetime: the side that makes tokens keeps that limit.
///
/// Source: RFC 7519 §4.1.4 (`exp`), §4.1.5 (`nbf`), §4.1.6 (`iat`), §2 (NumericDate);
/// smallstep/cli, `token/token.go` (the limits) and `token/options.go`.
///
/// ```
/// use step_claims::{Limits, Validity};
/// use token_time::Timestamp;
///
/// let now = Timestamp::from_unix_seconds(1_795_385_145);
/// let validity = Validity::new(now, Some("1m".parse()?), Some("20m".parse()?), Limits::Step)?;
/// assert_eq!(validity.not_before(), 1_795_385_205);
/// assert_eq!(validity.not_after(), 1_795_386_345);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Validity {
    issued_at: i64,
    not_before: i64,
    not_after: i64,
}

/// The limits that a [`Validity`] must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Limits {
    /// Those of `step`: [`Validity::MIN`], [`Validity::MAX`] and [`Validity::MAX_DELAY`].
    #[default]
    Step,
    /// [`Validity::MIN`] alone. A long-lived token is like a permanent key to the CA: anyone who
    /// finds it can spend it.
    LongLived,
}

impl Validity {
    /// The default lifetime of a token: 5 minutes.
    pub const DEFAULT: SignedDuration = SignedDuration::from_seconds(5 * 60);
    /// The shortest lifetime, inclusive: 10 seconds.
    pub const MIN: SignedDuration = SignedDuration::from_seconds(10);
    /// The longest lifetime, inclusive: 1 hour.
    pub const MAX: SignedDuration = SignedDuration::from_seconds(60 * 60);
    /// The longest delay from now until a token becomes valid, inclusive: 30 minutes.
    pub const MAX_DELAY: SignedDuration = SignedDuration::from_seconds(30 * 60);

    /// Computes the three times.
    ///
    /// Durations count from `now`, truncated to the whole second; other times are truncated to
    /// whole seconds too. Without `not_before` the token can be spent at once, without `not_after`
    /// it lives for [`Validity::DEFAULT`] from `not_before`.
    ///
    /// # Errors
    ///
    /// - [`Error::EndsBeforeStart`] if it would end at its start or before it.
    /// - [`Error::AlreadyExpired`] if it would end now or earlier (Q14).
    /// - [`Error::StartsTooLate`] if it would start later than [`Validity::MAX_DELAY`] from now.
    /// - [`Error::TooShort`] or [`Error::TooLong`] if it would live less than [`Validity::MIN`] or
    ///   more than [`Validity::MAX`].
    /// - [`Error::Time`] if a time is out of range.
    pub fn new(
        now: Timestamp,
        not_before: Option<When>,
        not_after: Option<When>,
        limits: Limits,
    ) -> Result<Self, Error> {
        let now = now.whole_second();
        let start = not_before.unwrap_or(When::At(now)).resolve(now)?.whole_second();
        let end = match not_after {
            Some(when) => when.resolve(now)?,
            None => When::After(Self::DEFAULT).resolve(start)?,
        }
        .whole_second();

        if end <= start {
            return Err(Error::EndsBeforeStart { not_before: start, not_after: end });
        }
        if end <= now {
            return Err(Error::AlreadyExpired { not_after: end, now });
        }
        let (delay, lifetime) = (start.saturating_since(now), end.saturating_since(start));
        if lifetime < Self::MIN {
            return Err(Error::TooShort { asked: lifetime, limit: Self::MIN });
        }
        match limits {
            Limits::LongLived => {}
            Limits::Step if delay > Self::MAX_DELAY => {
                return Err(Error::StartsTooLate { asked: delay, limit: Self::MAX_DELAY });
            }
            Limits::Step if lifetime > Self::MAX => {
                return Err(Error::TooLong { asked: lifetime, limit: Self::MAX });
            }
            Limits::Step => {}
        }
        Ok(Self {
            issued_at: now.unix_seconds(),
            not_before: start.unix_seconds(),
            not_after: end.unix_seconds(),
        })
    }

    /// Returns when the token is made: `iat`.
    pub fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// Returns when the token becomes valid: `nbf`.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Returns when the token expires: `exp`.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Returns the time from `nbf` to `exp`.
    pub fn lifetime(&self) -> SignedDuration {
        Timestamp::from_unix_seconds(self.not_after)
            .saturating_since(Timestamp::from_unix_seconds(self.not_before))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_795_385_146;

    fn validity(not_before: &str, not_after: &str, limits: Limits) -> Result<Validity, Error> {
        // A fraction of a second must not change anything.
        let now = Timestamp::from_unix(NOW, 999_999_999).unwrap();
        let when = |text| When::optional(text).unwrap();
        Validity::new(now, when(not_before), when(not_after), limits)
    }

    /// Start and end relative to now.
    fn window(not_before: &str, not_after: &str) -> (i64, i64) {
        let validity = validity(not_before, not_after, Limits::Step).unwrap();
        assert_eq!(validity.issued_at(), NOW);
        (validity.not_before() - NOW, validity.not_after() - NOW)
    }

    fn refusal(not_before: &str, not_after: &str) -> String {
        validity(not_before, not_after, Limits::Step).unwrap_err().to_string()
    }

    #[test]
    fn a_token_lives_five_minutes_from_its_start_unless_told_otherwise() {
        assert_eq!(window("", ""), (0, 300));
        assert_eq!(window("30m", ""), (1800, 2100));
        assert_eq!(window("", "20m"), (0, 1200));
        assert_eq!(window("1m", "20m"), (60, 1200));
        assert_eq!(window("2026-11-22T22:06:46Z", "2026-11-22T22:16:46Z"), (60, 660));
        assert_eq!(window("2026-11-23T00:06:46.75+02:00", "2026-11-22T22:16:46.25Z"), (60, 660));
        assert_eq!(window("0001-01-01T00:00:00Z", ""), (0, 300));
    }

    #[test]
    fn every_limit_is_inclusive() {
        assert_eq!(window("", "10s"), (0, 10));
        assert_eq!(window("0s", "1h"), (0, 3600));
        assert_eq!(window("-59m59s", "1s"), (-3599, 1));
        assert_eq!(window("30m", "90m"), (1800, 5400));
        assert_eq!(window("", "10.9s"), (0, 10));
    }

    #[test]
    fn a_window_beyond_a_limit_is_refused_with_both_values() {
        for (not_before, not_after, message) in [
            ("", "61m", "token would live 1h1m0s; the longest allowed is 1h0m0s"),
            ("-1h", "1s", "token would live 1h0m1s; the longest allowed is 1h0m0s"),
            ("", "9.9s", "token would live 9s; the shortest allowed is 10s"),
            ("31m", "", "token would start 31m0s from now; the longest delay allowed is 30m0s"),
            (
                "10m",
                "5m",
                "token would end at 2026-11-22T22:10:46Z, which is not after its start at \
                 2026-11-22T22:15:46Z",
            ),
            (
                "5m",
                "5m",
                "token would end at 2026-11-22T22:10:46Z, which is not after its start at \
                 2026-11-22T22:10:46Z",
            ),
            (
                "-5m",
                "",
                "token would end at 2026-11-22T22:05:46Z, but it is already 2026-11-22T22:05:46Z",
            ),
            (
                "-24h",
                "",
                "token would end at 2026-11-21T22:10:46Z, but it is already 2026-11-22T22:05:46Z",
            ),
        ] {
            assert_eq!(refusal(not_before, not_after), message);
        }
    }

    #[test]
    fn long_lived_lifts_the_upper_limits_and_no_other() {
        let long = |not_before, not_after| validity(not_before, not_after, Limits::LongLived);
        assert_eq!(long("", "720h").unwrap().lifetime().to_string(), "720h0m0s");
        assert_eq!(long("48h", "").unwrap().not_before(), NOW + 172_800);
        assert!(long("", "9999-12-31T23:59:59Z").is_ok());
        assert!(matches!(long("", "9s"), Err(Error::TooShort { .. })));
        assert!(matches!(long("-24h", "-1h"), Err(Error::AlreadyExpired { .. })));
        assert!(matches!(long("2h", "1h"), Err(Error::EndsBeforeStart { .. })));
    }

    #[test]
    fn a_start_may_lie_in_the_past_even_before_1970() {
        let validity = validity("1960-01-01T00:00:00Z", "10m", Limits::LongLived).unwrap();
        assert_eq!(validity.not_before(), -315_619_200);
        assert_eq!(validity.issued_at(), NOW);
    }

    #[test]
    fn times_that_cannot_be_held_are_an_error() {
        let now = Timestamp::from_unix_seconds(i64::MAX);
        assert!(matches!(
            Validity::new(now, None, None, Limits::LongLived),
            Err(Error::Time(token_time::Error::OutOfRange { .. }))
        ));
    }

    proptest! {
        #[test]
        fn what_is_accepted_keeps_every_rule(
            now: i64, start in proptest::option::of(-5000_i64..5000),
            end in proptest::option::of(-5000_i64..9000),
        ) {
            let now = Timestamp::from_unix_seconds(now);
            let when = |seconds: Option<i64>| {
                seconds.and_then(SignedDuration::checked_from_seconds).map(When::After)
            };
            if let Ok(validity) = Validity::new(now, when(start), when(end), Limits::Step) {
                prop_assert!(validity.not_after() > now.unix_seconds());
                prop_assert!(validity.not_before() - validity.issued_at() <= 1800);
                prop_assert!((Validity::MIN..=Validity::MAX).contains(&validity.lifetime()));
            }
        }
    }
}
