//! Whether a CA signs a certificate for the time that a token asks for.
//!
//! A time in the token is final: the CA takes it, and refuses a request with another. One that the
//! token leaves open is chosen by the request to sign, and by the CA only if that leaves it open too.
//!
//! Source: smallstep/certificates 0.30.2, `authority/provisioner/sign_ssh_options.go` and
//! `sign_options.go`.

pub(crate) mod fault;
mod line;

use token_time::{SignedDuration, Timestamp, When};

use self::fault::{Remedy, WindowDoubt, WindowFault};
use self::line::{Line, Span};
use crate::claims::ProvisionerClaims;
use crate::config::CaConfig;
use crate::limits::{CertificateType, Limit, Limits, SetBy};
use crate::provisioner::Provisioner;

/// When a certificate is to be valid, as the token that asks for it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The type of the certificate.
    pub certificate: CertificateType,
    /// Its start; without one the request has it, or the CA takes the time of signing and backdates
    /// it.
    pub starts: Option<When>,
    /// Its end; without one the request has it, or the CA adds its default lifetime to the start.
    pub ends: Option<When>,
    /// The end of the certificate that vouches for it, which it must not outlive.
    pub vouched_until: Option<Timestamp>,
}

/// What a provisioner allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowRules {
    /// The lifetimes that it signs.
    pub limits: Limits,
    /// How long before its signing a certificate begins that asks for no other start.
    pub backdate: SignedDuration,
    /// Which of them are certain.
    pub known: Known,
}

/// How much is known about a provisioner's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// All of them.
    All,
    /// Those in its entry; the authority may set the others.
    Entry,
    /// None: the entry may be outdated.
    Nothing,
}

/// When a token can be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The second at which it is made.
    pub made: i64,
    /// The first second of its validity.
    pub first: i64,
    /// The last second of its validity.
    pub last: i64,
}

impl Spending {
    /// How much later or earlier the CA accepts a token, in seconds.
    const LEEWAY: i128 = 60;

    /// The times within its validity.
    fn usual(self) -> Span {
        Span { first: i128::from(self.first.max(self.made)), last: i128::from(self.last) }
    }

    /// The times at which the CA accepts it.
    fn possible(self) -> Span {
        let Span { first, last } =
            Span { first: i128::from(self.first), last: i128::from(self.last) };
        let first = (first - Self::LEEWAY).max(i128::from(self.made));
        Span { first, last: last + Self::LEEWAY }
    }
}

impl Window {
    /// Returns why the CA may refuse to sign the certificate, for a token that can be spent within
    /// `spending`; without rules only what holds for every CA.
    ///
    /// A duration counts from the moment the CA signs, so what is possible depends on that moment.
    ///
    /// # Errors
    ///
    /// [`WindowFault`] if the CA refuses whenever the token is spent, with any request.
    pub fn check(
        &self,
        rules: Option<&WindowRules>,
        spending: Spending,
    ) -> Result<Vec<WindowDoubt>, WindowFault> {
        let conditions = self.conditions(rules, spending);
        let certain = || conditions.iter().filter(|it| it.is_certain && it.remedy.is_none());
        let (all, usual) = (spending.possible(), spending.usual());
        if let Some(never) = certain().find(|it| it.allowed.and(all).is_empty()) {
            return Err(never.fault);
        }
        let allowed = certain().fold(all, |allowed, it| allowed.and(it.allowed));
        if allowed.is_empty() {
            let first = certain().find(|it| !it.allowed.contains(usual));
            return first.map_or(Ok(Vec::new()), |it| Err(it.fault));
        }
        let doubtful = conditions.iter().filter(|it| !it.allowed.contains(usual));
        Ok(doubtful.map(|condition| condition.doubt(usual)).collect())
    }

    /// Everything the CA requires, in its order, each with the times at which it holds.
    fn conditions(&self, rules: Option<&WindowRules>, spending: Spending) -> Vec<Condition> {
        use WindowFault::{
            EndsBefore1970, EndsBeforeStart, EndsInThePast, OutlivesVoucher, StartsAfterVoucher,
            StartsBefore1970,
        };
        let (starts, ends) = (self.starts.and_then(line_of), self.ends.and_then(line_of));
        let start = starts.unwrap_or(Line::NOW);
        let mut all = Vec::new();
        let mut push = |fault, allowed| all.push(Condition::new(fault, allowed));
        if starts.is_some() {
            push(StartsBefore1970, start.at_least(0));
        }
        if let Some(ends) = ends {
            push(EndsBefore1970, ends.at_least(0));
        }
        if let Some(end) = self.vouched_until {
            let last = i128::from(end.unix_seconds());
            push(StartsAfterVoucher { end }, start.at_most(last));
            if let Some(ends) = ends {
                push(OutlivesVoucher { end }, ends.at_most(last));
            }
        }
        if let Some(ends) = ends {
            push(EndsInThePast, not_past(ends));
            push(EndsBeforeStart, ends.minus(start).at_least(0));
        }
        if let Some(rules) = rules {
            self.within(rules, (starts, ends), spending, &mut all);
        }
        all
    }

    /// The limits of the provisioner.
    fn within(
        &self,
        rules: &WindowRules,
        (starts, ends): (Option<Line>, Option<Line>),
        spending: Spending,
        all: &mut Vec<Condition>,
    ) {
        let start = starts.unwrap_or(Line::NOW);
        let backdate = if starts.is_some() { SignedDuration::ZERO } else { rules.backdate };
        let begins = start.plus(-seconds(backdate));
        let Some(ends) = ends else {
            return self.without_end(rules, start, begins, all);
        };
        let now = spending.usual().first;
        let (min, max) = (rules.min(), rules.max());
        let lifetime = |line: Line| saturating(line.value(now));
        let is_open = starts.is_none();
        let too_short = WindowFault::TooShort {
            lifetime: lifetime(ends.minus(begins)),
            backdate,
            limit: min.limit,
        };
        all.push(Condition {
            is_certain: min.is_certain,
            remedy: is_open.then_some(Remedy::EarlierStart),
            ..Condition::new(too_short, ends.minus(begins).at_least(min.seconds))
        });
        let lifetime = lifetime(ends.minus(start));
        let too_long = WindowFault::TooLong { lifetime, limit: max.limit };
        all.push(Condition {
            is_certain: max.is_certain,
            remedy: is_open.then_some(Remedy::LaterStart),
            ..Condition::new(too_long, ends.minus(begins).at_most(max.seconds))
        });
        if is_open {
            all.push(rules.any_lifetime());
        }
    }

    /// The limits for a certificate whose token has no end. Unless the request has one, it ends after
    /// the default lifetime, or with its voucher if that ends earlier.
    fn without_end(
        &self,
        rules: &WindowRules,
        start: Line,
        begins: Line,
        all: &mut Vec<Condition>,
    ) {
        let (min, max, default) = (rules.min(), rules.max(), rules.limits.default);
        all.push(rules.any_lifetime());
        if self.starts.and_then(line_of).is_some() {
            let last = start.plus(max.seconds);
            all.push(Condition {
                is_certain: max.is_certain,
                ..Condition::new(WindowFault::StartsLongAgo { limit: max.limit }, not_past(last))
            });
        }
        let is_certain = rules.is_certain(default, "default");
        let ends = start.plus(seconds(default.value));
        let mut not_too_long = ends.minus(begins).at_most(max.seconds);
        if let Some(end) = self.vouched_until {
            not_too_long = self.until_voucher(end, (&min, &max), begins, not_too_long, all);
        }
        all.push(Condition {
            is_certain,
            remedy: Some(Remedy::LaterEnd),
            ..Condition::new(WindowFault::EndsInThePast, not_past(ends))
        });
        // step-ca has disabled a provisioner whose X.509 default is outside its bounds.
        if self.certificate != CertificateType::X509 {
            let fault = WindowFault::DefaultTooShort { default, limit: min.limit };
            all.push(Condition {
                is_certain: is_certain && min.is_certain,
                remedy: Some(Remedy::LaterEnd),
                ..Condition::new(fault, ends.minus(begins).at_least(min.seconds))
            });
            let fault = WindowFault::DefaultTooLong { default, limit: max.limit };
            all.push(Condition {
                is_certain: is_certain && max.is_certain,
                remedy: Some(Remedy::EarlierEnd),
                ..Condition::new(fault, not_too_long)
            });
        }
    }

    /// The limits for a certificate that ends with its voucher. Returns when it is not too long,
    /// given when the default lifetime is not.
    fn until_voucher(
        &self,
        end: Timestamp,
        (min, max): (&Bound, &Bound),
        begins: Line,
        not_too_long: Span,
        all: &mut Vec<Condition>,
    ) -> Span {
        let end_of_voucher = Line::at(i128::from(end.unix_seconds()));
        all.push(Condition::new(WindowFault::EndsInThePast, not_past(end_of_voucher)));
        let left = end_of_voucher.minus(begins);
        let fault = WindowFault::VoucherTooShort { end, limit: min.limit };
        let is_open = self.starts.and_then(line_of).is_none();
        all.push(Condition {
            is_certain: min.is_certain,
            remedy: is_open.then_some(Remedy::EarlierStart),
            ..Condition::new(fault, left.at_least(min.seconds))
        });
        if not_too_long.is_empty() { left.at_most(max.seconds) } else { not_too_long }
    }
}

/// When a certificate does not end before it is signed.
fn not_past(ends: Line) -> Span {
    ends.minus(Line::NOW).at_least(0)
}

/// A bound, in the seconds that step-ca compares a lifetime with.
struct Bound {
    limit: Limit,
    seconds: i128,
    is_certain: bool,
}

impl WindowRules {
    /// Returns the rules of a provisioner for a type of certificate; without the ca.json of its CA
    /// only its entry is known.
    #[must_use]
    pub fn of(
        provisioner: &Provisioner,
        config: Option<&CaConfig>,
        certificate: CertificateType,
    ) -> Self {
        let unknown = ProvisionerClaims::default();
        let global = config.map_or(&unknown, |config| &config.claims);
        Self {
            limits: provisioner.claims.effective(global).limits(certificate),
            backdate: config.map_or(CaConfig::DEFAULT_BACKDATE, |config| config.backdate),
            known: match config {
                Some(config) if config.enable_admin => Known::Nothing,
                Some(_) => Known::All,
                None => Known::Entry,
            },
        }
    }

    /// Returns why the CA does not rekey a certificate that was issued for this long, and whether
    /// that is certain. The new one gets the same lifetime, which must be within the limits.
    #[must_use]
    pub fn check_rekey(&self, lifetime: SignedDuration) -> Option<(WindowFault, bool)> {
        let (min, max) = (self.min(), self.max());
        let seconds = seconds(lifetime);
        if seconds < min.seconds {
            let backdate = SignedDuration::ZERO;
            let fault = WindowFault::TooShort { lifetime, backdate, limit: min.limit };
            return Some((fault, min.is_certain));
        }
        let fault = WindowFault::TooLong { lifetime, limit: max.limit };
        (seconds > max.seconds).then_some((fault, max.is_certain))
    }

    /// That some lifetime is within the limits, for a request that has it.
    fn any_lifetime(&self) -> Condition {
        let (min, max) = (self.min(), self.max());
        let fault = WindowFault::NoLifetime { min: min.limit, max: max.limit };
        let longest = Line::at(max.seconds);
        Condition {
            is_certain: min.is_certain && max.is_certain,
            ..Condition::new(fault, longest.at_least(min.seconds.max(0)))
        }
    }

    fn min(&self) -> Bound {
        let limit = self.limits.min;
        let seconds = -seconds_of(-nanos(limit.value));
        Bound { limit, seconds, is_certain: self.is_certain(limit, "min") }
    }

    /// The backdate comes on top.
    fn max(&self) -> Bound {
        let limit = self.limits.max;
        let seconds = seconds_of(nanos(limit.value) + nanos(self.backdate));
        Bound { limit, seconds, is_certain: self.is_certain(limit, "max") }
    }

    /// Returns whether a limit is known. A default that moves a bound says nothing about the
    /// authority's bound, so the limit must come from its own member, which begins with `member`.
    fn is_certain(&self, limit: Limit, member: &str) -> bool {
        match self.known {
            Known::All => true,
            Known::Entry => limit.set_by == SetBy::Provisioner && limit.member.starts_with(member),
            Known::Nothing => false,
        }
    }
}

/// One thing the CA requires.
#[derive(Clone, Copy, Debug)]
struct Condition {
    fault: WindowFault,
    allowed: Span,
    is_certain: bool,
    /// What the request can ask for, if that satisfies it.
    remedy: Option<Remedy>,
}

impl Condition {
    /// One that is certain and final.
    fn new(fault: WindowFault, allowed: Span) -> Self {
        Self { fault, allowed, is_certain: true, remedy: None }
    }

    /// Says at which of these times it does not hold.
    fn doubt(&self, usual: Span) -> WindowDoubt {
        let at = |second: i128| i64::try_from(second).ok().map(Timestamp::from_unix_seconds);
        let never = self.allowed.and(usual).is_empty();
        WindowDoubt {
            fault: self.fault,
            from: at(self.allowed.last.saturating_add(1))
                .filter(|_| !never && self.allowed.last < usual.last),
            until: at(self.allowed.first).filter(|_| !never && self.allowed.first > usual.first),
            is_certain: self.is_certain,
            remedy: self.remedy,
        }
    }
}

/// step-ca takes a zero duration, and the first second of 1970, for a value that is not set.
fn line_of(when: When) -> Option<Line> {
    match when {
        When::After(SignedDuration::ZERO) | When::At(Timestamp::GO_ZERO) => None,
        When::At(at) if at.unix_seconds() == 0 => None,
        When::At(at) => Some(Line::at(i128::from(at.unix_seconds()))),
        When::After(duration) => Some(Line::NOW.plus(seconds(duration))),
    }
}

fn nanos(duration: SignedDuration) -> i128 {
    i128::from(duration.as_nanos())
}

fn seconds(duration: SignedDuration) -> i128 {
    seconds_of(nanos(duration))
}

const NANOS: i128 = 1_000_000_000;

fn seconds_of(nanos: i128) -> i128 {
    nanos.div_euclid(NANOS)
}

fn saturating(seconds: i128) -> SignedDuration {
    let most = if seconds < 0 { i64::MIN } else { i64::MAX };
    SignedDuration::saturating_from_seconds(i64::try_from(seconds).unwrap_or(most))
}

#[cfg(test)]
mod tests;
