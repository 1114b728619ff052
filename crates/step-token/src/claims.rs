//! What the token will say: everything of the claims that does not depend on who signs it.

use std::path::Path;

use step_claims::{
    Confirmation, Limits, Operation, Principal, Purpose, San, Serial, SshCertificate, Subject,
    UserData, Validity,
};
use step_provisioner::Proof;
use token_time::{Timestamp, When};

use crate::origin::Setting;
use crate::proof::Possession;
use crate::settings::Settings;
use crate::{Error, World};

/// One request for a token; a key that is open can answer any number of them.
#[derive(Clone, Debug)]
pub struct Request {
    /// The name asked for.
    pub subject: Subject,
    /// What the token allows.
    pub purpose: Purpose,
    /// When the token starts, if not now.
    pub not_before: Option<When>,
    /// When it ends, if not five minutes later.
    pub not_after: Option<When>,
    /// How long it may live.
    pub limits: Limits,
    /// What it is tied to.
    pub confirmation: Option<Confirmation>,
    /// What the CA's template gets.
    pub user: UserData,
}

impl Request {
    /// Reads the settings, and the files that `--cnf-file` and `--set-file` name. A certificate that
    /// vouches for the token may give it a subject, and must have the names. A token that is fetched
    /// is no wish of ours, so there is none without a subject.
    pub(crate) fn read(
        settings: &Settings,
        possession: Option<&Possession>,
        world: &World,
    ) -> Result<Option<Self>, Error> {
        let operation = settings.operation();
        let validity = &settings.validity;
        let subject = match (&settings.subject, possession) {
            (Some(text), _) => subject(text, operation)?,
            (None, None) => return Ok(None),
            (None, Some(possession)) => possession.subject().ok_or_else(|| {
                Error::usage("no subject is given, and the certificate has no common name")
                    .hint("name a subject: the CA takes any for such a certificate")
            })?,
        };
        let purpose = purpose(settings, operation)?;
        if let Some(possession) = possession {
            possession.admits(&subject, &purpose, world)?;
        }
        Ok(Some(Self {
            subject,
            purpose,
            not_before: validity.not_before.as_ref().map(|when| when.value),
            not_after: validity.not_after.as_ref().map(|when| when.value),
            limits: if validity.long_lived { Limits::LongLived } else { Limits::Step },
            confirmation: confirmation(settings, world)?,
            user: user(settings, world)?,
        }))
    }

    /// Settles when the token is valid, by one reading of the clock.
    ///
    /// # Errors
    ///
    /// If it would be too short, too long, too late or over already.
    pub fn validity(&self, now: Timestamp) -> Result<Validity, Error> {
        Validity::new(now, self.not_before, self.not_after, self.limits).map_err(|cause| {
            let error = Error::usage(cause.to_string());
            match cause {
                step_claims::Error::TooLong { .. } | step_claims::Error::StartsTooLate { .. } => {
                    error.hint("--long-lived lifts the limit, if the token is to be kept that long")
                }
                _ => error.hint("--not-before and --not-after are times, or durations from now"),
            }
        })
    }
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
            Operation::Revoke => {
                error.hint("`openssl x509 -noout -serial` prints it; put 0x in front of that")
            }
            Operation::SshRevoke => error.hint("`ssh-keygen -L -f KEY-cert.pub` prints it"),
            _ => error,
        }
    })
}

fn purpose(settings: &Settings, operation: Operation) -> Result<Purpose, Error> {
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

fn parsed<T>(names: &Setting<Vec<String>>) -> Result<Vec<T>, Error>
where
    T: std::str::FromStr<Err = step_claims::Error>,
{
    let parse = |name: &String| {
        name.parse().map_err(|cause| {
            Error::usage(format!("{} has a name that cannot be used", names.origin)).because(cause)
        })
    };
    names.value.iter().map(parse).collect()
}

fn confirmation(settings: &Settings, world: &World) -> Result<Option<Confirmation>, Error> {
    let (purpose, ssh) = (&settings.purpose, settings.purpose.ssh.value);
    let confirmation = match (&purpose.cnf, &purpose.cnf_file) {
        (Some(text), _) => text.value,
        (None, Some(file)) => {
            let bytes = read(&file.value, "cnf-file", world)?;
            let read = match std::str::from_utf8(&bytes) {
                Ok(line) if ssh => Confirmation::of_ssh_key(line),
                _ if ssh => Confirmation::of_ssh_key(""),
                _ => Confirmation::of_csr(&bytes),
            };
            read.map_err(|cause| {
                let what = if ssh {
                    "an SSH public key, as it stands in authorized_keys"
                } else {
                    "a certificate request in PEM or DER, and with --ssh an SSH public key"
                };
                Error::settings(format!("cannot use {} ({})", shown(&file.value), file.origin))
                    .because(cause)
                    .hint(format!("{} takes {what}", file.origin))
            })?
        }
        (None, None) => return Ok(None),
    };
    let nebula = settings.proof.as_ref().is_some_and(|proof| proof.proof() == Proof::Nebula);
    if nebula && !ssh {
        world.warn("step-ca does not compare the `cnf` claim of a Nebula token with the request");
    }
    if ssh {
        world
            .warn("step-ca does not compare the `cnf` claim of an SSH token with the key it signs");
    }
    Ok(Some(confirmation))
}

fn user(settings: &Settings, world: &World) -> Result<UserData, Error> {
    let purpose = &settings.purpose;
    let mut user = match &purpose.set_file {
        None => UserData::default(),
        Some(file) => {
            let bytes = read(&file.value, "set-file", world)?;
            UserData::from_object(&bytes).map_err(|cause| {
                let message = format!("cannot use {} ({})", shown(&file.value), file.origin);
                Error::settings(message).because(cause)
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

/// Reads a file that is no secret; `-` is standard input.
fn read(path: &Path, flag: &str, world: &World) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let read = || -> std::io::Result<Vec<u8>> {
        if path.as_os_str() == "-" {
            return world.read_stdin(MAX_FILE + 1);
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let name = shown(path);
    let bytes = read().map_err(|cause| {
        Error::settings(format!("cannot read {name} (--{flag})")).because(cause)
    })?;
    if bytes.len() as u64 > MAX_FILE {
        let message = format!("{name} (--{flag}) is larger than {} MiB", MAX_FILE >> 20);
        return Err(Error::settings(message));
    }
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// A CA refuses longer requests.
const MAX_FILE: u64 = 10 << 20;
