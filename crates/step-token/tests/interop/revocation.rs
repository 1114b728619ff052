//! X.509 certificates revoked by token.

use crate::certificate::Certificate;
use crate::spend::Csr;
use crate::{Ca, Way, test_key};

fn certificate(ca: &Ca) -> Certificate {
    let token = ca.token(Way::CaJson, "db.test").signed_by("p256", test_key("p256.pkcs8.pem"));
    ca.must_sign(&Csr::for_host("db.test"), &token.mint())
}

fn token(ca: &Ca, way: Way, serial: &str) -> String {
    let program = ca.token(way, serial).args(["--revoke"]);
    program.signed_by("ed25519", test_key("ed25519.jwk.json")).mint()
}

#[test]
fn a_certificate_is_revoked_by_its_serial_number_in_every_spelling() {
    let ca = Ca::shared();
    for way in Way::ALL {
        for spelling in ["decimal", "hex", "colons"] {
            let certificate = certificate(ca);
            let colons = certificate.colon_serial();
            let subject = match spelling {
                "decimal" => certificate.serial(),
                "hex" => format!("0x{}", colons.replace(':', "").to_uppercase()),
                _ => colons,
            };
            let revoked = ca.revoke(&certificate.serial(), &token(ca, way, &subject));
            revoked.unwrap_or_else(|refusal| panic!("{way:?}, {subject}: {refusal}"));

            let again = ca.revoke(&certificate.serial(), &token(ca, way, &subject)).unwrap_err();
            assert_eq!(again.status, 400, "{again}");
            assert!(again.message.contains("already revoked"), "{again}");
        }
    }
}

#[test]
fn a_token_revokes_no_certificate_but_its_own() {
    let ca = Ca::shared();
    let (one, other) = (certificate(ca), certificate(ca));
    let refusal = ca.revoke(&other.serial(), &token(ca, Way::CaJson, &one.serial())).unwrap_err();
    assert_eq!(refusal.status, 403, "{refusal}");
    assert!(refusal.message.contains("do not match"), "{refusal}");
}
