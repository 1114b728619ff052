//! CAs that live as long as this process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use step_ca_client::{Client, Options, Roots};
use tempfile::TempDir;

use crate::daemon::{Daemon, Fault, on_a_free_port, text};
use crate::peers::{peer, step};
use crate::program::{Program, Way};
use crate::provisioners;
use crate::spend::run;

/// The password of every key that is created here.
const PASSWORD: &str = "a password for one test run\n";

/// A running step-ca.
pub(crate) struct Ca {
    url: String,
    server: Daemon,
}

static SHARED: LazyLock<Result<Ca, String>> =
    LazyLock::new(|| Ca::start("127.0.0.1", &["127.0.0.1", "localhost", "ca.example.test"]));
static IPV6: LazyLock<Result<Ca, String>> = LazyLock::new(|| Ca::start("::1", &["::1"]));

static MAPPED: LazyLock<Result<Ca, String>> =
    LazyLock::new(|| Ca::start("127.0.0.1", &["::ffff:127.0.0.1", "localhost", "127.0.0.1"]));
static DOTTED: LazyLock<Result<Ca, String>> =
    LazyLock::new(|| Ca::start("127.0.0.1", &["localhost."]));
static REGISTRATION: LazyLock<Result<Ca, String>> =
    LazyLock::new(|| on_a_free_port("127.0.0.1", Ca::register));

impl Ca {
    /// Returns the CA that the tests share.
    pub(crate) fn shared() -> &'static Self {
        SHARED.as_ref().unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Returns a CA whose only name is an IPv6 address.
    pub(crate) fn on_ipv6() -> &'static Self {
        IPV6.as_ref().unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Returns a CA whose first name is an IPv4 address in the notation of IPv6.
    pub(crate) fn on_a_mapped_name() -> &'static Self {
        MAPPED.as_ref().unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Returns a CA whose only name has a dot at its end.
    pub(crate) fn on_a_dotted_name() -> &'static Self {
        DOTTED.as_ref().unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Returns a registration authority of the shared CA, with the same provisioners.
    pub(crate) fn registration() -> &'static Self {
        REGISTRATION.as_ref().unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Returns its address, by the first of its names.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns a file below its step directory.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.server.path(file)
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

    /// Starts a command line for a token, with the flags for this CA.
    pub(crate) fn token(&self, way: Way, subject: &str) -> Program {
        self.token_without_subject(way).args([subject])
    }

    /// Starts a command line for a token whose subject comes from a certificate.
    pub(crate) fn token_without_subject(&self, way: Way) -> Program {
        let program = Program::new().args(["token"]);
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
        self.server.log()
    }

    fn start(host: &str, names: &[&str]) -> Result<Self, String> {
        on_a_free_port(host, |port| Self::try_start(host, port, names))
    }

    fn try_start(host: &str, port: u16, names: &[&str]) -> Result<Self, Fault> {
        let bracketed =
            |host: &str| if host.contains(':') { format!("[{host}]") } else { host.into() };
        // No client reaches a CA under an IPv4-mapped name.
        let name = names.iter().find(|name| !name.starts_with("::ffff:")).unwrap_or(&names[0]);
        let url = format!("https://{}:{port}", bracketed(name));
        let directory = TempDir::with_prefix("step-token-interop-").map_err(text)?;
        initialise(directory.path(), names, &format!("{}:{port}", bracketed(host)))?;
        Self::serve(directory, url)
    }

    /// Starts another CA with the keys and certificates of the shared one, and a changed ca.json.
    pub(crate) fn like_shared(change: impl Fn(&mut Value)) -> Self {
        Self::spelled(|mut config| {
            change(&mut config);
            config.to_string().into_bytes()
        })
    }

    /// Starts such a CA with a ca.json whose text is made from that of the shared one.
    pub(crate) fn spelled(write: impl Fn(Value) -> Vec<u8>) -> Self {
        on_a_free_port("127.0.0.1", |port| {
            let directory = TempDir::with_prefix("step-token-interop-").map_err(text)?;
            let mut config = Self::shared().copy(directory.path())?;
            config["address"] = format!("127.0.0.1:{port}").into();
            fs::write(directory.path().join("config/ca.json"), write(config)).map_err(text)?;
            Self::serve(directory, format!("https://127.0.0.1:{port}"))
        })
        .unwrap_or_else(|reason| panic!("no CA: {reason}"))
    }

    /// Asks step-ca whether it starts with a changed ca.json of the shared CA, and returns its log if
    /// it does not. The file is left in `directory`.
    pub(crate) fn refuses_to_start(directory: &Path, change: impl Fn(&mut Value)) -> String {
        let mut config = Self::shared().copy(directory).unwrap();
        change(&mut config);
        let path = directory.join("config/ca.json");
        fs::write(&path, config.to_string()).unwrap();
        let mut command = Command::new(peer("step-ca").unwrap());
        command.arg(path).arg("--password-file").arg(directory.join("password"));
        let output = command.env("STEPPATH", directory).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Copies its keys and certificates, and returns its ca.json with the paths of the copies.
    fn copy(&self, to: &Path) -> Result<Value, String> {
        fs::copy(self.password(), to.join("password")).map_err(text)?;
        for name in ["certs", "secrets", "config"] {
            fs::create_dir(to.join(name)).map_err(text)?;
            for entry in fs::read_dir(self.path(name)).map_err(text)? {
                let file = entry.map_err(text)?.path();
                let copy = to.join(name).join(file.file_name().unwrap_or_default());
                fs::copy(&file, copy).map_err(text)?;
            }
        }
        let config = fs::read_to_string(self.config()).map_err(text)?;
        let own = self.path("").display().to_string();
        let config = config.replace(own.trim_end_matches('/'), &to.display().to_string());
        let mut config: Value = serde_json::from_str(&config).map_err(|error| error.to_string())?;
        // They are further files, and for configuration commands only.
        config.as_object_mut().ok_or("ca.json is no object")?.remove("templates");
        Ok(config)
    }

    fn serve(directory: TempDir, url: String) -> Result<Self, Fault> {
        let mut command = Command::new(peer("step-ca")?);
        command.arg(directory.path().join("config/ca.json"));
        command.arg("--password-file").arg(directory.path().join("password"));
        command.env("STEPPATH", directory.path());
        let server = Daemon::start(&command, directory, "Serving HTTPS on")?;
        Self { url, server }.healthy()
    }

    /// Starts a registration authority in front of the shared CA.
    fn register(port: u16) -> Result<Self, Fault> {
        let behind = Self::shared();
        let directory = TempDir::with_prefix("step-token-interop-").map_err(text)?;
        let of_behind = std::fs::read(behind.config()).map_err(text)?;
        let of_behind: serde_json::Value =
            serde_json::from_slice(&of_behind).map_err(|error| error.to_string())?;
        let config = serde_json::json!({
            "address": format!("127.0.0.1:{port}"),
            "dnsNames": ["localhost", "127.0.0.1"],
            "db": {"type": "badgerv2", "dataSource": directory.path().join("db")},
            "authority": {
                "type": "stepcas",
                "certificateAuthority": behind.url(),
                "certificateAuthorityFingerprint": behind.roots().fingerprint().to_string(),
                "certificateIssuer":
                    {"type": "jwk", "provisioner": "admin", "password": PASSWORD.trim_end()},
                "provisioners": of_behind["authority"]["provisioners"],
            },
        });
        for folder in ["config", "certs"] {
            std::fs::create_dir(directory.path().join(folder)).map_err(text)?;
        }
        let file = directory.path().join("config/ca.json");
        std::fs::write(&file, config.to_string()).map_err(text)?;
        // It has no certificates of its own; the tests look for those of the CA here.
        for file in ["certs/root_ca.crt", "certs/intermediate_ca.crt"] {
            std::fs::copy(behind.path(file), directory.path().join(file)).map_err(text)?;
        }
        let mut command = Command::new(peer("step-ca")?);
        command.arg(file).env("STEPPATH", directory.path());
        let server = Daemon::start(&command, directory, "Serving HTTPS on")?;
        Self { url: format!("https://localhost:{port}"), server }.healthy()
    }

    fn healthy(self) -> Result<Self, Fault> {
        let ca = self;
        match run(ca.client().health()) {
            Ok(status) if status == "ok" => Ok(ca),
            Ok(status) => Err(format!("{} says it is `{status}`", ca.url).into()),
            Err(error) => {
                Err(format!("{} does not answer: {error:?}\n{}", ca.url, ca.log()).into())
            }
        }
    }
}

/// Creates a CA in the usual way, except that its certificates are an hour old.
///
/// step-ca verifies a certificate to renew at the time a minute before its end. One that has
/// expired must therefore come from a CA that is older than that.
fn initialise(directory: &Path, names: &[&str], address: &str) -> Result<(), String> {
    let file = |name: &str| directory.join(name).display().to_string();
    let (password, root, root_key) = (file("password"), file("root.crt"), file("root.key"));
    fs::write(&password, PASSWORD).map_err(text)?;
    let old = ["--not-before=-1h", "--no-password", "--insecure"];

    let mut arguments = vec!["certificate", "create", "Interop Root CA", &root, &root_key];
    arguments.extend(["--profile", "root-ca"]);
    step(directory, [arguments, old.to_vec()].concat())?;

    let mut arguments = vec!["ca", "init", "--ssh", "--deployment-type", "standalone"];
    arguments.extend(["--name", "Interop", "--provisioner", "admin", "--address", address]);
    arguments.extend(["--password-file", &password, "--provisioner-password-file", &password]);
    arguments.extend(names.iter().flat_map(|name| ["--dns", name]));
    arguments.extend(["--root", &root, "--key", &root_key]);
    step(directory, arguments)?;

    let (crt, key) = (file("certs/intermediate_ca.crt"), file("secrets/intermediate_ca_key"));
    let mut arguments = vec!["certificate", "create", "Interop Intermediate CA", &crt, &key];
    arguments.extend(["--profile", "intermediate-ca", "--ca", &root, "--ca-key", &root_key]);
    arguments.push("--force");
    step(directory, [arguments, old.to_vec()].concat())?;
    provisioners::add(directory)
}
