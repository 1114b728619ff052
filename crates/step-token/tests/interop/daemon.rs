//! Servers that end with this process, however it ends, or earlier when they are dropped.

use std::io::{BufRead as _, BufReader, PipeReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server in a directory of its own.
pub(crate) struct Daemon {
    directory: PathBuf,
    log: Log,
    /// The server ends when the standard input of this closes.
    _guard: Child,
}

/// What a server has logged so far.
type Log = Arc<Mutex<String>>;

/// Why a server is not running.
pub(crate) enum Fault {
    /// Another process took the port first.
    PortTaken,
    Other(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

impl Daemon {
    /// Starts a server and waits for the line of its log, on standard error, that says it is ready.
    ///
    /// It gets the program, arguments and variables of `server`. The directory is removed when
    /// it ends.
    pub(crate) fn start(server: &Command, directory: TempDir, ready: &str) -> Result<Self, Fault> {
        let name = server.get_program().display().to_string();
        let (reader, writer) = std::io::pipe().map_err(text)?;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "sh"]).arg(directory.path());
        command.arg(server.get_program()).args(server.get_args());
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
        // In its own process group: Ctrl-C on the terminal ends this process, and so the server.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(writer);
        let guard = command.spawn().map_err(text)?;
        // Close this end of the pipe, or the log never ends.
        drop(command);
        // From here on the guard removes the directory.
        let daemon = Self { directory: directory.keep(), log: Log::default(), _guard: guard };

        let serving = follow(reader, Arc::clone(&daemon.log), ready.to_owned());
        match serving.recv_timeout(PATIENCE) {
            Ok(()) => Ok(daemon),
            Err(RecvTimeoutError::Disconnected) => {
                let log = daemon.log.lock().map(|log| log.clone()).unwrap_or_default();
                Err(match log.to_lowercase().contains("address already in use") {
                    true => Fault::PortTaken,
                    false => Fault::Other(format!("{name} ended at once; its log:\n{log}")),
                })
            }
            Err(RecvTimeoutError::Timeout) => {
                let log = daemon.log();
                Err(format!("{name} is not serving after {PATIENCE:?}; log:\n{log}").into())
            }
        }
    }

    /// Returns a file below its directory.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    /// Returns the end of its log.
    pub(crate) fn log(&self) -> String {
        let log = self.log.lock().unwrap();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

/// Runs a server until standard input ends, then removes its directory.
///
/// In sh, a background command has no standard input of its own, and the second redirection
/// leaves the server as the only writer of the log, so its end is noticed.
const GUARD: &str = r#"
directory=$1
shift
"$@" &
server=$!
exec 2>/dev/null
cat >/dev/null
kill "$server"
wait "$server"
rm -rf -- "$directory"
"#;

/// Starts a server on a free port, or on another one if that was taken meanwhile.
pub(crate) fn on_a_free_port<T>(
    host: &str,
    start: impl Fn(u16) -> Result<T, Fault>,
) -> Result<T, String> {
    for _ in 0..5 {
        match start(free_port(host)?) {
            Ok(server) => return Ok(server),
            Err(Fault::PortTaken) => {}
            Err(Fault::Other(reason)) => return Err(reason),
        }
    }
    Err("five free ports were taken before a server could listen on them".to_owned())
}

/// Asks the system for a free port; the caller notices if it is taken meanwhile.
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

/// Reads a log as it is written, and says when the server is ready.
fn follow(reader: PipeReader, log: Log, ready: String) -> Receiver<()> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            let serving = line.contains(&ready);
            if let Ok(mut log) = log.lock() {
                log.push_str(&line);
                log.push('\n');
            }
            if serving {
                // Read the log even if nothing waits for it any more: the pipe must not fill up.
                let _ = sender.send(());
            }
        }
    });
    receiver
}

/// Describes why a file or a process failed.
pub(crate) fn text(error: std::io::Error) -> String {
    error.to_string()
}
