//! Which flags can be combined: a flag is honoured or refused, never silently ignored.
//!
//! A combination that step refuses is refused wherever it comes from. A setting that only we refuse,
//! because it would have no effect, is refused on the command line, and ignored with a note when it
//! comes from the environment or a defaults file.

use std::path::PathBuf;

use step_provisioner::{Capability, KindName, ProofKind};

use token_cli::{Error, Origin, Setting, Source, Stream, World, one_reader_of_each};

use crate::mint::key::refuse_key_store;
use crate::mint::proof_settings::ProofSettings;
use crate::mint::request::no_subject;
use crate::mint::settings::MintSettings;
use crate::settings::effect::{disagree, note_ignored, refuse_if_typed, refuse_or_clear};
use crate::settings::overwriting;

/// Refuses settings that cannot be combined, and clears those without effect.
pub(crate) fn check(settings: &mut MintSettings, world: &World) -> Result<(), Error> {
    refused_by_step(settings)?;
    key_over_proof(settings, world);
    one_action(settings, world)?;
    proof_and_purpose(settings)?;
    subject(settings)?;
    without_effect(settings, world)?;
    standard_input(settings)?;
    key_store(settings)
}

/// The pairs that step itself refuses, in its order.
fn refused_by_step(settings: &MintSettings) -> Result<(), Error> {
    let purpose = &settings.purpose;
    let san = !purpose.san.value.is_empty();
    let principal = !purpose.principal.value.is_empty();
    if san && purpose.ssh.value {
        return Err(disagree(&purpose.ssh.origin, &purpose.san.origin)
            .hint("use --principal for the names in an SSH certificate"));
    }
    if san && purpose.host.value {
        return Err(disagree(&purpose.host.origin, &purpose.san.origin)
            .hint("use --ssh --host --principal for an SSH host certificate"));
    }
    if san && principal {
        return Err(disagree(&purpose.principal.origin, &purpose.san.origin)
            .hint("use --san for X.509 certificates, --principal for SSH ones"));
    }
    if purpose.host.value && !purpose.ssh.value {
        return Err(Error::usage(format!("{} needs --ssh", purpose.host.origin))
            .hint("leave it out for an X.509 certificate"));
    }
    if principal && !purpose.ssh.value {
        return Err(Error::usage(format!("{} needs --ssh", purpose.principal.origin))
            .hint("use --san for the names in an X.509 certificate"));
    }
    if let (Some(text), Some(file)) = (&purpose.cnf, &purpose.cnf_file) {
        return Err(disagree(&text.origin, &file.origin));
    }
    if san && purpose.revoke.value {
        return Err(disagree(&purpose.revoke.origin, &purpose.san.origin)
            .hint("leave out the names: the CA reads them only when it signs"));
    }
    Ok(())
}

/// A key on the command line takes precedence over a proof from elsewhere.
fn key_over_proof(settings: &mut MintSettings, world: &World) {
    let Some(key) = &settings.provisioner.key else { return };
    if let Some(proof) = &settings.proof
        && key.origin.is_command_line()
        && key.origin.outranks(proof.origin())
    {
        note_ignored(proof.origin(), "the command line gives a key", world);
        settings.proof = None;
    }
}

/// Checks the proof against the request by the capability table, before any file is opened.
fn proof_and_purpose(settings: &MintSettings) -> Result<(), Error> {
    let purpose = &settings.purpose;
    let renewal = purpose.renew.value && !purpose.ssh.value;
    let Some(proof) = &settings.proof else {
        if renewal {
            return Err(Error::usage(format!(
                "{} needs --x5c-cert and --x5c-key, the certificate to renew and its key",
                purpose.renew.origin
            ))
            .hint("use --ssh, --sshpop-cert and --sshpop-key to renew an SSH host certificate"));
        }
        let asked = if purpose.renew.value { &purpose.renew } else { &purpose.rekey };
        // Only an SSHPOP provisioner can do that, so the type need not be known.
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
        return match proof.kind() {
            ProofKind::X5c => Ok(()),
            ProofKind::SshPop => Err(disagree(&purpose.renew.origin, proof.origin())
                .hint("add --ssh to renew the SSH certificate")
                .hint("use --x5c-cert and --x5c-key to renew an X.509 certificate")),
            _ => Err(disagree(&purpose.renew.origin, proof.origin())
                .hint("use --x5c-cert and --x5c-key to renew an X.509 certificate")),
        };
    }
    if let Some(key_id) = &settings.provisioner.key_id {
        return Err(disagree(&key_id.origin, proof.origin())
            .hint("leave one out: a key ID selects a JWK provisioner, a proof another type"));
    }
    let operation = settings.operation();
    match Capability::of(proof.kind().kind(), operation) {
        Capability::Refused { reason, instead } => {
            let (origin, proof) = (proof.origin(), proof.kind());
            let way_out = match proof {
                ProofKind::SshPop if !operation.is_ssh() => "add --ssh, or ".to_owned(),
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

/// A token needs a subject, unless its proof contains one.
fn subject(settings: &mut MintSettings) -> Result<(), Error> {
    let says = settings.proof.as_ref().is_some_and(|proof| match proof.kind() {
        ProofKind::X5c => settings.purpose.renew.value,
        _ => true,
    });
    match &settings.subject {
        Some(subject) if !subject.is_empty() => {}
        _ if says => settings.subject = None,
        // It may be a provisioner that accepts a Kubernetes token.
        None if settings.proof.is_none() && settings.provisioner.name.is_some() => {}
        Some(_) => {
            return Err(Error::usage("the subject cannot be empty")
                .hint("check the variable that it comes from"));
        }
        None => {
            return Err(no_subject(settings.operation()));
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
                note_ignored(&action.origin, "the command line asks for another action", world);
                action.value = false;
            }
        }
    }
    let mut asked = actions.iter().filter(|action| action.value);
    if let (Some(one), Some(other)) = (asked.next(), asked.next()) {
        return Err(disagree(&one.origin, &other.origin).hint("use only one of them"));
    }
    if purpose.rekey.value && !purpose.ssh.value {
        return Err(Error::usage(format!("{} needs --ssh", purpose.rekey.origin)).hint(
            "leave it out: step-ca rekeys an X.509 certificate by mutual TLS, not by token",
        ));
    }
    Ok(())
}

fn without_effect(settings: &mut MintSettings, world: &World) -> Result<(), Error> {
    let purpose = &mut settings.purpose;
    let ssh = purpose.ssh.value;
    let signs = !(purpose.revoke.value || purpose.renew.value || purpose.rekey.value);
    if !signs {
        let why = "the certificate already exists";
        refuse_or_clear(&mut purpose.host, why, world)?;
        refuse_or_clear(&mut purpose.principal, why, world)?;
        let why = "the CA reads it only when it signs a certificate";
        refuse_or_clear(&mut purpose.cnf, why, world)?;
        refuse_or_clear(&mut purpose.cnf_file, why, world)?;
        refuse_or_clear(&mut purpose.set, why, world)?;
        refuse_or_clear(&mut purpose.set_file, why, world)?;
    }
    if !(signs && ssh) {
        let why = "it applies only to tokens that sign an SSH certificate";
        refuse_or_clear(&mut settings.validity.cert_not_before, why, world)?;
        refuse_or_clear(&mut settings.validity.cert_not_after, why, world)?;
    }
    if purpose.renew.value && !ssh {
        refuse_or_clear(&mut purpose.san, "the certificate already has its names", world)?;
        let why = "the CA looks up the provisioner that issued the certificate";
        refuse_if_typed(&mut settings.provisioner.name, why)?;
        refuse_if_typed(&mut settings.provisioner.key_id, why)?;
        let why = "minting a renew token sends no request to the CA";
        refuse_if_typed(&mut settings.ca.timeout, why)?;
        refuse_if_typed(&mut settings.ca.fingerprint, why)?;
    }
    match settings.proof.as_ref().map(ProofSettings::kind) {
        None => {}
        Some(ProofKind::K8sSa) => issued_elsewhere(settings, world)?,
        Some(_) => {
            refuse_or_clear(
                &mut settings.provisioner.key,
                "the certificate's key signs the token",
                world,
            )?;
        }
    }
    if settings.ca.offline {
        refuse_or_clear(&mut settings.ca.timeout, "--offline sends no requests", world)?;
    }
    Ok(())
}

/// Refuses or ignores settings that cannot change a token issued by another service.
pub(crate) fn issued_elsewhere(settings: &mut MintSettings, world: &World) -> Result<(), Error> {
    let why = "Kubernetes issued the token, and it is passed on unchanged";
    // step always requires a subject, so every script gives one.
    if let Some(subject) = settings.subject.take() {
        world.note(&format!("the subject `{subject}` is ignored: {why}"));
    }
    let (purpose, validity) = (&mut settings.purpose, &mut settings.validity);
    refuse_or_clear(&mut purpose.san, why, world)?;
    refuse_or_clear(&mut purpose.principal, why, world)?;
    refuse_or_clear(&mut purpose.cnf, why, world)?;
    refuse_or_clear(&mut purpose.cnf_file, why, world)?;
    refuse_or_clear(&mut purpose.set, why, world)?;
    refuse_or_clear(&mut purpose.set_file, why, world)?;
    refuse_or_clear(&mut validity.not_before, why, world)?;
    refuse_or_clear(&mut validity.not_after, why, world)?;
    refuse_or_clear(&mut validity.cert_not_before, why, world)?;
    refuse_or_clear(&mut validity.cert_not_after, why, world)?;
    refuse_or_clear(&mut settings.provisioner.key, why, world)
}

/// A key in a key store is refused before anything is opened.
fn key_store(settings: &MintSettings) -> Result<(), Error> {
    settings.provisioner.key.as_ref().map_or(Ok(()), refuse_key_store)
}

/// A result must not replace a file that it is made from.
pub(crate) fn output_is_no_input(
    settings: &MintSettings,
    output: Option<&Setting<PathBuf>>,
    world: &World,
) -> Result<(), Error> {
    let ca = &settings.ca;
    let config = ca.offline.then_some(&ca.config);
    let purpose = &settings.purpose;
    let files = [config, ca.root.as_ref(), purpose.cnf_file.as_ref(), purpose.set_file.as_ref()];
    let of_file = |file: &Setting<PathBuf>| {
        Setting::new(Source::Path(file.value.clone()), file.origin.clone())
    };
    let inputs = files.into_iter().flatten().map(of_file);
    overwriting::refuse(output, inputs.chain(sources(settings).cloned()), world)
}

/// Returns where keys, passwords and proofs are read from.
fn sources(settings: &MintSettings) -> impl Iterator<Item = &Setting<Source>> {
    let provisioner = &settings.provisioner;
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
    sources.into_iter().flatten()
}

/// Standard input, and a descriptor, can be read once.
fn standard_input(settings: &MintSettings) -> Result<(), Error> {
    let purpose = &settings.purpose;
    let files = [purpose.cnf_file.as_ref(), purpose.set_file.as_ref()];
    let of_source = |setting: &Setting<Source>| (setting.origin.clone(), setting.value.stream());
    let of_file = |file: &Setting<PathBuf>| (file.origin.clone(), Stream::of_path(&file.value));
    let readers: Vec<(Origin, Option<Stream>)> =
        sources(settings).map(of_source).chain(files.into_iter().flatten().map(of_file)).collect();
    one_reader_of_each(&readers)
}
