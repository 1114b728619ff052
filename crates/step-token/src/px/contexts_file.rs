//! The file of contexts: where it is, and how it is read and replaced.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use openstorage_token::{Contexts, ContextsError};
use token_cli::{Error, LockedFile, SAVE_AS_UTF_8, World, file, is_utf_16};
use token_text::{ReadError, ShownPath};
use zeroize::Zeroizing;

/// Where the contexts are stored.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxContextsFileArg {
    /// Use this context file (default: ~/.pxctl/contextconfig)
    #[arg(long, value_name = "FILE")]
    pub(crate) contextconfig: Option<PathBuf>,
}

/// Returns the path of the context file.
pub(super) fn path(args: &PxContextsFileArg, world: &World) -> Result<PathBuf, Error> {
    if let Some(path) = &args.contextconfig {
        return Ok(path.clone());
    }
    let home = world.home().ok_or_else(|| {
        Error::settings("cannot find ~/.pxctl/contextconfig: there is no home directory")
            .hint("use --contextconfig with a file")
    })?;
    Ok(home.join(".pxctl/contextconfig"))
}

/// Reads the context file; `None` if there is none.
pub(super) fn load(path: &Path) -> Result<Option<Contexts>, Error> {
    match bytes_of(path)? {
        None => Ok(None),
        Some(bytes) => parse(&bytes).map(Some).map_err(|cause| unusable(path, &cause)),
    }
}

/// Parses the bytes of a context file.
pub(super) fn parse(bytes: &[u8]) -> Result<Contexts, ContextsError> {
    if is_utf_16(bytes) {
        return Err(ContextsError::Utf16);
    }
    Contexts::parse(std::str::from_utf8(bytes).map_err(|_| ContextsError::NoText)?)
}

/// Reads the context file; `None` if there is none.
pub(super) fn bytes_of(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let refused = |what: &str| Error::settings(format!("{} {what}", ShownPath(path)));
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(refused("is a directory; expected a context file")
                .hint("use --contextconfig with another file"));
        }
        Ok(found) if !found.is_file() => {
            return Err(
                refused("is not a regular file").hint("use --contextconfig with another file")
            );
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused("cannot be read").because(error)),
    }
    file::read(path, LARGEST).map(Some).map_err(|cause| match cause {
        ReadError::TooLong { limit } => refused(&format!("is larger than {} MiB", limit >> 20)),
        cause => refused("cannot be read").because(cause),
    })
}

/// Explains why a context file cannot be used.
pub(super) fn unusable(path: &Path, cause: &ContextsError) -> Error {
    let error = Error::settings(format!("{}: {cause}", ShownPath(path)));
    match cause {
        ContextsError::Unknown { there, .. } if there.is_empty() => {
            error.hint("run `step-token px context create NAME --token-file FILE` to create it")
        }
        ContextsError::Unknown { there, .. } => {
            error.hint(format!("use a known context: {}", token_text::Listed(there)))
        }
        ContextsError::Utf16 => error.hint(SAVE_AS_UTF_8),
        ContextsError::Twice { .. } => error.hint("remove one of them from the file"),
        _ => error.hint(
            "repair the file, or run `step-token px context create` to keep it under another name and start a new file",
        ),
    }
}

/// The context file, locked against other writers.
pub(super) struct LockedContexts(LockedFile);

impl LockedContexts {
    /// Takes the lock; waits up to ten seconds while another run holds it.
    pub(super) fn lock(path: &Path) -> Result<Self, Error> {
        LockedFile::lock(path).map(Self)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Reads the contexts; a file that cannot be parsed is kept under another name.
    pub(super) fn contexts_or_aside(&self, world: &World) -> Result<Contexts, Error> {
        let Some(bytes) = bytes_of(self.path())? else { return Ok(Contexts::default()) };
        match parse(&bytes) {
            Ok(contexts) => Ok(contexts),
            Err(cause) => {
                let aside = self.aside()?;
                world.warn(&format!(
                    "{}: {cause}; it is kept as {}, and a new file is started",
                    ShownPath(self.path()),
                    ShownPath(&aside)
                ));
                Ok(Contexts::default())
            }
        }
    }

    /// Gives the file a second, unused name.
    fn aside(&self) -> Result<PathBuf, Error> {
        let name = self.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        for number in 1..=MOST_ASIDE {
            let aside = self.path().with_file_name(format!("{name}.broken-{number}"));
            match std::fs::hard_link(self.path(), &aside) {
                Ok(()) => return Ok(aside),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(file::cannot_write(&aside).because(cause)),
            }
        }
        Err(Error::settings(format!(
            "there are already {MOST_ASIDE} broken files beside {}",
            ShownPath(self.path())
        ))
        .hint("repair or remove them"))
    }

    pub(super) fn write(&self, contexts: &Contexts) -> Result<(), Error> {
        let text = contexts.to_yaml();
        // Never replace the file with one that cannot be read back.
        Contexts::parse(&text).map_err(|cause| {
            Error::settings(format!("{} is left unchanged", ShownPath(self.path()))).because(cause)
        })?;
        self.0.replace(text.as_bytes(), 0o600)
    }
}

/// Far more than any list of contexts needs.
const LARGEST: u64 = 1 << 20;

/// More broken files than anyone would keep.
const MOST_ASIDE: u32 = 100;
