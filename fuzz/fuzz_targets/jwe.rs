//! The checks before josekit: compact and JSON JWEs (RFC 7516 §7).
//!
//! Accepted JWEs are checked again independently, from the text alone: known
//! algorithms, exact lengths, no `crit`, a bounded `p2c`. Then they are opened, if not slow.

#![no_main]

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use token_jose::{KeyFile, MAX_PBKDF2_ROUNDS, Passphrase};

/// The passphrase of the seeds, cut to the length that the algorithm needs.
const PASSPHRASE: &[u8; 64] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The most rounds that are derived; more would be fuzzing PBKDF2.
const MOST_ROUNDS: u64 = 1_000;

fuzz_target!(|data: &[u8]| {
    let sealed = match KeyFile::parse(data) {
        Ok(KeyFile::Sealed(sealed)) if format!("{sealed:?}").contains("JWE") => sealed,
        Ok(_) => return,
        Err(error) => return drop(format!("{error} {error:?}")),
    };
    // Invalid UTF-8 is replaced, as the parser does for the text around PEM.
    let parts = Parts::of(&String::from_utf8_lossy(data));
    let Ok(header) = serde_json::from_slice::<Value>(&parts.protected) else {
        // Half of a surrogate pair in an ignored member. josekit reads that too, and fails.
        assert!(sealed.open(&Passphrase::new(PASSPHRASE.to_vec())).is_err());
        return;
    };
    let member = |name: &str| header.get(name).filter(|value| !value.is_null());
    let text = |name: &str| member(name).and_then(Value::as_str);

    assert!(member("crit").is_none(), "critical parameters passed");
    assert!(member("zip").is_none_or(|zip| zip == "DEF"), "unknown compression passed");

    let (key_len, iv_len, tag_len) = match text("enc").expect("an accepted `enc`") {
        "A128GCM" => (16, 12, 16),
        "A192GCM" => (24, 12, 16),
        "A256GCM" => (32, 12, 16),
        "A128CBC-HS256" => (32, 16, 16),
        "A192CBC-HS384" => (48, 16, 24),
        "A256CBC-HS512" => (64, 16, 32),
        other => panic!("`enc` {other} passed"),
    };
    let (wrapped_len, passphrase_len, derives) = match text("alg").expect("an accepted `alg`") {
        "PBES2-HS256+A128KW" | "PBES2-HS384+A192KW" | "PBES2-HS512+A256KW" => {
            (key_len + 8, 13, true)
        }
        "A128KW" => (key_len + 8, 16, false),
        "A192KW" => (key_len + 8, 24, false),
        "A256KW" => (key_len + 8, 32, false),
        "dir" => (0, key_len, false),
        other => panic!("`alg` {other} passed"),
    };
    assert_eq!(parts.encrypted_key.len(), wrapped_len, "encrypted key");
    assert_eq!(parts.iv.len(), iv_len, "initialisation vector");
    assert_eq!(parts.tag.len(), tag_len, "tag");

    if derives {
        assert!(decode(text("p2s").expect("an accepted salt")).len() >= 8, "salt");
        let rounds = member("p2c").and_then(Value::as_u64).expect("an accepted count");
        assert!((1..=u64::from(MAX_PBKDF2_ROUNDS)).contains(&rounds), "{rounds} rounds passed");
        if rounds > MOST_ROUNDS {
            return;
        }
    }
    match sealed.open(&Passphrase::new(PASSPHRASE[..passphrase_len].to_vec())) {
        Ok(key) => drop(format!("{key:?}")),
        Err(error) => drop(format!("{error} {error:?}")),
    }
});

/// The parts of an accepted JWE, decoded.
struct Parts {
    protected: Vec<u8>,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    tag: Vec<u8>,
}

impl Parts {
    fn of(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim();
        let [protected, encrypted_key, iv, tag] = if text.starts_with('{') {
            let json: Value = serde_json::from_str(text).expect("accepted JSON");
            let of =
                |value: &Value, name| value.get(name).and_then(Value::as_str).map(str::to_owned);
            let recipient = json.get("recipients").and_then(|all| all.get(0)).cloned();
            let encrypted_key = match &recipient {
                Some(recipient) => of(recipient, "encrypted_key"),
                None => of(&json, "encrypted_key"),
            };
            [of(&json, "protected"), encrypted_key, of(&json, "iv"), of(&json, "tag")]
                .map(Option::unwrap_or_default)
        } else {
            let text: String = text.split_whitespace().collect();
            let parts: Vec<_> = text.split('.').map(str::to_owned).collect();
            let [protected, encrypted_key, iv, _, tag] =
                <[String; 5]>::try_from(parts).expect("five parts");
            [protected, encrypted_key, iv, tag]
        };
        Self {
            protected: decode(&protected),
            encrypted_key: decode(&encrypted_key),
            iv: decode(&iv),
            tag: decode(&tag),
        }
    }
}

fn decode(text: &str) -> Vec<u8> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    LENIENT.decode(text).expect("accepted base64url")
}
