//! Which flags go together: a flag is honoured or refused, never ignored.
//!
//! What step refuses is refused wherever it comes from. What only this program refuses, because it
//! would have no effect, is refused on the command line, and passed over with a note when it comes
//! from the environment or a defaults file.

use std::path::PathBuf;

use step_provisioner::{Capability, KindName, Proof};

use token_cli::{Error, Origin, Setting, Source, Stream, World, one_reader_of_each};

use crate::mint::proof_settings::ProofSettings;
use crate::mint::settings::MintSettings;
use crate::settings::effect::{disagree, idle, idle_if_typed, pass_over};

/// Refuses what cannot work, and clears what has no effect.
pub(crate) fn check(settings: &mut MintSettings, world: &World) -> Result<(), Error> {
    refused_by_step(settings)?;
    key_over_proof(settings, world);
    one_action(settings, world)?;
    proof_and_purpose(settings)?;
    subject(settings)?;
    without_effect(settings, world)?;
    standard_input(settings)
}

/// The pairs of step's own checks, in its order.
fn refused_by_step(settings: &MintSettings) -> Result<(), Error> {
    let purpose = &settings.purpose;
    let san = !purpose.san.value.is_empty();
    let principal = !purpose.principal.value.is_empty();
    if san && purpose.ssh.value {
        return Err(disagree(&purpose.ssh.origin, &purpose.san.origin)
            .hint("SSH certificates have principals: --principal"));
    }
    if san && purpose.host.value {
        return Err(disagree(&purpose.host.origin, &purpose.san.origin)
            .hint("SSH hosts have principals: --ssh --host --principal"));
    }
    if san && principal {
        return Err(disagree(&purpose.principal.origin, &purpose.san.origin)
            .hint("--san is for X.509 certificates, --principal for SSH ones"));
    }
    if purpose.host.value && !purpose.ssh.value {
        return Err(Error::usage(format!("{} needs --ssh", purpose.host.origin))
            .hint("an X.509 certificate is for a host anyway"));
    }
    if principal && !purpose.ssh.value {
        return Err(Error::usage(format!("{} needs --ssh", purpose.principal.origin))
            .hint("names of an X.509 certificate are given with --san"));
    }
    if let (Some(text), Some(file)) = (&purpose.cnf, &purpose.cnf_file) {
        return Err(disagree(&text.origin, &file.origin));
    }
    if san && purpose.revoke.value {
        return Err(disagree(&purpose.revoke.origin, &purpose.san.origin)
            .hint("the CA reads names only when it signs"));
    }
    Ok(())
}

/// A key that is named on the command line outranks a proof that is named elsewhere.
fn key_over_proof(settings: &mut MintSettings, world: &World) {
    let Some(key) = &settings.provisioner.key else { return };
    if let Some(proof) = &settings.proof
        && key.origin.is_command_line()
        && key.origin.outranks(proof.origin())
    {
        pass_over(proof.origin(), "the command line names a key", world);
        settings.proof = None;
    }
}

/// What a proof is for is known before anything is opened: the capability table of its type.
fn proof_and_purpose(settings: &MintSettings) -> Result<(), Error> {
    let purpose = &settings.purpose;
    let renewal = purpose.renew.value && !purpose.ssh.value;
    let Some(proof) = &settings.proof else {
        if renewal {
            return Err(Error::usage(format!(
                "{} needs --x5c-cert and --x5c-key: the certificate asks for its own renewal",
                purpose.renew.origin
            ))
            .hint("with --ssh an SSH host certificate is renewed: --sshpop-cert, --sshpop-key"));
        }
        let asked = if purpose.renew.value { &purpose.renew } else { &purpose.rekey };
        // No other type does that, whichever provisioner is meant.
        if asked.value
            && let Capability::Refused { reason, instead } =
                Capability::of(KindName::Jwk, settings.operation())
        {
            let origin = &asked.origin;
            let message = format!("{origin} needs --sshpop-cert and --sshpop-key: {reason}");
            return Err(Error::usage(message).hint(format!("use {instead}")));
        }
        return Ok(());
    };
    if renewal {
        return match proof.proof() {
            Proof::X5c => Ok(()),
            Proof::SshPop => Err(disagree(&purpose.renew.origin, proof.origin())
                .hint("--ssh is missing, if the SSH certificate is to be renewed")
                .hint("without --ssh an X.509 certificate is renewed: --x5c-cert, --x5c-key")),
            _ => Err(disagree(&purpose.renew.origin, proof.origin())
                .hint("without --ssh an X.509 certificate is renewed: --x5c-cert, --x5c-key")),
        };
    }
    if let Some(key_id) = &settings.provisioner.key_id {
        return Err(disagree(&key_id.origin, proof.origin())
            .hint("a key ID picks a JWK provisioner, a proof another type: leave one out"));
    }
    let operation = settings.operation();
    match Capability::of(proof.proof().kind(), operation) {
        Capability::Refused { reason, instead } => {
            let (origin, proof) = (proof.origin(), proof.proof());
            let way_out = match proof {
                Proof::SshPop if !operation.is_ssh() => "--ssh is missing, or ".to_owned(),
                _ => String::new(),
            };
            Err(Error::usage(format!(
                "{origin}: the {proof} cannot authorise `{operation}`: {reason}"
            ))
            .hint(format!("{way_out}use {instead}")))
        }
        _ => Ok(()),
    }
}

/// A token is about somebody, unless what proves it says about whom.
fn subject(settings: &mut MintSettings) -> Result<(), Error> {
    let says = settings.proof.as_ref().is_some_and(|proof| match proof.proof() {
        Proof::X5c => settings.purpose.renew.value,
        _ => true,
    });
    match &settings.subject {
        Some(subject) if !subject.is_empty() => {}
        _ if says => settings.subject = None,
        // It may be one that hands on a token of Kubernetes.
        None if settings.proof.is_none() && settings.provisioner.name.is_some() => {}
        Some(_) => return Err(Error::usage("the subject cannot be empty")),
        None => {
            return Err(Error::usage("no subject is given").hint("`--help` shows what is expected"));
        }
    }
    Ok(())
}

/// At most one of revoke, renew and rekey; X.509 certificates have no token for a rekey.
fn one_action(settings: &mut MintSettings, world: &World) -> Result<(), Error> {
    let purpose = &mut settings.purpose;
    let mut actions = [&mut purpose.revoke, &mut purpose.renew, &mut purpose.rekey];
    let typed = actions.iter().any(|action| action.value && action.origin.is_command_line());
    if typed {
        for action in &mut actions {
            if action.value && !action.origin.is_command_line() {
                pass_over(&action.origin, "the command line asks for something else", world);
                action.value = false;
            }
        }
    }
    let mut asked = actions.iter().filter(|action| action.value);
    if let (Some(one), Some(other)) = (asked.next(), asked.next()) {
        return Err(disagree(&one.origin, &other.origin).hint("a token is for one of them"));
    }
    if purpose.rekey.value && !purpose.ssh.value {
        return Err(Error::usage(format!("{} needs --ssh", purpose.rekey.origin)).hint(
            "step-ca authorises the rekey of an X.509 certificate by mutual TLS, not by token",
        ));
    }
    Ok(())
}

fn without_effect(settings: &mut MintSettings, world: &World) -> Result<(), Error> {
    let purpose = &mut settings.purpose;
    let ssh = purpose.ssh.value;
    let signs = !(purpose.revoke.value || purpose.renew.value || purpose.rekey.value);
    if !signs {
        let why = "the certificate is there already";
        idle(&mut purpose.host, why, world)?;
        idle(&mut purpose.principal, why, world)?;
        let why = "the CA reads it only when it signs a certificate";
        idle(&mut purpose.cnf, why, world)?;
        idle(&mut purpose.cnf_file, why, world)?;
        idle(&mut purpose.set, why, world)?;
        idle(&mut purpose.set_file, why, world)?;
    }
    if !(signs && ssh) {
        let why = "it is for tokens that sign an SSH certificate";
        idle(&mut settings.validity.cert_not_before, why, world)?;
        idle(&mut settings.validity.cert_not_after, why, world)?;
    }
    if purpose.renew.value && !ssh {
        idle(&mut purpose.san, "the certificate has its names already", world)?;
        let why = "the CA finds the provisioner that issued the certificate";
        idle_if_typed(&mut settings.provisioner.name, why)?;
        idle_if_typed(&mut settings.provisioner.key_id, why)?;
        let why = "the CA is not asked anything for a renew token";
        idle_if_typed(&mut settings.ca.timeout, why)?;
        idle_if_typed(&mut settings.ca.fingerprint, why)?;
    }
    match settings.proof.as_ref().map(ProofSettings::proof) {
        None => {}
        Some(Proof::K8sSa) => issued_elsewhere(settings, world)?,
        Some(_) => {
            idle(&mut settings.provisioner.key, "the certificate's key signs the token", world)?;
        }
    }
    if settings.ca.offline {
        idle(&mut settings.ca.timeout, "no request is made with --offline", world)?;
    }
    Ok(())
}

/// A token that somebody else issued says what it says.
pub(crate) fn issued_elsewhere(settings: &mut MintSettings, world: &World) -> Result<(), Error> {
    let why = "Kubernetes wrote the token, and nothing is added to it";
    // step asks for a subject in any case, so every script gives one.
    if let Some(subject) = settings.subject.take() {
        world.note(&format!("the subject `{subject}` has no effect here: {why}"));
    }
    let (purpose, validity) = (&mut settings.purpose, &mut settings.validity);
    idle(&mut purpose.san, why, world)?;
    idle(&mut purpose.principal, why, world)?;
    idle(&mut purpose.cnf, why, world)?;
    idle(&mut purpose.cnf_file, why, world)?;
    idle(&mut purpose.set, why, world)?;
    idle(&mut purpose.set_file, why, world)?;
    idle(&mut validity.not_before, why, world)?;
    idle(&mut validity.not_after, why, world)?;
    idle(&mut validity.cert_not_before, why, world)?;
    idle(&mut validity.cert_not_after, why, world)?;
    idle(&mut settings.provisioner.key, why, world)
}

/// Standard input, and a descriptor, can be read once.
fn standard_input(settings: &MintSettings) -> Result<(), Error> {
    let (purpose, provisioner) = (&settings.purpose, &settings.provisioner);
    let pair = settings.proof.as_ref().and_then(ProofSettings::certificate);
    let token = match &settings.proof {
        Some(ProofSettings::K8sSa(token)) => Some(token),
        _ => None,
    };
    let sources = [
        pair.map(|pair| &pair.certificate),
        pair.map(|pair| &pair.key),
        token,
        provisioner.key.as_ref(),
        provisioner.passphrase.as_ref(),
    ];
    let files = [purpose.cnf_file.as_ref(), purpose.set_file.as_ref()];
    let of_source = |setting: &Setting<Source>| (setting.origin.clone(), setting.value.stream());
    let of_file = |file: &Setting<PathBuf>| (file.origin.clone(), Stream::of_path(&file.value));
    let readers: Vec<(Origin, Option<Stream>)> = (sources.into_iter().flatten().map(of_source))
        .chain(files.into_iter().flatten().map(of_file))
        .collect();
    one_reader_of_each(&readers)
}
