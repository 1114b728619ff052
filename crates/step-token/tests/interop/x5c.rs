//! Tokens with an X.509 certificate of another hierarchy as proof.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::SanType;

use crate::certificate::Certificate;
use crate::hierarchy::{Chain, FIRST, SECOND};
use crate::keys::header;
use crate::program::Program;
use crate::provisioners::{X5C, X5C_ODD};
use crate::spend::{Csr, dns};
use crate::ssh::public_key;
use crate::{Ca, Way, test_key, vector};

/// Every type of key that a leaf may have, with the algorithm of its signatures.
const KEYS: [(&str, &str); 5] = [
    ("p256", "ES256"),
    ("p384", "ES384"),
    ("p521", "ES512"),
    ("ed25519", "EdDSA"),
    ("rsa2048", "RS256"),
];

/// Adds a certificate and its private key.
fn prove(program: Program, certificate: impl AsRef<Path>, key: &str) -> Program {
    program.flag("--x5c-cert", certificate.as_ref()).flag("--x5c-key", test_key(key))
}

fn token(ca: &Ca, way: Way, subject: &str) -> Program {
    ca.token(way, subject).flag("--provisioner", X5C)
}

fn pkcs8(key: &str) -> String {
    format!("{key}.pkcs8.pem")
}

/// A leaf with its signers, and the file of its key.
fn p256() -> (Chain, String) {
    (FIRST.leaf("p256"), pkcs8("p256"))
}

#[track_caller]
fn signs(ca: &Ca, host: &str, program: Program) -> Certificate {
    let certificate = ca.must_sign(&Csr::for_host(host), &program.mint());
    assert_eq!(certificate.common_name(), host);
    assert_eq!(certificate.names(), BTreeSet::from([format!("dns {host}")]));
    certificate
}

#[test]
fn a_leaf_of_every_key_type_signs_by_every_way() {
    let ca = Ca::shared();
    for (key, algorithm) in KEYS {
        let chain = FIRST.leaf(key);
        for way in Way::ALL {
            let host = format!("{key}-{way:?}.test").to_lowercase();
            let token = prove(token(ca, way, &host), chain.pem(), &pkcs8(key)).mint();
            let header = header(&token);
            assert_eq!(header["alg"], algorithm, "{host}");
            assert_eq!(header["x5c"].as_array().unwrap().len(), 2, "{host}");
            assert_eq!(header["x5c"][0], STANDARD.encode(chain.leaf()), "{host}");
            let certificate = ca.must_sign(&Csr::for_host(&host), &token);
            assert_eq!(certificate.common_name(), host);
            assert_eq!(certificate.names(), BTreeSet::from([format!("dns {host}")]));
            assert!(certificate.is_vouched_by(X5C, ""), "{host}");
        }
    }
}

#[test]
fn a_leaf_of_the_root_itself_needs_nothing_between() {
    let ca = Ca::shared();
    let chain = FIRST.leaf_of_root("p384");
    for way in Way::ALL {
        for file in [chain.pem(), chain.der()] {
            signs(ca, "db.test", prove(token(ca, way, "db.test"), file, &pkcs8("p384")));
        }
    }
}

#[test]
fn the_names_are_those_of_the_token() {
    let ca = Ca::shared();
    let (chain, key) = p256();
    for way in Way::ALL {
        let program = token(ca, way, "db.test").args(["--san", "db.test", "--san", "192.0.2.7"]);
        let names = vec![dns("db.test"), SanType::IpAddress("192.0.2.7".parse().unwrap())];
        let token = prove(program, chain.pem(), &key).mint();
        let certificate = ca.must_sign(&Csr::new("db.test", names), &token);
        let names = ["dns db.test", "ip 192.0.2.7"].map(str::to_owned);
        assert_eq!(certificate.names(), BTreeSet::from(names), "{way:?}");
    }
}

#[test]
fn a_key_is_read_in_every_form() {
    let ca = Ca::shared();
    let password = vector("test-passwords/key");
    for (leaf, key) in [
        ("p256", "p256.trad.pem"),
        ("p256", "p256.pkcs8-enc.pem"),
        ("p256", "p256.legacy-enc.pem"),
        ("p256", "p256.jwk.json"),
        ("p256", "p256.openssh"),
        ("p256", "p256.openssh-enc"),
        ("p384", "p384.openssh"),
        ("p521", "p521.trad.pem"),
        ("p521", "p521.jwk.json"),
        ("p521", "p521.openssh"),
        ("ed25519", "ed25519.jwk.json"),
        ("ed25519", "ed25519.openssh"),
        ("rsa2048", "rsa2048.trad.pem"),
        ("rsa2048", "rsa2048.jwk.json"),
        ("rsa2048", "rsa2048.openssh"),
    ] {
        let chain = FIRST.leaf(leaf);
        let program = prove(token(ca, Way::CaJson, "db.test"), chain.pem(), key);
        let sealed = key.contains("-enc");
        signs(
            ca,
            "db.test",
            if sealed { program.flag("--password-file", &password) } else { program },
        );
    }
}

#[test]
fn a_pair_alone_picks_the_provisioner_that_trusts_its_root() {
    let ca = Ca::shared();
    for way in [Way::Online, Way::CaJson] {
        for (hierarchy, name) in [(&FIRST, X5C), (&SECOND, X5C_ODD)] {
            for chain in [hierarchy.leaf("p256"), hierarchy.leaf_of_root("p256")] {
                let program = prove(ca.token(way, "db.test"), chain.pem(), &pkcs8("p256"));
                assert!(signs(ca, "db.test", program).is_vouched_by(name, ""), "{way:?}, {name}");
            }
        }
    }
}

#[test]
fn a_provisioner_may_have_a_name_that_no_url_holds() {
    let ca = Ca::shared();
    let chain = SECOND.leaf("p256");
    for way in Way::ALL {
        let program = ca.token(way, "db.test").flag("--provisioner", X5C_ODD);
        let certificate = signs(ca, "db.test", prove(program, chain.pem(), &pkcs8("p256")));
        assert!(certificate.is_vouched_by(X5C_ODD, ""), "{way:?}");
    }
}

#[test]
fn a_certificate_ends_with_the_leaf_that_asked_for_it() {
    let ca = Ca::shared();
    let chain = FIRST.leaf_for("p256", Duration::from_secs(2400));
    let token = prove(token(ca, Way::CaJson, "db.test"), chain.pem(), &pkcs8("p256")).mint();
    let certificate = ca.sign(&Csr::for_host("db.test"), &token).unwrap();
    let leaf = Certificate { der: chain.leaf().to_vec(), pem: String::new() };
    assert_eq!(certificate.validity().1, leaf.validity().1);
    assert!(certificate.is_vouched_by(X5C, ""));
}

#[test]
fn a_token_is_tied_to_one_request() {
    let ca = Ca::shared();
    let (chain, key) = p256();
    let directory = tempfile::tempdir().unwrap();
    let (file, csr) = (directory.path().join("db.csr"), Csr::for_host("db.test"));
    std::fs::write(&file, csr.pem()).unwrap();
    for way in Way::ALL {
        let bound = || {
            let program = token(ca, way, "db.test").flag("--cnf-file", &file);
            prove(program, chain.pem(), &key).mint()
        };
        ca.must_sign(&csr, &bound());
        let refusal = ca.sign(&Csr::for_host("db.test"), &bound()).unwrap_err();
        assert_eq!(refusal.status, 403, "{refusal}");
        assert!(refusal.message.contains("fingerprint does not match"), "{refusal}");
    }
}

#[test]
fn a_chain_in_the_other_header_is_refused_by_the_ca() {
    let ca = Ca::shared();
    let (chain, key) = p256();
    for way in Way::ALL {
        let program = prove(token(ca, way, "db.test"), chain.pem(), &key);
        let ran = program.args(["--x5c-insecure"]).run();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let token = ran.stdout.trim_end();
        let header = header(token);
        assert!(header["x5c"].is_null() && header["x5cInsecure"].is_array(), "{header}");
        let refusal = ca.sign(&Csr::for_host("db.test"), token).unwrap_err();
        assert_eq!(refusal.status, 401, "{refusal}");
    }
}

#[test]
fn a_user_gets_an_ssh_certificate() {
    let ca = Ca::shared();
    let (chain, key) = p256();
    for way in Way::ALL {
        let program = token(ca, way, "alice@example.test").args(["--ssh", "-n", "alice"]);
        let token = prove(program, chain.pem(), &key).mint();
        let certificate = ca.must_ssh_sign(&public_key("ed25519"), &token);
        assert!(!certificate.is_host());
        assert_eq!(certificate.key_id(), "alice@example.test");
        assert_eq!(certificate.principals(), ["alice"]);
    }
}

#[test]
fn a_host_gets_an_ssh_certificate_for_as_long_as_it_asks() {
    let ca = Ca::shared();
    let (chain, key) = p256();
    for way in Way::ALL {
        let program = token(ca, way, "db").args(["--ssh", "--host", "--principal", "db.test"]);
        let program = program.args(["--cert-not-before", "1m", "--cert-not-after", "46m"]);
        let token = prove(program, chain.pem(), &key).mint();
        let certificate = ca.must_ssh_sign(&public_key("p256"), &token);
        assert!(certificate.is_host());
        assert_eq!(certificate.key_id(), "db");
        assert_eq!(certificate.principals(), ["db.test"]);
        let (from, until) = certificate.validity();
        assert_eq!(until - from, 2700);
    }
}

#[test]
fn a_certificate_is_revoked() {
    let ca = Ca::shared();
    let (chain, key) = p256();
    for way in Way::ALL {
        let issued = signs(ca, "db.test", prove(token(ca, way, "db.test"), chain.pem(), &key));
        let revoke = || {
            let program = token(ca, way, &issued.serial()).args(["--revoke"]);
            prove(program, chain.pem(), &key).mint()
        };
        ca.revoke(&issued.serial(), &revoke()).unwrap();
        let again = ca.revoke(&issued.serial(), &revoke()).unwrap_err();
        assert!(again.message.contains("already revoked"), "{again}");
    }
}
