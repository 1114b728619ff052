//! Times that depend on the moment a token is spent.

/// A number of seconds that stays the same whenever the token is spent, or grows or shrinks with that
/// time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    base: i128,
    /// -1, 0 or 1.
    slope: i128,
}

/// The seconds from `first` to `last`, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: i128,
    pub(super) last: i128,
}

impl Line {
    /// The moment the token is spent.
    pub(super) const NOW: Self = Self { base: 0, slope: 1 };

    /// A time that does not depend on it.
    pub(super) const fn at(second: i128) -> Self {
        Self { base: second, slope: 0 }
    }

    pub(super) fn plus(self, seconds: i128) -> Self {
        Self { base: self.base + seconds, ..self }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self { base: self.base - other.base, slope: self.slope - other.slope }
    }

    /// Its value for a token that is spent at `now`.
    pub(super) fn value(self, now: i128) -> i128 {
        self.base + self.slope * now
    }

    /// When its value is at least `least`.
    pub(super) fn at_least(self, least: i128) -> Span {
        let missing = least - self.base;
        match self.slope {
            0 if missing <= 0 => Span::ALWAYS,
            0 => Span::NEVER,
            slope if slope > 0 => Span { first: missing, ..Span::ALWAYS },
            _ => Span { last: -missing, ..Span::ALWAYS },
        }
    }

    /// When its value is at most `most`.
    pub(super) fn at_most(self, most: i128) -> Span {
        Self { base: -self.base, slope: -self.slope }.at_least(-most)
    }
}

impl Span {
    const ALWAYS: Self = Self { first: i64::MIN as i128, last: i64::MAX as i128 };
    const NEVER: Self = Self { first: i64::MAX as i128, last: i64::MIN as i128 };

    pub(super) fn and(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), last: self.last.min(other.last) }
    }

    pub(super) fn is_empty(self) -> bool {
        self.first > self.last
    }

    pub(super) fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }
}
