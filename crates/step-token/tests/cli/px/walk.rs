//! The steps of the documentation, called as pxctl: secret, files, tokens, contexts.

use std::fs;

use serde_json::{Value, json};

use super::checked;
use crate::sandbox::{Sandbox, is_token};

/// As generated in the documentation: 64 characters of base64.
const SECRET: &str = "b3VyIHNlY3JldCBpcyBhIGxpbmUgb2Ygc2l4dHktZm91ciBjb2x1bW5zIG9rPyEh";

/// `admin.yaml` and `kubernetes.yaml`, word for word.
const ADMIN: &str = r#"name: Storage Administrator
email: the email of the storage admin
sub: ${uuid} or email of the storage admin
roles: ["system.admin"]
groups: ["*"]
"#;
const KUBERNETES: &str = r#"name: Kubernetes
email: the email of the kubernetes admin
sub: ${uuid} or email of the kubernetes admin
roles: ["system.user"]
groups: ["kubernetes"]
"#;

const SEEN: &str = "warning: --shared-secret shows the secret to everyone who can list processes; \
                    use --shared-secret-file with a file, env:NAME or fd:N instead\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::of("px");
    fs::write(sandbox.path("admin.yaml"), ADMIN).expect("a file");
    fs::write(sandbox.path("kubernetes.yaml"), KUBERNETES).expect("a file");
    sandbox
}

fn generate(file: &str) -> String {
    format!(
        "auth token generate --auth-config={file} --issuer=portworx.com --shared-secret={SECRET} \
         --token-duration=1y"
    )
}

#[test]
fn tokens_are_made_and_kept_as_the_documentation_does_it() {
    let sandbox = sandbox();
    let run = sandbox.pxctl(&generate("admin.yaml"));
    let admin = run.token().to_owned();
    assert!(run.stderr.starts_with(SEEN), "{run:?}");
    assert!(run.stderr.contains("warning: group `*` gives access to every resource"), "{run:?}");
    let (header, mut claims) = checked(&admin, SECRET.as_bytes());
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
    let times = claims.as_object_mut().unwrap();
    let (end, start) = (times.remove("exp").unwrap(), times.remove("iat").unwrap());
    assert_eq!(end.as_i64().unwrap() - start.as_i64().unwrap(), 365 * 86_400);
    assert_eq!(
        claims,
        json!({
            "email": "the email of the storage admin",
            "groups": ["*"],
            "iss": "portworx.com",
            "name": "Storage Administrator",
            "roles": ["system.admin"],
            "sub": "${uuid} or email of the storage admin",
        })
    );

    let run = sandbox.pxctl(&format!("{} --output kube.token", generate("kubernetes.yaml")));
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    let unreplaced = "warning: `sub` contains `${uuid}`, which nothing has replaced\n";
    assert_eq!(run.stderr, format!("{SEEN}{unreplaced}Token written to output file: kube.token\n"));
    let kube = sandbox.read("kube.token");
    assert!(is_token(&kube), "{kube:?}");
    assert_eq!(sandbox.mode("kube.token"), 0o600);
    let (_, claims) = checked(&kube, SECRET.as_bytes());
    assert_eq!(claims["groups"], json!(["kubernetes"]));

    let run = sandbox.pxctl(&format!("context create admin --token={admin}"));
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    assert!(run.stderr.contains("context admin was created\n"), "{run:?}");
    let run = sandbox.pxctl(
        "context create user --token-file=kube.token --endpoint http://localhost:9001 --quiet",
    );
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""), "{run:?}");
    assert_eq!(
        sandbox.read("home/.pxctl/contextconfig"),
        format!(
            "contextconfig:\n  current: admin\n  configurations:\n  - context: admin\n    token: {admin}\n  - context: user\n    token: {kube}\n    endpoint: http://localhost:9001\n"
        )
    );
    listed(&sandbox, &admin);
    judged(&sandbox);
}

/// The listings of the two contexts, in every form.
fn listed(sandbox: &Sandbox, admin: &str) {
    let identity = "    identity:
      subject: \"${uuid} or email of the storage admin\"
      name: \"Storage Administrator\"
      email: \"the email of the storage admin\"
";
    let run = sandbox.pxctl("context list");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    let start = "contextconfig:\n  current: admin\n  configurations:\n  - context: admin\n";
    assert!(run.stdout.starts_with(&format!("{start}    token: eyJ...\n{identity}")), "{run:?}");
    assert!(run.stdout.ends_with("    endpoint: http://localhost:9001\n"), "{run:?}");

    let raw = sandbox.pxctl("context list --raw");
    let whole = format!("{start}    token: {admin}\n{identity}");
    assert!(raw.stdout.starts_with(&whole), "{raw:?}");

    let wide = sandbox.pxctl("--output-type=wide context list");
    assert!(wide.stdout.contains("      roles:\n      - system.user\n"), "{wide:?}");
    assert!(!run.stdout.contains("roles"), "{run:?}");

    let other = sandbox.pxctl("--context user context list");
    assert_eq!(other.stdout, run.stdout.replace("current: admin", "current: user"));
    // A listing is data, so colour does not change it.
    assert_eq!(sandbox.pxctl("context list --color").stdout, run.stdout);
    let configured = sandbox.pxctl("--config=other.yaml context list");
    assert_eq!(configured.stdout, run.stdout);
    let note = "note: --config has no effect: px reads no settings from other.yaml\n";
    assert_eq!(configured.stderr, note);

    for line in ["-j context list", "context list -j", "context list --json --raw"] {
        let run = sandbox.pxctl(line);
        let object: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let contexts = &object["contextconfig"];
        assert_eq!(contexts["current"], "admin", "{line}");
        let name = &contexts["configurations"][1]["identity"]["name"];
        assert_eq!(name, "Kubernetes", "{line}");
    }
    let one_line = sandbox.pxctl("context list --json --raw").stdout;
    assert_eq!(one_line.lines().count(), 1, "{one_line}");
    assert!(one_line.contains(admin), "{one_line}");
}

/// What a server says about the tokens in the contexts.
fn judged(sandbox: &Sandbox) {
    fs::write(sandbox.path("secret/portworx"), SECRET).expect("a file");
    sandbox.set_mode("secret/portworx", 0o600);
    let verify = "px verify --issuer portworx.com --shared-secret-file secret/portworx";
    for (flags, status) in [
        ("--can role/create", 0),
        ("--context user --can role/create", 1),
        ("--context user --can volume/create", 0),
        ("--context user --at 8761h", 1),
    ] {
        let run = sandbox.run(&format!("{verify} {flags}"));
        assert_eq!(run.status, status, "{flags}: {run:?}");
    }
}

#[test]
fn contexts_are_changed_as_the_documentation_does_it() {
    let sandbox = Sandbox::of("px");
    let contexts = || sandbox.read("home/.pxctl/contextconfig");
    for name in ["admin", "user"] {
        let line = format!("context create {name} --token-file=token/vector3");
        assert_eq!(sandbox.pxctl(&line).status, 0);
    }
    let run = sandbox.pxctl("ctx set user");
    assert_eq!((run.status, run.stderr.as_str()), (0, "✔ Context: user\n"), "{run:?}");
    assert!(contexts().starts_with("contextconfig:\n  current: user\n"), "{}", contexts());
    let run = sandbox.pxctl("context set user --color");
    assert_eq!(run.stderr, "\u{1b}[32m✔\u{1b}[0m \u{1b}[1mContext:\u{1b}[0m user\n");
    for line in ["--context user ctx list", "ctx list"] {
        assert_eq!(sandbox.pxctl(line).stdout, sandbox.pxctl("context list").stdout, "{line}");
    }
    assert_eq!(sandbox.run("px ctx unset").status, 0);
    assert!(!contexts().contains("current"), "{}", contexts());
    assert_eq!(sandbox.pxctl("context delete admin").status, 0);
    let run = sandbox.pxctl("context delete --token-file=token/vector3");
    assert_eq!((run.status, run.stderr.as_str()), (0, "context user was removed\n"), "{run:?}");
    assert_eq!(contexts(), "contextconfig:\n  configurations: []\n");
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    let sandbox = Sandbox::of("px");
    let hint = "hint: called as pxctl, it implements auth token generate, context create, context \
                delete, context list, context set, context unset, version, help\n";
    for (line, command) in [
        ("volume list", "volume list"),
        ("status", "status"),
        ("--context admin -j volume inspect v", "volume inspect v"),
        ("auth role create", "auth role create"),
        ("auth token revoke", "auth token revoke"),
        ("context rename a b", "context rename a"),
        ("ctx rename a b", "ctx rename a"),
        // Available only under the program's own name.
        ("token", "token"),
        ("verify", "verify"),
        ("px token", "px token"),
        ("ca token db.internal", "ca token db.internal"),
    ] {
        let run = sandbox.pxctl(line);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        let message = format!("error: step-token does not implement `pxctl {command}`\n");
        assert_eq!(run.stderr, message + hint);
    }
}

#[test]
fn flags_of_a_connection_are_refused_by_name() {
    let sandbox = Sandbox::of("px");
    for flag in ["--ca=ca.crt", "--ca ca.crt", "--cert px.crt", "--key px.key", "--ssl"] {
        let name = flag.split(['=', ' ']).next().unwrap();
        for line in [format!("{flag} context list"), format!("context list {flag}")] {
            let run = sandbox.pxctl(&line);
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{line}: {run:?}");
            let message = format!("error: {name} has no effect: nothing here connects to a server");
            assert!(run.stderr.starts_with(&message), "{line}: {run:?}");
        }
    }
}

#[test]
fn help_and_version_are_those_of_pxctl() {
    let sandbox = Sandbox::of("px");
    for (line, usage) in [
        ("ctx --help", "Usage: pxctl context [OPTIONS] <COMMAND>"),
        ("--help", "Usage: pxctl [OPTIONS] <COMMAND>"),
        ("help context", "Usage: pxctl context [OPTIONS] <COMMAND>"),
        ("auth token generate --help", "Usage: pxctl auth token generate [OPTIONS]"),
        ("context create -h", "Usage: pxctl context create [OPTIONS] <NAME>"),
    ] {
        let run = sandbox.pxctl(line);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{line}: {run:?}");
        assert!(run.stdout.contains(usage), "{line}: {run:?}");
        assert!(!run.stdout.contains("pxctl px"), "{line}: {run:?}");
    }
    for line in ["version", "--version"] {
        let run = sandbox.pxctl(line);
        assert_eq!(run.status, 0, "{run:?}");
        assert!(run.stdout.starts_with("Step Token/"), "{run:?}");
    }
}
