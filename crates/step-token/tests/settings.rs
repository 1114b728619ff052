//! The sources of settings, and their precedence.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

mod common;

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use common::{Sink, vectors};
use step_token::{Exit, World};
use token_jose::compact;
use token_time::Timestamp;

/// Runs `token host` with `arguments` below a step directory; returns the claims, or the error.
fn mint(base: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Result<String, String> {
    let (out, err) = (Sink::default(), Sink::default());
    let mut world = World::still(Timestamp::from_unix_seconds(1_795_385_137))
        .with_variable("STEPPATH", base)
        .with_streams(std::io::empty(), out.clone(), err.clone());
    for (name, value) in variables {
        world = world.with_variable(name, value);
    }
    let argv = ["step-token", "token", "host", "--offline"];
    let argv: Vec<_> = argv.iter().chain(arguments).map(OsString::from).collect();
    if step_token::run(argv, &world) != Exit::Done {
        return Err(err.text());
    }
    let token = out.text();
    let parts = compact::decode_unverified(token.trim_end()).expect("a token");
    Ok(String::from_utf8(parts.payload).expect("claims are text"))
}

/// Makes a step directory with a context whose authority has a ca.json of its own.
fn with_context() -> tempfile::TempDir {
    let base = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &[u8]| {
        let path = base.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    };
    let read = |name: &str| fs::read(vectors().join(name)).expect("a vector");
    let config = String::from_utf8(read("ca-one.json")).expect("JSON is text");
    let root = vectors().join("certs/root_ca.crt").display().to_string();
    let config = config.replace("certs/root_ca.crt", &root);
    write("contexts.json", br#"{"lab":{"authority":"lab.test","profile":"ada"}}"#);
    write("current-context.json", br#"{"context":"lab"}"#);
    write("authorities/lab.test/config/ca.json", config.as_bytes());
    write("authorities/lab.test/config/defaults.json", br#"{"not-after":"7m","san":["a","b"]}"#);
    write("profiles/ada/config/defaults.json", br#"{"san":"profile"}"#);
    base
}

fn key() -> String {
    vectors().join("test-keys/p256.trad.pem").display().to_string()
}

#[test]
fn the_ca_json_of_the_context_is_the_default() {
    // Q23: step looks in the base directory, with or without a context.
    let base = with_context();
    let claims = mint(base.path(), &[], &["--key", &key()]).unwrap();
    assert!(claims.contains(r#""aud":"https://ca.example.test/sign""#), "{claims}");
}

#[test]
fn the_command_line_outranks_the_environment_the_profile_and_the_authority() {
    let base = with_context();
    let key = key();
    let arguments = ["--key", key.as_str()];
    let san = |variables: &[(&str, &str)], more: &[&str]| {
        let claims = mint(base.path(), variables, &[&arguments, more].concat()).unwrap();
        let claims: serde_json::Value = serde_json::from_str(&claims).unwrap();
        (
            claims["sans"].to_string(),
            claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(),
        )
    };
    assert_eq!(san(&[], &[]), (r#"["profile"]"#.to_owned(), 420));
    // Q28: a variable is split at commas, and empty items are dropped.
    assert_eq!(san(&[("STEP_SAN", "x, ,y")], &[]).0, r#"["x","y"]"#);
    assert_eq!(san(&[("STEP_SAN", "x")], &["--san", "c,d"]).0, r#"["c,d"]"#);
    assert_eq!(san(&[("STEP_NOT_AFTER", "9m")], &[]).1, 540);
    // An empty flag counts as given, and means none.
    assert_eq!(san(&[("STEP_NOT_AFTER", "9m")], &["--not-after="]).1, 300);
}

#[test]
fn every_variable_and_every_spelling_of_force_counts() {
    // Q41 and Q52.
    let base = with_context();
    let file = base.path().join("token");
    let (key, path) = (key(), file.display().to_string());
    let arguments = ["--key", key.as_str(), "--output-file", path.as_str()];
    let mint_over = |variables: &[(&str, &str)]| {
        fs::write(&file, "old").unwrap();
        // Nothing is written to standard output, so a success has no claims to return.
        let (out, err) = (Sink::default(), Sink::default());
        let mut world = World::still(Timestamp::from_unix_seconds(1_795_385_137))
            .with_variable("STEPPATH", base.path())
            .with_streams(std::io::empty(), out, err);
        for (name, value) in variables {
            world = world.with_variable(name, value);
        }
        let argv = ["step-token", "token", "host", "--offline"];
        let argv: Vec<_> = argv.iter().chain(&arguments).map(OsString::from).collect();
        (step_token::run(argv, &world), fs::read_to_string(&file).unwrap() != "old")
    };
    assert_eq!(mint_over(&[]), (Exit::Settings, false));
    assert_eq!(mint_over(&[("STEP_F", "1")]), (Exit::Done, true));
    assert_eq!(mint_over(&[("STEP_FORCE", "true")]), (Exit::Done, true));
    let defaults = base.path().join("profiles/ada/config/defaults.json");
    fs::write(defaults, br#"{"f":true}"#).unwrap();
    assert_eq!(mint_over(&[]), (Exit::Done, true));
}

#[test]
fn an_unknown_context_is_an_error_even_where_there_are_none() {
    // Q24: step ignores `--context` if no context exists.
    let base = tempfile::tempdir().unwrap();
    let complaint = mint(base.path(), &[], &["--context", "moon"]).unwrap_err();
    assert!(complaint.contains("`moon`"), "{complaint}");
}

/// Runs a command line of words in the folder of the recordings, with `stdin` to read.
fn run_with(stdin: &'static str, line: &str) -> (Exit, String, String) {
    let (out, err) = (Sink::default(), Sink::default());
    let world = World::still(Timestamp::from_unix_seconds(1_795_385_137))
        .with_variable("STEPPATH", vectors().join("steppath-empty"))
        .with_streams(stdin.as_bytes(), out.clone(), err.clone());
    let folder = vectors().display().to_string();
    let argv: Vec<_> = line
        .split(' ')
        .map(|word| OsString::from(word.replace("@/", &format!("{folder}/"))))
        .collect();
    (step_token::run(argv, &world), out.text(), err.text())
}

#[test]
fn a_password_is_read_once_even_if_the_key_has_to_pick_its_provisioner() {
    let (exit, _, err) = run_with(
        "test-pass-key",
        "step-token token host --offline --ca-config @/ca.json \
         --key @/test-keys/rsa2048.pkcs8-enc-sha1.pem --password-file -",
    );
    assert_eq!(exit, Exit::Done, "{err}");
    assert!(err.contains("rsa (JWK)"), "{err}");
}

#[test]
fn an_empty_password_does_no_harm_to_a_key_without_seal() {
    let (exit, _, err) = run_with(
        "",
        "step-token token host --offline --ca-config @/ca.json --issuer plain --password-file -",
    );
    assert_eq!(exit, Exit::Done, "{err}");
}

#[test]
fn a_root_and_a_fingerprint_must_agree() {
    let line = "step-token token host --offline --ca-config @/ca-tworoots.json --key \
                @/test-keys/p256.trad.pem --root @/certs/two_roots.crt --fingerprint ";
    let (exit, _, err) = run_with("", &format!("{line}{}", "a".repeat(64)));
    assert_eq!(exit, Exit::Settings, "{err}");
    assert!(err.contains("has no certificate with the fingerprint"), "{err}");

    let roots = step_ca_client::Roots::load(&vectors().join("certs/two_roots.crt")).unwrap();
    let second = roots.fingerprints()[1].to_string();
    let (exit, token, err) = run_with("", &format!("{line}{second}"));
    assert_eq!(exit, Exit::Done, "{err}");
    let parts = compact::decode_unverified(token.trim_end()).unwrap();
    assert!(String::from_utf8(parts.payload).unwrap().contains(&second));
}

#[test]
fn a_key_set_has_the_provisioners_key_whatever_it_is_called_there() {
    let folder = tempfile::tempdir().unwrap();
    let key = fs::read_to_string(vectors().join("test-keys/p256.jwk.json")).unwrap();
    let other = fs::read_to_string(vectors().join("test-keys/p384.jwk.json")).unwrap();
    let set = folder.path().join("set.json");
    fs::write(&set, format!(r#"{{"keys":[{other},{key}]}}"#)).unwrap();
    let line = format!(
        "step-token token host --offline --ca-config @/ca.json --issuer admin@example.com --key {}",
        set.display()
    );
    let (exit, _, err) = run_with("", &line);
    assert_eq!(exit, Exit::Done, "{err}");
}
