//! The CA a token is for, known by its ca.json, its URL or only its name.

pub(crate) mod ca_json;
pub(crate) mod connection;
pub(crate) mod file_roots;
pub(crate) mod roots;

use std::io;
use std::path::PathBuf;

use step_ca_client::{OfflineCa, Roots};
use step_claims::{CaUrl, Operation, Prefix, RootFingerprint};
use step_provisioner::{CaConfig, ProofKind, Provisioner};
use token_cli::{Error, Origin, Setting, World};
use token_jose::KeyId;
use token_text::{ShownPath, ShownValue};
use token_time::Timestamp;

use crate::authority::connection::Connection;
use crate::authority::file_roots::FileRoots;
use crate::authority::roots::{no_root, roots_on_disk};
use crate::settings::ca::CaSettings;
use crate::settings::effect::note_ignored;

/// A CA, with what a token says about it.
#[derive(Debug)]
pub(crate) struct Authority {
    /// Where the token is to be spent.
    pub(crate) url: CaUrl,
    pub(crate) prefix: Prefix,
    /// The `sha` of the token; a renew token has none, and needs no root.
    pub(crate) root: Option<RootFingerprint>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// A ca.json; the files it names are read only when needed.
    File(Box<OfflineCa>),
    /// Only the address is known.
    Address,
    /// The token renews a certificate, so no provisioner is needed: only the roots found locally
    /// matter.
    Renewing { roots: Vec<Vec<u8>>, ca: Option<Box<RenewingCa>> },
    /// The CA itself, over HTTPS.
    Online { connection: Box<Connection>, provisioners: Vec<Provisioner> },
}

/// What the ca.json of a CA says about renewals.
#[derive(Debug)]
pub(crate) struct RenewingCa {
    pub(crate) file: OfflineCa,
    /// Its roots, in DER; `None` if one of them cannot be read, or if they are somewhere else.
    pub(crate) roots: Option<Vec<Vec<u8>>>,
}

impl Authority {
    /// Opens the CA that the settings describe, as it would start now. With --offline, and for a renewal, this makes no
    /// network request.
    pub(crate) fn open(
        ca: &CaSettings,
        operation: Operation,
        proof: Option<ProofKind>,
        now: Timestamp,
        world: &World,
    ) -> Result<Self, Error> {
        let is_there = match std::fs::metadata(&ca.config.value) {
            Err(error) => error.kind() != io::ErrorKind::NotFound,
            // Any other problem with the file is reported when it is read.
            Ok(_) => true,
        };
        let mut authority = match (operation, ca.offline, is_there) {
            (Operation::Renew, true, true) => return Self::renewing_by_file(ca, now, world),
            (Operation::Renew, ..) => return Self::renewing(ca, world),
            (_, false, _) => Self::online(ca, world),
            (_, true, true) => Self::file(ca, now, world),
            (_, true, false) => Self::address(ca, proof, world),
        }?;
        if proof.is_some_and(|proof| proof != ProofKind::K8sSa) {
            authority.take_a_fragment()?;
        }
        Ok(authority)
    }

    /// The audience of a token with a proof has a fragment, which the CA accepts only with some of
    /// its names.
    fn take_a_fragment(&mut self) -> Result<(), Error> {
        if !self.url.is_ipv4_mapped() {
            return Ok(());
        }
        let names = self.config().map(CaConfig::names).unwrap_or_default();
        let other = names
            .into_iter()
            .filter_map(|name| CaUrl::from_dns_name(name, None).ok())
            .find(|name| !name.is_ipv4_mapped())
            .ok_or_else(|| {
                let host = self.url.host();
                Error::settings(format!("the CA accepts no token with a proof under {host}"))
                    .hint("use another name of the CA: this is an IPv4 address written as IPv6")
            })?;
        self.url = self.url.spelled_as(&other);
        Ok(())
    }

    /// A renewal with a ca.json; the certificate is checked against its roots.
    fn renewing_by_file(
        settings: &CaSettings,
        now: Timestamp,
        world: &World,
    ) -> Result<Self, Error> {
        let ca = ca_json::open_startable(settings, now)?;
        let url = address_of_file(&ca, settings, world)?;
        let known = FileRoots::read(&ca)?;
        let given = match &settings.root {
            Some(root) => match readable(root, world) {
                Some(roots) => known.admit(root, roots, world)?,
                None => None,
            },
            None => None,
        };
        let roots = given.map_or_else(|| known.certificates(), |it| it.certificates().to_vec());
        let all = known.all_certificates();
        let ca = Some(Box::new(RenewingCa { file: ca, roots: all }));
        Ok(Self { url, prefix: Prefix::Bare, root: None, source: Source::Renewing { roots, ca } })
    }

    /// A renewal with an address only. The certificate is checked against a root if there is one.
    fn renewing(settings: &CaSettings, world: &World) -> Result<Self, Error> {
        let url = match (&settings.url, settings.offline) {
            (_, true) => bare_address(settings, world, "--ca-url is")?,
            (Some(url), false) => url.value.clone(),
            (None, false) => {
                return Err(Error::settings("no CA given")
                    .hint("use --ca-url URL or STEP_CA_URL, or --offline --ca-config FILE with the CA's ca.json"));
            }
        };
        let roots = match roots_on_disk(settings, world) {
            Ok(roots) => roots.map_or_else(Vec::new, |roots| roots.certificates().to_vec()),
            Err(fault) => match &settings.root {
                Some(root) if readable(root, world).is_none() => Vec::new(),
                Some(root) if root.origin.is_command_line() => return Err(fault),
                _ => Vec::new(),
            },
        };
        let source = Source::Renewing { roots, ca: None };
        Ok(Self { url, prefix: Prefix::Versioned, root: None, source })
    }

    /// Returns the provisioners, or `None` if they are unknown.
    pub(crate) fn provisioners(&self) -> Option<&[Provisioner]> {
        match &self.source {
            Source::File(ca) => Some(&ca.config().provisioners),
            Source::Address | Source::Renewing { .. } => None,
            Source::Online { provisioners, .. } => Some(provisioners),
        }
    }

    /// Returns the ca.json, if there is one.
    pub(crate) fn config(&self) -> Option<&CaConfig> {
        match &self.source {
            Source::File(ca) => Some(ca.config()),
            Source::Address | Source::Renewing { .. } | Source::Online { .. } => None,
        }
    }

    /// Returns the roots, in DER, to check a certificate against when no provisioner is known; empty
    /// if none were found.
    pub(crate) fn roots_at_hand(&self) -> &[Vec<u8>] {
        match &self.source {
            Source::Renewing { roots, .. } => roots,
            Source::File(_) | Source::Address | Source::Online { .. } => &[],
        }
    }

    /// Returns what the ca.json says about renewals, if there is one and a certificate is renewed.
    pub(crate) fn renewing_ca(&self) -> Option<&RenewingCa> {
        match &self.source {
            Source::Renewing { ca, .. } => ca.as_deref(),
            Source::File(_) | Source::Address | Source::Online { .. } => None,
        }
    }

    /// Returns the names the CA answers to, as far as they are known.
    pub(crate) fn names(&self) -> Vec<String> {
        let of_file = self.config().map(CaConfig::names).unwrap_or_default();
        of_file.into_iter().map(str::to_owned).chain([self.url.to_string()]).collect()
    }

    /// Asks an online CA for the encrypted key of a provisioner whose entry does not have it.
    pub(crate) fn sealed_key(&self, key_id: &KeyId) -> Result<Option<String>, Error> {
        match &self.source {
            Source::Online { connection, .. } => {
                connection.wait(connection.client.encrypted_key(key_id))
            }
            Source::File(_) | Source::Address | Source::Renewing { .. } => Ok(None),
        }
    }

    /// Offline with a ca.json: parses the file, and does not start the CA as step does (Q8, Q9).
    fn file(settings: &CaSettings, now: Timestamp, world: &World) -> Result<Self, Error> {
        let ca = ca_json::open_startable(settings, now)?;
        if ca.config().enable_admin {
            world.warn(&format!(
                "{} has enableAdmin: the CA keeps its provisioners in its database, and the file may \
                 be outdated",
                ShownPath(ca.path())
            ));
        }
        let url = address_of_file(&ca, settings, world)?;
        let root = FileRoots::read(&ca)?.choose(settings, world)?;
        Ok(Self { url, prefix: Prefix::Bare, root, source: Source::File(Box::new(ca)) })
    }

    /// Offline without a ca.json: needs the address, and a root or its fingerprint. A fetched token
    /// needs no root.
    fn address(ca: &CaSettings, proof: Option<ProofKind>, world: &World) -> Result<Self, Error> {
        let (prefix, source) = (Prefix::Versioned, Source::Address);
        let besides = match proof {
            None => "--ca-url, --provisioner and --key are",
            Some(ProofKind::K8sSa) => "--ca-url is",
            Some(_) => "--ca-url and --provisioner are",
        };
        let url = bare_address(ca, world, besides)?;
        if proof == Some(ProofKind::K8sSa) {
            return Ok(Self { url, prefix, root: None, source });
        }
        let root = match (roots_on_disk(ca, world)?, &ca.fingerprint) {
            (Some(roots), _) => roots.fingerprint(),
            (None, Some(fingerprint)) => fingerprint.value,
            (None, None) => return Err(no_root(ca)),
        };
        Ok(Self { url, prefix, root: Some(root), source })
    }

    fn online(settings: &CaSettings, world: &World) -> Result<Self, Error> {
        let Some(url) = &settings.url else {
            return Err(no_ca());
        };
        let connection = Connection::open(&url.value, settings, world)?;
        let provisioners = connection.wait(connection.client.provisioners())?;
        Ok(Self {
            url: connection.client.own_spelling(&url.value),
            prefix: Prefix::Versioned,
            root: Some(connection.roots.fingerprint()),
            source: Source::Online { connection: Box::new(connection), provisioners },
        })
    }
}

/// Reads the file of a root, if it can be read. A renew token does not name its CA's root, so that
/// is no reason to refuse it.
fn readable(root: &Setting<PathBuf>, world: &World) -> Option<Roots> {
    match Roots::load(&root.value) {
        Ok(roots) => Some(roots),
        Err(cause) => {
            note_ignored(&root.origin, &format!("{cause}; a renew token needs no root"), world);
            None
        }
    }
}

/// Returns the address of the ca.json: `--ca-url` if that is one of its names, else its first name.
fn address_of_file(ca: &OfflineCa, settings: &CaSettings, world: &World) -> Result<CaUrl, Error> {
    let own = || {
        ca.config().audience_base().map_err(|cause| {
            Error::settings(format!("{} has no usable CA name", ShownPath(ca.path())))
                .because(cause)
                .hint("add the CA's host names to its `dnsNames`")
        })
    };
    let spelled = settings.url.as_ref().and_then(|url| ca.config().own_spelling(&url.value));
    match (&settings.url, spelled) {
        (Some(_), Some(spelled)) => {
            own()?;
            Ok(spelled)
        }
        (Some(url), None) if url.origin.is_command_line() => {
            let names = token_text::Listed(&ca.config().names()).to_string();
            let message = format!(
                "the dnsNames of {} do not include {}",
                ShownPath(ca.path()),
                ShownValue(url.value.host())
            );
            Err(Error::settings(message)
                .hint(format!("use one of its dnsNames as --ca-url: {names}")))
        }
        (Some(url), None) => {
            note_ignored(&url.origin, "it is not one of the names in the ca.json", world);
            own()
        }
        (None, _) => own(),
    }
}

/// Returns the address of a CA without a ca.json.
fn bare_address(settings: &CaSettings, world: &World, besides: &str) -> Result<CaUrl, Error> {
    let missing = match settings.config.origin {
        Origin::Default => {
            format!("{} does not exist", ShownPath(&settings.config.value))
        }
        _ => {
            format!(
                "{} ({}) does not exist",
                ShownPath(&settings.config.value),
                settings.config.origin
            )
        }
    };
    if settings.config.origin != Origin::Default {
        world.warn(&format!("{missing}: signing without a ca.json"));
    }
    let Some(url) = &settings.url else {
        return Err(Error::settings(format!("{missing}, and no CA given"))
            .hint(format!("use --ca-config with a ca.json; without a ca.json, {besides} needed")));
    };
    Ok(url.value.clone())
}

fn no_ca() -> Error {
    Error::settings("no CA given").hint(
        "use --ca-url URL or STEP_CA_URL, or run `step ca bootstrap` to write defaults.json; \
         where the CA's ca.json is at hand, use --offline --ca-config FILE",
    )
}
