//! Key files of every kind: PEM in all its labels, OpenSSH, JWK and sets of them, public keys.
//!
//! A key that was accepted signs, and its public half verifies what it signed. Of the sealed ones
//! only legacy PEM is opened: its derivation is one hash, that of the others is work by design.

#![no_main]

use libfuzzer_sys::fuzz_target;
use token_jose::{KeyFile, Passphrase, PrivateKey, PublicKey, SigningKey as _};

fuzz_target!(|data: &[u8]| {
    match KeyFile::parse(data) {
        Ok(KeyFile::Plain(key)) => use_private(&key),
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

    let public = match data.first() {
        Some(b'{') => PublicKey::from_jwk(std::str::from_utf8(data).unwrap_or_default()),
        Some(0x30) => PublicKey::from_spki(data),
        _ if data.windows(10).any(|window| window == b"PUBLIC KEY") => PublicKey::from_pem(data),
        _ => return,
    };
    match public {
        Ok(key) => use_public(&key),
        Err(error) => drop(format!("{error} {error:?}")),
    }
});

fn use_private(key: &PrivateKey) {
    let _ = format!("{key:?}");
    use_public(key.public_key());
    let signature = key.sign(b"message").expect("an accepted key signs");
    let verified = key.public_key().verify(key.algorithm(), b"message", &signature);
    assert!(verified.is_ok(), "{key:?} signs what it does not verify: {verified:?}");
}

fn use_public(key: &PublicKey) {
    let jwk = key.to_jwk();
    let again = PublicKey::from_jwk(&jwk).expect("its own JWK");
    assert_eq!(&again, key);
    assert_eq!(again.thumbprint(), key.thumbprint());
}
