//! Reading whole files, and resolving relative paths.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use token_text::{ReadError, ShownPath, Wiped};
use zeroize::Zeroizing;

use crate::error::Error;

/// The longest file that is read: 64 MiB, far more than any ca.json or bundle.
pub(crate) const MAX_FILE: u64 = 64 << 20;

/// Reads a file of at most [`MAX_FILE`] bytes. They are wiped when dropped: it may hold a key.
pub(crate) fn read(what: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let fault = |source| Error::Read { what, path: path.to_owned(), source };
    let file = File::open(path).map_err(fault)?;
    let length = file.metadata().map_err(fault)?.len().min(MAX_FILE);
    // With room for all of it from the start, so that nothing is copied by growing.
    let mut bytes = Wiped::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1));
    match bytes.read_from(file, MAX_FILE) {
        Ok(()) => {
            let bytes = bytes.into_bytes();
            tracing::debug!("read {what} `{}`: {} bytes", ShownPath(path), bytes.len());
            Ok(bytes)
        }
        Err(ReadError::TooLong { limit }) => {
            Err(Error::TooLarge { what, path: path.to_owned(), limit })
        }
        Err(error) => Err(fault(error.into())),
    }
}

/// Reads the file `name` that the file `inside` refers to: a relative path is resolved from the
/// working directory or, if there is no such file, from the directory of `inside`.
pub(crate) fn read_named(
    what: &'static str,
    name: &str,
    inside: &Path,
) -> Result<(PathBuf, Zeroizing<Vec<u8>>), Error> {
    let first = PathBuf::from(name);
    let error = match read(what, &first) {
        Ok(bytes) => return Ok((first, bytes)),
        Err(error) => error,
    };
    // The same path if `name` is absolute or `inside` is in the working directory.
    let second = inside.parent().map_or_else(|| first.clone(), |parent| parent.join(name));
    if second == first || !is_missing(&error) {
        return Err(error);
    }
    match read(what, &second) {
        Ok(bytes) => Ok((second, bytes)),
        Err(error) if is_missing(&error) => Err(Error::InNeither { what, first, second }),
        Err(error) => Err(error),
    }
}

/// Returns whether the reason is that there is no such file.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_relative_path_leads_from_the_working_directory_first() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("ca.json");
        fs::write(directory.path().join("Cargo.toml"), "beside").unwrap();
        fs::write(directory.path().join("only-beside"), "beside").unwrap();

        let (path, bytes) = read_named("file", "Cargo.toml", &inside).unwrap();
        assert_eq!(path, Path::new("Cargo.toml"));
        assert!(bytes.starts_with(b"[package]"));

        let (path, bytes) = read_named("file", "only-beside", &inside).unwrap();
        assert_eq!(path, directory.path().join("only-beside"));
        assert_eq!(bytes.as_slice(), b"beside");
    }

    #[test]
    fn an_absolute_path_leads_to_one_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missing");
        let error = read_named("file", path.to_str().unwrap(), Path::new("/x/ca.json"));
        assert!(is_missing(&error.unwrap_err()));
    }

    #[test]
    fn a_file_in_neither_place_is_an_error_with_both() {
        let error = read_named("root certificate", "no/such.crt", Path::new("/x/y/ca.json"));
        assert_eq!(
            error.unwrap_err().to_string(),
            "there is no root certificate at `no/such.crt` or at `/x/y/no/such.crt`"
        );
        let error = read_named("file", "no/such.crt", Path::new("ca.json"));
        assert!(is_missing(&error.unwrap_err()));
    }

    #[test]
    fn a_file_above_the_limit_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_FILE + 1).unwrap();
        let error = read("file", file.path()).unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: MAX_FILE, .. }), "{error}");
        assert!(error.to_string().ends_with("is longer than 64 MiB"));
    }

    #[test]
    fn a_directory_is_no_file() {
        let error = read("file", Path::new("src")).unwrap_err();
        assert!(!is_missing(&error) && matches!(error, Error::Read { .. }));
    }
}
