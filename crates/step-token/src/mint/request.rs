//! The contents of the token: all claims that do not depend on who signs it.

use std::path::Path;

use step_claims::{
    Confirmation, Limits, Operation, Principal, Purpose, San, SanKind, Serial, SshCertificate,
    Subject, UserData, Validity,
};
use step_mint::Request;
use step_provisioner::ProofKind;
use token_cli::{Error, SAVE_AS_UTF_8, Setting, World, file};
use token_text::{ReadError, ShownValue};
use token_time::Timestamp;
use zeroize::Zeroizing;

use crate::mint::fetch;
use crate::mint::proof::CertificateProof;
use crate::mint::settings::MintSettings;

/// Reads the settings, and the files that `--cnf-file` and `--set-file` name. A certificate used
/// as proof may give the subject, and must have the names asked for. Without any subject the
/// result is `None`: a fetched token needs no request from us.
pub(crate) fn read(
    settings: &MintSettings,
    proof: Option<&CertificateProof>,
    world: &World,
) -> Result<Option<Request>, Error> {
    let operation = settings.operation();
    let validity = &settings.validity;
    let subject = match (&settings.subject, proof) {
        (Some(text), _) => subject(text, operation)?,
        (None, None) if fetch::may_replace_a_request(settings) => return Ok(None),
        (None, None) => return Err(no_subject(operation)),
        (None, Some(proof)) => proof.subject().ok_or_else(|| {
            Error::usage("no subject given, and the certificate has no common name")
                .hint("add a subject: the CA accepts any for such a certificate")
        })?,
    };
    let purpose = purpose(settings, operation)?;
    if let Purpose::Sign(sans) = &purpose {
        names(&subject, sans, settings, world)?;
    }
    if let Some(proof) = proof {
        proof.admits(&subject, &purpose, world)?;
    }
    Ok(Some(Request {
        subject,
        purpose,
        not_before: validity.not_before.as_ref().map(|when| when.value),
        not_after: validity.not_after.as_ref().map(|when| when.value),
        limits: if validity.long_lived { Limits::LongLived } else { Limits::Step },
        confirmation: confirmation(settings, world)?,
        user: user(settings, world)?,
    }))
}

/// Returns when the token is valid, counted from one reading of the clock, and says which flags
/// change that if it cannot be.
pub(crate) fn validity(request: &Request, now: Timestamp) -> Result<Validity, Error> {
    request.validity(now).map_err(|cause| {
        let error = Error::usage(cause.to_string());
        match cause {
            step_mint::Error::Validity(step_claims::Error::TooLong { .. }) => {
                error.hint("use --long-lived if the token has to live that long")
            }
            step_mint::Error::Validity(step_claims::Error::StartsTooLate { .. }) => {
                error.hint("use --long-lived if the token has to start that late")
            }
            _ => error
                .hint("check --not-before and --not-after: each is a time, or a duration from now"),
        }
    })
}

/// Says what the subject is to be.
pub(crate) fn no_subject(operation: Operation) -> Error {
    Error::usage("no subject given").hint(match operation {
        Operation::Revoke => {
            "add the certificate's serial number: run `openssl x509 -noout -serial -in FILE` to print \
             it, and put 0x in front"
        }
        Operation::SshRevoke => {
            "add the certificate's serial number: run `ssh-keygen -L -f KEY-cert.pub` to print it"
        }
        Operation::SshUser => "add the person's login, as in `step-token token jane --ssh`",
        Operation::SshHost => {
            "add the host's name, as in `step-token token web.internal --ssh --host`"
        }
        _ => "add the name that the certificate is for, as in `step-token token db.internal`",
    })
}

/// The subject of a revocation is a serial number, and step-ca compares it as decimal text (Q30).
fn subject(text: &str, operation: Operation) -> Result<Subject, Error> {
    let subject = match operation {
        Operation::Revoke => Serial::x509(text).map(Subject::from),
        Operation::SshRevoke => Serial::ssh(text).map(Subject::from),
        _ => text.parse(),
    };
    subject.map_err(|cause| {
        let error = Error::usage(cause.to_string());
        match operation {
            Operation::Revoke => error.hint(
                "run `openssl x509 -noout -serial -in FILE` to print it, and put 0x in front",
            ),
            Operation::SshRevoke => error.hint("run `ssh-keygen -L -f KEY-cert.pub` to print it"),
            _ => error,
        }
    })
}

fn purpose(settings: &MintSettings, operation: Operation) -> Result<Purpose, Error> {
    let (names, validity) = (&settings.purpose, &settings.validity);
    let ssh = || -> Result<SshCertificate, Error> {
        Ok(SshCertificate {
            principals: parsed::<Principal>(&names.principal)?,
            valid_after: validity.cert_not_before.as_ref().map(|when| when.value),
            valid_before: validity.cert_not_after.as_ref().map(|when| when.value),
        })
    };
    Ok(match operation {
        Operation::Sign => Purpose::Sign(parsed::<San>(&names.san)?),
        Operation::Revoke => Purpose::Revoke,
        Operation::Renew => Purpose::Renew,
        Operation::SshUser => Purpose::SshUser(ssh()?),
        Operation::SshHost => Purpose::SshHost(ssh()?),
        Operation::SshRevoke => Purpose::SshRevoke,
        Operation::SshRenew => Purpose::SshRenew,
        Operation::SshRekey => Purpose::SshRekey,
        other => return Err(Error::usage(format!("`{other}` is not supported"))),
    })
}

/// Refuses names that no certificate can carry: the CA would use up the token and answer 500.
/// Without other names the subject is the only one. Warns of those that become something else than
/// they look like.
fn names(
    subject: &Subject,
    sans: &[San],
    settings: &MintSettings,
    world: &World,
) -> Result<(), Error> {
    let subject = match sans {
        [] => Some(subject.as_str().parse::<San>()),
        _ => None,
    };
    let subject = subject.transpose().map_err(|cause| Error::usage(cause.to_string()))?;
    for name in sans.iter().chain(&subject) {
        let place = match sans {
            [] => "the subject".to_owned(),
            _ => settings.purpose.san.origin.to_string(),
        };
        name.check().map_err(|cause| {
            let hint = match &cause {
                step_claims::Error::NotAsciiSan { ascii: Some(ascii), .. } => {
                    format!("use its form in ASCII: {ascii}")
                }
                step_claims::Error::UriHost { .. } => {
                    "write the host as labels with one dot between two of them".to_owned()
                }
                _ if sans.is_empty() => {
                    "use --san with names in ASCII: the subject may then be any text".to_owned()
                }
                _ => "use a name in ASCII".to_owned(),
            };
            Error::usage(format!("invalid name in {place}")).because(cause).hint(hint)
        })?;
        if let Some((kind, meant)) = name.almost() {
            let becomes = name.kind();
            let article = |kind| match kind {
                SanKind::IpAddress | SanKind::Email => "an",
                _ => "a",
            };
            let like = match meant {
                Some(meant) => format!("the {kind} `{}`", ShownValue(&meant.to_string())),
                None => format!("{} {kind}", article(kind)),
            };
            let article = article(becomes);
            world.warn(&format!(
                "`{}` in {place} becomes {article} {becomes}, though it looks like {like}",
                ShownValue(name.as_ref())
            ));
        }
    }
    Ok(())
}

fn parsed<T>(names: &Setting<Vec<String>>) -> Result<Vec<T>, Error>
where
    T: std::str::FromStr<Err = step_claims::Error>,
{
    let parse = |name: &String| {
        name.parse().map_err(|cause| {
            Error::usage(format!("invalid name in {}", names.origin)).because(cause)
        })
    };
    names.value.iter().map(parse).collect()
}

fn confirmation(settings: &MintSettings, world: &World) -> Result<Option<Confirmation>, Error> {
    let (purpose, ssh) = (&settings.purpose, settings.purpose.ssh.value);
    let confirmation = match (&purpose.cnf, &purpose.cnf_file) {
        (Some(text), _) => text.value,
        (None, Some(file)) => {
            let bytes = read_file(&file.value, "cnf-file", world)?;
            let read = match std::str::from_utf8(&bytes) {
                Ok(line) if ssh => Confirmation::of_ssh_key(line),
                _ if ssh => Confirmation::of_ssh_key(""),
                _ => Confirmation::of_csr(&bytes),
            };
            read.map_err(|cause| {
                let what = if ssh {
                    "an SSH public key, as in authorized_keys"
                } else {
                    "a certificate request in PEM or DER, or with --ssh an SSH public key"
                };
                Error::settings(format!("cannot use {} ({})", shown(&file.value), file.origin))
                    .because(cause)
                    .hint(format!("use {} with {what}", file.origin))
            })?
        }
        (None, None) => return Ok(None),
    };
    let nebula = settings.proof.as_ref().is_some_and(|proof| proof.kind() == ProofKind::Nebula);
    if nebula && !ssh {
        world.warn("step-ca does not compare the `cnf` claim of a Nebula token with the request");
    }
    if ssh {
        world
            .warn("step-ca does not compare the `cnf` claim of an SSH token with the key it signs");
    }
    Ok(Some(confirmation))
}

fn user(settings: &MintSettings, world: &World) -> Result<UserData, Error> {
    let purpose = &settings.purpose;
    let mut user = match &purpose.set_file {
        None => UserData::default(),
        Some(file) => {
            let bytes = read_file(&file.value, "set-file", world)?;
            UserData::from_object(&bytes).map_err(|cause| {
                let message = format!("cannot use {} ({})", shown(&file.value), file.origin);
                let hint = cause.is_utf_16().then(|| SAVE_AS_UTF_8.to_owned());
                Error::settings(message).because(cause).hints(hint)
            })?
        }
    };
    for assignment in &purpose.set.value {
        user.set(&assignment.0).map_err(|cause| {
            Error::usage(format!("cannot use {}", purpose.set.origin)).because(cause)
        })?;
    }
    Ok(user)
}

/// Reads a file that is not secret; `-` is standard input.
fn read_file(path: &Path, flag: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Error> {
    let read = match path.as_os_str() == "-" {
        true => world.read_stdin(MAX_FILE),
        false => file::read(path, MAX_FILE),
    };
    read.map_err(|cause| {
        let name = shown(path);
        match cause {
            ReadError::TooLong { limit } => {
                Error::settings(format!("{name} (--{flag}) is larger than {} MiB", limit >> 20))
            }
            cause => Error::settings(format!("cannot read {name} (--{flag})")).because(cause),
        }
    })
}

fn shown(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => token_text::ShownPath(path).to_string(),
    }
}

/// A CA refuses larger requests.
const MAX_FILE: u64 = 10 << 20;
