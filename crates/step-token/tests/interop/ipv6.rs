//! A CA whose only name is an IPv6 address.

use std::collections::BTreeSet;

use rcgen::SanType;

use crate::peers::step;
use crate::spend::{Csr, ssh_request};
use crate::ssh::public_key;
use crate::{Ca, Way, test_key};

#[test]
fn tokens_are_minted_and_spent_at_an_ipv6_address() {
    let ca = Ca::on_ipv6();
    assert!(ca.url().starts_with("https://[::1]:"), "{}", ca.url());
    for way in Way::ALL {
        let token = ca.token(way, "::7").signed_by("p256", test_key("p256.pkcs8.pem")).mint();
        let name = SanType::IpAddress("::7".parse().unwrap());
        let certificate = ca.must_sign(&Csr::new("::7", vec![name]), &token);
        assert_eq!(certificate.names(), BTreeSet::from(["ip ::7".to_owned()]), "{way:?}");

        let revoke = ca.token(way, &certificate.serial()).args(["--revoke"]);
        let revoke = revoke.signed_by("p256", test_key("p256.pkcs8.pem")).mint();
        ca.revoke(&certificate.serial(), &revoke).unwrap();

        let ssh = ca.token(way, "alice").args(["--ssh"]);
        let ssh = ssh.signed_by("p256", test_key("p256.pkcs8.pem")).mint();
        ca.ssh_sign(&ssh_request(&public_key("ed25519"), &ssh)).unwrap();
    }
}

#[test]
fn step_finds_an_ipv6_address_in_the_token() {
    let ca = Ca::on_ipv6();
    let directory = tempfile::tempdir().unwrap();
    let token = ca.token(Way::Online, "db.test").signed_by("p256", test_key("p256.pkcs8.pem"));
    let file = |name| directory.path().join(name).display().to_string();
    let (crt, key, token) = (file("db.crt"), file("db.key"), token.mint());
    step(directory.path(), ["ca", "certificate", "db.test", &crt, &key, "--token", &token])
        .unwrap();
}
