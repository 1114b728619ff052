//! Writes the token to standard output, or to a file of mode 0600.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use token_text::{ShownPath, Wiped, printable_json};
use zeroize::Zeroizing;

use crate::colour::painted;
use crate::error::Error;
use crate::file;
use crate::setting::Setting;
use crate::world::World;

/// Where the token goes, as the flags say.
#[derive(Clone, Debug)]
pub struct OutputSettings {
    /// The file; `None` is standard output.
    pub file: Option<Setting<PathBuf>>,
    /// Whether a file that exists may be overwritten without asking.
    pub force: bool,
    /// Whether a JSON object that describes the token is printed.
    pub json: bool,
}

/// Where a token goes, checked before a key is opened.
#[derive(Debug)]
pub struct Output {
    destination: Destination,
    json: bool,
    compact: bool,
}

impl Output {
    /// Settles where the token goes, and whether a file that exists may be overwritten.
    ///
    /// # Errors
    ///
    /// A usage or settings error that names the flag and the file.
    pub fn settle(settings: &OutputSettings, world: &World) -> Result<Self, Error> {
        let destination = Destination::settle(settings.file.as_ref(), settings.force, world)?;
        if settings.json && matches!(destination, Destination::Stream) {
            let message = "--json and the token would both go to standard output";
            let file = settings.file.as_ref().map(|file| file.origin.to_string());
            let hint = format!("leave out {}: --json contains the token", file.unwrap_or_default());
            return Err(Error::usage(message).hint(hint));
        }
        Ok(Self { destination, json: settings.json, compact: false })
    }

    /// Prints JSON in one line, if `compact` is set.
    #[must_use]
    pub fn compact(self, compact: bool) -> Self {
        Self { compact, ..self }
    }

    /// Writes the token. With `--json` that is the object that `describe` makes, which holds the
    /// token, or names the file the token is in.
    ///
    /// # Errors
    ///
    /// A settings error that names the file.
    pub fn write<'a, O: Serialize>(
        &self,
        token: &'a str,
        describe: impl FnOnce(Delivered<'a>) -> O,
        world: &World,
    ) -> Result<(), Error> {
        let print = |delivered| json(&describe(delivered), self.compact, world);
        match &self.destination {
            Destination::Stdout if self.json => print(Delivered { token: Some(token), file: None }),
            Destination::Stdout => {
                let line = Zeroizing::new([token.as_bytes(), b"\n"].concat());
                stdout(&line, world)
            }
            // A file contains the token without a line feed, as with step.
            destination => {
                destination.write(token.as_bytes(), world)?;
                match destination.path().filter(|_| self.json) {
                    None => Ok(()),
                    Some(path) => print(Delivered {
                        token: None,
                        file: Some(path.to_string_lossy().into_owned()),
                    }),
                }
            }
        }
    }
}

/// A place to write to, checked before anything costly is done.
#[derive(Debug)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// Standard output, named as a file: writes the token without a line feed.
    Stream,
    /// A file that is replaced as a whole.
    File {
        /// The file, after following symbolic links.
        path: PathBuf,
        /// Whether it may exist already.
        overwrite: bool,
    },
    /// A device or a FIFO, written to directly.
    Device(PathBuf),
}

impl Destination {
    /// Checks the file that a flag names; without one, returns standard output.
    ///
    /// # Errors
    ///
    /// A settings error that names the file and the flag.
    pub fn settle(
        file: Option<&Setting<PathBuf>>,
        force: bool,
        world: &World,
    ) -> Result<Self, Error> {
        match file {
            None => Ok(Self::Stdout),
            Some(file) => Self::file(&file.value, &file.origin.to_string(), force, world),
        }
    }

    /// Checks a file; `flag` is its flag or argument in messages.
    ///
    /// # Errors
    ///
    /// A settings error that names the file and the flag.
    pub fn file(path: &Path, flag: &str, force: bool, world: &World) -> Result<Self, Error> {
        // These may lead to a regular file that another program is writing, too.
        if STANDARD_OUTPUT.iter().any(|name| path == Path::new(name)) {
            return Ok(Self::Stream);
        }
        if path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd") {
            return Ok(Self::Device(path.to_owned()));
        }
        let path = file::behind_links(path)?;
        let overwrite = match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                let message = format!("{} is a directory ({flag})", ShownPath(&path));
                return Err(Error::settings(message).hint("use a file in this directory"));
            }
            Ok(found) if !found.is_file() => return Ok(Self::Device(path)),
            Ok(_) if !force => {
                may_overwrite(&path, flag, world)?;
                true
            }
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let directory = file::directory_of(&path);
                if !directory.is_dir() {
                    let message =
                        format!("directory {} does not exist ({flag})", ShownPath(directory));
                    let hint = format!("create it, or use another file than {}", ShownPath(&path));
                    return Err(Error::settings(message).hint(hint));
                }
                force
            }
            Err(error) => return Err(file::cannot_write(&path).because(error)),
        };
        file::may_be_made_in(file::directory_of(&path))
            .map_err(|cause| file::cannot_write(&path).because(cause))?;
        Ok(Self::File { path, overwrite })
    }

    /// Writes a result; a file gets mode 0600.
    ///
    /// # Errors
    ///
    /// A settings error that names the file.
    pub fn write(&self, bytes: &[u8], world: &World) -> Result<(), Error> {
        match self {
            Self::Stdout | Self::Stream => stdout(bytes, world),
            Self::Device(path) => write_device(path, bytes),
            Self::File { path, overwrite } => file::write(path, bytes, 0o600, *overwrite),
        }
    }

    /// Writes a result line by line, so that it need not be in memory as a whole. A file appears
    /// with the last line, or not at all.
    ///
    /// # Errors
    ///
    /// A settings error that names the file, or the first error among the lines.
    pub fn write_lines(
        &self,
        mut lines: impl Iterator<Item = Result<Wiped, Error>>,
        world: &World,
    ) -> Result<(), Error> {
        match self {
            Self::Stdout | Self::Stream => lines.try_for_each(|line| stdout(&line?, world)),
            // A reader of a FIFO sees its end when it is closed, so it stays open.
            Self::Device(path) => {
                let cannot_write = |cause| file::cannot_write(path).because(cause);
                let mut device =
                    OpenOptions::new().append(true).open(path).map_err(cannot_write)?;
                lines.try_for_each(|line| device.write_all(&line?).map_err(cannot_write))
            }
            Self::File { path, overwrite } => {
                let mut fault = None;
                // What is written ends at a fault, and the file with it.
                file::write_with(path, 0o600, *overwrite, |file| {
                    lines.try_for_each(|line| match line {
                        Ok(line) => file.write_all(&line),
                        Err(error) => {
                            fault = Some(error);
                            Err(io::ErrorKind::Other.into())
                        }
                    })
                })
                .map_err(|error| fault.unwrap_or(error))
            }
        }
    }

    /// Returns the file or device, if it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdout | Self::Stream => None,
            Self::Device(path) | Self::File { path, .. } => Some(path),
        }
    }
}

fn may_overwrite(path: &Path, flag: &str, world: &World) -> Result<(), Error> {
    let question = format!("Would you like to overwrite {}", ShownPath(path));
    match world.ask(|person| person.confirm(&question)) {
        Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(Error::settings(format!("{} was not overwritten", ShownPath(path)))),
        Some(Err(cause)) => {
            Err(Error::settings(format!("{} was not overwritten", ShownPath(path))).because(cause))
        }
        None => Err(Error::settings(format!("{} already exists ({flag})", ShownPath(path)))
            .hint("use --force to overwrite it")),
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

/// Writes a result to standard output, and reports if that fails.
///
/// # Errors
///
/// A settings error, for example when the disk is full.
pub fn stdout(bytes: &[u8], world: &World) -> Result<(), Error> {
    world
        .write_stdout(bytes)
        .map_err(|cause| Error::settings("cannot write to standard output").because(cause))
}

/// Writes a result to standard output piece by piece, so that it need not be in memory as a whole.
///
/// # Errors
///
/// As [`stdout`].
pub fn stdout_in_pieces(
    world: &World,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), Error> {
    let mut pieces = BufWriter::with_capacity(PIECE, Stdout(world));
    let written = write(&mut pieces).and_then(|()| pieces.flush());
    written.map_err(|cause| Error::settings("cannot write to standard output").because(cause))
}

/// Standard output as a writer.
struct Stdout<'w>(&'w World);

impl io::Write for Stdout<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_stdout(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How much is written at once.
const PIECE: usize = 64 << 10;

/// Writes a verdict's report to standard output, its marks in colour on a terminal.
///
/// # Errors
///
/// As [`stdout`].
pub fn report(text: &str, world: &World) -> Result<(), Error> {
    match world.stdout_has_colour() {
        true => stdout(painted(text).as_bytes(), world),
        false => stdout(text.as_bytes(), world),
    }
}

/// How a token was delivered, for the JSON object that describes it.
#[derive(Debug)]
pub struct Delivered<'a> {
    /// The token, if the object is to hold it.
    pub token: Option<&'a str>,
    /// The file the token is in otherwise.
    pub file: Option<String>,
}

/// Prints an object, which may contain a token, on several lines or on one.
///
/// # Errors
///
/// A settings error, for example when the disk is full.
pub fn json(object: &impl Serialize, compact: bool, world: &World) -> Result<(), Error> {
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
