//! An sshd for one test, and `ssh` to log in to it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::Ca;
use crate::certificate::SshCertificate;
use crate::daemon::{Daemon, Fault, on_a_free_port, text};
use crate::peers::{sshd, stdout};

/// A running sshd, which ends when it is dropped.
///
/// Only the user who runs the tests can log in: an sshd without root accepts no other.
pub(crate) struct Sshd {
    port: u16,
    server: Daemon,
}

impl Sshd {
    /// Starts one that presents a certificate for its host key, and accepts certificates of
    /// the CA for the login.
    pub(crate) fn start(ca: &Ca, host_key: &Path, certificate: &SshCertificate) -> Self {
        let start = |port| Self::try_start(port, ca, host_key, certificate);
        on_a_free_port("127.0.0.1", start).unwrap_or_else(|reason| panic!("no sshd: {reason}"))
    }

    fn try_start(
        port: u16,
        ca: &Ca,
        host_key: &Path,
        certificate: &SshCertificate,
    ) -> Result<Self, Fault> {
        let program = sshd()?;
        let directory = TempDir::with_prefix("step-token-sshd-").map_err(text)?;
        let file = |name| directory.path().join(name);
        let (key, crt, config) = (file("host_key"), file("host_key-cert.pub"), file("sshd_config"));
        copy_private(host_key, &key).map_err(text)?;
        fs::write(&crt, certificate.line()).map_err(text)?;
        let users = ca.path("certs/ssh_user_ca_key.pub");
        let settings = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nPidFile none\nLogLevel VERBOSE\n\
             HostKey {}\nHostCertificate {}\nTrustedUserCAKeys {}\n\
             AuthorizedKeysFile none\nAuthenticationMethods publickey\n\
             UsePAM no\nPermitRootLogin prohibit-password\n",
            key.display(),
            crt.display(),
            users.display(),
        );
        fs::write(&config, settings).map_err(text)?;
        if fs::metadata(directory.path()).map_err(text)?.uid() == 0 {
            separate_privileges().map_err(text)?;
        }

        let mut command = Command::new(program);
        command.args(["-D", "-e", "-f"]).arg(config);
        let server = Daemon::start(&command, directory, "Server listening on")?;
        Ok(Self { port, server })
    }

    /// Logs in as the user who runs the tests, with a private key and its certificate, and runs a
    /// command there. Hosts are verified only with `authority`, the public key that signs their
    /// certificates.
    pub(crate) fn login(
        &self,
        authority: &Path,
        key: &Path,
        certificate: &SshCertificate,
    ) -> Result<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = |name| directory.path().join(name);
        let (known_hosts, own_key, crt) = (file("known_hosts"), file("id"), file("id-cert.pub"));
        let authority = fs::read_to_string(authority).unwrap();
        fs::write(&known_hosts, format!("@cert-authority * {authority}")).unwrap();
        copy_private(key, &own_key).unwrap();
        fs::write(&crt, certificate.line()).unwrap();

        let option = |name: &str, value: &Path| format!("-o{name}={}", value.display());
        let mut command = Command::new("ssh");
        command.args(["-T", "-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes"]);
        command.args(["-oIdentityAgent=none", "-oIdentitiesOnly=yes", "-oConnectTimeout=30"]);
        command.args(["-oGlobalKnownHostsFile=/dev/null", "-oUpdateHostKeys=no"]);
        command.arg(option("UserKnownHostsFile", &known_hosts));
        command.arg(option("IdentityFile", &own_key)).arg(option("CertificateFile", &crt));
        command.args(["-p", &self.port.to_string(), "-l", &user(), "127.0.0.1", "echo hello"]);
        let answer = stdout(command.env_clear().env("PATH", "/usr/bin:/bin"));
        answer.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    /// Returns the end of its log, where it says why it refused a login.
    pub(crate) fn log(&self) -> String {
        self.server.log()
    }
}

/// Returns the login name of the user who runs the tests.
pub(crate) fn user() -> String {
    let name = stdout(Command::new("id").arg("-un")).unwrap();
    String::from_utf8(name).unwrap().trim_end().to_owned()
}

/// Copies a private key to a file that no other user can read, as ssh and sshd require.
fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::copy(from, to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o600))
}

/// Creates the empty directory to which an sshd of root confines its unauthenticated part.
///
/// Its path is compiled in. A service creates it at start, so without one it may be missing.
fn separate_privileges() -> std::io::Result<()> {
    match fs::DirBuilder::new().mode(0o755).create("/run/sshd") {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
