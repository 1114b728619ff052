//! Where a secret is read from: never the command line itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use token_text::{ReadError, ShownPath, ShownValue, read_wiped};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::file;
use crate::setting::Origin;
use crate::world::World;

/// The source of a secret, or of a key: a path, `-`, `env:NAME`, `fd:N` or `cred:NAME`.
///
/// A file whose name begins with such a prefix needs a directory in its path: `./env:x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
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
            if name.is_empty() { Err(format!("no {what} given")) } else { Ok(name.to_owned()) }
        };
        if text.is_empty() {
            Err("a source cannot be empty".to_owned())
        } else if Stream::of_path(Path::new(text)) == Some(Stream::Stdin) {
            Ok(Self::Stdin)
        } else if let Some(name) = text.strip_prefix("env:") {
            named(name, "environment variable").map(Self::Variable)
        } else if let Some(number) = text.strip_prefix("fd:") {
            number
                .parse()
                .map(|number| if number == 0 { Self::Stdin } else { Self::Descriptor(number) })
                .map_err(|_| "expected the number of a file descriptor after `fd:`".to_owned())
        } else if let Some(name) = text.strip_prefix("cred:") {
            let name = named(name, "credential")?;
            if name.contains('/') || name == ".." || name == "." {
                return Err("a credential's name cannot contain a directory".to_owned());
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
            Self::Path(path) => write!(f, "{}", ShownPath(path)),
            Self::Stdin => f.write_str("standard input"),
            Self::Variable(name) => write!(f, "environment variable {}", ShownValue(name)),
            Self::Descriptor(number) => write!(f, "file descriptor {number}"),
            Self::Credential(name) => write!(f, "credential {}", ShownValue(name)),
        }
    }
}

impl Source {
    /// Reads a secret whole, and warns if other users can read its file.
    ///
    /// # Errors
    ///
    /// A settings error that names the source and its origin, if it cannot be read or is larger than
    /// any secret.
    pub fn read(&self, origin: &Origin, world: &World) -> Result<Zeroizing<Vec<u8>>, Error> {
        if self.is_typed(world) {
            return typed(origin, world);
        }
        let bytes = self.read_up_to(MAX_SECRET, origin, world)?;
        if let Self::Path(path) = self {
            warn_if_others_can_read(path, world);
        }
        Ok(bytes)
    }

    /// Reads a secret whole that others may read too, such as a token that Kubernetes mounted.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), with room for any chain of certificates.
    pub fn read_hidden(&self, origin: &Origin, world: &World) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self.is_typed(world) {
            true => typed(origin, world),
            false => self.read_public(origin, world),
        }
    }

    /// Reads something whole that others may read too, such as a certificate.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), with room for any chain of certificates.
    pub fn read_public(&self, origin: &Origin, world: &World) -> Result<Zeroizing<Vec<u8>>, Error> {
        if self.is_typed(world) && world.person().is_none() {
            return Err(nobody_types(origin));
        }
        // A private key may be in the same file, so the bytes are wiped.
        self.read_up_to(MAX_PUBLIC, origin, world)
    }

    /// Reads such a thing as text.
    ///
    /// # Errors
    ///
    /// As [`read_public`](Self::read_public); and if it is not UTF-8.
    pub fn read_text(&self, origin: &Origin, world: &World) -> Result<Zeroizing<String>, Error> {
        let bytes = self.read_public(origin, world)?;
        if is_utf_16(&bytes) {
            return Err(Error::settings(format!("{self} ({origin}) is UTF-16; expected UTF-8"))
                .hint(SAVE_AS_UTF_8));
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Zeroizing::new(text.to_owned())),
            Err(_) => Err(Error::settings(format!("{self} ({origin}) is not UTF-8"))),
        }
    }

    /// Reads everything up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// A settings error that names the source and its origin, if it cannot be read or is larger.
    pub fn read_up_to(
        &self,
        limit: u64,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let read = match self {
            Self::Path(path) => file::read(path, limit),
            Self::Stdin => world.read_stdin(limit),
            Self::Variable(name) => match world.variable_os(name) {
                Some(value) => read_wiped(value.as_encoded_bytes(), limit),
                None => {
                    let message = format!("{self} is not set ({origin})");
                    if self.is_hidden() {
                        return Err(Error::settings(message).hint(NAME_EXPECTED));
                    }
                    let variable = format!("set and export {name} first");
                    return Err(Error::settings(message).hint(variable));
                }
            },
            Self::Descriptor(number) => {
                let path = Path::new("/dev/fd").join(number.to_string());
                if !path.exists() {
                    let message = format!("file descriptor {number} is not open ({origin})");
                    let hint = format!("open it in the shell: `{number}< FILE`");
                    return Err(Error::settings(message).hint(hint));
                }
                file::read(&path, limit)
            }
            Self::Credential(name) => {
                let Some(directory) = world.variable_os("CREDENTIALS_DIRECTORY") else {
                    let message = format!("{self} is not available ({origin})");
                    return Err(Error::settings(message).hint(
                        "use a systemd unit with LoadCredential=: it sets CREDENTIALS_DIRECTORY",
                    ));
                };
                // systemd decides who may read it, by more than the bits of a mode.
                file::read(&Path::new(directory).join(name), limit)
            }
        };
        if read.is_ok() && !matches!(self, Self::Path(_)) {
            tracing::debug!("read {self}");
        }
        read.map_err(|cause| match cause {
            ReadError::TooLong { limit } if limit < 1 << 20 => {
                Error::settings(format!("{self} ({origin}) is larger than {} KiB", limit >> 10))
            }
            ReadError::TooLong { limit } => {
                Error::settings(format!("{self} ({origin}) is larger than {} MiB", limit >> 20))
            }
            cause => {
                let hint = self.is_hidden().then(|| PATH_EXPECTED.to_owned());
                Error::settings(format!("cannot read {self} ({origin})")).because(cause).hints(hint)
            }
        })
    }

    /// Returns whether it is standard input, and that is a terminal.
    fn is_typed(&self, world: &World) -> bool {
        *self == Self::Stdin && world.stdin_is_terminal()
    }

    /// Returns whether messages do not show the source, because it may be the secret itself.
    fn is_hidden(&self) -> bool {
        match self {
            Self::Path(path) => ShownValue(&path.to_string_lossy()).is_hidden(),
            Self::Variable(name) | Self::Credential(name) => ShownValue(name).is_hidden(),
            Self::Stdin | Self::Descriptor(_) => false,
        }
    }

    /// Returns the stream that this source uses up, if it is one.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        match self {
            Self::Stdin => Some(Stream::Stdin),
            Self::Descriptor(number) => Some(Stream::Descriptor(*number)),
            Self::Path(path) => Stream::of_path(path),
            Self::Variable(_) | Self::Credential(_) => None,
        }
    }

    /// Returns the source, with a relative path starting in `directory`.
    #[must_use]
    pub fn beside(self, directory: &Path) -> Self {
        match self {
            Self::Path(path) => Self::Path(directory.join(path)),
            other => other,
        }
    }
}

/// Asks for a secret, because standard input is a terminal, which would show it.
fn typed(origin: &Origin, world: &World) -> Result<Zeroizing<Vec<u8>>, Error> {
    let prompt = format!("Text for {origin}, which is not shown (Enter and Ctrl-D end it)");
    match world.ask(|person| person.hidden_text(&prompt, MAX_SECRET)) {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(cause)) => {
            Err(Error::settings(format!("cannot read the terminal ({origin})")).because(cause))
        }
        None => Err(nobody_types(origin)),
    }
}

fn nobody_types(origin: &Origin) -> Error {
    Error::settings(format!("standard input ({origin}) is a terminal, and nobody can be asked"))
        .hint("use a pipe, a file, env:NAME or fd:N")
}

/// An input that can be read only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard input.
    Stdin,
    /// A file descriptor that the caller opened.
    Descriptor(u32),
}

impl Stream {
    /// Returns standard input, if a path is one of its names.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        if STDIN_PATHS.iter().any(|name| path == Path::new(name)) {
            return Some(Self::Stdin);
        }
        let number =
            ["/dev/fd", "/proc/self/fd"].iter().find_map(|it| path.strip_prefix(it).ok())?;
        number.to_str()?.parse().ok().map(|number| match number {
            0 => Self::Stdin,
            number => Self::Descriptor(number),
        })
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::Descriptor(number) => write!(f, "file descriptor {number}"),
        }
    }
}

/// Refuses two flags that read the same stream. Each reader is a flag as messages call it, and the
/// stream it uses up, if any.
///
/// # Errors
///
/// A usage error that names both flags.
pub fn one_reader_of_each<F: fmt::Display>(readers: &[(F, Option<Stream>)]) -> Result<(), Error> {
    for (position, (other, stream)) in readers.iter().enumerate() {
        let Some(stream) = stream else { continue };
        let earlier = readers.iter().take(position).find(|(_, earlier)| *earlier == Some(*stream));
        if let Some((one, _)) = earlier {
            let error = Error::usage(format!("{one} and {other} both read {stream}"));
            return Err(match stream {
                Stream::Stdin => error.hint("use a file, env:NAME or fd:N for one of them"),
                Stream::Descriptor(_) => {
                    error.hint("use two descriptors: each can be read only once")
                }
            });
        }
    }
    Ok(())
}

/// Drops one line feed, or carriage return and line feed, from the end of a secret.
#[must_use]
pub fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Returns whether a text is UTF-16, as PowerShell writes it: with a byte order mark, or with a NUL
/// in every second place.
#[must_use]
pub fn is_utf_16(bytes: &[u8]) -> bool {
    let every_second_is_nul = |first: usize| {
        bytes.len() >= 4
            && bytes.len().is_multiple_of(2)
            && bytes.iter().skip(first).step_by(2).all(|&byte| byte == 0)
    };
    bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || every_second_is_nul(0)
        || every_second_is_nul(1)
}

/// Warns if users other than the owner can read a file.
#[cfg(unix)]
pub fn warn_if_others_can_read(path: &Path, world: &World) {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if metadata.is_file() && metadata.mode() & 0o044 != 0 {
        let mode = metadata.mode() & 0o777;
        world.warn(&format!(
            "{} can be read by other users (mode {mode:03o}); run `chmod 600` to restrict it",
            ShownPath(path)
        ));
    }
}

/// Warns if users other than the owner can read a file.
#[cfg(not(unix))]
pub fn warn_if_others_can_read(_path: &Path, _world: &World) {}

/// What to do with a file that is UTF-16.
pub const SAVE_AS_UTF_8: &str = "save the file as UTF-8";

/// The names of standard input as a path; as a source it is `fd:0`, too.
const STDIN_PATHS: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// What to do if the value is the secret instead of its place.
const PATH_EXPECTED: &str = "expected a path; use env:NAME for the value of a variable";

/// The same behind `env:`.
const NAME_EXPECTED: &str = "expected the name of a variable after `env:`";

/// The most bytes of a secret: larger than any key, password or token.
pub const MAX_SECRET: u64 = 256 << 10;

/// Larger than any chain of certificates.
const MAX_PUBLIC: u64 = 1 << 20;

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
    fn a_stream_has_one_reader_under_whatever_name() {
        let of = |text: &str| text.parse::<Source>().unwrap().stream();
        for (one, other) in [
            ("-", "/dev/stdin"),
            ("fd:0", "-"),
            ("fd:00", "-"),
            ("/proc/self/fd/0", "fd:0"),
            ("fd:3", "fd:3"),
            ("fd:3", "/dev/fd/3"),
            ("/proc/self/fd/3", "/dev/fd/3"),
        ] {
            let readers = [("--a", of("x")), ("--b", of(one)), ("--c", of(other))];
            let message = one_reader_of_each(&readers).unwrap_err().report();
            assert!(message.contains("--b and --c both read"), "{message}");
        }
        let readers = ["-", "fd:3", "fd:4", "env:X", "env:X", "file", "file"].map(|s| (s, of(s)));
        one_reader_of_each(&readers).unwrap();
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

    #[test]
    fn utf_16_is_told_from_a_password() {
        for text in [&b"\xff\xfep\0w\0"[..], b"\xfe\xff\0p\0w", b"p\0w\0", b"\0p\0w"] {
            assert!(is_utf_16(text), "{text:?}");
        }
        for text in [&b""[..], b"pw", b"\xef\xbb\xbfpw", b"p\0", b"a\0bc"] {
            assert!(!is_utf_16(text), "{text:?}");
        }
    }
}
