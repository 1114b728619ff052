//! Files that are read whole up to a limit, and written whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use token_text::{ReadError, ShownPath, Wiped};
use zeroize::Zeroizing;

use crate::error::Error;

/// Reads a file of at most `limit` bytes, into memory that is wiped.
///
/// # Errors
///
/// - [`ReadError::TooLong`] if it has more bytes.
/// - [`ReadError::Io`] if it cannot be read.
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len().min(limit);
    // With room for all of it from the start, so that it is never there twice.
    let mut bytes = Wiped::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1));
    bytes.read_from(file, limit)?;
    tracing::debug!("read file {}", ShownPath(path));
    Ok(bytes.into_bytes())
}

/// Replaces a file as a whole, or leaves it as it was: writes a temporary file beside it, then
/// renames that. Links are followed as by [`behind_links`].
///
/// # Errors
///
/// A settings error that names the file.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    write(&behind_links(path)?, bytes, mode, true)
}

/// Writes a file as a whole; `overwrite` says whether it may exist already. A link in its place is
/// replaced and not followed.
///
/// # Errors
///
/// A settings error that names the file.
pub fn write(path: &Path, bytes: &[u8], mode: u32, overwrite: bool) -> Result<(), Error> {
    write_with(path, mode, overwrite, |file| file.write_all(bytes))
}

/// The same with a function that writes the file. If it fails, there is no file.
///
/// # Errors
///
/// As [`write()`].
pub fn write_with(
    path: &Path,
    mode: u32,
    overwrite: bool,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Error> {
    let write_whole = || -> io::Result<()> {
        // The library's error names the temporary file, which means nothing to the caller.
        let mut file =
            temporary(directory_of(path), mode).map_err(|error| io::Error::from(error.kind()))?;
        fill(file.as_file_mut())?;
        file.as_file().sync_all()?;
        match overwrite {
            true => file.persist(path),
            false => file.persist_noclobber(path),
        }
        .map(drop)
        .map_err(|error| error.error)
    };
    write_whole().map_err(|cause| match cause.kind() {
        // It was not there when the caller looked.
        io::ErrorKind::AlreadyExists => {
            Error::settings(format!("{} already exists", ShownPath(path)))
                .hint("use --force to overwrite it")
        }
        _ => cannot_write(path).because(cause),
    })
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

/// Follows symbolic links to the file they lead to, which need not exist. A link that another user
/// put into a directory where everybody may put one is not followed, as Linux refuses it
/// (`fs.protected_symlinks`): it chooses what is overwritten.
///
/// # Errors
///
/// A settings error if there is such a link, or if there are more links than Linux follows.
pub fn behind_links(path: &Path) -> Result<PathBuf, Error> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        for ancestor in path.ancestors().filter(|ancestor| !ancestor.as_os_str().is_empty()) {
            refuse_foreign_link(ancestor)?;
        }
        match std::fs::read_link(&path) {
            Ok(behind) => path = directory_of(&path).join(behind),
            Err(_) => return Ok(path),
        }
    }
    Err(cannot_write(&path).because(io::Error::other("too many symbolic links")))
}

#[cfg(unix)]
fn refuse_foreign_link(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;
    let directory = directory_of(path);
    let (Ok(link), Ok(around)) = (std::fs::symlink_metadata(path), std::fs::metadata(directory))
    else {
        return Ok(());
    };
    let caller = rustix::process::geteuid().as_raw();
    if !link.is_symlink() || !is_foreign(link.uid(), around.uid(), around.mode(), caller) {
        return Ok(());
    }
    let message =
        format!("{} is a link that another user made in a shared directory", ShownPath(path));
    Err(Error::settings(message)
        .hint("write to a directory of your own, or name the file it leads to"))
}

#[cfg(not(unix))]
fn refuse_foreign_link(_path: &Path) -> Result<(), Error> {
    Ok(())
}

/// Returns whether a link in a directory with that owner and mode may be another user's trap.
fn is_foreign(link_owner: u32, directory_owner: u32, directory_mode: u32, caller: u32) -> bool {
    let shared = directory_mode & STICKY_AND_SHARED == STICKY_AND_SHARED;
    shared && link_owner != caller && link_owner != directory_owner
}

/// The sticky bit, and the permission to write for everybody: the mode of `/tmp`.
const STICKY_AND_SHARED: u32 = 0o1002;

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
    Error::settings(format!("cannot write {}", ShownPath(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: u32 = 0;
    const ADA: u32 = 1000;
    const EVE: u32 = 1001;

    #[test]
    fn a_link_of_another_user_in_a_shared_directory_is_foreign() {
        for (link, directory, mode, caller, foreign) in [
            (EVE, ROOT, 0o41777, ADA, true),
            (EVE, ROOT, 0o41777, ROOT, true),
            (ROOT, ADA, 0o41777, EVE, true),
            (EVE, ROOT, 0o41777, EVE, false),
            (ROOT, ROOT, 0o41777, ADA, false),
            (EVE, ROOT, 0o40777, ADA, false),
            (EVE, ROOT, 0o41775, ADA, false),
            (EVE, ADA, 0o40755, ADA, false),
        ] {
            let is = is_foreign(link, directory, mode, caller);
            assert_eq!(is, foreign, "{link} {directory} {mode:o} {caller}");
        }
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "theirs").unwrap();
        let report = write(&path, b"ours", 0o600, false).unwrap_err().report();
        assert!(report.contains("already exists\nhint: use --force"), "{report}");
        assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
    }
}
