//! Where the token goes: standard output, or a file of mode 0600.

mod description;

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use token_jose::Token;
use zeroize::Zeroizing;

use crate::file;
use crate::origin::{Origin, Setting};
use crate::settings::OutputSettings;
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
            Some(file) => target(file, settings.force, world)?,
        };
        if settings.json && matches!(target, Target::Stream) {
            let message = "--json and the token would both go to standard output";
            let file = settings.file.as_ref().map(|file| file.origin.to_string());
            let hint = format!("leave out {}: --json holds the token", file.unwrap_or_default());
            return Err(Error::usage(message).hint(hint));
        }
        Ok(Self { target, json: settings.json })
    }

    /// Writes the token.
    pub(crate) fn write(&self, minted: &impl Described, world: &World) -> Result<(), Error> {
        let token = minted.token().expose();
        match &self.target {
            Target::Stdout if self.json => {
                json(&minted.describe(Place { token: Some(token), file: None }), token.len(), world)
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
        if !self.json {
            return Ok(());
        }
        let file = Some(path.display().to_string());
        json(&minted.describe(Place { token: None, file }), 0, world)
    }
}

fn target(file: &Setting<PathBuf>, force: bool, world: &World) -> Result<Target, Error> {
    let (path, flag) = (file.value.as_path(), &file.origin);
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
            let message = format!("{} is a directory ({flag})", path.display());
            return Err(Error::settings(message).hint("name a file in it"));
        }
        Ok(found) if !found.is_file() => return Ok(Target::Device(path)),
        Ok(_) if !force => may_overwrite(&path, flag, world)?,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let directory = file::directory_of(&path);
            if !directory.is_dir() {
                let message = format!("there is no directory {}", directory.display());
                return Err(Error::settings(message).hint(format!("{flag} is {}", path.display())));
            }
        }
        Err(error) => return Err(file::cannot_write(&path).because(error)),
    }
    file::may_be_made_in(file::directory_of(&path))
        .map_err(|cause| file::cannot_write(&path).because(cause))?;
    let overwrite = force || path.exists();
    Ok(Target::File { path, overwrite })
}

fn may_overwrite(path: &Path, flag: &Origin, world: &World) -> Result<(), Error> {
    let question = format!("Would you like to overwrite {}", path.display());
    match world.ask(|person| person.confirm(&question)) {
        Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(Error::settings(format!("{} stays as it is", path.display()))),
        Some(Err(cause)) => {
            Err(Error::settings(format!("{} stays as it is", path.display())).because(cause))
        }
        None => Err(Error::settings(format!("{} exists ({flag})", path.display()))
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
    /// The object that `--json` prints; docs/cli.md lists its members.
    type Object<'a>: Serialize
    where
        Self: 'a;

    /// Returns the token.
    fn token(&self) -> &Token;

    /// Returns the object.
    fn describe<'a>(&'a self, place: Place<'a>) -> Self::Object<'a>;
}

/// Where the token is, for the object that describes it: in it, or in a file.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) token: Option<&'a str>,
    pub(crate) file: Option<String>,
}

/// Prints an object that holds `secret` bytes which are to be wiped.
fn json(object: &impl Serialize, secret: usize, world: &World) -> Result<(), Error> {
    // Room enough that it never moves and leaves a copy of the token behind.
    let mut text = Zeroizing::new(Vec::with_capacity(JSON_ROOM + 2 * secret));
    serde_json::to_writer_pretty(&mut *text, object)
        .map_err(|cause| Error::settings("cannot write JSON").because(cause))?;
    text.push(b'\n');
    stdout(&text, world)
}

/// What the members beside the token take, with room for many names.
const JSON_ROOM: usize = 4096;

/// The names of standard output.
const STANDARD_OUTPUT: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
