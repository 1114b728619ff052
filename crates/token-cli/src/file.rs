//! Files that are read whole up to a limit, and written whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use token_text::{ReadError, read_wiped};
use zeroize::Zeroizing;

use crate::error::Error;

/// Reads a file of at most `limit` bytes, into memory that is wiped.
///
/// # Errors
///
/// - [`ReadError::TooLong`] if it has more bytes.
/// - [`ReadError::Io`] if it cannot be read.
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read_wiped(File::open(path)?, limit)
}

/// Replaces a file as a whole, or leaves it as it was: writes a temporary file beside it, then
/// renames that.
///
/// # Errors
///
/// A settings error that names the file.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    write(path, bytes, mode, true)
}

/// Writes a file as a whole; `overwrite` says whether it may exist already.
///
/// # Errors
///
/// A settings error that names the file.
pub fn write(path: &Path, bytes: &[u8], mode: u32, overwrite: bool) -> Result<(), Error> {
    let write_whole = || -> io::Result<()> {
        // The library's error names the temporary file, which means nothing to the caller.
        let mut file =
            temporary(directory_of(path), mode).map_err(|error| io::Error::from(error.kind()))?;
        file.as_file_mut().write_all(bytes)?;
        file.as_file().sync_all()?;
        match overwrite {
            true => file.persist(path),
            false => file.persist_noclobber(path),
        }
        .map(drop)
        .map_err(|error| error.error)
    };
    write_whole().map_err(|cause| cannot_write(path).because(cause))
}

#[cfg(unix)]
fn temporary(directory: &Path, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new()
        .prefix(".step-token-")
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(directory)
}

#[cfg(not(unix))]
fn temporary(directory: &Path, _mode: u32) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".step-token-").tempfile_in(directory)
}

/// Follows symbolic links to the file they lead to, which need not exist.
///
/// # Errors
///
/// If there are more links than Linux follows.
pub fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&path) {
            Ok(behind) => path = directory_of(&path).join(behind),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Checks that a file may be created in a directory, before anything costly is done for it.
///
/// # Errors
///
/// What the system answers.
#[cfg(unix)]
pub fn may_be_made_in(directory: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(directory, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
pub fn may_be_made_in(_directory: &Path) -> io::Result<()> {
    Ok(())
}

/// As many as Linux follows.
const MOST_LINKS: usize = 40;

/// Returns the directory a file is in.
#[must_use]
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Reports that a file cannot be written; the caller adds the cause.
#[must_use]
pub fn cannot_write(path: &Path) -> Error {
    Error::settings(format!("cannot write {}", path.display()))
}
