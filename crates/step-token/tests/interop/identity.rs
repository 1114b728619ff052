//! The client certificate in `identity.json`.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::program::Program;
use crate::spend::Csr;
use crate::{Ca, Way, test_key};

/// Puts a certificate and its key where the program looks for them.
fn install(step_path: &Path, certificate: &str, key: &str) {
    let config = step_path.join("config");
    fs::create_dir(&config).unwrap();
    let (crt, key_file) = (config.join("identity.crt"), config.join("identity_key"));
    fs::write(&crt, certificate).unwrap();
    fs::write(&key_file, key).unwrap();
    let identity = json!({ "type": "mTLS", "crt": crt, "key": key_file });
    fs::write(config.join("identity.json"), identity.to_string()).unwrap();
}

fn online(ca: &Ca, step_path: &Path) -> Program {
    let program = ca.token(Way::Online, "db.test").step_path(step_path);
    program.signed_by("p384", test_key("p384.pkcs8.pem"))
}

#[test]
fn an_identity_that_the_ca_issued_is_accepted() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let token = ca.token(Way::CaJson, "agent.test").signed_by("p384", test_key("p384.pkcs8.pem"));
    let csr = Csr::for_host("agent.test");
    let certificate = ca.must_sign(&csr, &token.mint());
    let intermediate = fs::read_to_string(ca.path("certs/intermediate_ca.crt")).unwrap();
    let chain = format!("{}{intermediate}", certificate.pem);
    install(directory.path(), &chain, &csr.key.serialize_pem());
    let ran = online(ca, directory.path()).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains("client certificate"), "{}", ran.stderr);
    ca.must_sign(&Csr::for_host("db.test"), ran.stdout.trim_end());
}

#[test]
fn an_identity_of_a_stranger_is_shown_and_refused() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let stranger = rcgen::generate_simple_self_signed(["agent.test".to_owned()]).unwrap();
    let key = stranger.signing_key.serialize_pem();
    install(directory.path(), &stranger.cert.pem(), &key);
    let complaint = online(ca, directory.path()).fail(5);
    // The alert may or may not arrive before the connection closes.
    assert!(complaint.contains("client certificate"), "{complaint}");
}
