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

    /// Reads every file of `root`, in order.
    ///
    /// # Errors
    ///
    /// Those of [`OfflineCa::roots`].
    pub fn all_roots(&self) -> Result<Vec<Roots>, Error> {
        if self.config.roots.is_empty() {
            return Err(Error::NoRoot { path: self.path.clone() });
        }
        self.config.roots.iter().map(|name| Roots::load_named(name, &self.path)).collect()
    }

    /// Returns whether the certificate that `roots` names is one of this CA's root certificates.
    ///
    /// A file of `root` that cannot be read is an error only if the certificate is in none of the
    /// others.
    ///
    /// # Errors
    ///
    /// Those of [`OfflineCa::roots`].
    pub fn contains(&self, roots: &Roots) -> Result<bool, Error> {
        if self.config.roots.is_empty() {
            return Err(Error::NoRoot { path: self.path.clone() });
        }
        let mut unreadable = None;
        for name in &self.config.roots {
            match Roots::load_named(name, &self.path) {
                Ok(own) if own.fingerprints().contains(&roots.fingerprint()) => return Ok(true),
                Ok(_) => {}
                Err(error) => unreadable = unreadable.or(Some(error)),
            }
        }
        unreadable.map_or(Ok(false), Err)
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
    fn a_root_given_elsewhere_must_be_one_of_the_list() {
        let root = Roots::load(&vector("certs/root_ca.crt")).unwrap();
        let two = Roots::load(&vector("certs/two_roots.crt")).unwrap();
        let second = two.clone().select(two.fingerprints()[1]).unwrap();

        let file = std::path::absolute(vector("certs/root_ca.crt")).unwrap();
        let (directory, ca) = with_root(&format!("[{file:?},\"missing.crt\"]"));
        assert!(ca.contains(&root).unwrap());
        assert!(matches!(ca.contains(&second), Err(Error::InNeither { .. })));
        assert!(ca.all_roots().is_err());

        fs::copy(&file, directory.path().join("missing.crt")).unwrap();
        assert!(!ca.contains(&second).unwrap());
        assert_eq!(ca.all_roots().unwrap(), [root.clone(), root]);
    }

    #[test]
    fn a_file_without_root_can_still_be_read() {
        let (_directory, ca) = with_root("null");
        for error in [
            ca.roots().unwrap_err(),
            ca.all_roots().unwrap_err(),
            ca.contains(&Roots::load(&vector("certs/root_ca.crt")).unwrap()).unwrap_err(),
        ] {
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
