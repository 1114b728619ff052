//! Where the token goes: standard output, or a file of mode 0600.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use step_claims::{Operation, Purpose};
use step_provisioner::KindName;
use token_jose::Token;
use token_time::Timestamp;
use zeroize::Zeroizing;

use crate::fetch::Fetched;
use crate::file;
use crate::settings::OutputSettings;
use crate::sign::Minted;
use crate::{Error, World};

/// A place to write to, found usable before a key was opened.
#[derive(Debug)]
pub(crate) struct Output {
    target: Target,
    json: bool,
}

#[derive(Debug)]
enum Target {
    Stdout,
    /// Standard output under its name as a file: the token without a line feed.
    Stream,
    /// A file that is replaced as a whole; `overwrite` says whether it may be there already.
    File {
        path: PathBuf,
        overwrite: bool,
    },
    /// A device or a FIFO, written to directly.
    Device(PathBuf),
}

impl Output {
    /// Settles where the token goes, and whether a file that is there may be overwritten.
    pub(crate) fn settle(settings: &OutputSettings, world: &World) -> Result<Self, Error> {
        let target = match &settings.file {
            None => Target::Stdout,
            Some(file) => target(&file.value, settings.force, world)?,
        };
        if settings.json && matches!(target, Target::Stream) {
            return Err(Error::usage("--json and the token would both go to standard output")
                .hint("leave out --output-file: --json holds the token"));
        }
        Ok(Self { target, json: settings.json })
    }

    /// Writes the token.
    pub(crate) fn write(&self, minted: &impl Described, world: &World) -> Result<(), Error> {
        let token = minted.token().expose();
        match &self.target {
            Target::Stdout if self.json => {
                json(Description { token: Some(token), ..minted.describe() }, world)
            }
            Target::Stdout => {
                let line = Zeroizing::new([token.as_bytes(), b"\n"].concat());
                stdout(&line, world)
            }
            // A file holds the token without a line feed, as step's does.
            Target::Stream => stdout(token.as_bytes(), world),
            Target::Device(path) => {
                write_device(path, token.as_bytes())?;
                self.describe(minted, path, world)
            }
            Target::File { path, overwrite } => {
                file::write(path, token.as_bytes(), 0o600, *overwrite)?;
                self.describe(minted, path, world)
            }
        }
    }

    fn describe(&self, minted: &impl Described, path: &Path, world: &World) -> Result<(), Error> {
        let file = Some(path.display().to_string());
        if self.json { json(Description { file, ..minted.describe() }, world) } else { Ok(()) }
    }
}

fn target(path: &Path, force: bool, world: &World) -> Result<Target, Error> {
    // What these lead to may be a regular file that somebody else is writing, too.
    if STANDARD_OUTPUT.iter().any(|name| path == Path::new(name)) {
        return Ok(Target::Stream);
    }
    if path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd") {
        return Ok(Target::Device(path.to_owned()));
    }
    let path = file::behind_links(path).map_err(|cause| file::cannot_write(path).because(cause))?;
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => {
            let message = format!("{} is a directory (--output-file)", path.display());
            return Err(Error::settings(message).hint("name a file in it"));
        }
        Ok(found) if !found.is_file() => return Ok(Target::Device(path)),
        Ok(_) if !force => may_overwrite(&path, world)?,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let directory = file::directory_of(&path);
            if !directory.is_dir() {
                let message = format!("there is no directory {}", directory.display());
                return Err(
                    Error::settings(message).hint(format!("--output-file is {}", path.display()))
                );
            }
        }
        Err(error) => return Err(file::cannot_write(&path).because(error)),
    }
    file::may_be_made_in(file::directory_of(&path))
        .map_err(|cause| file::cannot_write(&path).because(cause))?;
    let overwrite = force || path.exists();
    Ok(Target::File { path, overwrite })
}

fn may_overwrite(path: &Path, world: &World) -> Result<(), Error> {
    let question = format!("Would you like to overwrite {}", path.display());
    match world.ask(|person| person.confirm(&question)) {
        Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(Error::settings(format!("{} stays as it is", path.display()))),
        Some(Err(cause)) => {
            Err(Error::settings(format!("{} stays as it is", path.display())).because(cause))
        }
        None => Err(Error::settings(format!("{} exists (--output-file)", path.display()))
            .hint("--force overwrites it")),
    }
}

fn write_device(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let mut device: File = OpenOptions::new().append(true).open(path)?;
        device.write_all(bytes)?;
        device.flush()
    };
    write().map_err(|cause| file::cannot_write(path).because(cause))
}

/// Writes a result to standard output, and notices when that fails.
pub(crate) fn stdout(bytes: &[u8], world: &World) -> Result<(), Error> {
    world
        .write_stdout(bytes)
        .map_err(|cause| Error::settings("cannot write to standard output").because(cause))
}

/// A token, and what there is to say about it.
pub(crate) trait Described {
    /// Returns the token.
    fn token(&self) -> &Token;

    /// Returns the object without the token and its file.
    fn describe(&self) -> Description<'_>;
}

/// The object that `--json` prints; docs/cli.md lists its members.
#[derive(Default, Serialize)]
pub(crate) struct Description<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(rename = "type")]
    purpose: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioner: Option<&'a str>,
    #[serde(rename = "provisionerType", skip_serializing_if = "Option::is_none")]
    provisioner_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sans: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principals: Option<Vec<&'a str>>,
    #[serde(rename = "notBefore", skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(rename = "notAfter", skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(rename = "rootFingerprint", skip_serializing_if = "Option::is_none")]
    root: Option<String>,
}

impl Described for Minted {
    fn token(&self) -> &Token {
        &self.token
    }

    fn describe(&self) -> Description<'_> {
        let claims = &self.claims;
        let (sans, principals) = match &claims.purpose {
            Purpose::Sign(sans) if sans.is_empty() => (Some(vec![claims.subject.as_str()]), None),
            Purpose::Sign(sans) => (Some(sans.iter().map(AsRef::as_ref).collect()), None),
            Purpose::SshUser(ssh) | Purpose::SshHost(ssh) => {
                (None, Some(ssh.principals.iter().map(AsRef::as_ref).collect()))
            }
            _ => (None, None),
        };
        let (nbf, exp) = (claims.validity.not_before(), claims.validity.not_after());
        let issuer = claims.issuer.as_str();
        Description {
            purpose: kind_of(claims.purpose.operation()),
            // A renew token has no provisioner.
            provisioner: self.kind.map(|_| issuer),
            provisioner_type: self.kind.map(|kind| kind.to_string()),
            issuer: self.kind.is_none().then_some(issuer),
            alg: Some(self.algorithm.as_str()),
            kid: Some(self.key_id.as_str()),
            audience: Some(claims.audience.as_str()),
            subject: Some(claims.subject.as_str()),
            sans,
            principals,
            not_before: Some(text(nbf)),
            not_after: Some(text(exp)),
            nbf: Some(nbf),
            exp: Some(exp),
            jti: Some(claims.token_id.as_str()),
            root: claims.root.map(|root| root.to_string()),
            ..Description::default()
        }
    }
}

impl Described for Fetched {
    fn token(&self) -> &Token {
        self.token.token()
    }

    fn describe(&self) -> Description<'_> {
        let description = Description {
            purpose: kind_of(self.operation),
            provisioner: self.provisioner.as_deref(),
            provisioner_type: Some(KindName::K8sSa.to_string()),
            alg: self.token.algorithm(),
            ..Description::default()
        };
        let Some(claims) = self.token.claims() else { return description };
        let (nbf, exp) = (claims.begins(), claims.expires());
        Description {
            issuer: Some(&claims.issuer),
            audience: claims.audience.first().map(String::as_str),
            subject: Some(&claims.subject),
            not_before: nbf.map(text),
            not_after: exp.map(text),
            nbf,
            exp,
            ..description
        }
    }
}

fn text(seconds: i64) -> String {
    Timestamp::from_unix_seconds(seconds).to_string()
}

fn json(description: Description<'_>, world: &World) -> Result<(), Error> {
    // Room enough that it never moves and leaves a copy of the token behind.
    let room = JSON_ROOM + 2 * description.token.map_or(0, str::len);
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer_pretty(&mut *text, &description)
        .map_err(|cause| Error::settings("cannot write JSON").because(cause))?;
    text.push(b'\n');
    stdout(&text, world)
}

fn kind_of(operation: Operation) -> &'static str {
    match operation {
        Operation::Revoke => "revoke",
        Operation::Renew => "renew",
        Operation::SshUser => "ssh-user",
        Operation::SshHost => "ssh-host",
        Operation::SshRevoke => "ssh-revoke",
        Operation::SshRenew => "ssh-renew",
        Operation::SshRekey => "ssh-rekey",
        _ => "sign",
    }
}

/// What the members beside the token take, with room for many names.
const JSON_ROOM: usize = 4096;

/// The names of standard output.
const STANDARD_OUTPUT: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
