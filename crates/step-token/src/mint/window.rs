//! Whether the CA signs a certificate for the time asked for.

use step_claims::{Purpose, SshCertificate, Validity};
use step_mint::Request;
use step_provisioner::{
    CaConfig, CertificateType, KindName, Provisioner, Remedy, Spending, Window, WindowDoubt,
    WindowFault, WindowRules,
};
use token_cli::{Error, Origin, World};
use token_time::SignedDuration;

use crate::mint::proof::CertificateProof;
use crate::mint::settings::MintSettings;

/// The validity of the certificate that a token asks for.
#[derive(Clone, Debug)]
pub(crate) struct AskedWindow {
    asked: Asked,
    spending: Spending,
    starts: Option<Origin>,
    ends: Option<Origin>,
    /// The flag that asks for the certificate, or the name of the one that vouches for it.
    source: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    /// A new certificate.
    New(Window),
    /// A certificate for another key, with the lifetime of the one that it replaces.
    Rekey(SignedDuration),
}

fn spending(validity: Validity) -> Spending {
    Spending {
        made: validity.issued_at(),
        first: validity.not_before(),
        last: validity.not_after(),
    }
}

impl AskedWindow {
    /// Returns the validity that a request asks for; `None` if the CA issues no certificate for it,
    /// or without a limit.
    pub(crate) fn of(
        request: &Request,
        validity: Validity,
        proof: Option<&CertificateProof>,
        settings: &MintSettings,
    ) -> Option<Self> {
        let vouched_until = proof.and_then(CertificateProof::vouches_until);
        let new = |certificate, ssh: Option<&SshCertificate>| {
            Asked::New(Window {
                certificate,
                starts: ssh.and_then(|ssh| ssh.valid_after),
                ends: ssh.and_then(|ssh| ssh.valid_before),
                vouched_until,
            })
        };
        let asked = match &request.purpose {
            Purpose::Sign(_) => new(CertificateType::X509, None),
            Purpose::SshUser(ssh) => new(CertificateType::SshUser, Some(ssh)),
            Purpose::SshHost(ssh) => new(CertificateType::SshHost, Some(ssh)),
            Purpose::SshRekey => Asked::Rekey(proof?.issued_for()?),
            _ => return None,
        };
        let times = &settings.validity;
        Some(Self {
            asked,
            spending: spending(validity),
            starts: times.cert_not_before.as_ref().map(|when| when.origin.clone()),
            ends: times.cert_not_after.as_ref().map(|when| when.origin.clone()),
            source: proof.map(|proof| proof.called().to_owned()),
        })
    }

    /// Returns the same for a token that is made later.
    pub(crate) fn made_later(&self, validity: Validity) -> Self {
        Self { spending: spending(validity), ..self.clone() }
    }

    /// Refuses what no CA signs.
    pub(crate) fn must_be_possible(&self) -> Result<(), Error> {
        match self.asked {
            Asked::New(window) => window
                .check(None, self.spending)
                .map(|_| ())
                .map_err(|fault| self.error(&fault, None)),
            Asked::Rekey(_) => Ok(()),
        }
    }

    /// Returns why a provisioner never signs it, if that is so.
    pub(crate) fn refusal(
        &self,
        provisioner: &Provisioner,
        config: Option<&CaConfig>,
    ) -> Option<WindowFault> {
        // A fetched token says nothing about the certificate.
        if provisioner.kind.name() == KindName::K8sSa {
            return None;
        }
        let rules = |certificate| WindowRules::of(provisioner, config, certificate);
        match self.asked {
            Asked::New(window) => {
                match window.check(Some(&rules(window.certificate)), self.spending) {
                    Err(fault) => Some(fault),
                    // Whoever types an end means the certificate to be that long from the signing on.
                    Ok(doubts) if self.ends.is_some() => {
                        let is_length = |doubt: &&WindowDoubt| {
                            let fault = &doubt.fault;
                            let of_end = matches!(
                                fault,
                                WindowFault::TooShort { .. } | WindowFault::TooLong { .. }
                            );
                            let is_always = doubt.from.is_none() && doubt.until.is_none();
                            of_end && is_always && doubt.is_certain && doubt.needs_remedy()
                        };
                        doubts.iter().find(is_length).map(|doubt| doubt.fault)
                    }
                    Ok(_) => None,
                }
            }
            Asked::Rekey(lifetime) => {
                let (fault, is_certain) = rules(CertificateType::SshHost).check_rekey(lifetime)?;
                is_certain.then_some(fault)
            }
        }
    }

    /// Refuses a provisioner that never signs it.
    pub(crate) fn must_fit(
        &self,
        provisioner: &Provisioner,
        config: Option<&CaConfig>,
    ) -> Result<(), Error> {
        match self.refusal(provisioner, config) {
            Some(fault) => Err(self.error(&fault, Some(provisioner))),
            None => Ok(()),
        }
    }

    /// Warns if the CA may refuse to sign it.
    pub(crate) fn warn(
        &self,
        provisioner: Option<&Provisioner>,
        config: Option<&CaConfig>,
        world: &World,
    ) {
        if provisioner.is_some_and(|entry| entry.kind.name() == KindName::K8sSa) {
            return;
        }
        let rules = |certificate| {
            provisioner.map(|provisioner| WindowRules::of(provisioner, config, certificate))
        };
        let doubts = match self.asked {
            Asked::New(window) => {
                let rules = rules(window.certificate);
                window.check(rules.as_ref(), self.spending).unwrap_or_default()
            }
            Asked::Rekey(lifetime) => {
                let rules = rules(CertificateType::SshHost);
                let fault = rules.and_then(|rules| rules.check_rekey(lifetime));
                let unsure = fault.filter(|(_, is_certain)| !is_certain);
                unsure.map(|(fault, _)| WindowDoubt::unsure(fault)).into_iter().collect()
            }
        };
        for doubt in doubts {
            let who = self.prefix(&doubt.fault, provisioner);
            world.warn(&format!("{who}{}", refusal(&doubt)));
        }
    }

    /// Returns whether a provisioner signs it only for a request that asks for a time of its own.
    pub(crate) fn needs_remedy(
        &self,
        provisioner: &Provisioner,
        config: Option<&CaConfig>,
    ) -> bool {
        let Asked::New(window) = self.asked else { return false };
        let rules = WindowRules::of(provisioner, config, window.certificate);
        let doubts = window.check(Some(&rules), self.spending).unwrap_or_default();
        doubts.iter().any(WindowDoubt::needs_remedy)
    }

    fn error(&self, fault: &WindowFault, provisioner: Option<&Provisioner>) -> Error {
        let message = format!("{}the certificate {fault}", self.prefix(fault, provisioner));
        let error = match self.flag(fault) {
            Some(_) => Error::usage(message),
            None => Error::settings(message),
        };
        let limit = |member: &str, way_out: &str| {
            let whose = provisioner.map_or_else(String::new, |it| format!(" of {}", it.label()));
            format!("{way_out}, or set `{member}` in the claims{whose}")
        };
        let rekey = matches!(self.asked, Asked::Rekey(_));
        error.hint(match fault {
            WindowFault::TooShort { limit: it, .. } | WindowFault::TooLong { limit: it, .. }
                if rekey =>
            {
                limit(it.member, "get a new certificate (--renew has no such limit)")
            }
            WindowFault::TooShort { limit: it, .. } => {
                limit(it.member, "use a later --cert-not-after, an earlier --cert-not-before")
            }
            WindowFault::TooLong { limit: it, .. } => {
                limit(it.member, "use an earlier --cert-not-after, a later --cert-not-before")
            }
            WindowFault::StartsLongAgo { limit: it } => {
                limit(it.member, "use a later --cert-not-before")
            }
            WindowFault::NoLifetime { max, .. } => {
                limit(max.member, "use --provisioner to select another one")
            }
            WindowFault::VoucherTooShort { .. } => {
                "use a new certificate as proof, or another provisioner".to_owned()
            }
            WindowFault::StartsAfterVoucher { .. } | WindowFault::OutlivesVoucher { .. } => {
                "use earlier times, or a new certificate as proof".to_owned()
            }
            _ => {
                "check --cert-not-before and --cert-not-after: each is a time, or a duration from \
                  the signing"
                    .to_owned()
            }
        })
    }

    /// The flag at fault, the certificate that vouches, or the provisioner.
    fn prefix(&self, fault: &WindowFault, provisioner: Option<&Provisioner>) -> String {
        let source = self.source.as_deref();
        let of_provisioner = matches!(
            fault,
            WindowFault::DefaultTooShort { .. }
                | WindowFault::DefaultTooLong { .. }
                | WindowFault::NoLifetime { .. }
        );
        match (self.flag(fault), source.filter(|_| !of_provisioner), provisioner) {
            (Some(origin), ..) => format!("{origin}: "),
            (None, Some(source), _) => format!("{source}: "),
            (None, None, Some(provisioner)) => format!("{}: ", provisioner.label()),
            (None, None, None) => String::new(),
        }
    }

    fn flag(&self, fault: &WindowFault) -> Option<&Origin> {
        let starts = match fault {
            WindowFault::NoLifetime { .. } => return None,
            WindowFault::StartsBefore1970
            | WindowFault::StartsAfterVoucher { .. }
            | WindowFault::StartsLongAgo { .. } => true,
            _ => false,
        };
        match (&self.starts, &self.ends) {
            (Some(origin), _) if starts => Some(origin),
            (_, Some(origin)) | (Some(origin), None) => Some(origin),
            (None, None) => None,
        }
    }
}

/// Says when and why the CA refuses a token, and with which request it does not.
fn refusal(doubt: &WindowDoubt) -> String {
    let may = if doubt.is_certain { "refuses" } else { "may refuse" };
    let when = match (doubt.from, doubt.until) {
        (Some(from), _) if doubt.is_certain => format!(" from {from} on"),
        (None, Some(until)) if doubt.is_certain => format!(" before {until}"),
        _ => String::new(),
    };
    let request = doubt.remedy.map_or_else(String::new, |remedy| {
        let (what, flag) = match remedy {
            Remedy::EarlierStart => ("an earlier start", "--not-before"),
            Remedy::LaterStart => ("a later start", "--not-before"),
            Remedy::EarlierEnd => ("an earlier end", "--not-after"),
            Remedy::LaterEnd => ("a later end", "--not-after"),
        };
        format!(" unless the request that spends it asks for {what} (`{flag}` of step)")
    });
    let limit = if doubt.is_certain { "" } else { ", unless the CA has another limit" };
    format!("the CA {may} the token{when}{request}: the certificate {}{limit}", doubt.fault)
}
