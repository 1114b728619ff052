//! Public keys in every form that certificates and agents use.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use token_jose::{Error, KeyKind, PublicKey};

const KINDS: [KeyKind; 5] =
    [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Rsa, KeyKind::Ed25519];

/// Reads the recorded test key of this kind in one of its forms.
fn read(kind: KeyKind, form: &str) -> String {
    let name = match kind {
        KeyKind::P256 => "p256",
        KeyKind::P384 => "p384",
        KeyKind::P521 => "p521",
        KeyKind::Rsa => "rsa2048",
        KeyKind::Ed25519 => "ed25519",
        other => panic!("no test key of kind {other}"),
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/vectors/test-keys");
    std::fs::read_to_string(path.join(format!("{name}.{form}"))).expect("a test key")
}

fn recorded(kind: KeyKind) -> PublicKey {
    PublicKey::from_jwk(&read(kind, "pub.jwk.json")).expect("a public key")
}

/// Decodes the lines between the first and the last.
fn contents(pem: &str) -> Vec<u8> {
    STANDARD
        .decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>())
        .expect("base64")
}

fn string(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (len, rest) = bytes.split_first_chunk::<4>().expect("a length");
    rest.split_at(u32::from_be_bytes(*len) as usize)
}

fn ssh(parts: &[&[u8]]) -> Vec<u8> {
    let len = |part: &[u8]| u32::try_from(part.len()).expect("a few bytes").to_be_bytes();
    parts.iter().flat_map(|part| [&len(part), *part].concat()).collect()
}

/// Returns the wire encoding from an OpenSSH private key, which contains it unencrypted.
fn openssh_blob(kind: KeyKind) -> Vec<u8> {
    let contents = contents(&read(kind, "openssh"));
    let mut rest = contents.strip_prefix(b"openssh-key-v1\0").expect("a header");
    for _ in ["cipher", "kdf", "kdf options"] {
        rest = string(rest).1;
    }
    string(&rest[4..]).0.to_vec()
}

#[test]
fn every_form_is_the_same_key() {
    for kind in KINDS {
        let key = recorded(kind);
        let pem = read(kind, "pub.pem");
        assert_eq!(PublicKey::from_pem(pem.as_bytes()).unwrap(), key);
        assert_eq!(PublicKey::from_spki(&contents(&pem)).unwrap(), key);
        assert_eq!(PublicKey::from_openssh(&openssh_blob(kind)).unwrap(), key);
        assert_eq!(key.kind(), kind);
    }
}

#[test]
fn bare_bytes_are_a_key_of_the_kind_that_is_named() {
    for (kind, len) in
        [(KeyKind::P256, 65), (KeyKind::P384, 97), (KeyKind::P521, 133), (KeyKind::Ed25519, 32)]
    {
        let spki = contents(&read(kind, "pub.pem"));
        let raw = &spki[spki.len() - len..];
        assert_eq!(PublicKey::from_raw(kind, raw).unwrap(), recorded(kind));
        for wrong in [&raw[1..], &[raw, &[0]].concat(), b""] {
            assert!(matches!(PublicKey::from_raw(kind, wrong), Err(Error::Malformed { .. })));
        }
    }
    assert!(matches!(PublicKey::from_raw(KeyKind::Rsa, &[1; 256]), Err(Error::Malformed { .. })));
}

#[test]
fn a_compressed_point_is_the_same_key() {
    // AlgorithmIdentifier of P-256 in front of a bit string of 33 bytes.
    const PREFIX: &[u8] = b"\x30\x39\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x22\x00";
    let spki = contents(&read(KeyKind::P256, "pub.pem"));
    let (x, y) = spki[spki.len() - 64..].split_at(32);
    let compressed = [PREFIX, &[2 | (y[31] & 1)], x].concat();
    assert_eq!(PublicKey::from_spki(&compressed).unwrap(), recorded(KeyKind::P256));
}

#[test]
fn a_point_off_the_curve_is_refused_in_every_form() {
    let mut spki = contents(&read(KeyKind::P256, "pub.pem"));
    *spki.last_mut().unwrap() ^= 1;
    assert!(matches!(PublicKey::from_spki(&spki), Err(Error::Malformed { .. })));
    let mut blob = openssh_blob(KeyKind::P256);
    *blob.last_mut().unwrap() ^= 1;
    assert!(matches!(PublicKey::from_openssh(&blob), Err(Error::Malformed { .. })));
}

#[test]
fn what_cannot_belong_to_a_provisioner_is_named() {
    // RFC 8410 §4, with the key of Alice from RFC 7748 §6.1.
    let x25519 = "MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";
    let x25519 = PublicKey::from_spki(&STANDARD.decode(x25519).unwrap()).unwrap_err();
    assert!(x25519.to_string().contains("X25519"), "{x25519}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let p224 = path.join("../../testdata/vectors/test-keys/p224.pub.pem");
    let p224 = contents(&std::fs::read_to_string(p224).unwrap());
    let p224 = PublicKey::from_spki(&p224).unwrap_err().to_string();
    assert!(p224.contains("secp224r1"), "{p224}");

    let sk: &[u8] = b"sk-ssh-ed25519@openssh.com";
    for (name, blob) in [
        ("sk-ssh-ed25519", ssh(&[sk, &[7; 32], b"ssh:"])),
        ("sk-ssh-ed25519", ssh(&[sk, &[7; 32]])),
        ("ssh-dss", ssh(&[b"ssh-dss", &[7; 128], &[7; 20], &[7; 128], &[7; 128]])),
        ("ssh-ed25519-cert-v01", ssh(&[b"ssh-ed25519-cert-v01@openssh.com", &[7; 32]])),
    ] {
        let error = PublicKey::from_openssh(&blob).unwrap_err();
        assert!(matches!(error, Error::UnsupportedKey { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_damaged_wire_encoding_says_so() {
    for kind in KINDS {
        let blob = openssh_blob(kind);
        let short = &blob[..blob.len() - 1];
        for damaged in [short, &[&blob, &[0; 1][..]].concat(), b"", b"\0\0\0\0"] {
            let error = PublicKey::from_openssh(damaged).unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{error}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = PublicKey::from_spki(&bytes);
        let _ = PublicKey::from_openssh(&bytes);
        for kind in KINDS {
            let _ = PublicKey::from_raw(kind, &bytes);
        }
    }

    #[test]
    fn a_damaged_key_never_panics(kind in prop::sample::select(&KINDS[..]), at: prop::sample::Index, bit in 0..8_u8) {
        let damage = |mut bytes: Vec<u8>| {
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            bytes
        };
        let _ = PublicKey::from_spki(&damage(contents(&read(kind, "pub.pem"))));
        let _ = PublicKey::from_openssh(&damage(openssh_blob(kind)));
    }
}
