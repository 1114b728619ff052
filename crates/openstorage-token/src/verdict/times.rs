//! The times of a token as a server compares them.

use go_json::{Kind, Value};
use token_time::Timestamp;

use super::fault::{Fault, Seen, json_kind};
use super::rule::Rule;
use super::span::span;
use crate::duration::Lifetime;
use crate::server::Generation;

/// The value of `exp`, `iat` or `nbf`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Time {
    Absent,
    /// Something other than a number.
    NoNumber {
        kind: &'static str,
    },
    Number(f64),
}

impl Time {
    pub(super) fn of(value: Option<Value<'_>>) -> Self {
        match value {
            None => Self::Absent,
            Some(value) => match value.number() {
                Some(number) => Self::Number(number),
                None if value.kind() == Kind::Number => {
                    Self::NoNumber { kind: "a number too large for a time" }
                }
                None => Self::NoNumber { kind: json_kind(value) },
            },
        }
    }

    /// Returns the second it names, as the server computes it.
    pub(super) fn second(self, generation: Generation) -> Option<i64> {
        match self {
            Self::Number(number) => Some(match generation {
                Generation::Current => floor(number),
                Generation::Older => whole(number),
            }),
            _ => None,
        }
    }

    /// Returns whether the server treats it as not set.
    pub(super) fn is_zero(self, generation: Generation) -> bool {
        match (self, generation) {
            (Self::Number(number), Generation::Current) => number == 0.0,
            (Self::Number(number), Generation::Older) => whole(number) == 0,
            _ => false,
        }
    }

    /// Checks, as the server does, that this end is in the future.
    pub(super) fn is_to_come(
        self,
        generation: Generation,
        now: i64,
        leeway: Lifetime,
    ) -> Result<((), Seen), Fault> {
        self.compare(generation, Rule::Expiry, |end| {
            let earlier = now.saturating_sub_unsigned(leeway.as_seconds());
            let lives = match generation {
                Generation::Current => instant(earlier) < instant(end),
                Generation::Older => earlier <= end,
            };
            let at = Timestamp::from_unix_seconds(end);
            if lives {
                Ok(Seen::Until { at, now: Timestamp::from_unix_seconds(now) })
            } else {
                Err(Fault::Expired { at, ago: span(end, now) })
            }
        })
    }

    /// Checks, as the server does, that this beginning is not in the future.
    pub(super) fn has_come(
        self,
        generation: Generation,
        now: i64,
        leeway: Lifetime,
        rule: Rule,
    ) -> Result<((), Seen), Fault> {
        self.compare(generation, rule, |beginning| {
            let later = now.saturating_add_unsigned(leeway.as_seconds());
            let come = match generation {
                Generation::Current => instant(later) >= instant(beginning),
                Generation::Older => later >= beginning,
            };
            let at = Timestamp::from_unix_seconds(beginning);
            if come {
                Ok(Seen::Since { at, now: Timestamp::from_unix_seconds(now) })
            } else {
                Err(Fault::Early { name: rule.as_str(), at, ahead: span(now, beginning) })
            }
        })
    }

    fn compare(
        self,
        generation: Generation,
        rule: Rule,
        compare: impl FnOnce(i64) -> Result<Seen, Fault>,
    ) -> Result<((), Seen), Fault> {
        match self {
            Self::Absent => Ok(((), Seen::Text("not set"))),
            Self::NoNumber { kind } if generation == Generation::Older => {
                Ok(((), Seen::NoTime { kind }))
            }
            Self::NoNumber { kind } => Err(Fault::NoTime { name: rule.as_str(), kind }),
            Self::Number(_) if self.is_zero(generation) => {
                Ok(((), Seen::Text("0, which counts as not set")))
            }
            Self::Number(_) => {
                let second = self.second(generation).unwrap_or_default();
                compare(second).map(|what| ((), what))
            }
        }
    }
}

/// Converts as Go does on x86-64: towards zero; what does not fit becomes the smallest `i64`.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit was sent elsewhere")]
fn whole(number: f64) -> i64 {
    // 2^63 exactly; the largest i64 is not a float.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// Returns the whole second at or before a number, as Go's `time.Unix` and `Truncate` compute it.
#[expect(clippy::cast_possible_truncation, reason = "a fraction of a second is below 10⁹")]
fn floor(number: f64) -> i64 {
    let fraction = (number.fract() * 1e9) as i64;
    whole(number).wrapping_sub(i64::from(fraction < 0))
}

/// Returns a second as Go's `time.Time` counts it, from the year 1; far in the future, this wraps.
fn instant(second: i64) -> i64 {
    second.wrapping_add(62_135_596_800)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn none() -> Lifetime {
        "0s".parse().unwrap()
    }

    #[test]
    fn an_end_is_compared_as_each_library_does() {
        for (end, current, older) in [
            (1_700_000_001.0, true, true),
            (1_700_000_000.0, false, true),
            (1_700_000_000.9, false, true),
            (1_699_999_999.0, false, false),
            (0.0, true, true),
            (-0.0, true, true),
            (0.5, false, true),
            (-0.5, false, true),
            (-1.0, false, false),
            (1e300, false, false),
            (9_223_371_974_719_180_000.0, false, true),
            (9_223_371_974_719_178_000.0, true, true),
        ] {
            let time = Time::Number(end);
            let lives = |generation| time.is_to_come(generation, NOW, none()).is_ok();
            assert_eq!(lives(Generation::Current), current, "{end}");
            assert_eq!(lives(Generation::Older), older, "{end}");
        }
        let word = Time::NoNumber { kind: "a string" };
        assert!(word.is_to_come(Generation::Current, NOW, none()).is_err());
        assert!(word.is_to_come(Generation::Older, NOW, none()).is_ok());
        assert!(Time::Absent.is_to_come(Generation::Current, NOW, none()).is_ok());
    }

    #[test]
    fn a_beginning_may_be_this_very_second() {
        for (beginning, come) in [
            (1_700_000_000.0, true),
            (1_700_000_000.999, true),
            (1_700_000_001.0, false),
            (1e300, true),
        ] {
            for generation in [Generation::Current, Generation::Older] {
                let time = Time::Number(beginning);
                let result = time.has_come(generation, NOW, none(), Rule::IssuedAt);
                assert_eq!(result.is_ok(), come, "{beginning}");
            }
        }
    }

    #[test]
    fn leeway_is_given_at_both_ends() {
        let minute = "1m".parse().unwrap();
        let past = Time::Number(1_699_999_950.0);
        assert!(past.is_to_come(Generation::Current, NOW, minute).is_ok());
        let ahead = Time::Number(1_700_000_050.0);
        assert!(ahead.has_come(Generation::Current, NOW, minute, Rule::NotBefore).is_ok());
    }
}
