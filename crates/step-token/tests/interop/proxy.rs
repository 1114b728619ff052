//! A CA behind a real proxy.
//!
//! Proxies are not asked for loopback addresses, so the CA is named by 0.0.0.0, which on Linux leads
//! to this machine too.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::daemon::{Daemon, Fault, on_a_free_port, text};
use crate::peers::peer;
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
    for exceptions in [format!("0.0.0.0:{port}"), "0.0.0.0/8".to_owned()] {
        mint("HTTPS_PROXY", "http://127.0.0.1:1").variable("NO_PROXY", exceptions).mint();
    }
    mint("HTTPS_PROXY", "http://127.0.0.1:1").variable("NO_PROXY", "0.0.0.0:1").fail(5);
    let local = Program::new().args(["token", "db.test", "--ca-url", ca.url()]);
    let local = local.flag("--root", ca.root()).variable("HTTPS_PROXY", "http://127.0.0.1:1");
    let token = local.signed_by("p384", test_key("p384.pkcs8.pem")).mint();
    ca.must_sign(&Csr::for_host("db.test"), &token);
}

/// Whether an address is asked through the proxy, as ours says it, where nobody answers anywhere.
fn ours_asks_the_proxy(ca: &Ca, url: &str, variables: &[(&str, &str)]) -> bool {
    let program = Program::new().args(["ca", "provisioner", "list", "--ca-url", url]);
    let program = program.flag("--root", ca.root());
    let program =
        variables.iter().fold(program, |program, (name, value)| program.variable(name, value));
    let text = program.fail(5);
    let is_direct = ["cannot be resolved", "connection refused", "unreachable"];
    assert!(text.contains("the proxy") != is_direct.iter().any(|it| text.contains(it)), "{text}");
    text.contains("the proxy")
}

/// The same, as the real step says it.
fn step_asks_the_proxy(ca: &Ca, url: &str, variables: &[(&str, &str)]) -> bool {
    let directory = TempDir::new().unwrap();
    let mut command = Command::new(peer("step").unwrap());
    command.args(["ca", "health", "--ca-url", url, "--root"]).arg(ca.root());
    command.env_clear().env("STEPPATH", directory.path()).env("HOME", directory.path());
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("dial tcp"), "{text}");
    text.contains("proxyconnect")
}

/// A proxy that does not answer.
const DEAD: &str = "http://127.0.0.1:1";

#[test]
fn the_same_addresses_are_asked_directly_as_by_step() {
    let ca = Ca::shared();
    let foo = "https://foo.invalid:1";
    for (exceptions, url, through_proxy) in [
        ("", foo, true),
        ("foo.invalid", foo, false),
        ("foo.invalid:1", foo, false),
        ("foo.invalid:2", foo, true),
        ("*.invalid", foo, false),
        (".INVALID", foo, false),
        (".invalid", "https://invalid:1", true),
        ("invalid", "https://invalid:1", false),
        ("x, *", foo, false),
        ("oo.invalid", foo, true),
        ("0.0.0.0", "https://0.0.0.0:1", false),
        ("0.0.0.0:2", "https://0.0.0.0:1", true),
        ("0.0.0.0/31", "https://0.0.0.0:1", false),
        ("", "https://127.0.0.2:1", false),
        ("", "https://localhost:1", false),
    ] {
        let variables = [("HTTPS_PROXY", DEAD), ("NO_PROXY", exceptions)];
        assert_eq!(step_asks_the_proxy(ca, url, &variables), through_proxy, "{exceptions} {url}");
        assert_eq!(ours_asks_the_proxy(ca, url, &variables), through_proxy, "{exceptions} {url}");
    }
    for (variables, through_proxy) in [
        (&[("https_proxy", "127.0.0.1:1"), ("no_proxy", "bar.invalid")][..], true),
        (&[("https_proxy", DEAD), ("no_proxy", "foo.invalid")], false),
        (&[("HTTPS_PROXY", DEAD), ("NO_PROXY", "bar.invalid"), ("no_proxy", "*")], true),
        (&[("HTTPS_PROXY", DEAD), ("REQUEST_METHOD", "GET")], true),
        (&[("HTTP_PROXY", DEAD), ("http_proxy", "no proxy at all")], false),
    ] {
        assert_eq!(step_asks_the_proxy(ca, foo, variables), through_proxy, "{variables:?}");
        assert_eq!(ours_asks_the_proxy(ca, foo, variables), through_proxy, "{variables:?}");
    }
    // Go ignores this one, and curl does not.
    let all = [("ALL_PROXY", DEAD)];
    assert!(!step_asks_the_proxy(ca, foo, &all) && ours_asks_the_proxy(ca, foo, &all));
}
