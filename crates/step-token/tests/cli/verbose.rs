//! What `--verbose` tells on standard error, and that it never tells a secret or a token.

use std::fs;

use crate::sandbox::{MINT, Run, Sandbox};

const OFFLINE: &str = "--offline --ca-config ca.json";

/// Command lines that read passwords, keys, secrets and tokens, some of which fail.
const STEP_CA: [&str; 14] = [
    MINT,
    "token db.internal --provisioner admin --offline --ca-config ca.json --password-file env:PASSWORD",
    "token db.internal --provisioner admin --offline --ca-config ca.json --password-file -",
    "token db.internal --key admin.pem --offline --ca-config ca.json",
    "token db.internal --key env:KEY --offline --ca-config ca.json",
    "token db.internal --key admin.sealed.pem --password-file password --offline --ca-config ca.json",
    "token db.internal --key admin.jwe --password-file password --offline --ca-config ca.json",
    "token db.internal --key admin.jwe --password-file password.wrong --offline --ca-config ca.json",
    "token db.internal --key ops.pem --provisioner admin --offline --ca-config ca.json",
    "token db.internal --offline --ca-config ca.json --password-file admin.pem",
    "token web.internal --x5c-cert proof/x5c/leaf.crt --x5c-key proof/x5c/leaf.key --offline --ca-config proof/ca.json",
    "token --k8ssa-token-path taken.jwt --offline --ca-config proof/ca.json",
    "token db.internal --ca-url https://jane:s3cret-of-jane@127.0.0.1:1 --root root.crt",
    "ca provisioner list --offline --ca-config ca.json",
];

/// The same of `px`.
const PX: [&str; 9] = [
    "px token --auth-config account/kubernetes.yaml --issuer i --shared-secret-file secret/good",
    "px token --auth-config account/kubernetes.yaml --issuer i --shared-secret-file env:SECRET",
    "px token --subject a --role system.user --issuer i --shared-secret-file k8s:k8s/secret.json",
    "px verify --issuer openstorage.io --shared-secret-file secret/published --token-file token/vector2",
    "px verify --issuer openstorage.io --shared-secret-file env:SECRET --token-file token/vector2",
    "px inspect --token-file token/vector2",
    "px secret n --token-file token/vector2 --force",
    "px context list --contextconfig context/outer",
    "px token --fleet fleet/typo.csv --issuer i --shared-secret-file secret/good",
];

/// Returns the lines of the sandbox's secret files that are long enough to be told apart from words.
fn secrets(sandbox: &Sandbox, files: &[&str]) -> Vec<String> {
    let texts = files.iter().map(|file| sandbox.read(file)).collect::<Vec<_>>();
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
    lines.filter(|line| line.len() >= 8 && !line.starts_with("-----")).map(str::to_owned).collect()
}

fn run(sandbox: &Sandbox, line: &str) -> Run {
    let mut command = sandbox.command(line);
    command.arg("-v").env("PASSWORD", sandbox.read("password-of-variable"));
    command.env("KEY", sandbox.read("key-of-variable")).env("SECRET", "tr0ub4dor-of-variable");
    let stdin = fs::File::open(sandbox.path("password-of-variable")).expect("a file");
    Run::of(command.stdin(stdin).output().expect("the program starts"))
}

#[track_caller]
fn shows_none(run: &Run, line: &str, secrets: &[String]) {
    assert!(run.stderr.contains("debug: "), "{line}: {run:?}");
    let token = run.stdout.lines().filter(|line| line.len() > 60 && !line.contains(' '));
    for secret in secrets.iter().map(String::as_str).chain(token) {
        assert!(!run.stderr.contains(secret), "{line}: {secret}: {run:?}");
    }
    let jwt = |word: &str| word.contains("eyJ") && word.matches('.').count() >= 2;
    assert!(!run.stderr.split_whitespace().any(jwt), "{line}: {run:?}");
}

#[test]
fn no_secret_and_no_token_is_told() {
    let sandbox = Sandbox::of("token");
    fs::copy(sandbox.path("password"), sandbox.path("password-of-variable")).unwrap();
    fs::copy(sandbox.path("admin.pem"), sandbox.path("key-of-variable")).unwrap();
    let files = ["password", "password.wrong", "admin.pem", "admin.sealed.pem", "admin.jwe"];
    let more = ["ops.pem", "proof/x5c/leaf.key", "taken.jwt"];
    let mut hidden = secrets(&sandbox, &[files.as_slice(), &more].concat());
    hidden.push("s3cret-of-jane".to_owned());
    for line in STEP_CA {
        shows_none(&run(&sandbox, line), line, &hidden);
    }

    let sandbox = Sandbox::of("px");
    fs::write(sandbox.path("password-of-variable"), "").unwrap();
    fs::write(sandbox.path("key-of-variable"), "").unwrap();
    let mut hidden = secrets(&sandbox, &["secret/good", "secret/published", "token/vector2"]);
    hidden.push("tr0ub4dor-of-variable".to_owned());
    for line in PX {
        shows_none(&run(&sandbox, line), line, &hidden);
    }
}

#[test]
fn each_file_that_is_read_is_told_by_its_path() {
    let sandbox = Sandbox::of("token");
    let line = format!("token db.internal -v --key admin.jwe {OFFLINE} --password-file password");
    let run = sandbox.run(&line);
    for told in ["read CA configuration `ca.json`: ", "read file admin.jwe", "read file password"] {
        assert!(
            run.stderr.lines().any(|line| line.starts_with(&format!("debug: {told}"))),
            "{told}: {run:?}"
        );
    }
    // What is given in place of a path, and is no path, may be the secret.
    let mut command = sandbox.command(&format!("token db.internal -v {OFFLINE} --password-file"));
    let run = Run::of(command.arg("{\"kty\":\"EC\"}").output().unwrap());
    assert!(!run.stderr.contains("kty"), "{run:?}");
}

#[test]
fn a_variable_asks_for_it_too_and_the_flag_decides() {
    let sandbox = Sandbox::of("token");
    for (value, flag, told) in
        [("1", "", true), ("0", "", false), ("1", "--verbose=false", false), ("0", "-v", true)]
    {
        let mut command = sandbox.command(&format!("{MINT} {flag}"));
        let run = Run::of(command.env("STEPDEBUG", value).output().unwrap());
        assert_eq!(run.stderr.contains("debug: "), told, "{value} {flag}: {run:?}");
    }
}

#[test]
fn ten_provisioners_are_told_and_how_many_more() {
    let sandbox = Sandbox::of("token");
    let mut config: serde_json::Value = serde_json::from_str(&sandbox.read("one.json")).unwrap();
    let list = config["authority"]["provisioners"].as_array_mut().unwrap();
    let names = (0..12).map(|n| format!("acme-{n}\u{1b}[31m{}", "x".repeat(5_000)));
    list.extend(names.map(|name| serde_json::json!({ "type": "ACME", "name": name })));
    fs::write(sandbox.path("one.json"), config.to_string()).unwrap();
    let run = sandbox.run(&format!("{MINT} -v"));
    let left_out: Vec<&str> =
        run.stderr.lines().filter(|line| line.contains(" left out")).collect();
    assert_eq!(left_out.len(), 11, "{run:?}");
    assert!(left_out[0].ends_with("is left out: ACME clients need no token"), "{left_out:?}");
    assert_eq!(left_out[10], "debug: and 2 more are left out");
    assert!(left_out.iter().all(|line| line.len() < 1_000 && !line.contains('\u{1b}')), "{run:?}");
}
