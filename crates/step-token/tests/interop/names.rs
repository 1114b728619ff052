//! The names of an X.509 token, and those of the certificate.

use std::collections::BTreeSet;

use rcgen::SanType;

use crate::spend::{Csr, dns};
use crate::{Ca, Way, test_key};

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn names_of_every_kind_reach_the_certificate() {
    let ca = Ca::shared();
    let names = [
        ("db.test", "dns db.test", dns("db.test")),
        ("*.apps.test", "dns *.apps.test", dns("*.apps.test")),
        ("192.0.2.7", "ip 192.0.2.7", SanType::IpAddress("192.0.2.7".parse().unwrap())),
        ("2001:db8::7", "ip 2001:db8::7", SanType::IpAddress("2001:db8::7".parse().unwrap())),
        (
            "ops@example.test",
            "email ops@example.test",
            SanType::Rfc822Name("ops@example.test".try_into().unwrap()),
        ),
        (
            "spiffe://example.test/db?x=1#y",
            "uri spiffe://example.test/db?x=1#y",
            SanType::URI("spiffe://example.test/db?x=1#y".try_into().unwrap()),
        ),
        (
            "urn:example:db",
            "uri urn:example:db",
            SanType::URI("urn:example:db".try_into().unwrap()),
        ),
    ];
    let expected: BTreeSet<String> = names.iter().map(|(_, name, _)| (*name).to_owned()).collect();
    for way in Way::ALL {
        let mut program = ca.token(way, "database").signed_by("p256", test_key("p256.pkcs8.pem"));
        for (san, _, _) in &names {
            program = program.flag("--san", san);
        }
        let token = program.mint();
        let asked = names.iter().map(|(_, _, san)| san.clone()).collect();
        let certificate = ca.must_sign(&Csr::new("database", asked), &token);
        assert_eq!(certificate.names(), expected, "{way:?}");
        assert_eq!(certificate.common_name(), "database", "{way:?}");
    }
}

#[test]
fn each_kind_of_name_works_alone() {
    let ca = Ca::shared();
    for (san, name) in [
        ("db.test", "dns db.test"),
        ("192.0.2.7", "ip 192.0.2.7"),
        ("2001:DB8:0:0::7", "ip 2001:db8::7"),
        ("ops@example.test", "email ops@example.test"),
        ("https://example.test/db", "uri https://example.test/db"),
    ] {
        let program = ca.token(Way::CaJson, "database").flag("--san", san);
        let token = program.signed_by("p256", test_key("p256.pkcs8.pem")).mint();
        // Names missing in the request come from the token.
        let certificate = ca.must_sign(&Csr::new("", vec![]), &token);
        assert_eq!(certificate.names(), set([name]));
        assert_eq!(certificate.common_name(), "database");
    }
}

#[test]
fn without_san_the_subject_is_the_name() {
    let ca = Ca::shared();
    for (subject, name) in [
        ("db.test", "dns db.test"),
        ("192.0.2.7", "ip 192.0.2.7"),
        ("::7", "ip ::7"),
        ("ops@example.test", "email ops@example.test"),
        ("spiffe://example.test/db", "uri spiffe://example.test/db"),
    ] {
        let program = ca.token(Way::Online, subject);
        let token = program.signed_by("ed25519", test_key("ed25519.jwk.json")).mint();
        let certificate = ca.must_sign(&Csr::new(subject, vec![]), &token);
        assert_eq!(certificate.names(), set([name]));
        assert_eq!(certificate.common_name(), subject);
    }
}

#[test]
fn a_name_that_the_token_lacks_is_refused() {
    let ca = Ca::shared();
    let mint = || {
        let program =
            ca.token(Way::CaJson, "db.test").args(["--san", "db.test", "--san", "192.0.2.7"]);
        program.signed_by("p256", test_key("p256.pkcs8.pem")).mint()
    };
    for (common_name, names, complaint) in [
        ("db.test", vec![dns("db.test"), dns("other.test")], "DNS names"),
        ("db.test", vec![SanType::IpAddress("192.0.2.8".parse().unwrap())], "IP addresses"),
        ("other.test", vec![], "common name"),
    ] {
        let refusal = ca.sign(&Csr::new(common_name, names), &mint()).unwrap_err();
        assert_eq!(refusal.status, 403, "{refusal}");
        assert!(refusal.message.contains(complaint), "{refusal}");
    }
}
