//! When, how often and for what a token can be spent.

use crate::program::Program;
use crate::spend::Csr;
use crate::{Ca, Way, test_key};

fn token(ca: &Ca) -> Program {
    ca.token(Way::CaJson, "db.test").signed_by("p256", test_key("p256.pkcs8.pem"))
}

#[test]
fn a_token_is_spent_once() {
    let ca = Ca::shared();
    let token = token(ca).mint();
    let csr = Csr::for_host("db.test");
    ca.must_sign(&csr, &token);
    let refusal = ca.sign(&csr, &token).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}

#[test]
fn a_token_for_the_near_future_is_within_the_leeway() {
    let ca = Ca::shared();
    let token = token(ca).args(["--not-before", "30s"]).mint();
    ca.must_sign(&Csr::for_host("db.test"), &token);
}

#[test]
fn a_token_for_later_is_not_valid_yet() {
    let ca = Ca::shared();
    let token = token(ca).args(["--not-before", "2m", "--not-after", "10m"]).mint();
    let refusal = ca.sign(&Csr::for_host("db.test"), &token).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}

#[test]
fn a_token_of_any_lifetime_in_the_window_is_accepted() {
    let ca = Ca::shared();
    for lifetime in ["10s", "1h", "59m59.5s"] {
        let token = token(ca).args(["--not-after", lifetime]).mint();
        ca.must_sign(&Csr::for_host("db.test"), &token);
    }
    let token = token(ca).args(["--not-after", "720h", "--long-lived"]).mint();
    ca.must_sign(&Csr::for_host("db.test"), &token);
}

#[test]
fn a_token_is_for_one_operation() {
    let ca = Ca::shared();
    let sign = token(ca).mint();
    let revoke = ca.token(Way::CaJson, "4660").args(["--revoke"]);
    let revoke = revoke.signed_by("p256", test_key("p256.pkcs8.pem")).mint();
    assert_eq!(ca.revoke("4660", &sign).unwrap_err().status, 401);
    assert_eq!(ca.sign(&Csr::for_host("4660"), &revoke).unwrap_err().status, 401);
}
