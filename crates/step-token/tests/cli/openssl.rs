//! The linked OpenSSL reads no configuration and loads no code.

use std::fs;
use std::path::Path;

use crate::sandbox::{MINT, Sandbox};
use crate::under_test::program;

/// Names a module in every way that OpenSSL has: it would be opened before it is found to be none.
const CONFIGURATION: &str = "\
openssl_conf = init
[init]
providers = providers
engines = engines
[providers]
default = default
ours = ours
[default]
activate = 1
[ours]
module = MODULE
activate = 1
[engines]
ours = engine
[engine]
engine_id = ours
dynamic_path = MODULE
init = 1
";

/// Command lines that reach OpenSSL in each of the ways there are, and a file that each opens.
const LINES: [(&str, &str, &str); 9] = [
    ("token", MINT, "one.json"),
    ("token", "KEY admin.sealed.pem", "admin.sealed.pem"),
    ("token", "KEY admin.jwe", "admin.jwe"),
    ("token", "KEY legacy.pem", "legacy.pem"),
    ("token", "KEY p224.pem", "p224.pem"),
    (
        "token",
        "token web.internal --offline --ca-config proof/ca.json \
         --x5c-cert proof/x5c/leaf.crt --x5c-key proof/x5c/leaf.key",
        "leaf.key",
    ),
    ("px", "px keygen rsa made", ".step-token-"),
    (
        "px",
        "px token --auth-config account/admin.yaml --issuer i --rsa-private-keyfile key/rsa.key",
        "rsa.key",
    ),
    (
        "px",
        "px verify --token-file token/good --issuer i --rsa-public-keyfile key/rsa.pkcs1.pub",
        "rsa.pkcs1.pub",
    ),
];

#[test]
fn openssl_reads_no_configuration_and_loads_no_module() {
    let legacy = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/vectors/test-keys/rsa2048.legacy-des3.pem"
    );
    for (family, line, opened) in LINES {
        let sandbox = Sandbox::of(family);
        fs::copy(legacy, sandbox.path("legacy.pem")).expect("a copy");
        let module = sandbox.path("module.so");
        fs::write(&module, "not a library").expect("a file");
        let configuration = CONFIGURATION.replace("MODULE", &module.display().to_string());
        fs::write(sandbox.path("openssl.cnf"), configuration).expect("a file");

        let line = line.replace("KEY", &format!("{MINT} --key"));
        let mut command = sandbox.called(Path::new("/usr/bin/env"), "");
        command.args(["strace", "-f", "-qq", "-e", "trace=open,openat", "-o", "trace"]);
        command.arg(program()).args(line.split_whitespace());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("OPENSSL_CONF", sandbox.path("openssl.cnf"));
        for variable in ["OPENSSL_MODULES", "OPENSSL_ENGINES"] {
            command.env(variable, sandbox.path(""));
        }
        let output = command.output().expect("`env` starts");
        assert_ne!(
            output.status.code(),
            Some(127),
            "there is no strace on the PATH: install it (Debian: `apt-get install strace`)"
        );
        let trace = fs::read_to_string(sandbox.path("trace")).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(trace.contains(opened), "{line}: strace saw nothing\n{stderr}\n{trace}");
        for foreign in ["openssl.cnf", "module.so", "ossl-modules", "engines"] {
            let found = trace.lines().find(|line| line.contains(foreign));
            assert_eq!(found, None, "{line}");
        }
    }
}
