//! Each defect of josekit 0.10.3 that the checks guard against, and that no input panics.

use josekit::jwe::{Dir, JweHeader, PBES2_HS256_A128KW, PBES2_HS512_A256KW, serialize_compact};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const PASSPHRASE: &[u8] = b"correct horse";

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.to_vec())
}

/// Seals `plain` with few rounds, so that the tests are quick.
fn sealed(plain: &[u8], enc: &str) -> String {
    let mut header = JweHeader::new();
    header.set_content_encryption(enc);
    let mut encrypter = PBES2_HS256_A128KW.encrypter_from_bytes(PASSPHRASE).unwrap();
    encrypter.set_iter_count(1_000);
    serialize_compact(plain, &header, &encrypter).unwrap()
}

fn parts(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

/// Changes the protected header; the result cannot be opened, but its header is checked first.
fn with_header(change: impl FnOnce(&mut Value)) -> String {
    let mut parts = parts(&sealed(b"{}", "A256GCM"));
    let mut header: Value = serde_json::from_slice(&LENIENT.decode(&parts[0]).unwrap()).unwrap();
    change(&mut header);
    parts[0] = encode(header.to_string().as_bytes());
    parts.join(".")
}

/// Cuts part `index` to `len` bytes.
fn cut(index: usize, len: usize) -> String {
    let mut parts = parts(&sealed(b"{}", "A256GCM"));
    let mut bytes = LENIENT.decode(&parts[index]).unwrap();
    bytes.truncate(len);
    parts[index] = encode(&bytes);
    parts.join(".")
}

fn refused(text: &str) -> String {
    match SealedJwe::parse_compact(text) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted {text}"),
    }
}

#[test]
fn every_content_encryption_opens() {
    for enc in ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]
    {
        let jwe = SealedJwe::parse_compact(&sealed(b"plain", enc)).unwrap();
        assert_eq!(*jwe.open(&passphrase()).unwrap(), b"plain", "{enc}");
        let wrong = Passphrase::new(b"wrong".to_vec());
        assert!(matches!(jwe.open(&wrong), Err(Error::WrongPassphrase)), "{enc}");
    }
}

#[test]
fn white_space_and_padding_are_passed_over() {
    let mut parts = parts(&sealed(b"plain", "A256GCM"));
    parts[4].push_str("==");
    let text = format!("\n{}", parts.join(" . \r\n\u{a0}"));
    let jwe = SealedJwe::parse_compact(&text).unwrap();
    assert_eq!(*jwe.open(&passphrase()).unwrap(), b"plain");
}

#[test]
fn both_json_serializations_open() {
    let parts = parts(&sealed(b"plain", "A256GCM"));
    let flattened = json!({
        "protected": parts[0], "encrypted_key": parts[1],
        "iv": parts[2], "ciphertext": parts[3], "tag": parts[4],
    });
    let general = json!({
        "protected": parts[0], "recipients": [{ "encrypted_key": parts[1] }],
        "iv": parts[2], "ciphertext": parts[3], "tag": parts[4],
    });
    for json in [flattened, general] {
        let jwe = SealedJwe::parse_json(&json.to_string()).unwrap();
        assert_eq!(*jwe.open(&passphrase()).unwrap(), b"plain");
    }
}

#[test]
fn json_with_unprotected_parameters_is_refused() {
    let text = r#"{"protected":"e30","ciphertext":"AA","header":{"alg":"dir"}}"#;
    assert!(SealedJwe::parse_json(text).is_err());
    let text = r#"{"protected":"e30","ciphertext":"AA","recipients":[{},{}]}"#;
    assert!(SealedJwe::parse_json(text).is_err());
}

#[test]
fn a_truncated_tag_is_refused() {
    for len in 0..16 {
        assert!(refused(&cut(4, len)).contains(&format!("tag has {len} bytes")), "{len}");
    }
}

#[test]
fn a_short_encrypted_key_is_refused() {
    for len in 0..40 {
        assert!(refused(&cut(1, len)).contains("encrypted key"), "{len}");
    }
}

#[test]
fn a_wrong_initialisation_vector_is_refused() {
    for len in 0..12 {
        assert!(refused(&cut(2, len)).contains("initialisation vector"), "{len}");
    }
}

#[test]
fn critical_parameters_are_refused() {
    for crit in [json!(["exp"]), json!([]), json!("x")] {
        assert!(refused(&with_header(|h| h["crit"] = crit)).contains("crit"));
    }
}

#[test]
fn rounds_out_of_range_are_refused_with_their_count() {
    for rounds in [json!(0), json!(-1), json!(10_000_001), json!(1_u64 << 63), json!(1.5)] {
        let message = refused(&with_header(|h| h["p2c"] = rounds.clone()));
        assert!(message.contains(&rounds.to_string()), "{message}");
        assert!(message.contains("10000000"), "{message}");
    }
    assert!(refused(&with_header(|h| h["p2c"] = json!("600000"))).contains("wrong type"));
}

#[test]
fn more_rounds_than_josekit_takes_still_open() {
    let mut header = JweHeader::new();
    header.set_content_encryption("A128GCM");
    let mut encrypter = PBES2_HS512_A256KW.encrypter_from_bytes(PASSPHRASE).unwrap();
    encrypter.set_iter_count(1_000_001);
    let text = serialize_compact(b"plain", &header, &encrypter).unwrap();
    let jwe = SealedJwe::parse_compact(&text).unwrap();
    assert_eq!(*jwe.open(&passphrase()).unwrap(), b"plain");
}

#[test]
fn a_salt_that_is_missing_or_short_is_refused() {
    for salt in [json!(""), json!("AAAA"), Value::Null] {
        assert!(refused(&with_header(|h| h["p2s"] = salt)).contains("p2s"));
    }
}

#[test]
fn algorithms_are_named_when_they_are_not_supported() {
    let ecdh = with_header(|h| h["alg"] = json!("ECDH-ES"));
    assert!(refused(&ecdh).contains("ECDH-ES"));
    let xc20p = with_header(|h| h["enc"] = json!("XC20P"));
    assert!(refused(&xc20p).contains("XC20P"));
    let zip = with_header(|h| h["zip"] = json!("GZ"));
    assert!(refused(&zip).contains("GZ"));
}

#[test]
fn a_repeated_header_member_is_refused() {
    let mut parts = parts(&sealed(b"{}", "A256GCM"));
    parts[0] = encode(br#"{"alg":"dir","alg":"dir","enc":"A256GCM"}"#);
    assert!(refused(&parts.join(".")).contains("header"));
}

#[test]
fn a_header_member_that_nobody_reads_must_be_json_too() {
    // Broken UTF-8, and half of a surrogate pair.
    for member in [b"\"\xff\"".as_slice(), br#""\ud800""#] {
        let mut parts = parts(&sealed(b"{}", "A256GCM"));
        let header = [br#"{"alg":"dir","enc":"A256GCM","x":"#.as_slice(), member, b"}"].concat();
        parts[0] = encode(&header);
        assert!(refused(&parts.join(".")).contains("header"));
    }
}

#[test]
fn deflate_opens_within_a_bound_and_not_beyond() {
    let seal = |plain: &[u8]| {
        let mut header = JweHeader::new();
        header.set_content_encryption("A128GCM");
        header.set_compression("DEF");
        let mut encrypter = PBES2_HS256_A128KW.encrypter_from_bytes(PASSPHRASE).unwrap();
        encrypter.set_iter_count(1_000);
        serialize_compact(plain, &header, &encrypter).unwrap()
    };
    let small = SealedJwe::parse_compact(&seal(b"plain")).unwrap();
    assert_eq!(*small.open(&passphrase()).unwrap(), b"plain");
    let bomb = SealedJwe::parse_compact(&seal(&vec![b' '; 10_000_000])).unwrap();
    assert!(bomb.open(&passphrase()).is_err());
}

#[test]
fn a_passphrase_can_be_the_key_itself() {
    let mut header = JweHeader::new();
    header.set_content_encryption("A128GCM");
    let encrypter = Dir.encrypter_from_bytes(b"0123456789abcdef").unwrap();
    let text = serialize_compact(b"plain", &header, &encrypter).unwrap();
    let jwe = SealedJwe::parse_compact(&text).unwrap();
    let key = Passphrase::new(b"0123456789abcdef".to_vec());
    assert_eq!(*jwe.open(&key).unwrap(), b"plain");
    assert!(jwe.open(&passphrase()).is_err());
}

#[test]
fn the_sealed_key_of_rfc_7517_opens() {
    // RFC 7517 appendix C: PBES2-HS256+A128KW with A128CBC-HS256, 4096 rounds.
    let text = include_str!("../../tests/data/rfc7517-c.jwe");
    let jwe = SealedJwe::parse_compact(text).unwrap();
    let plain =
        jwe.open(&Passphrase::new(b"Thus from my lips, by yours, my sin is purged.".to_vec()));
    let plain: Value = serde_json::from_slice(&plain.unwrap()).unwrap();
    assert_eq!(plain["kid"], "juliet@capulet.lit");
}

proptest! {
    #[test]
    fn any_text_is_judged_without_panic(text in ".{0,200}") {
        let _ = SealedJwe::parse_compact(&text);
        let _ = SealedJwe::parse_json(&text);
    }

    #[test]
    fn any_lengths_are_judged_without_panic(
        alg in prop::sample::select(vec!["PBES2-HS256+A128KW", "A128KW", "A256KW", "dir"]),
        enc in prop::sample::select(vec!["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"]),
        key in prop::collection::vec(any::<u8>(), 0..80),
        iv in prop::collection::vec(any::<u8>(), 0..20),
        ciphertext in prop::collection::vec(any::<u8>(), 0..64),
        tag in prop::collection::vec(any::<u8>(), 0..40),
        pass in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let header = json!({ "alg": alg, "enc": enc, "p2c": 1, "p2s": "AAAAAAAAAAAAAAAA" });
        let text = [
            encode(header.to_string().as_bytes()), encode(&key), encode(&iv), encode(&ciphertext),
            encode(&tag),
        ].join(".");
        if let Ok(jwe) = SealedJwe::parse_compact(&text) {
            prop_assert!(jwe.open(&Passphrase::new(pass)).is_err());
        }
    }
}
