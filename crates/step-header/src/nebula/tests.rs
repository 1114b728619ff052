use step_claims::{Principal, San, SshCertificate};
use token_jose::Algorithm;

use super::*;
use crate::proof::ProofKey;
use crate::testing::{NOW, private_key, vector};

const SIGN: Operation = Operation::Sign;

fn read(name: &str) -> Nebula {
    Nebula::read(&vector(&format!("nebula/{name}")), SIGN, NOW).unwrap()
}

fn refused(name: &str, operation: Operation, now: Timestamp) -> String {
    Nebula::read(&vector(&format!("nebula/{name}")), operation, now).unwrap_err().to_string()
}

fn sans(names: &[&str]) -> Purpose {
    Purpose::Sign(names.iter().map(|name| name.parse::<San>().unwrap()).collect())
}

#[test]
fn each_curve_and_version_signs_with_its_own_key_and_algorithm() {
    for (certificate, key, algorithm) in [
        ("host-v1.crt", "host-v1.key", Algorithm::XEdDsa),
        ("host-v2.crt", "host-v2.key", Algorithm::XEdDsa),
        ("host-p256.crt", "host-p256.key", Algorithm::Es256),
        ("host-p256.crt", "host-p256.pkcs8.pem", Algorithm::Es256),
    ] {
        let nebula = read(certificate);
        let proven = ProofKey::new(&nebula, private_key(&format!("nebula/{key}"))).unwrap();
        assert_eq!(proven.header().algorithm(), algorithm);
        assert_eq!(proven.kind(), Some(ProofKind::Nebula));
    }
    let other = private_key("nebula/host-v2.key");
    let error = ProofKey::new(&read("host-v1.crt"), other).unwrap_err();
    assert!(matches!(error, Error::KeyOfAnother { .. }));
    let other_curve = private_key("nebula/host-p256.key");
    let error = ProofKey::new(&read("host-v1.crt"), other_curve).unwrap_err().to_string();
    assert!(error.starts_with("is for another key: X25519"), "{error}");
}

#[test]
fn the_names_are_its_own_name_and_addresses() {
    let nebula = read("host-v1.crt");
    let subject: Subject = "host-1.example.test".parse().unwrap();
    assert_eq!(nebula.default_subject(), Some(subject.clone()));
    for names in [vec![], vec!["host-1.example.test"], vec!["10.1.0.1", "::ffff:10.1.0.1"]] {
        assert_eq!(nebula.admits(&subject, &sans(&names)).unwrap(), None, "{names:?}");
    }
    for foreign in ["other", "10.1.0.2", "10.1.0.0/24", "HOST-1.example.test"] {
        let warning = nebula.admits(&subject, &sans(&[foreign])).unwrap().unwrap();
        assert_eq!(
            warning.to_string(),
            format!(
                "does not have the name `{foreign}`: the CA refuses a certificate request that has it \
                 as an alternative name, and takes one without; the certificate has \
                 `host-1.example.test`, `10.1.0.1`"
            )
        );
    }
    // The subject becomes the only name of the token.
    let other = "other".parse().unwrap();
    let warning = nebula.admits(&other, &sans(&[])).unwrap().unwrap();
    assert!(warning.is_serious(), "{warning}");
    assert_eq!(nebula.admits(&other, &sans(&["10.1.0.1"])).unwrap(), None);
}

#[test]
fn an_ssh_host_asks_for_no_other_principals_and_for_none_to_get_them_all() {
    let nebula = Nebula::read(&vector("nebula/host-v1.crt"), Operation::SshHost, NOW).unwrap();
    let host = |principals: &[&str]| {
        let principals = principals.iter().map(|p| p.parse::<Principal>().unwrap()).collect();
        Purpose::SshHost(SshCertificate { principals, ..SshCertificate::default() })
    };
    let own: Subject = "host-1.example.test".parse().unwrap();
    let other: Subject = "other".parse().unwrap();
    assert_eq!(nebula.admits(&own, &host(&[])).unwrap(), None);
    assert_eq!(nebula.admits(&other, &host(&["10.1.0.1"])).unwrap(), None);
    assert!(nebula.admits(&own, &host(&["root"])).is_err());
    assert_eq!(nebula.admits(&other, &host(&[])).unwrap(), None);
}

#[test]
fn it_serves_hosts_alone() {
    for (operation, name) in [
        (Operation::Revoke, "X.509 revoke"),
        (Operation::SshUser, "SSH user sign"),
        (Operation::SshRenew, "SSH renew"),
    ] {
        assert_eq!(
            refused("host-v1.crt", operation, NOW),
            format!("is a Nebula certificate, which cannot authorise `{name}`")
        );
    }
    assert_eq!(
        refused("ca.crt", SIGN, NOW),
        "is the certificate of a Nebula CA (`Test Nebula CA`); expected a host certificate"
    );
}

#[test]
fn both_ends_of_its_validity_belong_to_it() {
    let certificate = NebulaCertificate::parse(&vector("nebula/host-v2.crt")).unwrap();
    let at = |seconds| {
        let now = Timestamp::from_unix_seconds(seconds);
        Nebula::read(&vector("nebula/host-v2.crt"), SIGN, now)
    };
    let (start, end) = (certificate.not_before(), certificate.not_after());
    assert!(at(start).is_ok() && at(end).is_ok());
    assert!(matches!(at(start - 1), Err(Error::NotYetValid { .. })));
    assert!(matches!(at(end + 1), Err(Error::Expired { .. })));
}

#[test]
fn a_file_of_two_is_the_first_and_a_warning() {
    let two = [vector("nebula/host-v2.crt"), vector("nebula/host-v1.crt")].concat();
    let nebula = Nebula::read(&two, SIGN, NOW).unwrap();
    assert_eq!(nebula.header_member(), read("host-v2.crt").header_member());
    assert_eq!(nebula.warnings(), [Warning::FirstOfSeveral { more: 1 }]);
    assert_eq!(read("host-v1.crt").warnings(), []);
}

#[test]
fn a_certificate_that_was_changed_is_not_trusted() {
    let roots = Kind::Nebula { roots: vector("nebula/ca-v2.crt") };
    let text = vector("nebula/host-v2.crt");
    let mut der = token_pem::sections(&text).next().unwrap().contents().unwrap();
    let at = der.windows(4).position(|part| part == b"host").unwrap();
    der[at] = b'H';
    let changed = token_pem::encode("NEBULA CERTIFICATE V2", &der);
    let Trust::Missed { reason, .. } =
        Nebula::read(changed.as_bytes(), SIGN, NOW).unwrap().trusted_by(&roots)
    else {
        panic!("it is trusted")
    };
    assert!(reason.contains("whose key did not sign it"), "{reason}");
}

#[test]
fn it_is_trusted_by_the_ca_that_signed_it() {
    for (host, ca) in
        [("host-v1.crt", "ca.crt"), ("host-v2.crt", "ca-v2.crt"), ("host-p256.crt", "ca-p256.crt")]
    {
        let roots = |name: &str| Kind::Nebula { roots: vector(&format!("nebula/{name}")) };
        let nebula = read(host);
        assert_eq!(nebula.trusted_by(&roots(ca)), Trust::Reached, "{host}");
        let other = if ca == "ca.crt" { "ca-v2.crt" } else { "ca.crt" };
        let Trust::Missed { reason, .. } = nebula.trusted_by(&roots(other)) else {
            panic!("{host} below {other}")
        };
        assert!(reason.starts_with("is signed by a Nebula CA with the fingerprint "), "{reason}");
        assert_eq!(nebula.trusted_by(&Kind::SshPop), Trust::Unknown);
    }
}
