//! Which root certificate a CA has by its ca.json.

use std::path::PathBuf;

use step_ca_client::{OfflineCa, Roots};
use step_claims::RootFingerprint;
use token_cli::{Error, Setting, World};
use token_text::ShownPath;

use crate::authority::roots::{decides, warn_of_stale, without_fingerprint};
use crate::settings::ca::CaSettings;
use crate::settings::effect::note_ignored;

/// What can be known of the roots of a ca.json. The files it names may be on another machine, and
/// a registration authority has none.
#[derive(Debug)]
pub(crate) struct FileRoots<'a> {
    ca: &'a OfflineCa,
    files: Vec<Roots>,
    /// The root of the CA behind a registration authority.
    behind: Option<RootFingerprint>,
    /// Why not all of them are known; then a root given elsewhere cannot be refused.
    unknown: Option<Unknown>,
}

#[derive(Debug)]
enum Unknown {
    /// A file cannot be used, or the ca.json names none.
    File(step_ca_client::Error),
    /// A registration authority does not say which root it has.
    Registration,
}

impl<'a> FileRoots<'a> {
    pub(crate) fn read(ca: &'a OfflineCa) -> Result<Self, Error> {
        let (files, unusable) = ca.usable_roots();
        let mut roots = Self { ca, files, behind: None, unknown: unusable.map(Unknown::File) };
        if let Some(registration) = &ca.config().registration
            && ca.config().roots.is_empty()
        {
            let behind = registration.fingerprint.as_deref().map(str::parse).transpose();
            roots.behind = behind.map_err(|cause: step_claims::Error| {
                let path = ShownPath(ca.path());
                Error::settings(format!("`certificateAuthorityFingerprint` in {path}: {cause}"))
                    .because(cause)
                    .hint("mend the file: a registration authority does not start with it")
            })?;
            roots.unknown = roots.behind.is_none().then_some(Unknown::Registration);
        }
        Ok(roots)
    }

    /// Returns the DER of all certificates that could be read.
    pub(crate) fn certificates(&self) -> Vec<Vec<u8>> {
        self.files.iter().flat_map(|roots| roots.certificates().to_vec()).collect()
    }

    /// Returns those of all roots, or `None` if not all are known.
    pub(crate) fn all_certificates(&self) -> Option<Vec<Vec<u8>>> {
        // A registration authority has no certificate of its own: its root is that of its CA.
        let is_complete = self.unknown.is_none() && self.behind.is_none();
        is_complete.then(|| self.certificates())
    }

    fn fingerprints(&self) -> Vec<RootFingerprint> {
        let files = self.files.iter().flat_map(Roots::fingerprints);
        files.chain(self.behind).collect()
    }

    /// The `sha` of a token: the first root, or the one that `--root` and `--fingerprint` select.
    /// They serve in place of a root that cannot be read. A registration authority's token needs
    /// none.
    pub(crate) fn choose(
        &self,
        settings: &CaSettings,
        world: &World,
    ) -> Result<Option<RootFingerprint>, Error> {
        let root = match &settings.root {
            Some(root) => self.given(root, world)?,
            None => None,
        };
        let Some(fingerprint) = &settings.fingerprint else {
            return self.first(root.as_ref(), settings);
        };
        let (place, known, is_complete) = match (&root, &settings.root) {
            (Some(root), Some(given)) if !fingerprint.origin.outranks(&given.origin) => {
                (ShownPath(&given.value).to_string(), root.fingerprints(), true)
            }
            _ => {
                let place = ShownPath(self.ca.path()).to_string();
                (place, self.fingerprints(), self.unknown.is_none())
            }
        };
        if known.contains(&fingerprint.value) {
            return Ok(Some(fingerprint.value));
        }
        if !is_complete {
            if !fingerprint.origin.is_command_line() {
                self.note_in_place(&fingerprint.origin, world);
            }
            return Ok(Some(fingerprint.value));
        }
        let origin = &fingerprint.origin;
        if decides(origin) && !settings.config.origin.outranks(origin) {
            return Err(without_fingerprint(&place, fingerprint, &known));
        }
        let used = self.first(root.as_ref(), settings)?;
        match used {
            Some(used) if !decides(origin) => warn_of_stale(fingerprint, &place, used, world),
            _ => note_ignored(origin, "no root in the ca.json has it", world),
        }
        Ok(used)
    }

    /// Reads the root named by a setting, which must be one of the CA's, as far as they are known.
    /// If it is not, it is refused on the command line and ignored from elsewhere.
    pub(crate) fn given(
        &self,
        root: &Setting<PathBuf>,
        world: &World,
    ) -> Result<Option<Roots>, Error> {
        let typed = root.origin.is_command_line();
        let roots = match Roots::load(&root.value) {
            Ok(roots) => roots,
            Err(cause) if typed => {
                let hint = match self.unknown {
                    None => "leave out --root: the ca.json names its own",
                    Some(_) => "use --root with another file, or --fingerprint with its SHA-256",
                };
                return Err(Error::settings(format!("{cause} (--root)")).because(cause).hint(hint));
            }
            Err(cause) => {
                note_ignored(&root.origin, &cause.to_string(), world);
                return Ok(None);
            }
        };
        self.admit(root, roots, world)
    }

    /// Compares such a root, which was read, with those of the CA.
    pub(crate) fn admit(
        &self,
        root: &Setting<PathBuf>,
        roots: Roots,
        world: &World,
    ) -> Result<Option<Roots>, Error> {
        let typed = root.origin.is_command_line();
        let known = self.fingerprints();
        let own = roots.fingerprints().into_iter().find(|own| known.contains(own));
        match own.and_then(|own| roots.clone().select(own).ok()) {
            Some(own) => Ok(Some(own)),
            None if self.unknown.is_some() => {
                if !typed {
                    self.note_in_place(&root.origin, world);
                }
                Ok(Some(roots))
            }
            None if typed => {
                let (root, ca) = (ShownPath(&root.value), ShownPath(self.ca.path()));
                Err(Error::settings(format!("{root} is not a root certificate of {ca}"))
                    .hint("leave out --root: the ca.json names its own"))
            }
            None => {
                note_ignored(&root.origin, "it is not a root of the ca.json", world);
                Ok(None)
            }
        }
    }

    /// Says that a setting that was not typed is used; it may be for another CA.
    fn note_in_place(&self, origin: &token_cli::Origin, world: &World) {
        let why = match &self.unknown {
            Some(Unknown::File(cause)) => cause.to_string(),
            _ => format!("{} names no root certificate", ShownPath(self.ca.path())),
        };
        world.note(&format!("{why}; {origin} is used in its place"));
    }

    fn first(
        &self,
        root: Option<&Roots>,
        settings: &CaSettings,
    ) -> Result<Option<RootFingerprint>, Error> {
        if let Some(root) = root {
            return Ok(Some(root.fingerprint()));
        }
        if self.ca.config().roots.is_empty() && self.ca.config().registration.is_some() {
            return Ok(self.behind);
        }
        self.ca.roots().map(|roots| Some(roots.fingerprint())).map_err(|cause| {
            let path = ShownPath(self.ca.path());
            let error = Error::settings(format!("cannot use the root certificate of {path}"));
            let hint = match settings.root {
                Some(_) => "use --root with another file, or --fingerprint with its SHA-256",
                None => "use --root with a copy of it, or --fingerprint with its SHA-256",
            };
            error.because(cause).hint(hint)
        })
    }
}
