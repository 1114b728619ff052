use proptest::prelude::*;

use super::*;
use crate::testing::{NOW, vector};

fn reason(kind: &Kind) -> Option<String> {
    anchor_fault(kind, NOW).map(|fault| fault.to_string())
}

fn x5c(roots: &[u8]) -> Option<String> {
    reason(&Kind::X5c { roots: roots.to_vec() })
}

fn nebula(roots: &[u8]) -> Option<String> {
    reason(&Kind::Nebula { roots: roots.to_vec() })
}

fn keys(public_keys: &[u8]) -> Option<String> {
    reason(&Kind::K8sSa { public_keys: public_keys.to_vec() })
}

#[test]
fn roots_in_pem_are_what_an_x5c_provisioner_needs() {
    let root = vector("certs/root_ca.crt");
    assert_eq!(x5c(&root), None);
    assert_eq!(x5c(&[b"text\n".as_slice(), &root, b"\nmore text"].concat()), None);
    let key = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assert_eq!(
        x5c(&[key.as_slice(), &root].concat()).unwrap(),
        "its `roots` has a section `PUBLIC KEY` on line 1, which is not a certificate"
    );
    // Go ignores a section that is not base64, and finds nothing else.
    let torn = b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
    for text in [b"no certificate".as_slice(), torn] {
        assert_eq!(x5c(text).unwrap(), "its `roots` has no certificate in PEM");
    }
    assert_eq!(x5c(&[torn.as_slice(), &root].concat()), None);
}

#[test]
fn a_nebula_provisioner_needs_certificates_of_cas_that_are_valid_at_its_start() {
    let ca = vector("nebula/ca.crt");
    assert_eq!(nebula(&ca), None);
    assert_eq!(nebula(&[&ca, b"\n \n".as_slice()].concat()), None);
    assert!(nebula(&[&ca, b"text".as_slice()].concat()).unwrap().contains("text behind"));
    let host = vector("nebula/host-v1.crt");
    assert_eq!(
        nebula(&[ca.as_slice(), &host].concat()).unwrap(),
        "its `roots` has `host-1.example.test`, which is not a CA certificate"
    );
    assert!(nebula(&vector("certs/root_ca.crt")).unwrap().contains("not a Nebula certificate"));
    assert!(nebula(b"text").unwrap().contains("cannot be used"));
    let kind = Kind::Nebula { roots: ca };
    let at = |seconds| anchor_fault(&kind, Timestamp::from_unix_seconds(seconds));
    assert!(at(0).unwrap().to_string().contains("which is not valid until"));
    assert!(at(i64::from(u32::MAX) * 4).unwrap().to_string().contains("which expired at"));
}

#[test]
fn kubernetes_keys_are_public_and_of_a_type_that_signs() {
    for good in [vector("certs/root_ca.crt"), Vec::new(), b"text".to_vec()] {
        assert_eq!(keys(&good), None);
    }
    let private = vector("test-keys/p256.pkcs8.pem");
    assert_eq!(
        keys(&private).unwrap(),
        "its `publicKeys` has a section `PRIVATE KEY` on line 1, which is not a public key"
    );
    // X25519 (RFC 8410 §10.1 with another key) agrees on secrets and signs nothing.
    let x25519 = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    assert!(keys(x25519.as_bytes()).is_some());
    let secp256k1 = "-----BEGIN PUBLIC KEY-----\n\
        MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEQNWSKWrm+TkYsJraATta8z0VNKsVqlAb\n\
        qPL6CBeF2XIeVu4pwe/JtpFae8QB+3QyoaK/LjP8jBk/SDXkSCo0EA==\n-----END PUBLIC KEY-----\n";
    assert!(keys(secp256k1.as_bytes()).is_some());
    let ed25519 = x25519.replace("MCowBQYDK2VuAyEA", "MCowBQYDK2VwAyEA");
    assert_eq!(keys(ed25519.as_bytes()), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, label in "(CERTIFICATE|PUBLIC KEY|NEBULA CERTIFICATE)", body in "[A-Za-z0-9+/=\n-]{0,80}") {
        let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        for text in [bytes.as_slice(), pem.as_bytes()] {
            let _ = (x5c(text), nebula(text), keys(text));
        }
    }
}
