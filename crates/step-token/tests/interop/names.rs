//! The names of an X.509 token, and those of the certificate.

use std::collections::BTreeSet;

use rcgen::SanType;

use crate::peers::step;
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

/// step writes tokens with such names.
#[test]
fn names_that_no_certificate_can_carry_are_refused_here_and_end_in_500_there() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let (root, password) = (ca.root().display().to_string(), ca.password().display().to_string());
    for name in [
        "bücher.example",
        "jörg@example.test",
        "a@bücher.example",
        "https://bücher.example/",
        "https://b%C3%BCcher.example/",
        "https://a.test/?ü",
        "urn:bücher",
        "https://a..test/",
        "https://a.test./",
        "https://.a.test:1/",
    ] {
        let mut line = vec!["ca", "token", "db.test", "--san", name, "--ca-url", ca.url()];
        line.extend(["--root", &root, "--provisioner", "admin", "--password-file", &password]);
        let token = String::from_utf8(step(directory.path(), line).unwrap()).unwrap();
        let refusal = ca.sign(&Csr::new("db.test", Vec::new()), token.trim()).unwrap_err();
        assert_eq!(refusal.status, 500, "{name}: {refusal}");
        let program = ca.token(Way::CaJson, "db.test").flag("--san", name);
        let complaint = program.flag("--key", "/nonexistent").fail(2);
        assert!(complaint.contains("cannot be in a certificate"), "{name}: {complaint}");
        // Without other names, the subject is one.
        let complaint = ca.token(Way::CaJson, name).flag("--key", "/nonexistent").fail(2);
        assert!(complaint.contains("cannot be in a certificate"), "{name}: {complaint}");
    }
}

#[test]
fn odd_names_that_a_certificate_can_carry_are_issued() {
    let ca = Ca::shared();
    for (name, expected) in [
        ("https://a.test/ü", "uri https://a.test/%C3%BC"),
        ("https://a.test/#ü", "uri https://a.test/#%C3%BC"),
        ("10.0.0.5/24", "dns 10.0.0.5/24"),
        ("10.0.0.5 ", "dns 10.0.0.5 "),
        ("010.0.0.1", "dns 010.0.0.1"),
        ("[::1]", "dns [::1]"),
        ("1.2.3.4:80", "dns 1.2.3.4:80"),
        ("fe80::1%eth0", "uri fe80::1%eth0"),
        ("localhost:8080", "uri localhost:8080"),
        ("spiffe://a b/c", "dns spiffe://a b/c"),
        ("a..test.", "dns a..test."),
    ] {
        let program = ca.token(Way::CaJson, "Jörg Bücher").flag("--san", name);
        let token = program.signed_by("p256", test_key("p256.pkcs8.pem")).mint();
        let certificate = ca.must_sign(&Csr::new("Jörg Bücher", Vec::new()), &token);
        assert_eq!(certificate.names(), BTreeSet::from([expected.to_owned()]), "{name}");
        assert_eq!(certificate.common_name(), "Jörg Bücher");
    }
}
