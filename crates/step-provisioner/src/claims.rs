//! The settings of a provisioner, or of the whole CA, for the certificates it issues.
//!
//! Source: smallstep/certificates, `authority/provisioner/claims.go` (the members and how they
//! override each other) and `authority/config/config.go` (the defaults).

use token_time::SignedDuration;

use crate::object::{Fault, Object};

/// The `claims` member of a provisioner, or of `authority` for all of them; unset members inherit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvisionerClaims {
    /// Lifetimes of X.509 certificates.
    pub tls: Lifetimes,
    /// Lifetimes of SSH user certificates.
    pub ssh_user: Lifetimes,
    /// Lifetimes of SSH host certificates.
    pub ssh_host: Lifetimes,
    /// `enableSSHCA`: whether SSH certificates are signed.
    pub enable_ssh_ca: Option<bool>,
    /// `disableRenewal`: whether certificates may not be renewed.
    pub disable_renewal: Option<bool>,
    /// `allowRenewalAfterExpiry`: whether expired certificates may be renewed.
    pub allow_renewal_after_expiry: Option<bool>,
    /// `disableSmallstepExtensions`: whether certificates omit the name of their provisioner.
    pub disable_smallstep_extensions: Option<bool>,
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

impl ProvisionerClaims {
    pub(crate) fn read(claims: &Object<'_>) -> Result<Self, Fault> {
        let lifetimes = |kind: &str| -> Result<Lifetimes, Fault> {
            Ok(Lifetimes {
                min: claims.duration(&format!("min{kind}CertDuration"))?,
                max: claims.duration(&format!("max{kind}CertDuration"))?,
                default: claims.duration(&format!("default{kind}CertDuration"))?,
            })
        };
        Ok(Self {
            tls: lifetimes("TLS")?,
            ssh_user: lifetimes("UserSSH")?,
            ssh_host: lifetimes("HostSSH")?,
            enable_ssh_ca: claims.boolean("enableSSHCA")?,
            disable_renewal: claims.boolean("disableRenewal")?,
            allow_renewal_after_expiry: claims.boolean("allowRenewalAfterExpiry")?,
            disable_smallstep_extensions: claims.boolean("disableSmallstepExtensions")?,
        })
    }

    /// Returns the effective claims of a provisioner with these claims.
    ///
    /// A member that is set here overrides the same member of `global`, the claims of
    /// `authority`, which overrides step-ca's defaults.
    #[must_use]
    pub fn effective(&self, global: &Self) -> EffectiveClaims {
        self.over(&global.over(&EffectiveClaims::default()))
    }

    fn over(&self, base: &EffectiveClaims) -> EffectiveClaims {
        EffectiveClaims {
            tls: self.tls.over(base.tls),
            ssh_user: self.ssh_user.over(base.ssh_user),
            ssh_host: self.ssh_host.over(base.ssh_host),
            enable_ssh_ca: self.enable_ssh_ca.unwrap_or(base.enable_ssh_ca),
            disable_renewal: self.disable_renewal.unwrap_or(base.disable_renewal),
            allow_renewal_after_expiry: self
                .allow_renewal_after_expiry
                .unwrap_or(base.allow_renewal_after_expiry),
            disable_smallstep_extensions: self
                .disable_smallstep_extensions
                .unwrap_or(base.disable_smallstep_extensions),
        }
    }
}

impl Lifetimes {
    /// A default outside the inherited bounds moves the bound it exceeds, unless that is set too.
    fn over(self, base: EffectiveLifetimes) -> EffectiveLifetimes {
        let default = self.default.unwrap_or(base.default);
        EffectiveLifetimes {
            min: self.min.unwrap_or_else(|| base.min.min(default)),
            max: self.max.unwrap_or_else(|| base.max.max(default)),
            default,
        }
    }
}

/// The claims of a provisioner after inheritance and defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveClaims {
    /// Lifetimes of X.509 certificates.
    pub tls: EffectiveLifetimes,
    /// Lifetimes of SSH user certificates.
    pub ssh_user: EffectiveLifetimes,
    /// Lifetimes of SSH host certificates.
    pub ssh_host: EffectiveLifetimes,
    /// Whether SSH certificates are signed.
    pub enable_ssh_ca: bool,
    /// Whether certificates may not be renewed.
    pub disable_renewal: bool,
    /// Whether expired certificates may be renewed.
    pub allow_renewal_after_expiry: bool,
    /// Whether certificates omit the name of their provisioner.
    pub disable_smallstep_extensions: bool,
}

impl EffectiveClaims {
    /// Returns whether step-ca enables a provisioner with these claims; one whose X.509 lifetimes
    /// contradict each other is disabled.
    #[must_use]
    pub fn are_consistent(&self) -> bool {
        let EffectiveLifetimes { min, max, default } = self.tls;
        min > SignedDuration::ZERO && min <= default && default <= max
    }
}

impl Default for EffectiveClaims {
    /// The claims of a CA that sets none.
    fn default() -> Self {
        const MINUTE: i32 = 60;
        const HOUR: i32 = 60 * MINUTE;
        let lifetimes = |max_hours: i32, default_hours: i32| EffectiveLifetimes {
            min: SignedDuration::from_seconds(5 * MINUTE),
            max: SignedDuration::from_seconds(max_hours * HOUR),
            default: SignedDuration::from_seconds(default_hours * HOUR),
        };
        Self {
            tls: lifetimes(24, 24),
            ssh_user: lifetimes(24, 16),
            ssh_host: lifetimes(30 * 24, 30 * 24),
            enable_ssh_ca: false,
            disable_renewal: false,
            allow_renewal_after_expiry: false,
            disable_smallstep_extensions: false,
        }
    }
}

/// The effective lifetimes for one type of certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveLifetimes {
    /// The shortest lifetime that the CA grants.
    pub min: SignedDuration,
    /// The longest lifetime that the CA grants.
    pub max: SignedDuration,
    /// The lifetime of a certificate if the request gives none.
    pub default: SignedDuration,
}

#[cfg(test)]
mod tests {
    use crate::object::document;

    use super::*;

    fn claims(json: &str) -> ProvisionerClaims {
        let document = document(json.as_bytes()).unwrap();
        ProvisionerClaims::read(&Object::outermost(&document).unwrap()).unwrap()
    }

    #[test]
    fn a_ca_that_sets_nothing_has_the_defaults_of_step_ca() {
        let effective = ProvisionerClaims::default().effective(&ProvisionerClaims::default());
        assert_eq!(effective, EffectiveClaims::default());
        assert_eq!(effective.ssh_host.max, "720h".parse().unwrap());
        assert_eq!(effective.ssh_user.default, "16h".parse().unwrap());
        assert_eq!(effective.tls.min, "5m".parse().unwrap());
        assert!(!effective.enable_ssh_ca);
        assert!(effective.are_consistent());
    }

    #[test]
    fn a_provisioner_overrides_the_authority_member_by_member() {
        let global = claims(r#"{"enableSSHCA":true,"maxTLSCertDuration":"48h"}"#);
        let own = claims(r#"{"enableSSHCA":false,"disableRenewal":true}"#);
        let effective = own.effective(&global);
        assert!(!effective.enable_ssh_ca);
        assert!(effective.disable_renewal);
        assert_eq!(effective.tls.max, "48h".parse().unwrap());
        assert!(claims("{}").effective(&global).enable_ssh_ca);
    }

    #[test]
    fn a_default_outside_the_inherited_bounds_moves_the_bound() {
        let short = claims(r#"{"defaultTLSCertDuration":"1m"}"#).effective(&claims("{}"));
        assert_eq!(short.tls.min, "1m".parse().unwrap());
        assert_eq!(short.tls.max, "24h".parse().unwrap());
        let long = claims(r#"{"defaultTLSCertDuration":"96h"}"#).effective(&claims("{}"));
        assert_eq!(long.tls.max, "96h".parse().unwrap());
        assert!(short.are_consistent() && long.are_consistent());
    }

    #[test]
    fn contradicting_lifetimes_are_noticed() {
        for json in [
            r#"{"minTLSCertDuration":"2h","maxTLSCertDuration":"1h"}"#,
            r#"{"minTLSCertDuration":"0s"}"#,
            r#"{"maxTLSCertDuration":"1h"}"#,
        ] {
            assert!(!claims(json).effective(&claims("{}")).are_consistent(), "{json}");
        }
    }

    #[test]
    fn a_duration_that_is_none_is_named() {
        let document = document(br#"{"minHostSSHCertDuration":"1d"}"#).unwrap();
        let object = Object::outermost(&document).unwrap();
        let fault = ProvisionerClaims::read(&object).unwrap_err();
        assert_eq!(fault.member, "minHostSSHCertDuration");
    }
}
