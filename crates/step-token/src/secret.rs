//! Where a secret comes from: never the command line itself.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use token_text::Wiped;
use zeroize::Zeroizing;

use crate::origin::Origin;
use crate::{Error, World};

/// The source of a secret, or of a key: a path, `-`, `env:NAME`, `fd:N` or `cred:NAME`.
///
/// A file whose name begins like a source is reached by a path with a directory: `./env:x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// A file.
    Path(PathBuf),
    /// Standard input, to its end.
    Stdin,
    /// An environment variable.
    Variable(String),
    /// A file descriptor that the caller opened, read through `/dev/fd`.
    Descriptor(u32),
    /// A file in systemd's `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |name: &str, what: &str| {
            if name.is_empty() {
                Err(format!("`{text}` names no {what}"))
            } else {
                Ok(name.to_owned())
            }
        };
        if text.is_empty() {
            Err("a source cannot be empty".to_owned())
        } else if STANDARD_INPUT.contains(&text) {
            Ok(Self::Stdin)
        } else if let Some(name) = text.strip_prefix("env:") {
            named(name, "environment variable").map(Self::Variable)
        } else if let Some(number) = text.strip_prefix("fd:") {
            number
                .parse()
                .map(Self::Descriptor)
                .map_err(|_| format!("`{text}` is no number of a file descriptor"))
        } else if let Some(name) = text.strip_prefix("cred:") {
            let name = named(name, "credential")?;
            if name.contains('/') || name == ".." || name == "." {
                return Err(format!("`{text}`: a credential's name has no directory in it"));
            }
            Ok(Self::Credential(name))
        } else {
            Ok(Self::Path(PathBuf::from(text)))
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Stdin => f.write_str("standard input"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Descriptor(number) => write!(f, "file descriptor {number}"),
            Self::Credential(name) => write!(f, "credential {name}"),
        }
    }
}

impl Source {
    /// Reads all of it, and warns if others can read the file too.
    ///
    /// # Errors
    ///
    /// If it cannot be read, naming the source and the flag it stands for; or if it is larger than any secret.
    pub(crate) fn read(&self, origin: &Origin, world: &World) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bytes = match self {
            Self::Path(path) => self.file(path, origin, world)?,
            Self::Stdin => world
                .read_secret_from_stdin(MAX + 1)
                .map_err(|cause| self.unreadable(origin).because(cause))?,
            Self::Variable(name) => match world.variable_os(name) {
                Some(value) => Zeroizing::new(value.as_encoded_bytes().to_vec()),
                None => {
                    let message = format!("environment variable {name} is not set");
                    let variable = format!("{origin} env:{name} reads it");
                    return Err(Error::settings(message).hint(variable));
                }
            },
            Self::Descriptor(number) => {
                let path = Path::new("/dev/fd").join(number.to_string());
                if !path.exists() {
                    let message = format!("file descriptor {number} is not open ({origin})");
                    return Err(Error::settings(message).hint("the caller opens it: `9< FILE`"));
                }
                self.open(&path, origin)?
            }
            Self::Credential(name) => {
                let Some(directory) = world.variable_os("CREDENTIALS_DIRECTORY") else {
                    let message = format!("there is no credential {name} here ({origin})");
                    return Err(Error::settings(message).hint(
                        "systemd sets CREDENTIALS_DIRECTORY for a unit with LoadCredential=",
                    ));
                };
                // Who may read it is systemd's to say, which does so beyond the bits of a mode.
                self.open(&Path::new(directory).join(name), origin)?
            }
        };
        if bytes.len() as u64 > MAX {
            let message = format!("{self} ({origin}) is larger than {} KiB", MAX / 1024);
            return Err(Error::settings(message));
        }
        Ok(bytes)
    }

    /// Reads all of something that others may read too, such as a certificate.
    ///
    /// # Errors
    ///
    /// If it cannot be read, naming the source and the flag it stands for; or if it is larger than
    /// any certificate.
    pub(crate) fn read_public(
        &self,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.read_up_to(MAX_PUBLIC, origin, world)
    }

    /// Reads the text of such a thing.
    ///
    /// # Errors
    ///
    /// As [`read_public`](Self::read_public); and if it is not UTF-8.
    pub(crate) fn read_text(
        &self,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<String>, Error> {
        let bytes = self.read_public(origin, world)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Zeroizing::new(text.to_owned())),
            Err(_) => Err(Error::settings(format!("{self} ({origin}) is not UTF-8"))),
        }
    }

    /// Reads all of a list that has a row for each of many.
    ///
    /// # Errors
    ///
    /// As [`read_public`](Self::read_public), with room for a hundred thousand rows.
    pub(crate) fn read_fleet(
        &self,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.read_up_to(MAX_FLEET, origin, world)
    }

    fn read_up_to(
        &self,
        most: u64,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        // A private key may stand beside a certificate.
        let bytes = match self {
            Self::Stdin => world
                .read_secret_from_stdin(most + 1)
                .map_err(|cause| self.unreadable(origin).because(cause))?,
            Self::Path(path) => File::open(path)
                .and_then(|file| read_wiped(file, most + 1))
                .map_err(|cause| self.unreadable(origin).because(cause))?,
            Self::Variable(_) | Self::Descriptor(_) | Self::Credential(_) => {
                self.read(origin, world)?
            }
        };
        if bytes.len() as u64 > most {
            let message = format!("{self} ({origin}) is larger than {} MiB", most >> 20);
            return Err(Error::settings(message));
        }
        Ok(bytes)
    }

    /// Returns the source with a relative path beginning in this directory.
    pub(crate) fn beside(self, directory: &Path) -> Self {
        match self {
            Self::Path(path) => Self::Path(directory.join(path)),
            other => other,
        }
    }

    fn file(
        &self,
        path: &Path,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bytes = self.open(path, origin)?;
        warn_if_others_can_read(path, world);
        Ok(bytes)
    }

    fn open(&self, path: &Path, origin: &Origin) -> Result<Zeroizing<Vec<u8>>, Error> {
        File::open(path)
            .and_then(|file| read_wiped(file, MAX + 1))
            .map_err(|cause| self.unreadable(origin).because(cause))
    }

    fn unreadable(&self, origin: &Origin) -> Error {
        Error::settings(format!("cannot read {self} ({origin})"))
    }
}

/// Reads into memory that is wiped and that does not move while it fills.
pub(crate) fn read_wiped(mut reader: impl io::Read, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Wiped::default();
    let mut chunk = Zeroizing::new([0; 4096]);
    while (bytes.len() as u64) < limit {
        let read = match reader.read(&mut *chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        bytes.push(chunk.get(..read).unwrap_or_default());
    }
    Ok(bytes.into_bytes())
}

/// Drops one line feed, or carriage return and line feed, from the end of a passphrase.
pub(crate) fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

#[cfg(unix)]
pub(crate) fn warn_if_others_can_read(path: &Path, world: &World) {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if metadata.is_file() && metadata.mode() & 0o044 != 0 {
        let mode = metadata.mode() & 0o777;
        world.warn(&format!(
            "{} can be read by others (mode {mode:03o}); `chmod 600` makes it yours alone",
            path.display()
        ));
    }
}

#[cfg(not(unix))]
pub(crate) fn warn_if_others_can_read(_path: &Path, _world: &World) {}

/// The names of standard input, which can be read once.
const STANDARD_INPUT: [&str; 5] = ["-", "fd:0", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// No key and no passphrase comes near it.
const MAX: u64 = 256 * 1024;

/// No chain of certificates comes near it.
const MAX_PUBLIC: u64 = 1 << 20;

/// A hundred thousand rows of 300 bytes.
const MAX_FLEET: u64 = 32 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_by_its_beginning() {
        for (text, source) in [
            ("-", Source::Stdin),
            ("fd:0", Source::Stdin),
            ("/dev/stdin", Source::Stdin),
            ("env:X", Source::Variable("X".to_owned())),
            ("fd:7", Source::Descriptor(7)),
            ("cred:key", Source::Credential("key".to_owned())),
            ("./env:X", Source::Path(PathBuf::from("./env:X"))),
            ("pass.txt", Source::Path(PathBuf::from("pass.txt"))),
        ] {
            assert_eq!(text.parse::<Source>().unwrap(), source);
        }
    }

    #[test]
    fn half_a_source_is_refused() {
        for text in ["", "env:", "fd:", "fd:x", "fd:-1", "cred:", "cred:../x", "cred:.."] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }

    #[test]
    fn one_line_end_is_dropped_and_no_more() {
        for (given, left) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a \n", " a "),
            ("a\r", "a"),
            ("\n", ""),
        ] {
            assert_eq!(without_line_end(given.as_bytes()), left.as_bytes(), "{given:?}");
        }
    }
}
