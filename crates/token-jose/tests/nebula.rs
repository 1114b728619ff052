//! Keys of nebula-cert, and the signatures that `step ca token` 0.30.6 made with them.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use token_jose::{
    Algorithm, Error, Header, KeyFile, KeyId, KeyKind, PrivateKey, ProofHeader, PublicKey,
    SigningKey as _, compact,
};

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/vectors").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn open(pem: &[u8]) -> Result<PrivateKey, Error> {
    match KeyFile::parse_nebula(pem)? {
        KeyFile::Plain(key) => Ok(*key),
        other => panic!("{other:?}"),
    }
}

fn contents(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).expect("PEM");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).expect("base64")
}

fn pem(label: &str, contents: &[u8]) -> Vec<u8> {
    let body = STANDARD.encode(contents);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").into_bytes()
}

/// Returns the recorded token of a run.
fn token(run: &str) -> String {
    let runs: serde_json::Value = serde_json::from_slice(&read("runs.json")).expect("JSON");
    let runs = runs["runs"].as_array().expect("runs");
    let run = runs.iter().find(|found| found["name"] == run).expect("the run");
    let segments = run["token"]["segments"].as_array().expect("segments");
    segments.iter().map(|part| part.as_str().expect("text")).collect::<Vec<_>>().join(".")
}

#[test]
fn recorded_tokens_verify_with_the_public_half_of_their_key() {
    for (run, key, algorithm) in [
        ("nebula v1 x25519", "nebula/host-v1.key", Algorithm::XEdDsa),
        ("nebula v2 x25519", "nebula/host-v2.key", Algorithm::XEdDsa),
        ("nebula ssh host", "nebula/host-v1.key", Algorithm::XEdDsa),
        ("nebula v2 p256", "nebula/host-p256.key", Algorithm::Es256),
        ("nebula v2 p256", "nebula/host-p256.pkcs8.pem", Algorithm::Es256),
    ] {
        let token = token(run);
        let key = open(&read(key)).unwrap();
        assert_eq!(key.algorithm(), algorithm, "{run}");
        let parts = compact::decode_unverified(&token).unwrap();
        parts.verify(algorithm, key.public_key()).unwrap();

        let header: serde_json::Value = serde_json::from_slice(&parts.header).unwrap();
        assert_eq!(header["kid"], key.public_key().thumbprint().to_string(), "{run}");
        let mut changed = parts;
        changed.signature[40] ^= 1;
        assert!(matches!(changed.verify(algorithm, key.public_key()), Err(Error::BadSignature)));
    }
}

#[test]
fn an_x25519_key_that_openssl_sealed_is_opened_at_the_door_for_nebula_alone() {
    let key = openssl::pkey::PKey::generate_x25519().unwrap();
    let cipher = openssl::symm::Cipher::aes_256_cbc();
    let pem = key.private_key_to_pem_pkcs8_passphrase(cipher, b"password").unwrap();
    let passphrase = token_jose::Passphrase::new(b"password".to_vec());
    let open = |file: Result<KeyFile, Error>| match file.unwrap() {
        KeyFile::Sealed(sealed) => sealed.open(&passphrase),
        other => panic!("{other:?}"),
    };
    let public = PublicKey::from_raw(KeyKind::X25519, &key.raw_public_key().unwrap()).unwrap();
    assert_eq!(open(KeyFile::parse_nebula(&pem)).unwrap().public_key(), &public);
    assert!(matches!(open(KeyFile::parse(&pem)), Err(Error::UnsupportedKey { .. })));
}

#[test]
fn a_header_is_written_as_step_writes_it() {
    let key = open(&read("nebula/host-v1.key")).unwrap();
    let header = Header::new(key.algorithm(), KeyId::from(key.public_key().thumbprint()))
        .with(ProofHeader::Nebula(contents(&read("nebula/host-v1.crt"))));
    let token = compact::Signer::new(&header, &key).sign(b"{}").unwrap();
    let recorded = self::token("nebula v1 x25519");
    assert_eq!(token.expose().split('.').next(), recorded.split('.').next());
}

#[test]
fn the_keys_of_authorities_sign_too() {
    for (name, kind) in [
        ("nebula/ca.key", KeyKind::Ed25519),
        ("nebula/ca-v2.key", KeyKind::Ed25519),
        ("nebula/ca-p256.key", KeyKind::P256),
    ] {
        let key = open(&read(name)).unwrap();
        assert_eq!(key.public_key().kind(), kind, "{name}");
        let signature = key.sign(b"message").unwrap();
        key.public_key().verify(key.algorithm(), b"message", &signature).unwrap();
    }
    let same = open(&read("nebula/ca.pkcs8.pem")).unwrap();
    assert_eq!(same.public_key(), open(&read("nebula/ca.key")).unwrap().public_key());
    let public = PublicKey::from_pem(&read("nebula/host-p256.pub.pem"));
    let native = open(&read("nebula/host-p256.key")).unwrap();
    assert_eq!(native.public_key(), &public.unwrap());
}

#[test]
fn an_x25519_key_in_pkcs8_is_the_same_key() {
    let scalar = contents(&read("nebula/host-v1.key"));
    // RFC 8410 §7.
    let der =
        [b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20", &*scalar].concat();
    let der = pem("PRIVATE KEY", &der);
    let key = open(&der).unwrap();
    assert_eq!(key.public_key(), open(&read("nebula/host-v1.key")).unwrap().public_key());
    let message = KeyFile::parse(&der).unwrap_err().to_string();
    assert!(message.contains("X25519"), "{message}");
}

#[test]
fn every_other_form_is_read_too() {
    for name in ["p256.pkcs8.pem", "ed25519.openssh", "p256.jwk.json", "rsa2048.trad.pem"] {
        open(&read(&format!("test-keys/{name}"))).unwrap();
    }
    let sealed = KeyFile::parse_nebula(&read("test-keys/p256.sealed.jwe"));
    assert!(matches!(sealed, Ok(KeyFile::Sealed(_))));
    let refused = KeyFile::parse_nebula(br#"{"kty":"OKP","crv":"X25519","x":"AA","d":"AA"}"#);
    assert!(matches!(refused, Err(Error::UnsupportedKey { .. })));
}

#[test]
fn the_usual_door_takes_no_nebula_label() {
    for name in ["host-v1.key", "host-p256.key", "ca.key", "ca-p256.key"] {
        let refused = KeyFile::parse(&read(&format!("nebula/{name}")));
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("labelled `NEBULA "), "{name}: {message}");
    }
}

#[test]
fn what_the_label_does_not_promise_is_damage() {
    for (label, right) in [
        ("NEBULA X25519 PRIVATE KEY", 32),
        ("NEBULA P256 PRIVATE KEY", 32),
        ("NEBULA ECDSA P256 PRIVATE KEY", 32),
        ("NEBULA ED25519 PRIVATE KEY", 64),
    ] {
        for len in [0, right - 1, right + 1] {
            let refused = open(&pem(label, &vec![1; len])).unwrap_err();
            assert!(matches!(&refused, Error::DamagedPem { label: named, .. } if named == label));
            assert!(refused.to_string().contains(&format!("{len} bytes instead of {right}")));
        }
    }
    for number in [0, 0xff] {
        let refused = open(&pem("NEBULA P256 PRIVATE KEY", &[number; 32])).unwrap_err();
        assert!(matches!(refused, Error::DamagedPem { .. }), "{refused}");
    }
    let mut halves = contents(&read("nebula/ca.key"));
    halves[0] ^= 1;
    let refused = open(&pem("NEBULA ED25519 PRIVATE KEY", &halves));
    assert!(matches!(refused, Err(Error::InconsistentKey)));
    let refused = open(&pem("NEBULA P384 PRIVATE KEY", &[1; 48]));
    assert!(matches!(refused, Err(Error::UnsupportedKey { .. })));
}

#[test]
fn what_nebula_cert_sealed_is_named() {
    for label in ["NEBULA ED25519 ENCRYPTED PRIVATE KEY", "NEBULA ECDSA P256 ENCRYPTED PRIVATE KEY"]
    {
        let refused = open(&pem(label, &[1; 100])).unwrap_err();
        assert!(matches!(refused, Error::UnsupportedSealing { .. }), "{refused}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(
        label in prop::sample::select(vec![
            "NEBULA X25519 PRIVATE KEY", "NEBULA P256 PRIVATE KEY", "NEBULA ED25519 PRIVATE KEY",
            "PRIVATE KEY",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let _ = KeyFile::parse_nebula(&bytes);
        let _ = KeyFile::parse_nebula(&pem(label, &bytes));
    }
}
