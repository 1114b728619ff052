//! How the program establishes trust in a CA, and its errors if it cannot.

use std::fs;

use crate::peers::step;
use crate::program::Program;
use crate::spend::Csr;
use crate::{Ca, Way, test_key, vector};

/// An online command line without a root.
fn token(ca: &Ca) -> Program {
    let program = Program::new().args(["token", "db.test", "--ca-url", ca.url()]);
    program.signed_by("p384", test_key("p384.pkcs8.pem"))
}

#[track_caller]
fn spend(ca: &Ca, token: &str) {
    ca.must_sign(&Csr::for_host("db.test"), token);
}

#[test]
fn a_fingerprint_is_enough() {
    let ca = Ca::shared();
    let fingerprint = ca.roots().fingerprint().to_string();
    let spaced: Vec<&str> =
        fingerprint.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
    for spelling in [fingerprint.clone(), fingerprint.to_uppercase(), spaced.join(":")] {
        spend(ca, &token(ca).flag("--fingerprint", spelling).mint());
    }
}

#[test]
fn a_fingerprint_of_another_root_is_not() {
    let ca = Ca::shared();
    let complaint = token(ca).flag("--fingerprint", "00".repeat(32)).fail(5);
    assert!(complaint.starts_with("error: request to https://"), "{complaint}");
    assert!(complaint.contains("404 Not Found"), "{complaint}");
    assert!(complaint.contains(&format!("/root/{}", "00".repeat(32))), "{complaint}");
}

#[test]
fn a_bundle_with_the_root_in_it_is_a_root() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let own = fs::read_to_string(ca.root()).unwrap();
    let other = fs::read_to_string(vector("certs/root_ca.crt")).unwrap();
    for (name, bundle) in [("first", format!("{own}{other}")), ("second", format!("{other}{own}"))]
    {
        let file = directory.path().join(name);
        fs::write(&file, bundle).unwrap();
        spend(ca, &token(ca).flag("--root", &file).mint());
        let fingerprint = ca.roots().fingerprint().to_string();
        let program = token(ca).flag("--root", &file).flag("--fingerprint", &fingerprint);
        spend(ca, &program.mint());
    }
}

#[test]
fn a_root_in_der_is_a_root() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("root.der");
    fs::write(&file, &ca.roots().certificates()[0]).unwrap();
    spend(ca, &token(ca).flag("--root", &file).mint());
}

#[test]
fn another_root_is_not_trusted() {
    let ca = Ca::shared();
    let complaint = token(ca).flag("--root", vector("certs/root_ca.crt")).fail(5);
    assert!(complaint.contains("is not signed by the given root"), "{complaint}");
    assert!(complaint.contains(&format!("{}/provisioners", ca.url())), "{complaint}");
}

#[test]
fn a_step_directory_that_step_made_is_enough() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let fingerprint = ca.roots().fingerprint().to_string();
    let bootstrap = ["ca", "bootstrap", "--ca-url", ca.url(), "--fingerprint", &fingerprint];
    step(directory.path(), bootstrap).unwrap();
    let program = Program::new().args(["token", "db.test"]).step_path(directory.path());
    spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
}

#[test]
fn a_context_that_step_made_is_enough() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let fingerprint = ca.roots().fingerprint().to_string();
    let mut bootstrap = vec!["ca", "bootstrap", "--ca-url", ca.url()];
    bootstrap.extend(["--fingerprint", &fingerprint, "--context", "interop"]);
    step(directory.path(), bootstrap).unwrap();
    for context in [&[][..], &["--context", "interop"]] {
        let program = Program::new().args(["token", "db.test"]).args(context);
        let program = program.step_path(directory.path());
        spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
    }
}

#[test]
fn the_step_directory_of_the_ca_itself_is_enough() {
    let ca = Ca::shared();
    let program = Program::new().args(["token", "db.test", "--offline"]).step_path(&ca.path(""));
    spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
}

#[test]
fn a_token_for_another_host_is_refused_by_the_ca() {
    let ca = Ca::shared();
    let program = Program::new().args(["token", "db.test", "--offline"]);
    let program = program.args(["--ca-config", "/nonexistent", "--ca-url", "https://other.test"]);
    let program = program.flag("--root", ca.root());
    let token = program.signed_by("p384", test_key("p384.pkcs8.pem")).mint();
    let refusal = ca.sign(&Csr::for_host("db.test"), &token).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}

#[test]
fn any_of_the_names_of_the_ca_will_do() {
    let ca = Ca::shared();
    for url in ["https://ca.example.test", "https://localhost:1", "ca.example.test:8443"] {
        let program = ca.token(Way::CaJson, "db.test").args(["--ca-url", url]);
        spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
    }
}
