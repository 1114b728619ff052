//! The CA a token is for: its ca.json, its URL, or only its name.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use step_ca_client::{Client, Identity, OfflineCa, Options, RequestFault, Roots, fetch_root};
use step_claims::{CaUrl, Operation, Prefix, RootFingerprint};
use step_provisioner::{CaConfig, Proof, Provisioner};
use token_jose::KeyId;

use crate::origin::{Origin, Setting};
use crate::settings::{CaSettings, ProofSettings, Settings};
use crate::{Error, World};

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
    /// A ca.json, and nothing of what it names.
    File(Box<OfflineCa>),
    /// Nothing is known but the address.
    Address,
    /// No provisioner is asked, because a certificate is to be renewed: the roots that are at hand
    /// are all that counts.
    Renewing { roots: Vec<Vec<u8>> },
    /// The CA itself, over HTTPS.
    Online { connection: Box<Connection>, provisioners: Vec<Provisioner> },
}

impl Authority {
    /// Opens the CA that the settings describe. Offline nothing is contacted, and neither is it for a
    /// renewal.
    pub(crate) fn open(settings: &Settings, world: &World) -> Result<Self, Error> {
        let ca = &settings.ca;
        let is_there = match std::fs::metadata(&ca.config.value) {
            Err(error) => error.kind() != io::ErrorKind::NotFound,
            // Whatever else is wrong with the file is said when it is read.
            Ok(_) => true,
        };
        match (settings.operation(), ca.offline, is_there) {
            (Operation::Renew, true, true) => Self::renewing_by_file(ca, world),
            (Operation::Renew, ..) => Self::renewing(ca, world),
            (_, false, _) => Self::online(ca, world),
            (_, true, true) => Self::file(ca, world),
            (_, true, false) => Self::address(settings, world),
        }
    }

    /// A renewal beside a ca.json, whose roots the certificate is compared with.
    fn renewing_by_file(settings: &CaSettings, world: &World) -> Result<Self, Error> {
        let ca = OfflineCa::open(&settings.config.value)
            .map_err(|cause| unusable_config(settings, cause))?;
        let url = address_of_file(&ca, settings, world)?;
        let given = settings.root.as_ref().map(|root| given_root(root, &ca, world)).transpose()?;
        let roots = match given.flatten() {
            Some(root) => root.certificates().to_vec(),
            None => {
                let all = ca.all_roots().unwrap_or_default();
                all.iter().flat_map(|roots| roots.certificates().to_vec()).collect()
            }
        };
        Ok(Self { url, prefix: Prefix::Bare, root: None, source: Source::Renewing { roots } })
    }

    /// A renewal at an address. A root is compared with if there is one; nobody needs it.
    fn renewing(settings: &CaSettings, world: &World) -> Result<Self, Error> {
        let url = match (&settings.url, settings.offline) {
            (_, true) => bare_address(settings, world, "--ca-url is")?,
            (Some(url), false) => url.value.clone(),
            (None, false) => {
                return Err(Error::settings("no CA is named").hint(
                    "--ca-url or STEP_CA_URL names one; with --offline a ca.json does, too",
                ));
            }
        };
        let roots = match roots_on_disk(settings, world) {
            Ok(roots) => roots.map_or_else(Vec::new, |roots| roots.certificates().to_vec()),
            Err(fault) => match &settings.root {
                Some(root) if root.origin.is_command_line() => return Err(fault),
                _ => Vec::new(),
            },
        };
        Ok(Self { url, prefix: Prefix::Versioned, root: None, source: Source::Renewing { roots } })
    }

    /// Returns the provisioners, or `None` if they cannot be known.
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

    /// Returns the roots, in DER, that a certificate is compared with when no provisioner is known;
    /// none if there are none at hand.
    pub(crate) fn roots_at_hand(&self) -> &[Vec<u8>] {
        match &self.source {
            Source::Renewing { roots } => roots,
            Source::File(_) | Source::Address | Source::Online { .. } => &[],
        }
    }

    /// Returns the names the CA answers to, as far as they are known.
    pub(crate) fn names(&self) -> Vec<String> {
        let of_file = self.config().map(CaConfig::names).unwrap_or_default();
        of_file.into_iter().map(str::to_owned).chain([self.url.to_string()]).collect()
    }

    /// Asks a CA behind a URL for the sealed key of a provisioner whose entry lacks it.
    pub(crate) fn sealed_key(&self, key_id: &KeyId) -> Result<Option<String>, Error> {
        match &self.source {
            Source::Online { connection, .. } => {
                connection.wait(connection.client.encrypted_key(key_id))
            }
            Source::File(_) | Source::Address | Source::Renewing { .. } => Ok(None),
        }
    }

    /// Offline with a ca.json: a parse of the file, not a boot of the CA (Q8, Q9).
    fn file(settings: &CaSettings, world: &World) -> Result<Self, Error> {
        let ca = OfflineCa::open(&settings.config.value)
            .map_err(|cause| unusable_config(settings, cause))?;
        if ca.config().enable_admin {
            world.warn(&format!(
                "{} has enableAdmin: the CA keeps its provisioners in its database, and the file may \
                 be stale",
                ca.path().display()
            ));
        }
        let url = address_of_file(&ca, settings, world)?;
        let root = Some(root_of_file(&ca, settings, world)?);
        Ok(Self { url, prefix: Prefix::Bare, root, source: Source::File(Box::new(ca)) })
    }

    /// Offline without a ca.json: the address, and a root or its fingerprint. A token that is fetched
    /// names no root.
    fn address(settings: &Settings, world: &World) -> Result<Self, Error> {
        let (ca, proof) = (&settings.ca, settings.proof.as_ref().map(ProofSettings::proof));
        let (prefix, source) = (Prefix::Versioned, Source::Address);
        let besides = match proof {
            None => "--ca-url, --provisioner and --key are",
            Some(Proof::K8sSa) => "--ca-url is",
            Some(_) => "--ca-url and --provisioner are",
        };
        let url = bare_address(ca, world, besides)?;
        if proof == Some(Proof::K8sSa) {
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
            url: url.value.clone(),
            prefix: Prefix::Versioned,
            root: Some(connection.roots.fingerprint()),
            source: Source::Online { connection: Box::new(connection), provisioners },
        })
    }
}

/// Returns how the ca.json is called: by `--ca-url` if that is one of its names, else by its own first.
fn address_of_file(ca: &OfflineCa, settings: &CaSettings, world: &World) -> Result<CaUrl, Error> {
    let own = || {
        ca.config().audience_base().map_err(|cause| {
            Error::settings(format!("{} does not say how it is called", ca.path().display()))
                .because(cause)
                .hint("add the names under which it is reached to its `dnsNames`")
        })
    };
    match &settings.url {
        Some(url) if ca.config().answers_to(&url.value) => {
            own()?;
            Ok(url.value.clone())
        }
        Some(url) if url.origin.is_command_line() => {
            let names = ca.config().names().join(", ");
            let message = format!(
                "the dnsNames of {} do not include {}",
                ca.path().display(),
                url.value.host()
            );
            Err(Error::settings(message)
                .hint(format!("--ca-url may be one of its dnsNames: {names}")))
        }
        Some(url) => {
            passed_over(&url.origin, "it is none of the names in the ca.json", world);
            own()
        }
        None => own(),
    }
}

/// Returns the address of a CA without a ca.json.
fn bare_address(settings: &CaSettings, world: &World, besides: &str) -> Result<CaUrl, Error> {
    let missing = match settings.config.origin {
        Origin::Default => format!("there is no {}", settings.config.value.display()),
        _ => {
            format!("there is no {} ({})", settings.config.value.display(), settings.config.origin)
        }
    };
    if settings.config.origin != Origin::Default {
        world.note(&format!("note: {missing}: signing without a ca.json"));
    }
    let Some(url) = &settings.url else {
        return Err(Error::settings(format!("{missing}, and no CA is named"))
            .hint(format!("--ca-config names a ca.json; without one {besides} needed")));
    };
    Ok(url.value.clone())
}

/// A client for a CA, and what drives its requests.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) roots: Roots,
    runtime: Runtime,
}

impl Connection {
    /// Prepares requests to a CA: finds its root certificate, or fetches and checks it.
    pub(crate) fn open(url: &CaUrl, settings: &CaSettings, world: &World) -> Result<Self, Error> {
        let runtime = Runtime::start()?;
        let mut options =
            Options { user_agent: crate::USER_AGENT.to_owned(), ..Options::default() };
        if let Some(timeout) = &settings.timeout {
            options.timeout = duration(timeout)?;
        }
        options.identity = identity(settings, world);
        let roots = match (roots_on_disk(settings, world)?, &settings.fingerprint) {
            (Some(roots), _) => roots,
            (None, Some(fingerprint)) => {
                runtime.wait(fetch_root(url, fingerprint.value, &options))?
            }
            (None, None) => return Err(no_root(settings)),
        };
        let client = Client::new(url, &roots, &options).map_err(ca_error)?;
        Ok(Self { client, roots, runtime })
    }

    /// Drives one request to its end.
    pub(crate) fn wait<T>(
        &self,
        request: impl Future<Output = Result<T, step_ca_client::Error>>,
    ) -> Result<T, Error> {
        self.runtime.wait(request)
    }
}

/// A runtime on this thread. It is left without waiting: the resolver of names works on a thread
/// that cannot be stopped.
#[derive(Debug)]
struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    fn start() -> Result<Self, Error> {
        tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map(|runtime| Self(Some(runtime)))
            .map_err(|cause| Error::ca("cannot start the network client").because(cause))
    }

    fn wait<T>(
        &self,
        request: impl Future<Output = Result<T, step_ca_client::Error>>,
    ) -> Result<T, Error> {
        let runtime = self.0.as_ref().expect("it is taken out only when it is dropped");
        runtime.block_on(request).map_err(ca_error)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Returns the client certificate of `identity.json`; one that is of no use is warned about and left
/// out, because it can make the CA refuse the connection.
fn identity(settings: &CaSettings, world: &World) -> Option<Identity> {
    let file = settings.step_path.identity();
    let useless = |cause: &dyn std::fmt::Display| {
        world.warn(&format!("the CA is shown no client certificate: {cause}"));
    };
    match Identity::load(&file) {
        Ok(Some(identity)) => match identity.check_validity(world.now()) {
            Ok(()) => Some(identity),
            Err(fault) => {
                useless(&format!("{}: {fault}", file.display()));
                None
            }
        },
        Ok(None) => None,
        Err(fault) => {
            useless(&fault);
            None
        }
    }
}

/// Reads the root named by a setting, or the one in the step directory (Q7); `None` if there is
/// none, and a fingerprint can stand in.
fn roots_on_disk(settings: &CaSettings, world: &World) -> Result<Option<Roots>, Error> {
    let default = settings.step_path.root();
    let (path, origin) = match &settings.root {
        // A path in defaults.json may be stale; the fingerprint beside it is enough.
        Some(root)
            if settings.fingerprint.is_some()
                && matches!(root.origin, Origin::Defaults { .. })
                && !root.value.exists() =>
        {
            return Ok(None);
        }
        Some(root) => (&root.value, Some(&root.origin)),
        None if default.exists() => (&default, None),
        None => return Ok(None),
    };
    let roots = Roots::load(path).map_err(|cause| {
        let place = origin.map_or_else(String::new, |origin| format!(" ({origin})"));
        Error::settings(format!("{cause}{place}"))
            .because(cause)
            .hint("--root names another file; --fingerprint fetches the root from the CA")
    })?;
    let Some(fingerprint) = &settings.fingerprint else { return Ok(Some(roots)) };
    let known = roots.fingerprints();
    if known.contains(&fingerprint.value) {
        return Ok(roots.select(fingerprint.value).ok());
    }
    // What was said for another CA is not held against what was said for this one.
    let origin = origin.unwrap_or(&Origin::Default);
    if origin.outranks(&fingerprint.origin) {
        passed_over(&fingerprint.origin, "the root that is named has another one", world);
        Ok(Some(roots))
    } else if fingerprint.origin.outranks(origin) {
        world.note(&format!("note: {} is not used: it has another fingerprint", path.display()));
        Ok(None)
    } else {
        Err(without_fingerprint(&path.display().to_string(), fingerprint, &known))
    }
}

/// The `sha` beside a ca.json: its first root, or the one `--root` and `--fingerprint` pick.
fn root_of_file(
    ca: &OfflineCa,
    settings: &CaSettings,
    world: &World,
) -> Result<RootFingerprint, Error> {
    let unusable = |cause| {
        Error::settings(format!("cannot use the root certificate of {}", ca.path().display()))
            .because(cause)
    };
    let root = match &settings.root {
        Some(root) => given_root(root, ca, world)?,
        None => None,
    };
    let without_a_choice = || match &root {
        Some(root) => Ok(root.fingerprint()),
        None => ca.roots().map(|roots| roots.fingerprint()).map_err(unusable),
    };
    let Some(fingerprint) = &settings.fingerprint else { return without_a_choice() };
    let (place, known) = match (&root, &settings.root) {
        (Some(root), Some(given)) => (given.value.display().to_string(), root.fingerprints()),
        _ => {
            let all = ca.all_roots().map_err(unusable)?;
            (ca.path().display().to_string(), all.iter().flat_map(Roots::fingerprints).collect())
        }
    };
    if known.contains(&fingerprint.value) {
        return Ok(fingerprint.value);
    }
    if fingerprint.origin.is_command_line() {
        return Err(without_fingerprint(&place, fingerprint, &known));
    }
    passed_over(&fingerprint.origin, "no root of the ca.json has it", world);
    without_a_choice()
}

/// Reads a root that was named, which must be one of the CA's; from elsewhere than the command line
/// it is passed over when it is not.
fn given_root(
    root: &Setting<PathBuf>,
    ca: &OfflineCa,
    world: &World,
) -> Result<Option<Roots>, Error> {
    let typed = root.origin.is_command_line();
    let fits = Roots::load(&root.value).and_then(|roots| Ok((ca.contains(&roots)?, roots)));
    match fits {
        Ok((true, roots)) => Ok(Some(roots)),
        Ok((false, _)) if typed => {
            let (root, ca) = (root.value.display(), ca.path().display());
            Err(Error::settings(format!("{root} is not a root certificate of {ca}"))
                .hint("leave out --root: the ca.json names its own"))
        }
        Err(cause) if typed => Err(Error::settings(format!("{cause} (--root)"))
            .because(cause)
            .hint("leave it out: the ca.json names its own")),
        Ok(_) | Err(_) => {
            passed_over(&root.origin, "it is no root of the ca.json", world);
            Ok(None)
        }
    }
}

fn without_fingerprint(
    place: &str,
    fingerprint: &Setting<RootFingerprint>,
    known: &[RootFingerprint],
) -> Error {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let (value, origin) = (fingerprint.value, &fingerprint.origin);
    Error::settings(format!("{place} has no certificate with the fingerprint {value} ({origin})"))
        .hint(format!("it has {}", known.join(", ")))
}

fn passed_over(origin: &Origin, why: &str, world: &World) {
    world.note(&format!("note: {origin} is not used: {why}"));
}

/// Says which ca.json cannot be used, and where its name came from.
pub(crate) fn unusable_config(settings: &CaSettings, cause: step_ca_client::Error) -> Error {
    let config = &settings.config;
    let message = match config.origin {
        Origin::Default => cause.to_string(),
        _ => format!("{cause} ({})", config.origin),
    };
    Error::settings(message).because(cause).hint("--ca-config names another one")
}

fn no_ca() -> Error {
    Error::settings("no CA is named").hint(
        "--ca-url or STEP_CA_URL names one, `step ca bootstrap` writes it to defaults.json; \
         --offline needs none",
    )
}

fn no_root(settings: &CaSettings) -> Error {
    Error::settings(format!(
        "no root certificate is known, and {} is not there",
        settings.step_path.root().display()
    ))
    .hint("--root names the file; --fingerprint is enough too")
}

fn duration(timeout: &Setting<token_time::SignedDuration>) -> Result<Duration, Error> {
    match u64::try_from(timeout.value.as_nanos()) {
        Ok(nanos) if nanos > 0 => Ok(Duration::from_nanos(nanos)),
        _ => Err(Error::usage(format!("{} must be longer than nothing", timeout.origin))
            .hint("15s is the default")),
    }
}

/// Puts an error of the client into the program's form.
pub(crate) fn ca_error(cause: step_ca_client::Error) -> Error {
    if !cause.is_network() {
        return Error::settings(cause.to_string()).because(cause);
    }
    let hint = match cause.request_fault() {
        Some(RequestFault::Timeout { .. } | RequestFault::ConnectTimeout { .. }) => {
            "--timeout gives it longer"
        }
        Some(
            RequestFault::ConnectionRefused
            | RequestFault::NameNotResolved { .. }
            | RequestFault::Unreachable,
        ) => "is the CA running, and does --ca-url name it?",
        Some(RequestFault::Untrusted { .. }) => {
            "--root or --fingerprint names the root above the CA's certificate"
        }
        _ => "--ca-url names the CA; its log may say more",
    };
    Error::ca(cause.to_string()).because(cause).hint(hint)
}
