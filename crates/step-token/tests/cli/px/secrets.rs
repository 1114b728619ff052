//! Secrets: where they are read from, and that they never appear where they should not.

use std::fs;

use super::{MINT, checked};
use crate::sandbox::{Run, Sandbox};

#[test]
fn a_secret_is_read_from_a_descriptor_the_caller_opened() {
    let sandbox = Sandbox::of("px");
    let line =
        "px token --auth-config account/kubernetes.yaml --issuer i --shared-secret-file fd:3";
    let mut command = sandbox.shell(r#"exec "$0" "$@" 3<secret/good"#, line);
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.stderr, "");
    checked(run.token(), sandbox.read("secret/good").as_bytes());
}

#[test]
fn a_secret_of_kubernetes_is_used_to_its_last_byte() {
    let sandbox = Sandbox::of("px");
    let good = sandbox.read("secret/good");
    let line = "px token --auth-config account/kubernetes.yaml --issuer i --shared-secret-file";
    for (source, secret) in [
        ("k8s:k8s/secret.json", good.clone()),
        ("k8s:k8s/secret.yaml", good.clone()),
        ("k8s:k8s/line.json", format!("{good}\n")),
        ("secret/line", good.clone()),
    ] {
        let run = sandbox.run(&format!("{line} {source}"));
        checked(run.token(), secret.as_bytes());
    }
}

#[test]
fn a_secret_that_others_can_read_is_warned_about_and_used() {
    let sandbox = Sandbox::of("px");
    sandbox.set_mode("secret/good", 0o644);
    for flags in ["", "--quiet", "--raw"] {
        let run = sandbox.run(&format!("{MINT} {flags}"));
        checked(run.token(), sandbox.read("secret/good").as_bytes());
        assert_eq!(
            run.stderr,
            "warning: secret/good can be read by other users (mode 644); run `chmod 600` to restrict it\n"
        );
    }
}

/// The secret in these tests, in every place where one can be given.
const SECRET: &str = "tr0ub4dor-and-three-more-words-nobody-shall-see";

/// The secret part of a token.
const SIGNATURE: &str = "c2lnbmF0dXJlLXRoYXQtbm9ib2R5LXNoYWxsLXNlZQ";

#[test]
fn no_secret_comes_out_of_a_run_that_fails() {
    let sandbox = Sandbox::of("px");
    let token = format!("eyJhbGciOiJIUzI1NiJ9.e30.{SIGNATURE}");
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(SECRET)
    };
    for (file, text) in [
        ("s", SECRET.to_owned()),
        ("s.yaml", format!("name: [{SECRET}\n")),
        ("s.mapping", format!("sub: s\nroles: {SECRET}\n")),
        ("s.csv", format!("subject,duration\nada,{}\n", "1d,".to_owned() + SECRET)),
        (
            "s.json",
            format!("{{\"kind\": \"Secret\", \"data\": {{\"shared-secret\": \"{encoded}!\"}}}}"),
        ),
        ("s.torn", format!("{{\"kind\": \"Secret\", \"data\": {{\"shared-secret\": \"{encoded}")),
        (
            "s.map",
            format!("{{\"kind\": \"ConfigMap\", \"data\": {{\"shared-secret\": \"{encoded}\"}}}}"),
        ),
        ("s.server", format!("issuer: i\nshared-secret: {SECRET}\n")),
        ("t", token.clone()),
        ("t.blank", format!("{token} {token}")),
        ("t.two", format!("{token}\n{token}\n")),
        (
            "t.torn",
            format!("contextconfig:\n  configurations:\n  - context: a\n    token: [{token}\n"),
        ),
        (
            "t.kind",
            format!("contextconfig:\n  configurations:\n  - context: a\n    token: [{token}]\n"),
        ),
        (
            "t.twins",
            format!(
                "configurations:\n- {{context: a, token: {token}}}\n- {{context: a, token: {token}}}\n"
            ),
        ),
    ] {
        fs::write(sandbox.path(file), text).unwrap();
        sandbox.set_mode(file, 0o600);
    }
    let key = key_body(&sandbox, "key/ec.key");
    let sealed = key_body(&sandbox, "key/ec.sealed");

    let typed = format!("px token --auth-config account/kubernetes.yaml --shared-secret {SECRET}");
    let from = "px token --auth-config account/kubernetes.yaml --issuer i --shared-secret-file s";
    let mint = "px token --auth-config account/kubernetes.yaml --issuer i";
    let judge = "px verify --issuer i --shared-secret-file s";
    let mut lines = vec![
        typed.clone(),
        format!("{typed} --issuer="),
        format!("{typed} --issuer i --rsa-private-keyfile key/rsa.key"),
        format!("{typed} --issuer i --shared-secret-file s"),
        format!("{typed} --issuer i --jwt-shared-secret {SECRET}"),
        format!("{typed} --issuer i --alg RS256"),
        format!("{typed} --issuer i --alg hs256"),
        format!("{typed} --issuer i --token-duration 1w"),
        format!("{typed} --issuer i --password-file s"),
        format!("{typed} --issuer i --secret-key x"),
        format!("{typed} --issuer i --output gone/token"),
        format!("{typed} --issuer i --ca x"),
        format!("{typed} --issuer i --isuer x"),
        format!("{typed} --issuer i --auth-config account/list.yaml"),
        format!("{typed} --issuer i --fleet fleet/good.csv"),
        format!("{typed} --issuer i --json --output /dev/stdout"),
        format!("{from} --output folder"),
        format!("{from} --alg ES256"),
        format!("{from} --output /dev/full"),
        format!("{mint} --shared-secret-file env:PX_SECRET --alg ES256"),
    ];
    // One file given instead of another.
    for wrong in ["s", "s.yaml", "s.mapping", "t", "key/ec.key"] {
        lines.extend([
            format!("px token --issuer i --shared-secret-file s --auth-config {wrong}"),
            format!("{mint} --shared-secret-file k8s:{wrong}"),
            format!("{mint} --rsa-private-keyfile {wrong}"),
            format!("{mint} --ecdsa-private-keyfile key/ec.sealed --password-file {wrong}"),
            format!("px verify --token-file t --server-config {wrong}"),
            format!("px verify --token-file t --issuer i --ecdsa-public-keyfile {wrong}"),
            format!("{judge} --token-file t --can a/b --role-config {wrong}"),
            format!("px context set a --contextconfig {wrong}"),
            format!("{judge} --contextconfig {wrong} --context a"),
            format!("px secret px --token-file k8s:{wrong}"),
        ]);
    }
    for wrong in ["s.json", "s.torn", "s.map"] {
        lines.push(format!("{mint} --shared-secret-file k8s:{wrong}"));
        lines.push(format!("px secret px --shared-secret-file k8s:{wrong}"));
    }
    for wrong in ["s", "s.yaml", "t", "key/ec.key"] {
        lines.push(format!("px context list --contextconfig {wrong}"));
    }
    for wrong in ["t.torn", "t.kind", "t.twins"] {
        lines.push(format!("px context set a --contextconfig {wrong}"));
        lines.push(format!("{judge} --context a --contextconfig {wrong}"));
    }
    for wrong in ["t", "t.blank", "t.two"] {
        lines.push(format!("{judge} --token-file {wrong}"));
        lines.push(format!("px secret PX --token-file {wrong}"));
    }
    lines.extend([
        "px verify --token-file t --server-config s.server".to_owned(),
        "px token --issuer i --shared-secret-file s --fleet s.csv".to_owned(),
        "px token --issuer i --shared-secret-file s --fleet s".to_owned(),
        "px token --issuer i --shared-secret-file s --fleet t".to_owned(),
        format!("px context create a {token}"),
        format!("px verify a.b.c {token}"),
        format!("px token --subject s --issuer i --shared-secret x {SECRET}"),
        "px context create a --token-file t.blank".to_owned(),
        "px context delete --token-file t --contextconfig context/outer".to_owned(),
        format!("px context create a --token {token} --token-file t"),
        format!("px context delete a --token {token} --contextconfig context/outer"),
        format!("{judge} {token}"),
        format!("{judge} {token} --token-file t"),
        judge.to_owned(),
        "px inspect --token-file s".to_owned(),
        "px inspect --token-file t.two".to_owned(),
        "px secret px --token-file t.blank".to_owned(),
        "px secret px --token-file t --shared-secret-file s".to_owned(),
    ]);

    for line in &lines {
        let mut command = sandbox.command(line);
        command.env("PX_SECRET", SECRET).env("PXCTL_AUTH_TOKEN", &token);
        let run = Run::of(command.output().expect("the program starts"));
        assert_ne!(run.status, 0, "{line}: {run:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        for secret in [SECRET, SIGNATURE, encoded.as_str()]
            .into_iter()
            .chain(key.lines())
            .chain(sealed.lines())
        {
            assert!(!said.contains(secret), "{line}: {run:?}");
        }
    }
}

/// Returns the text between the BEGIN and END lines of a PEM file.
fn key_body(sandbox: &Sandbox, file: &str) -> String {
    let text = sandbox.read(file);
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("-----")).collect();
    body.join("\n")
}
