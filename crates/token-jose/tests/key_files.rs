//! Every encoding of a private key, with the recorded test keys: how it is read and that it signs.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use token_jose::{
    Algorithm, Error, Header, KeyFile, KeyId, Passphrase, PrivateKey, PublicKey, SigningKey as _,
    compact,
};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/vectors")
}

fn read(name: &str) -> Vec<u8> {
    let path = vectors().join("test-keys").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn passphrase(name: &str) -> Passphrase {
    let bytes =
        std::fs::read(vectors().join("test-passwords").join(name)).expect("a password file");
    Passphrase::new(bytes.trim_ascii_end().to_vec())
}

fn open(name: &str, secret: &str) -> PrivateKey {
    match KeyFile::parse(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}")) {
        KeyFile::Plain(key) => *key,
        KeyFile::Sealed(sealed) => {
            let wrong = sealed.open(&Passphrase::new(b"not this one".to_vec()));
            assert!(matches!(wrong, Err(Error::WrongPassphrase)), "{name}");
            sealed.open(&passphrase(secret)).unwrap_or_else(|error| panic!("{name}: {error}"))
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_nul_in_a_passphrase_is_a_byte_like_any_other() {
    let sealed =
        ["p256.legacy-enc.pem", "p256.pkcs8-enc.pem", "p256.openssh-enc", "p256.sealed.jwe"];
    for name in sealed {
        let Ok(KeyFile::Sealed(sealed)) = KeyFile::parse(&read(name)) else { panic!("{name}") };
        for wrong in [&b"\0"[..], b"p\0w\0", &[b'a'; 2_000]] {
            let opened = sealed.open(&Passphrase::new(wrong.to_vec()));
            assert!(matches!(opened, Err(Error::WrongPassphrase)), "{name}: {opened:?}");
        }
    }
}

fn thumbprint(kind: &str) -> String {
    let all: serde_json::Value = serde_json::from_slice(&read("thumbprints.json")).expect("a list");
    all[kind].as_str().expect("a thumbprint").to_owned()
}

#[test]
fn every_encoding_of_every_kind_signs() {
    for (name, secret, algorithm) in [
        ("p256.pkcs8.pem", "", Algorithm::Es256),
        ("p256.trad.pem", "", Algorithm::Es256),
        ("p256.ecparams.pem", "", Algorithm::Es256),
        ("p256.openssh", "", Algorithm::Es256),
        ("p256.jwk.json", "", Algorithm::Es256),
        ("p256.kid.jwk.json", "", Algorithm::Es256),
        ("p384.pkcs8.pem", "", Algorithm::Es384),
        ("p384.trad.pem", "", Algorithm::Es384),
        ("p384.openssh", "", Algorithm::Es384),
        ("p384.jwk.json", "", Algorithm::Es384),
        ("p521.pkcs8.pem", "", Algorithm::Es512),
        ("p521.trad.pem", "", Algorithm::Es512),
        ("p521.openssh", "", Algorithm::Es512),
        ("p521.jwk.json", "", Algorithm::Es512),
        ("rsa2048.pkcs8.pem", "", Algorithm::Rs256),
        ("rsa2048.trad.pem", "", Algorithm::Rs256),
        ("rsa2048.openssh", "", Algorithm::Rs256),
        ("rsa2048.jwk.json", "", Algorithm::Rs256),
        ("rsa2048.ps256.jwk.json", "", Algorithm::Ps256),
        ("rsa2048.rs512.jwk.json", "", Algorithm::Rs512),
        ("ed25519.pkcs8.pem", "", Algorithm::EdDsa),
        ("ed25519.openssh", "", Algorithm::EdDsa),
        ("ed25519.jwk.json", "", Algorithm::EdDsa),
        ("p256.pkcs8-enc.pem", "key", Algorithm::Es256),
        ("p256.pkcs8-enc-sha512.pem", "key", Algorithm::Es256),
        ("p256.pkcs8-enc-scrypt.pem", "key", Algorithm::Es256),
        ("p256.legacy-enc.pem", "key", Algorithm::Es256),
        ("p256.openssh-enc", "key", Algorithm::Es256),
        ("rsa2048.pkcs8-enc-sha1.pem", "key", Algorithm::Rs256),
        ("rsa2048.legacy-des3.pem", "key", Algorithm::Rs256),
        ("p256.sealed.jwe", "provisioner", Algorithm::Es256),
        ("p256.sealed.flat.json", "provisioner", Algorithm::Es256),
        ("p256.sealed.hs512.jwe", "provisioner", Algorithm::Es256),
        ("p256.sealed.p2c-1000000.jwe", "provisioner", Algorithm::Es256),
        ("p256.sealed.p2c-1000001.jwe", "provisioner", Algorithm::Es256),
        ("p384.sealed.jwe", "provisioner", Algorithm::Es384),
        ("rsa2048.sealed.jwe", "provisioner", Algorithm::Ps256),
        ("ed25519.sealed.jwe", "provisioner", Algorithm::EdDsa),
    ] {
        let kind = name.split('.').next().unwrap();
        let key = open(name, secret);
        assert_eq!(key.algorithm(), algorithm, "{name}");
        assert_eq!(key.public_key().thumbprint().to_string(), thumbprint(kind), "{name}");

        let kid = KeyId::from(key.public_key().thumbprint());
        let token = compact::Signer::new(&Header::new(algorithm, kid), &key).sign(b"{}").unwrap();
        let public = PublicKey::from_pem(&read(&format!("{kind}.pub.pem"))).unwrap();
        assert_eq!(&public, key.public_key(), "{name}");
        compact::decode_unverified(token.expose()).unwrap().verify(algorithm, &public).unwrap();
    }
}

#[test]
fn a_sealed_openssh_key_shows_its_public_half() {
    let KeyFile::Sealed(sealed) = KeyFile::parse(&read("p256.openssh-enc")).unwrap() else {
        panic!("it is sealed");
    };
    let thumb = sealed.public_key().unwrap().thumbprint().to_string();
    assert_eq!(thumb, thumbprint("p256"));
}

#[test]
fn openssh_keys_of_every_shape_are_read() {
    // ssh-keygen itself writes them: half of the P-521 scalars begin with a zero byte.
    let folder = tempfile::tempdir().unwrap();
    for (index, kind, bits) in
        (0..6).map(|i| (i, "ecdsa", "521")).chain([(6, "rsa", "2048"), (7, "ed25519", "256")])
    {
        for passphrase in ["", "secret"] {
            let path = folder.path().join(format!("{index}{passphrase}"));
            let status = std::process::Command::new("ssh-keygen")
                .args(["-q", "-t", kind, "-b", bits, "-N", passphrase, "-C", "a comment", "-f"])
                .arg(&path)
                .status()
                .expect("ssh-keygen runs: install openssh-client");
            assert!(status.success());
            match KeyFile::parse(&std::fs::read(&path).unwrap()).unwrap() {
                KeyFile::Plain(_) => assert_eq!(passphrase, ""),
                KeyFile::Sealed(sealed) => {
                    let key = sealed.open(&Passphrase::new(passphrase.into())).unwrap();
                    assert_eq!(sealed.public_key(), Some(key.public_key()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn text_around_a_key_is_skipped() {
    // Q59: a byte order mark, "Bag Attributes" and text after the block.
    let pem = String::from_utf8(read("p256.pkcs8.pem")).unwrap();
    for text in [
        format!("\u{feff}{pem}"),
        format!("\n\nBag Attributes\n    friendlyName: x\n{pem}\nthe end\n"),
        pem.replace('\n', "\r\n"),
    ] {
        assert!(matches!(KeyFile::parse(text.as_bytes()), Ok(KeyFile::Plain(_))));
    }
}

#[test]
fn two_keys_in_one_file_are_refused() {
    let both = [read("p256.pkcs8.pem"), read("p384.trad.pem")].concat();
    assert!(matches!(KeyFile::parse(&both), Err(Error::SeveralKeys { count: 2 })));
}

#[test]
fn what_cannot_sign_says_what_it_is() {
    for (name, part) in [
        ("notakey.txt", "is not a key"),
        ("unknown.pem", "`FOO`"),
        ("p256.pub.pem", "only `PUBLIC KEY`"),
        ("p256.pub.jwk.json", "public key"),
        ("oct.jwk.json", "symmetric"),
        ("p224.pkcs8.pem", "secp224r1"),
        ("p224.trad.pem", "secp224r1"),
        ("x25519.pkcs8.pem", "X25519"),
        ("p256.wrongalg.jwk.json", "ES384"),
    ] {
        let message = KeyFile::parse(&read(name)).unwrap_err().to_string();
        assert!(message.contains(part), "{name}: {message}");
    }
    assert!(matches!(KeyFile::parse(b" \n"), Err(Error::Empty)));
}

#[test]
fn a_nebula_key_is_named() {
    let bytes = std::fs::read(vectors().join("nebula/host-v1.key")).unwrap();
    let message = KeyFile::parse(&bytes).unwrap_err().to_string();
    assert!(message.contains("NEBULA X25519 PRIVATE KEY"), "{message}");
}

#[test]
fn a_short_rsa_key_is_refused_with_its_size() {
    let key = openssl::rsa::Rsa::generate(1024).unwrap();
    let message = KeyFile::parse(&key.private_key_to_pem().unwrap()).unwrap_err().to_string();
    assert!(message.contains("1024 bits"), "{message}");
}

#[test]
fn numbers_that_only_make_work_are_refused_at_once() {
    let dsa = openssl::dsa::Dsa::generate(1024).unwrap();
    let dsa = openssl::pkey::PKey::from_dsa(dsa).unwrap().private_key_to_pem_pkcs8().unwrap();
    let message = KeyFile::parse(&dsa).unwrap_err().to_string();
    assert!(message.contains("DSA"), "{message}");

    let mut jwk: serde_json::Value = serde_json::from_slice(&read("rsa2048.jwk.json")).unwrap();
    jwk["p"] = "_".repeat(4000).into();
    let refused = KeyFile::parse(jwk.to_string().as_bytes());
    assert!(matches!(refused, Err(Error::InconsistentKey)), "{refused:?}");
}

#[test]
fn what_a_ca_sends_is_no_pem() {
    let pem = String::from_utf8(read("p256.pkcs8.pem")).unwrap();
    assert!(KeyFile::parse_jwk(&pem).is_err());
    assert!(KeyFile::parse_jwk(&String::from_utf8(read("p256.sealed.jwe")).unwrap()).is_ok());
}

#[test]
fn a_damaged_key_never_panics() {
    for name in [
        "p256.pkcs8.pem",
        "p256.pkcs8-enc.pem",
        "p256.pkcs8-enc-scrypt.pem",
        "p256.openssh-enc",
        "rsa2048.openssh",
        "p256.sealed.jwe",
    ] {
        let bytes = read(name);
        for at in (0..bytes.len()).step_by(3) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            let _ = KeyFile::parse(&damaged);
            let _ = KeyFile::parse(&bytes[..at]);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = KeyFile::parse(&bytes);
    }

    #[test]
    fn any_text_in_pem_armour_is_read_without_panic(
        label in prop::sample::select(vec![
            "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY",
        ]),
        body in "[A-Za-z0-9+/=\n:, -]{0,200}",
    ) {
        let text = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        let _ = KeyFile::parse(text.as_bytes());
    }
}
