//! Certificates and tokens as proof instead of a provisioner's key: large files, other sources
//! than files, the contents of the header, and that no needless prompt appears.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox, is_token};
use crate::under_test::program;

const OFFLINE: &str = "--offline --ca-config proof/ca.json";
const X5C: &str = "--x5c-cert proof/x5c/leaf.crt --x5c-key proof/x5c/leaf.key";

fn header(token: &str) -> Value {
    let parts = token_jose::compact::decode_unverified(token).expect("a token");
    serde_json::from_slice(&parts.header).expect("a header")
}

fn claims(token: &str) -> Value {
    let parts = token_jose::compact::decode_unverified(token).expect("a token");
    serde_json::from_slice(&parts.payload).expect("claims")
}

/// Returns the base64 of every certificate of a file, as in a header.
fn certificates(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let text = sandbox.read(file);
    let sections = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let base64 = |section: &str| Some(section.split_once("-----END")?.0.replace('\n', ""));
    sections.filter_map(base64).collect()
}

#[test]
fn a_file_of_ten_megabytes_is_no_certificate() {
    let sandbox = Sandbox::of("token");
    fs::write(sandbox.path("large"), vec![b'A'; 10 << 20]).unwrap();
    sandbox.set_mode("large", 0o600);
    for (flags, flag) in [
        ("web.internal --x5c-cert large --x5c-key proof/x5c/leaf.key", "--x5c-cert"),
        ("--renew --x5c-cert large --x5c-key proof/x5c/leaf.key", "--x5c-cert"),
        ("--ssh --renew --sshpop-cert large --sshpop-key proof/ssh/host", "--sshpop-cert"),
        ("--nebula-cert large --nebula-key proof/nebula/host.key", "--nebula-cert"),
        ("--k8ssa-token-path large", "--k8ssa-token-path"),
    ] {
        let run = sandbox.run(&format!("token {flags} {OFFLINE} --quiet"));
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{run:?}");
        let begin = format!("error: large ({flag}) is larger than ");
        assert!(run.stderr.starts_with(&begin), "{run:?}");
        assert!(run.stderr.contains(&format!("hint: use {flag} with another file")), "{run:?}");
    }
}

#[test]
fn a_chain_of_a_thousand_is_none() {
    let sandbox = Sandbox::of("token");
    let leaf = sandbox.read("proof/x5c/leaf.crt");
    let root = sandbox.read("proof/x5c/root.crt");
    // 32 are read.
    for (name, roots, status) in [("most.crt", 30, 0), ("thousand.crt", 998, 3)] {
        fs::write(sandbox.path(name), leaf.clone() + &root.repeat(roots)).unwrap();
        let line = format!("--x5c-cert {name} --x5c-key proof/x5c/leaf.key {OFFLINE} --quiet");
        let run = sandbox.run(&format!("token web.internal {line}"));
        assert_eq!(run.status, status, "{run:?}");
        if status == 0 {
            // The root is their signer, and is needed only once.
            assert_eq!(header(run.token())["x5c"].as_array().unwrap().len(), 3);
        } else {
            let begin = "error: thousand.crt (--x5c-cert) has more than 32 certificates; ";
            assert!(run.stdout.is_empty() && run.stderr.starts_with(begin), "{run:?}");
        }
    }
}

#[test]
fn certificate_and_key_come_from_anywhere() {
    let sandbox = Sandbox::of("token");
    for (cert, key, stdin) in [
        ("-", "proof/x5c/leaf.key", "proof/x5c/leaf.crt"),
        ("proof/x5c/leaf.crt", "-", "proof/x5c/leaf.key"),
        ("env:CHAIN", "env:KEY", "empty.pem"),
        ("env:CHAIN", "/dev/fd/0", "proof/x5c/leaf.key"),
    ] {
        let line = format!("token web.internal --x5c-cert {cert} --x5c-key {key} {OFFLINE}");
        let mut command = sandbox.command(&line);
        command.env("CHAIN", sandbox.read("proof/x5c/leaf.crt"));
        command.env("KEY", sandbox.read("proof/x5c/leaf.key"));
        command.stdin(File::open(sandbox.path(stdin)).unwrap());
        let run = Run::of(command.output().unwrap());
        assert!(is_token(run.token()), "{line}");
    }

    // Each is read from a descriptor of its own; the Kubernetes token too.
    let script = r#"exec "$0" "$@" 3<proof/x5c/leaf.crt 4<proof/x5c/leaf.key"#;
    let mut command = sandbox.called("/bin/sh".as_ref(), "");
    command.args(["-c", script]).arg(program());
    let line = format!("token web.internal --x5c-cert fd:3 --x5c-key fd:4 {OFFLINE}");
    assert!(is_token(Run::of(command.args(line.split(' ')).output().unwrap()).token()));

    let mut command = sandbox.command(&format!("token --k8ssa-token-path - {OFFLINE}"));
    command.stdin(File::open(sandbox.path("proof/k8ssa/token")).unwrap());
    assert_eq!(Run::of(command.output().unwrap()).stdout, sandbox.read("proof/k8ssa/token"));
}

#[test]
fn a_certificate_that_is_not_there_is_named_whatever_its_source() {
    let sandbox = Sandbox::of("token");
    for (source, message) in [
        ("env:CHAIN", "error: environment variable CHAIN is not set (--x5c-cert)\n"),
        ("fd:9", "error: file descriptor 9 is not open (--x5c-cert)\n"),
        ("cred:chain", "error: credential chain is not available (--x5c-cert)\n"),
    ] {
        let line = format!("token web.internal --x5c-cert {source} --x5c-key ops.pem {OFFLINE}");
        let run = sandbox.run(&line);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{run:?}");
        assert!(run.stderr.starts_with(message), "{run:?}");
    }
}

#[test]
fn the_header_has_the_chain_in_order_and_nothing_else_of_the_file() {
    let sandbox = Sandbox::of("token");
    let chain = certificates(&sandbox, "proof/x5c/leaf.crt");
    assert_eq!(chain.len(), 2);
    for file in ["leaf.crt", "with-key.crt", "with-stranger.crt", "with-repeat.crt"] {
        let flags = format!("--x5c-cert proof/x5c/{file} --x5c-key proof/x5c/leaf.key");
        let run = sandbox.run(&format!("token web.internal {flags} {OFFLINE}"));
        let header = header(run.token());
        assert_eq!(header["x5c"], serde_json::json!(chain), "{file}");
        assert_eq!(header.as_object().unwrap().len(), 4, "{header}");
    }
    let flags = "--x5c-cert proof/x5c/wrong-order.crt --x5c-key proof/x5c/leaf.key";
    let run = sandbox.run(&format!("token web.internal {flags} {OFFLINE}"));
    let backwards: Vec<String> =
        certificates(&sandbox, "proof/x5c/wrong-order.crt").into_iter().rev().collect();
    assert_eq!(header(run.token())["x5c"], serde_json::json!(backwards));
}

#[test]
fn a_proof_gives_the_token_its_subject() {
    let sandbox = Sandbox::of("token");
    let sshpop = "--sshpop-cert proof/ssh/host-cert.pub --sshpop-key proof/ssh/host";
    let nebula = "--nebula-cert proof/nebula/host.crt --nebula-key proof/nebula/host.key";
    for (flags, issuer, subject, evidence) in [
        (format!("--renew {X5C}"), "step-ca-client/1.0", "web.internal", "x5cInsecure"),
        (format!("--ssh --renew {sshpop}"), "sshpop", "7", "sshpop"),
        (format!("--ssh --revoke {sshpop}"), "sshpop", "7", "sshpop"),
        (nebula.to_owned(), "mesh", "web.mesh", "nebula"),
    ] {
        let run = sandbox.run(&format!("token {flags} {OFFLINE}"));
        let claims = claims(run.token());
        assert_eq!((&claims["iss"], &claims["sub"]), (&issuer.into(), &subject.into()), "{flags}");
        assert!(header(run.token()).get(evidence).is_some(), "{flags}");
    }
}

#[test]
fn a_service_account_token_is_handed_on_as_it_is() {
    let sandbox = Sandbox::of("token");
    let line = format!("token --k8ssa-token-path proof/k8ssa/token {OFFLINE}");
    assert_eq!(sandbox.run(&line).stdout, sandbox.read("proof/k8ssa/token"));
    let run = sandbox.run(&format!("{line} --output-file out.jwt"));
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    assert_eq!(sandbox.read("out.jwt") + "\n", sandbox.read("proof/k8ssa/token"));
    assert_eq!(sandbox.mode("out.jwt"), 0o600);
}

#[test]
fn no_transcript_shows_a_part_of_a_key() {
    let directory = std::path::Path::new(crate::TRANSCRIPTS);
    let (mut secrets, mut transcripts) = (Vec::new(), Vec::new());
    for path in crate::files(directory) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if path.extension().is_some_and(|extension| extension == "toml") {
            // A case may give a key in its environment.
            let (_, shown) = text.split_once("stdout = ").expect("both streams");
            transcripts.push((path, shown.to_owned()));
        } else if text.contains("PRIVATE KEY-----") {
            // Everything inside, also the certificates, which are never printed.
            let lines = text.lines().filter(|line| !line.starts_with("-----"));
            secrets.extend(lines.map(str::to_owned).filter(|line| line.len() > 20));
        }
    }
    assert!(secrets.len() > 20 && transcripts.len() > 400);
    for (path, text) in transcripts {
        let shown = secrets.iter().find(|secret| text.contains(*secret));
        assert_eq!(shown, None, "{}", path.display());
    }
}

/// Runs the program on a terminal, types one line, and returns the terminal's output.
#[cfg(target_os = "linux")]
fn on_a_terminal(sandbox: &Sandbox, line: &str) -> String {
    let line = format!("{} {line}", program().display());
    let mut command = sandbox.called("timeout".as_ref(), "20 script --quiet --return --command");
    command.arg(&line).arg("/dev/null").env("TERM", "xterm").env("NO_COLOR", "1");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    let script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut script = script.expect("`timeout` and `script` are there: coreutils and util-linux");
    let mut stdin = script.stdin.take().expect("a pipe");
    // A run without a prompt may have ended by now.
    let _ = stdin.write_all(b"\n");
    let output = script.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[cfg(target_os = "linux")]
fn no_password_is_asked_for_in_vain() {
    let sandbox = Sandbox::of("token");
    let prompt = "Please enter the password to decrypt";
    let sealed = "--x5c-key proof/x5c/leaf.sealed.key";
    let line = format!("token web.internal --x5c-cert proof/x5c/leaf.crt {sealed} {OFFLINE}");
    let shown = on_a_terminal(&sandbox, &line);
    assert!(shown.contains(&format!("{prompt} proof/x5c/leaf.sealed.key")), "{shown}");

    for (cert, more, fault) in [
        ("gone.crt", "", "cannot read"),
        ("notes.txt", "", "is not a certificate"),
        ("proof/x5c/expired.crt", "", "expired at"),
        ("proof/x5c/server-only.crt", "", "is not for clients"),
        ("proof/x5c/nobody.crt", "", "no provisioner trusts"),
        ("proof/x5c/lab.crt", "--provisioner machines", "does not trust"),
        ("proof/x5c/leaf.crt", "--provisioner sshpop", "type SSHPOP"),
        ("proof/x5c/leaf.crt", "--ssh --revoke", "cannot authorise"),
        ("proof/x5c/leaf.crt", "--not-after 2h", "longest allowed"),
        ("proof/x5c/leaf.crt", "--output-file folder", "is a directory"),
        ("proof/x5c/leaf.crt", "--renew", "not for `17`"),
    ] {
        let line = format!("token 17 --x5c-cert {cert} {sealed} {more} {OFFLINE}");
        let shown = on_a_terminal(&sandbox, &line);
        assert!(shown.contains("error: ") && shown.contains(fault), "{line}: {shown}");
        assert!(!shown.contains(prompt), "{line}: {shown}");
    }

    // OpenSSH stores the public key unencrypted.
    for line in [
        "web.internal --x5c-cert proof/x5c/leaf.crt --x5c-key proof/ssh/other.sealed",
        "--ssh --renew --sshpop-cert proof/ssh/host-cert.pub --sshpop-key proof/ssh/other.sealed",
        "--nebula-cert proof/nebula/host.crt --nebula-key proof/ssh/other.sealed",
    ] {
        let shown = on_a_terminal(&sandbox, &format!("token {line} {OFFLINE}"));
        assert!(shown.contains("is not the key of"), "{line}: {shown}");
        assert!(!shown.contains(prompt), "{line}: {shown}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_person_chooses_among_those_that_trust_the_certificate() {
    let sandbox = Sandbox::of("token");
    let line = format!("token web.internal {X5C} --offline --ca-config proof/twins.json");
    let shown = on_a_terminal(&sandbox, &line);
    assert!(shown.contains("Provisioner to use"), "{shown}");
    assert!(shown.contains("machines (X5C)") && shown.contains("twin (X5C)"), "{shown}");
    assert!(!shown.contains("lab (X5C)"), "{shown}");
}
