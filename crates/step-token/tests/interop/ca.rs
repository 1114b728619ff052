//! CAs that live as long as this process.

use std::io::{BufRead as _, BufReader, PipeReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use step_ca_client::{Client, Options, Roots};
use tempfile::TempDir;

use crate::peers::{peer, step};
use crate::program::{Program, Way};
use crate::provisioners;
use crate::spend::run;

/// How long a CA may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The password of every key that is made here.
const PASSWORD: &str = "a password for one test run\n";

/// A running step-ca.
pub(crate) struct Ca {
    directory: PathBuf,
    url: String,
    log: Log,
    /// The CA ends when the standard input of this closes: when the process ends, however it ends.
    _guard: Child,
}

/// What a CA has logged so far.
type Log = Arc<Mutex<String>>;

/// Why a CA is not running.
enum Fault {
    /// Another process was quicker to take the port.
    PortTaken,
    Other(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

static SHARED: LazyLock<Result<Ca, String>> =
    LazyLock::new(|| Ca::start("127.0.0.1", &["127.0.0.1", "localhost", "ca.example.test"]));
static IPV6: LazyLock<Result<Ca, String>> = LazyLock::new(|| Ca::start("::1", &["::1"]));

impl Ca {
    /// Returns the CA that the tests share.
    pub(crate) fn shared() -> &'static Self {
        SHARED.as_ref().unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Returns a CA that is known by an IPv6 address and nothing else.
    pub(crate) fn on_ipv6() -> &'static Self {
        IPV6.as_ref().unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Returns its address, by the first of its names.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns a file below its step directory.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path("certs/root_ca.crt")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("config/ca.json")
    }

    pub(crate) fn password(&self) -> PathBuf {
        self.path("password")
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::load(&self.root()).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url.parse().unwrap(), &self.roots(), &Options::default()).unwrap()
    }

    /// Starts a command line for a token, with the flags that lead to this CA.
    pub(crate) fn token(&self, way: Way, subject: &str) -> Program {
        let program = Program::new().args(["token", subject]);
        match way {
            Way::Online => program.args(["--ca-url", &self.url]).flag("--root", self.root()),
            Way::CaJson => program.args(["--offline"]).flag("--ca-config", self.config()),
            Way::Address => program
                .args(["--offline", "--ca-config", "/nonexistent/ca.json", "--ca-url", &self.url])
                .flag("--root", self.root()),
        }
    }

    /// Returns the end of the log, where the CA says why it refused: clients are not told.
    pub(crate) fn log(&self) -> String {
        let log = self.log.lock().unwrap();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    fn start(host: &str, names: &[&str]) -> Result<Self, String> {
        for _ in 0..5 {
            match Self::try_start(host, names) {
                Ok(ca) => return Ok(ca),
                Err(Fault::PortTaken) => {}
                Err(Fault::Other(reason)) => return Err(reason),
            }
        }
        Err("five free ports were taken before step-ca could listen on them".to_owned())
    }

    fn try_start(host: &str, names: &[&str]) -> Result<Self, Fault> {
        let port = free_port(host)?;
        let bracketed =
            |host: &str| if host.contains(':') { format!("[{host}]") } else { host.into() };
        let url = format!("https://{}:{port}", bracketed(names[0]));
        let directory = TempDir::with_prefix("step-token-interop-").map_err(text)?;
        initialise(directory.path(), names, &format!("{}:{port}", bracketed(host)))?;

        let (reader, writer) = std::io::pipe().map_err(text)?;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "sh"]).arg(peer("step-ca")?).arg(directory.path());
        command.env_clear().env("STEPPATH", directory.path()).env("PATH", "/usr/bin:/bin");
        // Away from the terminal, whose Ctrl-C ends this process; that is enough.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(writer);
        let guard = command.spawn().map_err(text)?;
        // Its end of the pipe must close, or the end of the log is never seen.
        drop(command);
        // From here on the guard removes the directory.
        let ca = Self { directory: directory.keep(), url, log: Log::default(), _guard: guard };

        let serving = follow(reader, Arc::clone(&ca.log));
        match serving.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let log = ca.log.lock().map(|log| log.clone()).unwrap_or_default();
                return Err(match log.contains("address already in use") {
                    true => Fault::PortTaken,
                    false => Fault::Other(format!("step-ca ended at once; its log:\n{log}")),
                });
            }
            Err(RecvTimeoutError::Timeout) => {
                let log = ca.log();
                return Err(
                    format!("step-ca is not serving after {PATIENCE:?}; log:\n{log}").into()
                );
            }
        }
        match run(ca.client().health()) {
            Ok(status) if status == "ok" => Ok(ca),
            Ok(status) => Err(format!("{} says it is `{status}`", ca.url).into()),
            Err(error) => {
                Err(format!("{} does not answer: {error:?}\n{}", ca.url, ca.log()).into())
            }
        }
    }
}

/// Runs a CA until standard input ends, then removes its directory.
///
/// In sh, a command in the background has no standard input of its own, and the second redirection
/// leaves the CA as the only one that writes to the log: its end is seen.
const GUARD: &str = r#"
"$1" "$2/config/ca.json" --password-file "$2/password" &
ca=$!
exec 2>/dev/null
cat >/dev/null
kill "$ca"
wait "$ca"
rm -rf -- "$2"
"#;

fn initialise(directory: &Path, names: &[&str], address: &str) -> Result<(), String> {
    let password = directory.join("password");
    std::fs::write(&password, PASSWORD).map_err(text)?;
    let password = password.display().to_string();
    let mut arguments = vec!["ca", "init", "--ssh", "--deployment-type", "standalone"];
    arguments.extend(["--name", "Interop", "--provisioner", "admin", "--address", address]);
    arguments.extend(["--password-file", &password, "--provisioner-password-file", &password]);
    arguments.extend(names.iter().flat_map(|name| ["--dns", name]));
    step(directory, arguments)?;
    provisioners::add(directory)
}

/// Asks the system for a port that is free now; who takes it in between is noticed later.
fn free_port(host: &str) -> Result<u16, String> {
    match TcpListener::bind((host, 0)).and_then(|listener| listener.local_addr()) {
        Ok(address) => Ok(address.port()),
        Err(error) if host.contains(':') => Err(format!(
            "this machine has no IPv6 loopback address ({error}); \
             `sysctl net.ipv6.conf.lo.disable_ipv6=0` brings ::1 back"
        )),
        Err(error) => Err(format!("nothing can listen on {host}: {error}")),
    }
}

/// Reads a log as it is written, and says when the CA is listening.
fn follow(reader: PipeReader, log: Log) -> Receiver<()> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            let serving = line.contains("Serving HTTPS on");
            if let Ok(mut log) = log.lock() {
                log.push_str(&line);
                log.push('\n');
            }
            if serving {
                // If nobody waits any more the log is still read: the pipe must not fill up.
                let _ = sender.send(());
            }
        }
    });
    receiver
}

fn text(error: std::io::Error) -> String {
    error.to_string()
}
