//! A CA as its ca.json describes it.

use std::path::{Path, PathBuf};

use step_provisioner::{CaConfig, Disabled, Kind};

use crate::error::Error;
use crate::file;
use crate::roots::Roots;

/// A CA on disk: its ca.json and, on request, its root certificates.
///
/// Nothing else is opened: no database, no key, no intermediate certificate. It works while a CA
/// runs, and on a machine that has only these files.
///
/// A relative path inside the file is resolved from the working directory, as in step-ca, and if
/// nothing is there from the directory of the file.
#[derive(Clone, Debug)]
pub struct OfflineCa {
    path: PathBuf,
    config: CaConfig,
}

impl OfflineCa {
    /// Reads a ca.json of at most 64 MiB.
    ///
    /// # Errors
    ///
    /// - [`Error::Read`] or [`Error::TooLarge`] if the file cannot be read.
    /// - [`Error::Config`] if it is not a ca.json that can be used to mint tokens.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bytes = file::read("CA configuration", path)?;
        let config = CaConfig::parse(&bytes)
            .map_err(|source| Error::Config { path: path.to_owned(), source: Box::new(source) })?;
        Ok(Self { path: path.to_owned(), config })
    }

    /// Marks the provisioners that step-ca disables because of the certificates or keys in them; see
    /// [`CaConfig::check_anchors`].
    #[must_use]
    pub fn with_checked_anchors(mut self, fault: impl Fn(&Kind) -> Option<Disabled>) -> Self {
        self.config.check_anchors(fault);
        self
    }

    /// Returns the contents of the ca.json.
    #[must_use]
    pub fn config(&self) -> &CaConfig {
        &self.config
    }

    /// Returns the path of the ca.json.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the first file of `root`, whose first certificate the `sha` of a token names.
    ///
    /// # Errors
    ///
    /// - [`Error::NoRoot`] if the ca.json names none.
    /// - [`Error::Read`], [`Error::InNeither`] or [`Error::TooLarge`] if it cannot be read.
    /// - [`Error::Roots`] if it contains no certificate, or a damaged one.
    pub fn roots(&self) -> Result<Roots, Error> {
        let first = self.config.roots.first();
        let first = first.ok_or_else(|| Error::NoRoot { path: self.path.clone() })?;
        Roots::load_named(first, &self.path)
    }

    /// Reads every file of `root` that can be used, in order; with it comes the first reason why
    /// one cannot, or why there is none.
    #[must_use]
    pub fn usable_roots(&self) -> (Vec<Roots>, Option<Error>) {
        let (mut usable, mut unusable) = (Vec::new(), None);
        for name in &self.config.roots {
            match Roots::load_named(name, &self.path) {
                Ok(roots) => usable.push(roots),
                Err(error) => unusable = unusable.or(Some(error)),
            }
        }
        if self.config.roots.is_empty() {
            unusable = Some(Error::NoRoot { path: self.path.clone() });
        }
        (usable, unusable)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const VECTORS: &str = "../../testdata/vectors";

    fn vector(name: &str) -> PathBuf {
        Path::new(VECTORS).join(name)
    }

    /// A directory with a ca.json that has the given `root` member.
    fn with_root(root: &str) -> (tempfile::TempDir, OfflineCa) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.json");
        let json = format!(
            r#"{{"root":{root},"authority":{{"provisioners":[{{"type":"ACME","name":"a"}}]}}}}"#
        );
        fs::write(&path, json).unwrap();
        let ca = OfflineCa::open(&path).unwrap();
        (directory, ca)
    }

    #[test]
    fn a_ca_is_opened_without_anything_else_it_names() {
        let ca = OfflineCa::open(&vector("ca.json")).unwrap();
        assert_eq!(ca.path(), vector("ca.json"));
        assert_eq!(ca.config().names()[0], "ca.example.test");
        assert!(!ca.config().provisioners.is_empty());

        let (_directory, ca) = with_root(r#""no/such.crt""#);
        assert!(matches!(ca.roots(), Err(Error::InNeither { .. })));
    }

    #[test]
    fn a_relative_root_is_found_beside_the_file() {
        let roots = OfflineCa::open(&vector("ca.json")).unwrap().roots().unwrap();
        assert_eq!(roots, Roots::load(&vector("certs/root_ca.crt")).unwrap());
    }

    #[test]
    fn a_relative_root_is_looked_up_from_the_working_directory_first() {
        let (directory, ca) = with_root(r#""Cargo.toml""#);
        let root = fs::read(vector("certs/root_ca.crt")).unwrap();
        fs::write(directory.path().join("Cargo.toml"), root).unwrap();
        let error = ca.roots().unwrap_err();
        assert!(matches!(&error, Error::Roots { path, .. } if path == Path::new("Cargo.toml")));
    }

    #[test]
    fn what_can_be_read_of_a_list_of_roots_is_read() {
        let root = Roots::load(&vector("certs/root_ca.crt")).unwrap();
        let file = std::path::absolute(vector("certs/root_ca.crt")).unwrap();
        for list in [format!("[{file:?},\"missing.crt\"]"), format!("[\"missing.crt\",{file:?}]")] {
            let (directory, ca) = with_root(&list);
            let (usable, unusable) = ca.usable_roots();
            assert_eq!(usable, std::slice::from_ref(&root));
            assert!(matches!(unusable, Some(Error::InNeither { .. })));

            fs::copy(&file, directory.path().join("missing.crt")).unwrap();
            let (usable, unusable) = ca.usable_roots();
            assert_eq!(usable, [root.clone(), root.clone()]);
            assert!(unusable.is_none());
        }
    }

    #[test]
    fn a_file_without_root_can_still_be_read() {
        let (_directory, ca) = with_root("null");
        let (usable, unusable) = ca.usable_roots();
        assert!(usable.is_empty());
        for error in [ca.roots().unwrap_err(), unusable.unwrap()] {
            assert!(error.to_string().ends_with("ca.json` names no root certificate"), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_ca_json_is_named() {
        let error = OfflineCa::open(&vector("ca-noprov.json")).unwrap_err();
        assert!(error.to_string().ends_with("ca-noprov.json` cannot be used"), "{error}");
        assert!(std::error::Error::source(&error).is_some() && !error.is_network());
        let error = OfflineCa::open(&vector("missing.json")).unwrap_err();
        assert!(matches!(error, Error::Read { .. }));
    }
}
