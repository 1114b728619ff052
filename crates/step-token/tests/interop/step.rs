//! Our tokens used by the real `step`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::certificate::Certificate;
use crate::peers::step;
use crate::program::Program;
use crate::spend::Csr;
use crate::{Ca, Way, test_key, vector};

fn token(ca: &Ca, way: Way, subject: &str) -> Program {
    ca.token(way, subject).signed_by("p521", test_key("p521.jwk.json"))
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).display().to_string()
}

fn certificate(file: &str) -> Certificate {
    Certificate::from_pem(&fs::read_to_string(file).unwrap())
}

#[test]
fn step_ca_certificate_takes_a_token_and_needs_nothing_else() {
    // Address and root fingerprint come from the token's `aud` and `sha`.
    let ca = Ca::shared();
    for way in Way::ALL {
        let directory = tempfile::tempdir().unwrap();
        let (crt, key) = (path(directory.path(), "db.crt"), path(directory.path(), "db.key"));
        let token = token(ca, way, "db.test").args(["--san", "db.test", "--san", "192.0.2.7"]);
        let token = token.mint();
        step(directory.path(), ["ca", "certificate", "db.test", &crt, &key, "--token", &token])
            .unwrap();
        let certificate = certificate(&crt);
        assert_eq!(certificate.common_name(), "db.test");
        let names = ["dns db.test", "ip 192.0.2.7"].map(str::to_owned);
        assert_eq!(certificate.names(), BTreeSet::from(names), "{way:?}");
    }
}

#[test]
fn step_ca_certificate_takes_a_token_beside_root_and_address() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let (crt, key) = (path(directory.path(), "db.crt"), path(directory.path(), "db.key"));
    let (token, root) = (token(ca, Way::CaJson, "db.test").mint(), ca.root().display().to_string());
    let mut arguments = vec!["ca", "certificate", "db.test", &crt, &key, "--token", &token];
    arguments.extend(["--ca-url", ca.url(), "--root", &root]);
    step(directory.path(), arguments).unwrap();
    assert_eq!(certificate(&crt).common_name(), "db.test");
}

#[test]
fn step_ca_sign_takes_a_token_tied_to_its_request() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let directory = tempfile::tempdir().unwrap();
        let (csr, crt) = (path(directory.path(), "db.csr"), path(directory.path(), "db.crt"));
        fs::write(&csr, Csr::for_host("db.test").pem()).unwrap();
        let bound = token(ca, way, "db.test").flag("--cnf-file", &csr).mint();
        step(directory.path(), ["ca", "sign", &csr, &crt, "--token", &bound]).unwrap();
        assert_eq!(certificate(&crt).common_name(), "db.test", "{way:?}");

        let bound = token(ca, way, "db.test").flag("--cnf-file", &csr).mint();
        fs::write(&csr, Csr::for_host("db.test").pem()).unwrap();
        let other = path(directory.path(), "other.crt");
        let arguments = ["ca", "sign", &csr, &other, "--token", &bound];
        let complaint = step(directory.path(), arguments).unwrap_err();
        assert!(complaint.contains("fingerprint does not match"), "{complaint}");
    }
}

#[test]
fn step_ca_revoke_takes_a_token() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let directory = tempfile::tempdir().unwrap();
        let issued = ca.must_sign(&Csr::for_host("db.test"), &token(ca, way, "db.test").mint());
        let revoke = token(ca, way, &issued.serial()).args(["--revoke"]).mint();
        let serial = issued.serial();
        step(directory.path(), ["ca", "revoke", &serial, "--token", &revoke]).unwrap();
    }
}

#[test]
fn step_ssh_certificate_takes_a_token() {
    let ca = Ca::shared();
    let root = ca.root().display().to_string();
    for (extra, principal) in [(&[][..], "alice"), (&["--host"], "alice")] {
        let directory = tempfile::tempdir().unwrap();
        let key = path(directory.path(), "id.pub");
        fs::copy(vector("ssh/ed25519.pub"), &key).unwrap();
        let token = token(ca, Way::Online, "alice").args(["--ssh"]).args(extra).mint();
        let mut arguments = vec!["ssh", "certificate", "alice", &key, "--sign", "--token", &token];
        arguments.extend(["--ca-url", ca.url(), "--root", &root]);
        arguments.extend(extra);
        step(directory.path(), arguments).unwrap();
        let certificate =
            ssh_key::Certificate::read_file(Path::new(&path(directory.path(), "id-cert.pub")));
        assert_eq!(certificate.unwrap().valid_principals(), [principal]);
    }
}
