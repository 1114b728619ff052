//! A CA behind a real proxy.
//!
//! Proxies are not asked for loopback addresses, so the CA is named by 0.0.0.0, which on Linux leads
//! to this machine too.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::{Daemon, Fault, on_a_free_port, text};
use crate::program::Program;
use crate::spend::Csr;
use crate::{Ca, test_key};

/// A tinyproxy that wants a password.
struct Proxy {
    port: u16,
    server: Daemon,
}

impl Proxy {
    fn start() -> Self {
        on_a_free_port("127.0.0.1", |port| {
            let directory = TempDir::with_prefix("step-token-proxy-").map_err(text)?;
            let config = directory.path().join("tinyproxy.conf");
            let settings = format!(
                "Port {port}\nListen 127.0.0.1\nLogLevel Connect\nMaxClients 9\n\
                 BasicAuth jane {PASSWORD}\n"
            );
            fs::write(&config, settings).map_err(text)?;
            // It writes its log to standard output.
            let mut command = Command::new("sh");
            command.args(["-c", "exec tinyproxy -d -c \"$1\" >&2", "sh"]).arg(config);
            let server = Daemon::start(&command, directory, "Reloading config file finished");
            Ok::<_, Fault>(Self { port, server: server? })
        })
        .unwrap_or_else(|reason| panic!("no tinyproxy (run scripts/peers): {reason}"))
    }

    fn url(&self, user: &str) -> String {
        format!("http://{user}@127.0.0.1:{}", self.port)
    }
}

const PASSWORD: &str = "a-password-of-the-proxy";

#[test]
fn a_token_is_minted_and_spent_through_a_proxy() {
    let ca = Ca::like_shared(|config| config["dnsNames"] = ["0.0.0.0", "127.0.0.1"].into());
    let port = ca.url().rsplit_once(':').unwrap().1;
    let url = format!("https://0.0.0.0:{port}");
    let proxy = Proxy::start();
    let mint = |variable: &str, value: &str| {
        let program = Program::new().args(["token", "db.test", "--ca-url", &url]);
        let program = program.flag("--root", ca.root()).variable(variable, value);
        program.signed_by("p384", test_key("p384.pkcs8.pem"))
    };
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let token = mint(variable, &proxy.url(&format!("jane:{PASSWORD}"))).mint();
        ca.must_sign(&Csr::for_host("db.test"), &token);
    }
    let log = proxy.server.log();
    assert!(log.contains(&format!("CONNECT 0.0.0.0:{port}")), "{log}");

    let complaint = mint("HTTPS_PROXY", &proxy.url("jane:wrong-password")).fail(5);
    assert!(complaint.contains("the proxy refused to connect to the CA"), "{complaint}");
    let complaint = mint("HTTPS_PROXY", "http://jane:wrong-password@127.0.0.1:1").fail(5);
    assert!(complaint.contains("the proxy cannot be reached"), "{complaint}");
    assert!(complaint.contains("HTTPS_PROXY") && !complaint.contains("wrong-pass"), "{complaint}");
    // An exception, and a CA on this host, are asked directly.
    let direct = mint("HTTPS_PROXY", "http://127.0.0.1:1");
    ca.must_sign(&Csr::for_host("db.test"), &direct.variable("NO_PROXY", "0.0.0.0").mint());
    let local = Program::new().args(["token", "db.test", "--ca-url", ca.url()]);
    let local = local.flag("--root", ca.root()).variable("HTTPS_PROXY", "http://127.0.0.1:1");
    let token = local.signed_by("p384", test_key("p384.pkcs8.pem")).mint();
    ca.must_sign(&Csr::for_host("db.test"), &token);
}
