//! The contents of a validly sealed key: the bytes are sealed here and opened again.
//!
//! The first byte chooses: if odd, the rest is inflated as `zip` (RFC 7516 §4.1.3); if even, it
//! is the JWK itself.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use openssl::symm::{Cipher, encrypt_aead};
use token_jose::{KeyFile, Passphrase};

const KEY: &[u8; 16] = b"0123456789abcdef";
const IV: &[u8; 12] = b"0123456789ab";

fuzz_target!(|data: &[u8]| {
    let Some((&choice, content)) = data.split_first() else { return };
    let header = match choice % 2 {
        0 => r#"{"alg":"dir","enc":"A128GCM"}"#,
        _ => r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#,
    };
    let header = URL_SAFE_NO_PAD.encode(header);
    let mut tag = [0; 16];
    let aad = header.as_bytes();
    let sealed = encrypt_aead(Cipher::aes_128_gcm(), KEY, Some(IV), aad, content, &mut tag)
        .expect("these lengths are right");
    let [iv, sealed, tag] =
        [&IV[..], &sealed, &tag].map(|part: &[u8]| URL_SAFE_NO_PAD.encode(part));

    let Ok(KeyFile::Sealed(jwe)) =
        KeyFile::parse(format!("{header}..{iv}.{sealed}.{tag}").as_bytes())
    else {
        panic!("a JWE as it should be was refused");
    };
    match jwe.open(&Passphrase::new(KEY.to_vec())) {
        Ok(key) => drop(format!("{key:?}")),
        Err(error) => drop(format!("{error} {error:?}")),
    }
});
