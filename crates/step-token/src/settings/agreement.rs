//! Which flags go together: a flag is honoured or refused, never ignored.
//!
//! What step refuses is refused wherever it comes from. What only this program refuses, because it
//! would have no effect, is refused on the command line, and passed over with a note when it comes
//! from the environment or a defaults file.

use super::{GivenProof, Settings};
use crate::origin::{Origin, Setting};
use crate::{Error, World};

/// Refuses what cannot work, and clears what has no effect.
pub(crate) fn check(
    settings: &mut Settings,
    proofs: &[GivenProof],
    world: &World,
) -> Result<(), Error> {
    refused_by_step(settings)?;
    proofs_not_built(settings, proofs, world)?;
    one_action(settings, world)?;
    if settings.subject.is_empty() {
        return Err(Error::usage("the subject cannot be empty"));
    }
    without_effect(settings, world)?;
    standard_input(settings)
}

/// The pairs of step's own checks, in its order.
fn refused_by_step(settings: &Settings) -> Result<(), Error> {
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

/// Proofs and key stores that have no code yet are refused, so that none is ever ignored.
fn proofs_not_built(
    settings: &Settings,
    proofs: &[GivenProof],
    world: &World,
) -> Result<(), Error> {
    // Alone it has no effect, and from elsewhere than the command line that is no mistake.
    let alone = proofs.len() == 1 && proofs[0].flag == "x5c-insecure";
    if alone && !proofs[0].origin.is_command_line() {
        pass_over(&proofs[0].origin, "there is no --x5c-cert", world);
        return Ok(());
    }
    let Some(first) = proofs.first() else { return Ok(()) };
    if let Some(key_id) = &settings.provisioner.key_id
        && !matches!(first.flag, "kms" | "x5c-insecure")
    {
        return Err(disagree(&key_id.origin, &first.origin)
            .hint("a key ID picks a JWK provisioner, a proof another type: leave one out"));
    }
    if first.flag == "x5c-insecure" {
        return Err(Error::usage(format!("{} needs --x5c-cert", first.origin)).hint("leave it out"));
    }
    let what = match first.flag {
        "kms" => "keys in a key store are",
        "k8ssa-token-path" => "Kubernetes service account tokens are",
        flag if flag.starts_with("x5c") => "X5C proofs are",
        flag if flag.starts_with("sshpop") => "SSHPOP proofs are",
        _ => "Nebula proofs are",
    };
    Err(Error::usage(format!("{}: {what} not supported by this version", first.origin))
        .hint("a JWK provisioner works: --provisioner NAME, with --key or --password-file"))
}

/// At most one of revoke, renew and rekey; X.509 certificates have no token for a rekey.
fn one_action(settings: &mut Settings, world: &World) -> Result<(), Error> {
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
    if purpose.renew.value && !purpose.ssh.value {
        return Err(Error::usage(format!(
            "{}: renew tokens are not supported by this version",
            purpose.renew.origin
        ))
        .hint("`step ca renew` renews a certificate that is still valid by mutual TLS"));
    }
    Ok(())
}

fn without_effect(settings: &mut Settings, world: &World) -> Result<(), Error> {
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
    if settings.ca.offline {
        idle(&mut settings.ca.timeout, "no request is made with --offline", world)?;
    }
    Ok(())
}

/// Offline, a listing reads the ca.json and nothing else.
pub(super) fn only_listing(ca: &mut super::CaSettings, world: &World) -> Result<(), Error> {
    let why = "the list is that of the ca.json";
    // What defaults.json says for every command is no mistake here.
    for origin in [
        ca.url.as_ref().map(|url| &url.origin),
        ca.root.as_ref().map(|root| &root.origin),
        ca.fingerprint.as_ref().map(|fingerprint| &fingerprint.origin),
        ca.timeout.as_ref().map(|timeout| &timeout.origin),
    ] {
        if let Some(origin) = origin.filter(|origin| origin.is_command_line()) {
            return Err(without_effect_here(origin, why));
        }
    }
    idle(&mut ca.timeout, why, world)
}

/// Standard input can be read once.
fn standard_input(settings: &Settings) -> Result<(), Error> {
    use crate::secret::Source;
    let (purpose, provisioner) = (&settings.purpose, &settings.provisioner);
    let source = |setting: &Option<Setting<Source>>| {
        setting.as_ref().filter(|s| s.value == Source::Stdin).map(|s| s.origin.clone())
    };
    let file = |setting: &Option<Setting<std::path::PathBuf>>| {
        setting.as_ref().filter(|s| s.value.as_os_str() == "-").map(|s| s.origin.clone())
    };
    let readers = [
        source(&provisioner.key),
        source(&provisioner.passphrase),
        file(&purpose.cnf_file),
        file(&purpose.set_file),
    ];
    if let (Some(key), Some(passphrase)) = (&provisioner.key, &provisioner.passphrase)
        && matches!(key.value, Source::Descriptor(_))
        && key.value == passphrase.value
    {
        let message = format!("{} and {} both read {}", key.origin, passphrase.origin, key.value);
        return Err(Error::usage(message).hint("a descriptor can be read once"));
    }
    let mut readers = readers.iter().flatten();
    match (readers.next(), readers.next()) {
        (Some(one), Some(other)) => {
            Err(Error::usage(format!("{one} and {other} both read standard input"))
                .hint("give one of them a file, env:NAME or fd:N"))
        }
        _ => Ok(()),
    }
}

fn disagree(one: &Origin, other: &Origin) -> Error {
    Error::usage(format!("{one} and {other} do not go together"))
}

fn without_effect_here(origin: &Origin, why: &str) -> Error {
    Error::usage(format!("{origin} has no effect here: {why}")).hint("leave it out")
}

fn pass_over(origin: &Origin, why: &str, world: &World) {
    world.note(&format!("note: {origin} has no effect here: {why}"));
}

/// Refuses a flag that has no effect, or passes it over.
fn idle<S: Idle>(setting: &mut S, why: &str, world: &World) -> Result<(), Error> {
    let Some(origin) = setting.given() else { return Ok(()) };
    if origin.is_command_line() {
        return Err(without_effect_here(origin, why));
    }
    pass_over(origin, why, world);
    setting.clear();
    Ok(())
}

/// A setting that can be given or not.
trait Idle {
    fn given(&self) -> Option<&Origin>;
    fn clear(&mut self);
}

impl Idle for Setting<bool> {
    fn given(&self) -> Option<&Origin> {
        self.value.then_some(&self.origin)
    }
    fn clear(&mut self) {
        self.value = false;
    }
}

impl<T> Idle for Setting<Vec<T>> {
    fn given(&self) -> Option<&Origin> {
        (!self.value.is_empty()).then_some(&self.origin)
    }
    fn clear(&mut self) {
        self.value.clear();
    }
}

impl<T> Idle for Option<Setting<T>> {
    fn given(&self) -> Option<&Origin> {
        self.as_ref().map(|setting| &setting.origin)
    }
    fn clear(&mut self) {
        *self = None;
    }
}
