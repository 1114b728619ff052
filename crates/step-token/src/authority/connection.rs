//! Requests to a CA at its URL.

use std::time::Duration;

use step_ca_client::{Budget, Client, Identity, Options, RequestFault, Roots, fetch_root};
use step_claims::CaUrl;
use token_cli::{Error, Setting, World};
use token_text::ShownPath;
use token_time::SignedDuration;

use crate::authority::roots::{no_root, roots_on_disk};
use crate::cli::version::USER_AGENT;
use crate::settings::ca::CaSettings;

/// The time that all requests to a CA may take without `--timeout`; one may take 15 s.
const ALL_REQUESTS: Duration = Duration::from_secs(60);

/// A client for a CA, and the runtime for its requests.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) roots: Roots,
    runtime: Runtime,
}

impl Connection {
    /// Prepares requests to a CA: loads its root certificate, or fetches and checks it.
    pub(crate) fn open(url: &CaUrl, settings: &CaSettings, world: &World) -> Result<Self, Error> {
        let runtime = Runtime::start()?;
        let mut options = Options { user_agent: USER_AGENT.to_owned(), ..Options::default() };
        let all = match &settings.timeout {
            Some(timeout) => {
                options.timeout = duration(timeout)?;
                options.timeout
            }
            None => ALL_REQUESTS,
        };
        options.budget = Some(Budget::new(all));
        options.identity = identity(settings, world);
        let roots = match (roots_on_disk(settings, world)?, &settings.fingerprint) {
            (Some(roots), _) => roots,
            (None, Some(fingerprint)) => {
                let root = runtime.run(fetch_root(url, fingerprint.value, &options));
                root.map_err(|cause| match cause.status() {
                    Some(404) => Error::ca(cause.to_string()).because(cause).hint(format!(
                        "check {}: the CA has no root with this fingerprint",
                        fingerprint.origin
                    )),
                    _ => ca_error(cause),
                })?
            }
            (None, None) => return Err(no_root(settings)),
        };
        let client = Client::new(url, &roots, &options).map_err(ca_error)?;
        Ok(Self { client, roots, runtime })
    }

    /// Runs one request to completion.
    pub(crate) fn wait<T>(
        &self,
        request: impl Future<Output = Result<T, step_ca_client::Error>>,
    ) -> Result<T, Error> {
        self.runtime.run(request).map_err(ca_error)
    }
}

/// A runtime on this thread. Dropping it does not wait: DNS lookups run on a thread that cannot be
/// stopped.
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

    fn run<T>(&self, request: impl Future<Output = T>) -> T {
        let runtime = self.0.as_ref().expect("it is taken out only when it is dropped");
        runtime.block_on(request)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Returns the client certificate of `identity.json`. An unusable one is left out with a warning,
/// because it can make the CA refuse the connection.
fn identity(settings: &CaSettings, world: &World) -> Option<Identity> {
    let file = settings.step_path.identity();
    let useless = |cause: &dyn std::fmt::Display| {
        world.warn(&format!("connecting without a client certificate: {cause}"));
    };
    match Identity::load(&file) {
        Ok(Some(identity)) => match identity.check_validity(world.now()) {
            Ok(()) => Some(identity),
            Err(fault) => {
                useless(&format!("{}: {fault}", ShownPath(&file)));
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

fn duration(timeout: &Setting<SignedDuration>) -> Result<Duration, Error> {
    match u64::try_from(timeout.value.as_nanos()) {
        Ok(nanos) if nanos > 0 => Ok(Duration::from_nanos(nanos)),
        _ => Err(Error::usage(format!("{} must be longer than 0s", timeout.origin))
            .hint("leave it out for the default, 15s a request and 60s in all")),
    }
}

/// Turns an error of the client into one of the program.
fn ca_error(cause: step_ca_client::Error) -> Error {
    if !cause.is_network() {
        let error = Error::settings(cause.to_string());
        return match &cause {
            step_ca_client::Error::Proxy { variable, .. } => {
                let way_out = match variable.eq_ignore_ascii_case("NO_PROXY") {
                    true => "use names, addresses and masks such as 10.0.0.0/8",
                    false => "use http://HOST:PORT",
                };
                error.because(cause).hint(format!("{way_out}, or unset it"))
            }
            step_ca_client::Error::Url { .. } => {
                error.because(cause).hint("use --ca-url or STEP_CA_URL with another address")
            }
            _ => error.because(cause),
        };
    }
    let hint = match cause.request_fault() {
        Some(
            RequestFault::Timeout { .. }
            | RequestFault::ConnectTimeout { .. }
            | RequestFault::OutOfTime { .. },
        ) => "use --timeout to wait longer",
        Some(
            RequestFault::ConnectionRefused
            | RequestFault::NameNotResolved { .. }
            | RequestFault::Unreachable,
        ) => "check that the CA is running and that --ca-url is right",
        Some(RequestFault::Proxy { .. }) => {
            "check the proxy's address in HTTPS_PROXY or ALL_PROXY, or add the CA's host to NO_PROXY"
        }
        Some(RequestFault::AddressBehindProxy) => {
            "use a host name of the CA as --ca-url, or add the address to NO_PROXY"
        }
        Some(RequestFault::Untrusted { .. }) => {
            "use --root or --fingerprint with the root of the CA's certificate"
        }
        _ => "check --ca-url, and read the CA's log",
    };
    Error::ca(cause.to_string()).because(cause).hint(hint)
}
