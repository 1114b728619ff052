//! SSH certificates revoked by token.

use crate::spend::ssh_request;
use crate::ssh::public_key;
use crate::{Ca, Way, test_key};

fn serial(ca: &Ca) -> String {
    let program = ca.token(Way::CaJson, "alice").args(["--ssh"]);
    let token = program.signed_by("p384", test_key("p384.pkcs8.pem")).mint();
    let certificate = ca.ssh_sign(&ssh_request(&public_key("ed25519"), &token)).unwrap();
    certificate.serial().to_string()
}

fn token(ca: &Ca, way: Way, serial: &str) -> String {
    let program = ca.token(way, serial).args(["--ssh", "--revoke"]);
    program.signed_by("p384", test_key("p384.pkcs8.pem")).mint()
}

#[test]
fn a_certificate_is_revoked_by_its_serial_number() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let serial = serial(ca);
        let hex = format!("0x{:x}", serial.parse::<u64>().unwrap());
        ca.ssh_revoke(&serial, &token(ca, way, &serial)).unwrap();
        let again = ca.ssh_revoke(&serial, &token(ca, way, &hex)).unwrap_err();
        assert_eq!(again.status, 400, "{again}");
        assert!(again.message.contains("already revoked"), "{again}");
    }
}

#[test]
fn a_token_revokes_no_certificate_but_its_own() {
    let ca = Ca::shared();
    let refusal = ca.ssh_revoke(&serial(ca), &token(ca, Way::CaJson, "4660")).unwrap_err();
    assert_eq!(refusal.status, 403, "{refusal}");
}
