//! Key files of every kind: PEM with all labels, OpenSSH, JWK and sets of them, nebula-cert's own
//! labels, public keys.
//!
//! An accepted key signs, and its public key verifies the signature. Of the sealed ones
//! only legacy PEM is opened: its derivation is one hash, the others are slow by design.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use token_jose::{
    Algorithm, Error, KeyFile, KeyKind, Passphrase, PrivateKey, PublicKey, SigningKey as _,
};

/// The types of raw keys, by the byte that the target puts before them, from 1.
const KINDS: [KeyKind; 6] =
    [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Ed25519, KeyKind::X25519, KeyKind::Rsa];

/// The object identifiers of RSASSA-PSS (RFC 4055 §3.1), and of what verifies without parameters
/// (RFC 8017 §A.2.4, RFC 8410 §3).
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The key for trying signature parameters.
const RSA: &[u8] = include_bytes!("../../testdata/vectors/test-keys/rsa2048.pub.pem");

fuzz_target!(|data: &[u8]| {
    let usual = use_file(KeyFile::parse(data));
    let nebula = use_file(KeyFile::parse_nebula(data));
    assert!(usual.is_none() || usual == nebula, "a Nebula key is in any form");

    let public = match data.first() {
        Some(b'{') => PublicKey::from_jwk(std::str::from_utf8(data).unwrap_or_default()),
        Some(0x30) => PublicKey::from_spki(data),
        Some(0) => PublicKey::from_openssh(data),
        Some(0xa0) => return parameters_verify_nothing(data),
        _ if data.windows(10).any(|window| window == b"PUBLIC KEY") => PublicKey::from_pem(data),
        Some(&kind @ 1..=6) => PublicKey::from_raw(KINDS[usize::from(kind) - 1], &data[1..]),
        _ => return,
    };
    match public {
        Ok(key) => use_public(&key),
        Err(error) => drop(format!("{error} {error:?}")),
    }
});

/// Returns the public key of a key that is not sealed.
fn use_file(file: Result<KeyFile, Error>) -> Option<PublicKey> {
    match file {
        Ok(KeyFile::Plain(key)) => {
            use_private(&key);
            return Some(key.public_key().clone());
        }
        Ok(KeyFile::Set(set)) => {
            let _ = format!("{set:?}");
            if let Ok(key) = set.select(None) {
                use_private(&key);
            }
            let named = "1".parse().expect("a key ID");
            if let Ok(key) = set.select(Some(&named)) {
                assert_eq!(key.key_id(), Some(&named));
                use_private(&key);
            }
        }
        Ok(KeyFile::Sealed(sealed)) => {
            if let Some(public) = sealed.public_key() {
                use_public(public);
            }
            if format!("{sealed:?}").contains("legacy PEM")
                && let Ok(key) = sealed.open(&Passphrase::new(b"test-pass-key".to_vec()))
            {
                use_private(&key);
            }
        }
        Ok(other) => drop(format!("{other:?}")),
        Err(error) => drop(format!("{error} {error:?}")),
    }
    None
}

fn use_private(key: &PrivateKey) {
    let _ = format!("{key:?}");
    let public = key.public_key();
    use_public(public);
    let signature = key.sign(b"message").expect("an accepted key signs");
    let verified = public.verify(key.algorithm(), b"message", &signature);
    assert!(verified.is_ok(), "{key:?} signs what it does not verify: {verified:?}");

    // The same signature in a certificate, where both have the same encoding.
    let in_certificates = match key.algorithm() {
        Algorithm::Rs256 => RSA_SHA256,
        Algorithm::EdDsa => ED25519,
        _ => return,
    };
    assert!(public.verify_x509(in_certificates, &[], b"message", &signature).is_ok());
    assert!(public.verify_x509(in_certificates, &[], b"massage", &signature).is_err());
}

fn use_public(key: &PublicKey) {
    let jwk = key.to_jwk();
    if key.kind() == KeyKind::X25519 {
        assert!(PublicKey::from_jwk(&jwk).is_err(), "only a Nebula certificate has such a key");
    } else {
        let again = PublicKey::from_jwk(&jwk).expect("its own JWK");
        assert_eq!(&again, key);
        assert_eq!(again.thumbprint(), key.thumbprint());
    }
    if let Some(bare) = bare(&jwk) {
        assert_eq!(PublicKey::from_raw(key.kind(), &bare).as_ref().ok(), Some(key));
    }
}

/// Takes the raw bytes of a key from its JWK; RSA has none.
fn bare(jwk: &str) -> Option<Vec<u8>> {
    let jwk: Value = serde_json::from_str(jwk).expect("a JWK is JSON");
    let member = |name| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
    match member("y") {
        Some(y) => Some([vec![4], member("x")?, y].concat()),
        None => member("x"),
    }
}

fn parameters_verify_nothing(parameters: &[u8]) {
    let key = PublicKey::from_pem(RSA).expect("a key of the test data");
    let verified = key.verify_x509(RSA_PSS, parameters, b"message", &[0; 256]);
    assert!(verified.is_err(), "a signature out of nothing");
}
