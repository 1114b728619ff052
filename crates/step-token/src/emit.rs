//! Where the token goes: standard output, or a file of mode 0600.

mod description;

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use token_jose::Token;
use token_text::{Wiped, printable_json};
use zeroize::Zeroizing;

use crate::file;
use crate::origin::Setting;
use crate::settings::OutputSettings;
use crate::{Error, World};

/// A place for a token, found usable before a key was opened.
#[derive(Debug)]
pub(crate) struct Output {
    place: Destination,
    json: bool,
    compact: bool,
}

impl Output {
    /// Settles where the token goes, and whether a file that is there may be overwritten.
    pub(crate) fn settle(settings: &OutputSettings, world: &World) -> Result<Self, Error> {
        let place = Destination::settle(settings.file.as_ref(), settings.force, world)?;
        if settings.json && matches!(place, Destination::Stream) {
            let message = "--json and the token would both go to standard output";
            let file = settings.file.as_ref().map(|file| file.origin.to_string());
            let hint = format!("leave out {}: --json holds the token", file.unwrap_or_default());
            return Err(Error::usage(message).hint(hint));
        }
        Ok(Self { place, json: settings.json, compact: false })
    }

    /// Prints JSON in one line.
    pub(crate) fn compact(self, compact: bool) -> Self {
        Self { compact, ..self }
    }

    /// Writes the token.
    pub(crate) fn write(&self, minted: &impl Described, world: &World) -> Result<(), Error> {
        let token = minted.token().expose();
        match &self.place {
            Destination::Stdout if self.json => {
                let object = minted.describe(Place { token: Some(token), file: None });
                json(&object, self.compact, world)
            }
            Destination::Stdout => {
                let line = Zeroizing::new([token.as_bytes(), b"\n"].concat());
                stdout(&line, world)
            }
            // A file holds the token without a line feed, as step's does.
            place => {
                place.write(token.as_bytes(), world)?;
                match place.path().filter(|_| self.json) {
                    None => Ok(()),
                    Some(path) => {
                        let file = Some(path.display().to_string());
                        let object = minted.describe(Place { token: None, file });
                        json(&object, self.compact, world)
                    }
                }
            }
        }
    }
}

/// A place to write to, found usable before anything costly was done.
#[derive(Debug)]
pub(crate) enum Destination {
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

impl Destination {
    /// Settles the place that a flag names, or standard output.
    pub(crate) fn settle(
        file: Option<&Setting<PathBuf>>,
        force: bool,
        world: &World,
    ) -> Result<Self, Error> {
        match file {
            None => Ok(Self::Stdout),
            Some(file) => Self::file(&file.value, &file.origin.to_string(), force, world),
        }
    }

    /// Settles a file; `flag` is what messages call its flag or argument.
    pub(crate) fn file(path: &Path, flag: &str, force: bool, world: &World) -> Result<Self, Error> {
        // What these lead to may be a regular file that somebody else is writing, too.
        if STANDARD_OUTPUT.iter().any(|name| path == Path::new(name)) {
            return Ok(Self::Stream);
        }
        if path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd") {
            return Ok(Self::Device(path.to_owned()));
        }
        let path =
            file::behind_links(path).map_err(|cause| file::cannot_write(path).because(cause))?;
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                let message = format!("{} is a directory ({flag})", path.display());
                return Err(Error::settings(message).hint("name a file in it"));
            }
            Ok(found) if !found.is_file() => return Ok(Self::Device(path)),
            Ok(_) if !force => may_overwrite(&path, flag, world)?,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let directory = file::directory_of(&path);
                if !directory.is_dir() {
                    let message = format!("there is no directory {}", directory.display());
                    let hint = format!("{flag} is {}", path.display());
                    return Err(Error::settings(message).hint(hint));
                }
            }
            Err(error) => return Err(file::cannot_write(&path).because(error)),
        }
        file::may_be_made_in(file::directory_of(&path))
            .map_err(|cause| file::cannot_write(&path).because(cause))?;
        let overwrite = force || path.exists();
        Ok(Self::File { path, overwrite })
    }

    /// Writes a result, into a file with mode 0600.
    pub(crate) fn write(&self, bytes: &[u8], world: &World) -> Result<(), Error> {
        match self {
            Self::Stdout | Self::Stream => stdout(bytes, world),
            Self::Device(path) => write_device(path, bytes),
            Self::File { path, overwrite } => file::write(path, bytes, 0o600, *overwrite),
        }
    }

    /// Returns the file or device, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdout | Self::Stream => None,
            Self::Device(path) | Self::File { path, .. } => Some(path),
        }
    }
}

fn may_overwrite(path: &Path, flag: &str, world: &World) -> Result<(), Error> {
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

/// Prints an object, which may hold a token: over several lines, or in one.
pub(crate) fn json(object: &impl Serialize, compact: bool, world: &World) -> Result<(), Error> {
    let mut text = Wiped::default();
    let written = match compact {
        true => serde_json::to_writer(&mut text, object),
        false => serde_json::to_writer_pretty(&mut text, object),
    };
    written.map_err(|cause| Error::settings("cannot write JSON").because(cause))?;
    text.push(b"\n");
    let text = std::str::from_utf8(&text).unwrap_or_default();
    stdout(printable_json(text).as_bytes(), world)
}

/// The names of standard output.
const STANDARD_OUTPUT: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
