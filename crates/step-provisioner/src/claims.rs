//! The settings of a provisioner, or of the whole CA, for the certificates it issues.
//!
//! Source: smallstep/certificates, `authority/provisioner/claims.go` (the members and how they
//! override each other) and `authority/config/config.go` (the defaults).

use crate::limits::{CertificateType, Contradiction, Lifetimes, Limits, SetBy};
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

impl ProvisionerClaims {
    pub(crate) fn read(claims: &Object<'_>) -> Result<Self, Fault> {
        let lifetimes = |certificate: CertificateType| -> Result<Lifetimes, Fault> {
            let [min, max, default] = certificate.members();
            Ok(Lifetimes {
                min: claims.duration(min)?,
                max: claims.duration(max)?,
                default: claims.duration(default)?,
            })
        };
        Ok(Self {
            tls: lifetimes(CertificateType::X509)?,
            ssh_user: lifetimes(CertificateType::SshUser)?,
            ssh_host: lifetimes(CertificateType::SshHost)?,
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
        let of_step_ca = EffectiveClaims::default();
        self.over(&global.over(&of_step_ca, SetBy::Authority), SetBy::Provisioner)
    }

    fn over(&self, base: &EffectiveClaims, set_by: SetBy) -> EffectiveClaims {
        use CertificateType::{SshHost, SshUser, X509};
        EffectiveClaims {
            tls: base.tls.overridden(X509, self.tls, set_by),
            ssh_user: base.ssh_user.overridden(SshUser, self.ssh_user, set_by),
            ssh_host: base.ssh_host.overridden(SshHost, self.ssh_host, set_by),
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

    /// Returns what it sets itself for a type of certificate.
    #[must_use]
    pub fn lifetimes(&self, certificate: CertificateType) -> Lifetimes {
        match certificate {
            CertificateType::X509 => self.tls,
            CertificateType::SshUser => self.ssh_user,
            CertificateType::SshHost => self.ssh_host,
        }
    }
}

/// The claims of a provisioner after inheritance and defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveClaims {
    /// Lifetimes of X.509 certificates.
    pub tls: Limits,
    /// Lifetimes of SSH user certificates.
    pub ssh_user: Limits,
    /// Lifetimes of SSH host certificates.
    pub ssh_host: Limits,
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
    /// Returns why step-ca disables a provisioner with these claims, if it does: the X.509 lifetimes
    /// contradict each other. It does not compare those of SSH certificates.
    #[must_use]
    pub fn contradiction(&self) -> Option<Contradiction> {
        self.tls.contradiction()
    }

    /// Returns the limits for a type of certificate.
    #[must_use]
    pub fn limits(&self, certificate: CertificateType) -> Limits {
        match certificate {
            CertificateType::X509 => self.tls,
            CertificateType::SshUser => self.ssh_user,
            CertificateType::SshHost => self.ssh_host,
        }
    }
}

impl Default for EffectiveClaims {
    /// The claims of a CA that sets none.
    fn default() -> Self {
        Self {
            tls: Limits::of_step_ca(CertificateType::X509),
            ssh_user: Limits::of_step_ca(CertificateType::SshUser),
            ssh_host: Limits::of_step_ca(CertificateType::SshHost),
            enable_ssh_ca: false,
            disable_renewal: false,
            allow_renewal_after_expiry: false,
            disable_smallstep_extensions: false,
        }
    }
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
        assert_eq!(effective.ssh_host.max.value, "720h".parse().unwrap());
        assert_eq!(effective.ssh_user.default.value, "16h".parse().unwrap());
        assert_eq!(effective.tls.min.value, "5m".parse().unwrap());
        assert!(!effective.enable_ssh_ca);
        assert_eq!(effective.contradiction(), None);
    }

    #[test]
    fn a_provisioner_overrides_the_authority_member_by_member() {
        let global = claims(r#"{"enableSSHCA":true,"maxTLSCertDuration":"48h"}"#);
        let own = claims(r#"{"enableSSHCA":false,"disableRenewal":true}"#);
        let effective = own.effective(&global);
        assert!(!effective.enable_ssh_ca);
        assert!(effective.disable_renewal);
        assert_eq!(effective.tls.max.value, "48h".parse().unwrap());
        assert!(claims("{}").effective(&global).enable_ssh_ca);
    }

    #[test]
    fn a_default_outside_the_inherited_bounds_moves_the_bound() {
        let short = claims(r#"{"defaultTLSCertDuration":"1m"}"#).effective(&claims("{}"));
        assert_eq!(short.tls.min.value, "1m".parse().unwrap());
        assert_eq!(short.tls.max.value, "24h".parse().unwrap());
        let long = claims(r#"{"defaultTLSCertDuration":"96h"}"#).effective(&claims("{}"));
        assert_eq!(long.tls.max.value, "96h".parse().unwrap());
        assert_eq!((short.contradiction(), long.contradiction()), (None, None));
    }

    #[test]
    fn contradicting_lifetimes_are_noticed() {
        for json in [
            r#"{"minTLSCertDuration":"2h","maxTLSCertDuration":"1h"}"#,
            r#"{"minTLSCertDuration":"0s"}"#,
            r#"{"maxTLSCertDuration":"1h"}"#,
        ] {
            let effective = claims(json).effective(&claims("{}"));
            assert!(effective.contradiction().is_some(), "{json}");
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
