//! SSH certificates for users and hosts.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use step_ca_client::SshCertificateType;
use token_time::Timestamp;

use crate::certificate::SshCertificate;
use crate::program::Program;
use crate::spend::ssh_request;
use crate::{Ca, Way, test_key, vector};

/// Returns the wire encoding of a public key of the recorded test data.
pub(crate) fn public_key(kind: &str) -> Vec<u8> {
    let line = std::fs::read_to_string(vector("ssh").join(format!("{kind}.pub"))).unwrap();
    STANDARD.decode(line.split(' ').nth(1).unwrap().trim_end()).unwrap()
}

fn token(ca: &Ca, way: Way, subject: &str) -> Program {
    ca.token(way, subject).args(["--ssh"]).signed_by("p384", test_key("p384.pkcs8.pem"))
}

#[track_caller]
fn must_sign(ca: &Ca, kind: &str, token: &str) -> SshCertificate {
    ca.must_ssh_sign(&public_key(kind), token)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_user_without_principals_logs_in_as_the_subject() {
    let ca = Ca::shared();
    for way in Way::ALL {
        for kind in ["ed25519", "p256", "rsa2048"] {
            let certificate = must_sign(ca, kind, &token(ca, way, "alice").mint());
            assert!(!certificate.is_host());
            assert_eq!(certificate.key_id(), "alice");
            assert_eq!(certificate.principals(), ["alice"]);
        }
    }
}

#[test]
fn a_user_has_the_principals_of_the_token() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let program = token(ca, way, "alice@example.test");
        let token = program.args(["-n", "alice", "-n", "deploy"]).mint();
        let certificate = must_sign(ca, "ed25519", &token);
        assert!(!certificate.is_host());
        assert_eq!(certificate.key_id(), "alice@example.test");
        assert_eq!(certificate.principals(), ["alice", "deploy"]);
    }
}

#[test]
fn a_host_has_the_names_of_the_token() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let program = token(ca, way, "db").args(["--host"]);
        let token = program.args(["--principal", "db.test", "--principal", "192.0.2.7"]).mint();
        let certificate = must_sign(ca, "ed25519", &token);
        assert!(certificate.is_host());
        assert_eq!(certificate.key_id(), "db");
        assert_eq!(certificate.principals(), ["db.test", "192.0.2.7"]);
    }
}

#[test]
fn a_host_without_principals_is_the_subject() {
    let ca = Ca::shared();
    let token = token(ca, Way::Online, "db.test").args(["--host"]).mint();
    let certificate = must_sign(ca, "p256", &token);
    assert!(certificate.is_host());
    assert_eq!(certificate.principals(), ["db.test"]);
}

#[test]
fn durations_count_from_the_signing() {
    let ca = Ca::shared();
    let program = token(ca, Way::CaJson, "alice");
    let token = program.args(["--cert-not-before", "5m", "--cert-not-after", "1h30m"]).mint();
    let before = now();
    let (from, until) = must_sign(ca, "ed25519", &token).validity();
    let after = now();
    assert!((before + 300..=after + 300).contains(&from), "{from} is not 5m after {before}");
    assert!((before + 5400..=after + 5400).contains(&until), "{until} is not 90m after {before}");
}

#[test]
fn an_end_alone_is_honoured() {
    let ca = Ca::shared();
    for extra in [&[][..], &["--host"]] {
        let program = token(ca, Way::Online, "alice").args(extra);
        let token = program.args(["--cert-not-after", "45m"]).mint();
        let before = now();
        let (from, until) = must_sign(ca, "ed25519", &token).validity();
        assert!(from <= before);
        assert!((before + 2700..=now() + 2700).contains(&until), "{until}");
    }
}

#[test]
fn times_are_kept_to_the_second() {
    let ca = Ca::shared();
    let tomorrow = now() / 86_400 * 86_400 + 86_400;
    let at = |second| Timestamp::from_unix_seconds(i64::try_from(second).unwrap()).to_string();
    let (from, until) = (tomorrow + 1, tomorrow + 7_207u64);
    let program = token(ca, Way::CaJson, "alice");
    let program = program.args(["--cert-not-before", &at(from), "--cert-not-after", &at(until)]);
    assert_eq!(must_sign(ca, "ed25519", &program.mint()).validity(), (from, until));
}

#[test]
fn a_request_may_repeat_what_the_token_says_and_nothing_else() {
    let ca = Ca::shared();
    let key = public_key("ed25519");
    let principals = ["deploy".to_owned()];
    let mint = || {
        let program = token(ca, Way::CaJson, "alice");
        program.args(["--principal", "alice", "--principal", "deploy"]).mint()
    };
    let (right, wrong) = (mint(), mint());
    let mut request = ssh_request(&key, &right);
    request.cert_type = Some(SshCertificateType::User);
    request.principals = &principals;
    assert_eq!(ca.ssh_sign(&request).unwrap().principals(), ["alice", "deploy"]);

    request.ott = &wrong;
    request.cert_type = Some(SshCertificateType::Host);
    let refusal = ca.ssh_sign(&request).unwrap_err();
    assert_eq!(refusal.status, 403, "{refusal}");

    let root = ["root".to_owned()];
    let token = mint();
    let mut request = ssh_request(&key, &token);
    request.principals = &root;
    let refusal = ca.ssh_sign(&request).unwrap_err();
    assert_eq!(refusal.status, 403, "{refusal}");
}

#[test]
fn a_token_for_x509_signs_no_ssh_key() {
    let ca = Ca::shared();
    let token = ca.token(Way::CaJson, "alice").signed_by("p384", test_key("p384.pkcs8.pem")).mint();
    let refusal = ca.ssh_sign(&ssh_request(&public_key("ed25519"), &token)).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}
