//! How long a certificate may be valid, and where that is set.
//!
//! Source: smallstep/certificates, `authority/provisioner/claims.go` and
//! `authority/config/config.go` (the defaults).

use std::fmt;

use token_time::SignedDuration;

/// The types of certificates that have limits of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateType {
    /// X.509 certificates.
    X509,
    /// SSH user certificates.
    SshUser,
    /// SSH host certificates.
    SshHost,
}

/// The lifetimes that a provisioner sets for one type of certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes {
    /// The shortest lifetime that the CA grants.
    pub min: Option<SignedDuration>,
    /// The longest lifetime that the CA grants.
    pub max: Option<SignedDuration>,
    /// The lifetime of a certificate if the request gives none.
    pub default: Option<SignedDuration>,
}

/// The lifetimes that apply to one type of certificate, after inheritance and defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The shortest lifetime that the CA grants.
    pub min: Limit,
    /// The longest lifetime that the CA grants.
    pub max: Limit,
    /// The lifetime of a certificate if the request gives none.
    pub default: Limit,
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The duration.
    pub value: SignedDuration,
    /// The member that sets it, such as `maxTLSCertDuration`.
    pub member: &'static str,
    /// Where that member is.
    pub set_by: SetBy,
}

/// Where a limit is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// In the `claims` of the provisioner.
    Provisioner,
    /// In the `claims` of `authority`.
    Authority,
    /// Nowhere: it is step-ca's default.
    StepCa,
}

/// Lifetimes with which step-ca starts no provisioner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// A lifetime is zero or negative.
    NotPositive(Limit),
    /// The first lifetime is shorter than the second, but must not be.
    Shorter(Limit, Limit),
}

impl CertificateType {
    /// All types.
    pub const ALL: [Self; 3] = [Self::X509, Self::SshUser, Self::SshHost];

    /// The members `min…`, `max…` and `default…CertDuration`.
    pub(crate) const fn members(self) -> [&'static str; 3] {
        match self {
            Self::X509 => ["minTLSCertDuration", "maxTLSCertDuration", "defaultTLSCertDuration"],
            Self::SshUser => {
                ["minUserSSHCertDuration", "maxUserSSHCertDuration", "defaultUserSSHCertDuration"]
            }
            Self::SshHost => {
                ["minHostSSHCertDuration", "maxHostSSHCertDuration", "defaultHostSSHCertDuration"]
            }
        }
    }
}

impl Limits {
    /// Returns step-ca's defaults.
    #[must_use]
    pub fn of_step_ca(certificate: CertificateType) -> Self {
        const HOUR: i32 = 60 * 60;
        let (max, default) = match certificate {
            CertificateType::X509 => (24, 24),
            CertificateType::SshUser => (24, 16),
            CertificateType::SshHost => (30 * 24, 30 * 24),
        };
        let [min_member, max_member, default_member] = certificate.members();
        let limit = |seconds, member| Limit {
            value: SignedDuration::from_seconds(seconds),
            member,
            set_by: SetBy::StepCa,
        };
        Self {
            min: limit(5 * 60, min_member),
            max: limit(max * HOUR, max_member),
            default: limit(default * HOUR, default_member),
        }
    }

    /// Returns these limits with those of `own` in their place. A default of `own` that is outside
    /// the bounds moves the bound, unless `own` sets that too.
    pub(crate) fn overridden(
        self,
        certificate: CertificateType,
        own: Lifetimes,
        set_by: SetBy,
    ) -> Self {
        let [min_member, max_member, default_member] = certificate.members();
        let limit = |value: Option<SignedDuration>, member| {
            value.map(|value| Limit { value, member, set_by })
        };
        let default = limit(own.default, default_member);
        let below = default.filter(|default| default.value < self.min.value);
        let above = default.filter(|default| default.value > self.max.value);
        Self {
            min: limit(own.min, min_member).or(below).unwrap_or(self.min),
            max: limit(own.max, max_member).or(above).unwrap_or(self.max),
            default: default.unwrap_or(self.default),
        }
    }

    /// Returns how the limits contradict each other, if they do.
    #[must_use]
    pub fn contradiction(&self) -> Option<Contradiction> {
        let Self { min, max, default } = *self;
        let positive = [min, max, default].into_iter();
        let not_positive = positive.filter(|limit| limit.value <= SignedDuration::ZERO);
        let pairs = [(max, min), (default, min), (max, default)].into_iter();
        let shorter = pairs.filter(|(one, other)| one.value < other.value);
        let shorter = shorter.map(|(one, other)| Contradiction::Shorter(one, other));
        not_positive.map(Contradiction::NotPositive).chain(shorter).next()
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, member, set_by } = self;
        match set_by {
            SetBy::Provisioner => write!(f, "{value} (`{member}` of the provisioner)"),
            SetBy::Authority => write!(f, "{value} (`{member}` of `authority`)"),
            SetBy::StepCa => write!(f, "{value} (step-ca's default)"),
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |limit: &Limit| {
            let whose = match limit.set_by {
                SetBy::Provisioner => "in its claims",
                SetBy::Authority => "in the claims of `authority`",
                SetBy::StepCa => "step-ca's default",
            };
            format!("`{}` of {} ({whose})", limit.member, limit.value)
        };
        match self {
            Self::NotPositive(limit) => write!(f, "{} is not longer than 0s", named(limit)),
            Self::Shorter(one, other) => {
                write!(f, "{} is shorter than {}", named(one), named(other))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(text: &str) -> Option<SignedDuration> {
        (!text.is_empty()).then(|| text.parse().unwrap())
    }

    fn lifetimes([min, max, default]: [&str; 3]) -> Lifetimes {
        Lifetimes { min: duration(min), max: duration(max), default: duration(default) }
    }

    /// The limits for X.509 of a provisioner, within an authority.
    fn limits(own: [&str; 3], authority: [&str; 3]) -> Limits {
        let kind = CertificateType::X509;
        let base = Limits::of_step_ca(kind);
        let base = base.overridden(kind, lifetimes(authority), SetBy::Authority);
        base.overridden(kind, lifetimes(own), SetBy::Provisioner)
    }

    #[test]
    fn every_limit_says_where_it_is_set() {
        let limits = limits(["1h", "", ""], ["", "48h", ""]);
        assert_eq!(limits.min.to_string(), "1h0m0s (`minTLSCertDuration` of the provisioner)");
        assert_eq!(limits.max.to_string(), "48h0m0s (`maxTLSCertDuration` of `authority`)");
        assert_eq!(limits.default.to_string(), "24h0m0s (step-ca's default)");
    }

    #[test]
    fn a_default_moves_a_bound_that_is_not_set_beside_it() {
        let short = limits(["", "", "1m"], ["", "", ""]);
        assert_eq!((short.min, short.min.member), (short.default, "defaultTLSCertDuration"));
        assert_eq!(short.max.set_by, SetBy::StepCa);
        let long = limits(["", "", "96h"], ["", "48h", ""]);
        assert_eq!(long.max, long.default);
        assert_eq!((short.contradiction(), long.contradiction()), (None, None));
    }

    #[test]
    fn a_default_of_the_authority_moves_no_bound_of_a_provisioner() {
        // In the authority the default is below the minimum; a provisioner inherits both.
        let kind = CertificateType::SshUser;
        let base = Limits::of_step_ca(kind);
        let base = base.overridden(kind, lifetimes(["20h", "", ""]), SetBy::Authority);
        let own = base.overridden(kind, Lifetimes::default(), SetBy::Provisioner);
        assert_eq!((own.min.value, own.default.value), (base.min.value, base.default.value));
        assert!(own.contradiction().is_some());
    }

    #[test]
    fn every_contradiction_names_both_sides() {
        for (own, authority, text) in [
            (
                ["0s", "", ""],
                ["", "", ""],
                "`minTLSCertDuration` of 0s (in its claims) is not longer than 0s",
            ),
            (
                ["", "-1h", ""],
                ["", "", ""],
                "`maxTLSCertDuration` of -1h0m0s (in its claims) is not longer than 0s",
            ),
            (
                ["48h", "", ""],
                ["", "", ""],
                "`maxTLSCertDuration` of 24h0m0s (step-ca's default) is shorter than \
                 `minTLSCertDuration` of 48h0m0s (in its claims)",
            ),
            (
                ["2h", "", "1h"],
                ["", "", ""],
                "`defaultTLSCertDuration` of 1h0m0s (in its claims) is shorter than \
                 `minTLSCertDuration` of 2h0m0s (in its claims)",
            ),
            (
                ["", "720h", ""],
                ["", "8761h", "8760h"],
                "`maxTLSCertDuration` of 720h0m0s (in its claims) is shorter than \
                 `defaultTLSCertDuration` of 8760h0m0s (in the claims of `authority`)",
            ),
        ] {
            assert_eq!(limits(own, authority).contradiction().unwrap().to_string(), text);
        }
        assert_eq!(limits(["", "", ""], ["", "", ""]).contradiction(), None);
    }
}
