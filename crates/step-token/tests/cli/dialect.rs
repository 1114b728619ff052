//! The program called by the name of the one it replaces.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::sandbox::{Run, Sandbox, is_token};
use crate::under_test::program;

fn run_as(name: &str, line: &str) -> Run {
    let sandbox = Sandbox::of("token");
    let link = sandbox.path(name);
    symlink(program(), &link).expect("a link");
    Run::of(sandbox.called(&link, line).output().expect("the program starts"))
}

#[test]
fn the_first_line_of_the_version_is_the_one_that_scripts_read() {
    let platform = match std::env::consts::ARCH {
        "x86_64" => "linux/amd64",
        "aarch64" => "linux/arm64",
        _ => return,
    };
    if !cfg!(target_os = "linux") {
        return;
    }
    for name in ["step", "step-cli"] {
        for line in ["version", "--version"] {
            let run = run_as(name, line);
            assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
            let lines: Vec<&str> = run.stdout.lines().collect();
            assert_eq!(lines[0], format!("Smallstep CLI/0.30.6 ({platform})"));
            assert!(lines[1].starts_with("Step Token/"), "{run:?}");
        }
    }
}

#[test]
fn the_version_names_the_commit_of_a_checkout() {
    let mut git = std::process::Command::new("git");
    let tracked = git.args(["ls-files", "--error-unmatch", "build.rs"]).output();
    let is_checkout = tracked.is_ok_and(|output| output.status.success());
    let run = run_as("step-token", "version --json");
    let version: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for (member, length) in [("commit", 12), ("date", "2026-11-28".len())] {
        let text = version[member].as_str();
        assert_eq!(text.map(str::len), is_checkout.then_some(length), "{run:?}");
    }
}

#[test]
fn a_token_is_minted_under_either_name() {
    for name in ["step", "step-cli"] {
        let line = "ca token db.internal --offline --ca-config one.json --password-file password";
        assert!(is_token(run_as(name, line).token()));
    }
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    let hint = "hint: called as step, it implements ca token, ca provisioner list, context \
                current, context list, context remove, context select, version, help\n";
    for (line, command) in [
        ("ca certificate db.internal db.crt db.key", "step ca certificate db.internal"),
        ("ssh login", "step ssh login"),
        ("crypto keypair a b", "step crypto keypair a"),
        ("ca provisioner add ops", "step ca provisioner add"),
        // Available only under the program's own name.
        ("token db.internal", "step token db.internal"),
        ("completion bash", "step completion bash"),
    ] {
        let run = run_as("step", line);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        let message = format!("error: step-token does not implement `{command}`\n");
        assert_eq!(run.stderr, message + hint);
    }
}

#[test]
fn another_name_changes_nothing() {
    let run = run_as("mint", "version");
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.starts_with("Step Token/"), "{run:?}");
    assert!(!Path::new("mint").exists());
}
