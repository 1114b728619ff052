use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use token_text::ShownPath;

use crate::error::Error;
use crate::file;

/// A file that no other run of ours writes while this value lives.
///
/// The lock is a file of its own beside it, `.NAME.lock`, because the file itself is replaced by
/// every write. Programs that do not know the lock still see a whole file, the old or the new one.
#[derive(Debug)]
pub struct LockedFile {
    path: PathBuf,
    _lock: File,
}

impl LockedFile {
    /// Locks a file, which need not exist; waits up to ten seconds for another run to finish.
    ///
    /// Symbolic links are followed, and a missing directory is created with mode 0700.
    ///
    /// # Errors
    ///
    /// A settings error that names the file, the directory or the lock.
    pub fn lock(path: &Path) -> Result<Self, Error> {
        let path = file::behind_links(path)?;
        let directory = file::directory_of(&path);
        make_directory(directory).map_err(|cause| {
            Error::settings(format!("cannot create directory {}", ShownPath(directory)))
                .because(cause)
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let lock = directory.join(format!(".{name}.lock"));
        let cannot = |cause: io::Error| {
            Error::settings(format!("cannot lock {}", ShownPath(&lock))).because(cause)
        };
        let file = open_lock(&lock).map_err(cannot)?;
        match wait_for(&file).map_err(cannot)? {
            true => Ok(Self { path, _lock: file }),
            false => Err(locked(&path, &lock)),
        }
    }

    /// Returns the file itself, with symbolic links followed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file as a whole, or leaves it as it was.
    ///
    /// # Errors
    ///
    /// A settings error that names the file.
    pub fn replace(&self, bytes: &[u8], mode: u32) -> Result<(), Error> {
        file::replace(&self.path, bytes, mode)
    }
}

/// A directory whose files no other run of ours changes while this value lives.
///
/// The directory itself is locked, so that no file is left in it, and a run as another user leaves
/// nothing behind that only that user can open.
#[derive(Debug)]
pub struct LockedDirectory {
    /// `None` where the file system has no such locks.
    _lock: Option<File>,
}

impl LockedDirectory {
    /// Locks a directory; waits up to ten seconds for another run to finish. Where it cannot be
    /// locked at all, such as on some network file systems, it goes on without a lock.
    ///
    /// # Errors
    ///
    /// A settings error that names the directory, if another run keeps it locked.
    pub fn lock(path: &Path) -> Result<Self, Error> {
        let Ok(directory) = File::open(path) else { return Ok(Self { _lock: None }) };
        match wait_for(&directory) {
            Ok(true) => Ok(Self { _lock: Some(directory) }),
            Ok(false) => Err(locked(path, path)),
            Err(_) => Ok(Self { _lock: None }),
        }
    }
}

/// Waits for a lock; returns whether it was had in time.
fn wait_for(file: &File) -> io::Result<bool> {
    for _ in 0..TRIES {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

fn locked(path: &Path, lock: &Path) -> Error {
    Error::settings(format!("{} is locked by another run", ShownPath(path)))
        .hint(format!("wait, or end the process that has locked {}", ShownPath(lock)))
}

#[cfg(unix)]
fn make_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_directory(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)
}

fn open_lock(lock: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The directory may be one where everybody can put a link.
        let no_link = i32::from_ne_bytes(rustix::fs::OFlags::NOFOLLOW.bits().to_ne_bytes());
        options.mode(0o600).custom_flags(no_link);
    }
    options.open(lock)
}

/// Ten seconds of waiting, in steps too short to notice.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_for_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/contexts.json");
        let first = LockedFile::lock(&path).unwrap();
        first.replace(b"1", 0o600).unwrap();
        let second = std::thread::spawn({
            let path = path.clone();
            move || {
                let locked = LockedFile::lock(&path).unwrap();
                std::fs::read(locked.path()).unwrap()
            }
        });
        std::thread::sleep(Duration::from_millis(50));
        first.replace(b"2", 0o600).unwrap();
        drop(first);
        assert_eq!(second.join().unwrap(), b"2");
    }
}
