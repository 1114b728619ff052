//! Tokens tied to one certificate request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::program::Program;
use crate::spend::{Csr, ssh_request};
use crate::ssh::public_key;
use crate::{Ca, Way, test_key, vector};

fn token(ca: &Ca, way: Way) -> Program {
    ca.token(way, "db.test").signed_by("p256", test_key("p256.pkcs8.pem"))
}

fn fingerprint(csr: &Csr) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(csr.request.der()))
}

#[test]
fn a_token_signs_the_request_it_is_tied_to() {
    let ca = Ca::shared();
    let csr = Csr::for_host("db.test");
    for way in Way::ALL {
        let token = token(ca, way).flag("--cnf", fingerprint(&csr)).mint();
        ca.must_sign(&csr, &token);
    }
}

#[test]
fn a_token_is_tied_to_a_request_in_a_file() {
    let ca = Ca::shared();
    let csr = Csr::for_host("db.test");
    let directory = tempfile::tempdir().unwrap();
    let (pem, der) = (directory.path().join("csr.pem"), directory.path().join("csr.der"));
    std::fs::write(&pem, csr.pem()).unwrap();
    std::fs::write(&der, csr.request.der()).unwrap();
    for way in Way::ALL {
        for file in [&pem, &der] {
            let bound = token(ca, way).flag("--cnf-file", file).mint();
            ca.must_sign(&csr, &bound);
            let bound = token(ca, way).flag("--cnf-file", file).mint();
            refused(ca, &bound);
        }
    }
}

#[test]
fn a_token_signs_no_request_but_its_own() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let cnf = fingerprint(&Csr::for_host("db.test"));
        refused(ca, &token(ca, way).flag("--cnf", cnf).mint());
    }
}

#[test]
fn an_ssh_token_is_tied_in_words_only() {
    let ca = Ca::shared();
    let file = vector("ssh/p256.pub");
    let ran = token(ca, Way::CaJson).args(["--ssh"]).flag("--cnf-file", &file).run();
    assert!(ran.stderr.contains("step-ca does not compare"), "{}", ran.stderr);
    let other = public_key("ed25519");
    ca.ssh_sign(&ssh_request(&other, ran.stdout.trim_end())).unwrap();
}

/// Spends a token with a request that it is not tied to.
#[track_caller]
fn refused(ca: &Ca, token: &str) {
    let refusal = ca.sign(&Csr::for_host("db.test"), token).unwrap_err();
    assert_eq!(refusal.status, 403, "{refusal}");
    let words = "certificate request fingerprint does not match";
    assert!(refusal.message.contains(words), "{refusal}");
}
