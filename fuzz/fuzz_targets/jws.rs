//! Tokens in compact serialization (RFC 7515 §7.1).
//!
//! The parser is strict, so that each token has only one encoding; and only texts that the
//! published keys signed verify with them.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use token_jose::{Algorithm, PublicKey, compact};

/// RFC 8037 appendix A.2 and A.4, RFC 7515 appendix A.3.
static SIGNED: LazyLock<[(Algorithm, PublicKey, &str); 2]> = LazyLock::new(|| {
    let key = |jwk| PublicKey::from_jwk(jwk).expect("a published key");
    [
        (
            Algorithm::EdDsa,
            key(r#"{"kty":"OKP","crv":"Ed25519",
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        ),
        (
            Algorithm::Es256,
            key(r#"{"kty":"EC","crv":"P-256",
                "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#),
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
             cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        ),
    ]
});

fuzz_target!(|text: &str| {
    let parts = match compact::decode_unverified(text) {
        Ok(parts) => parts,
        Err(error) => return drop(format!("{error} {error:?}")),
    };
    let [header, payload, signature] =
        [&parts.header, &parts.payload, &parts.signature].map(|part| URL_SAFE_NO_PAD.encode(part));
    assert_eq!(format!("{header}.{payload}.{signature}"), text);
    assert_eq!(format!("{header}.{payload}"), parts.signed);

    for (algorithm, key, signed) in &*SIGNED {
        if parts.verify(*algorithm, key).is_ok() {
            assert_eq!(parts.signed, *signed, "a forged token");
        }
    }
});
