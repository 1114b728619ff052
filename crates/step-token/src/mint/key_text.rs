//! The text of keys as environment variables, CI systems and people leave it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use token_cli::Error;
use zeroize::Zeroizing;

/// Returns the text of a key with its line breaks, if they are written out (`\n`, `\r\n`) as in JSON
/// and in `.env` files, or if the text is the base64 of PEM or of a JWK. All else is returned as is.
///
/// Neither is ambiguous: PEM contains no backslash, and no key begins like base64 of one.
pub(crate) fn restored(bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if let Some(decoded) = decoded(&bytes) {
        return if is_pem(&decoded) { with_line_breaks(decoded) } else { decoded };
    }
    if is_pem(&bytes) { with_line_breaks(bytes) } else { bytes }
}

/// Decodes base64 of a key, on any number of lines.
fn decoded(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = bytes.trim_ascii();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte);
    if text.is_empty() || !text.iter().all(is_base64) {
        return None;
    }
    let mut joined = Zeroizing::new(Vec::with_capacity(text.len()));
    joined.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut key = Zeroizing::new(vec![0; base64::decoded_len_estimate(joined.len())]);
    let length = STANDARD.decode_slice(&*joined, &mut key).ok()?;
    key.truncate(length);
    (is_pem(&key) || key.trim_ascii_start().starts_with(b"{")).then_some(key)
}

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(BEGIN.len()).any(|part| part == BEGIN)
}

/// Turns each `\n` and `\r` that is written out into a line break, however often it was escaped.
fn with_line_breaks(bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let is_escape = |pair: &[u8]| matches!(pair, b"\\n" | b"\\r");
    if !bytes.windows(2).any(is_escape) {
        return bytes;
    }
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'\\' {
            text.push(byte);
            continue;
        }
        let next = rest.by_ref().find(|&&byte| byte != b'\\');
        match next {
            Some(b'n' | b'r') => text.push(b'\n'),
            // Text around the sections; in a section it is damage, which stays.
            Some(&other) => text.extend([b'\\', other]),
            None => text.push(b'\\'),
        }
    }
    text
}

/// Says how to save a provisioner's encrypted key, if a text is the entry, list or ca.json that has
/// it, or the key in the quotes of JSON.
pub(crate) fn not_saved_alone(text: &[u8], called: &str) -> Option<Error> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii();
    let what = match text.as_bytes().first()? {
        b'{' | b'[' if text.contains("\"encryptedKey\"") => "has `encryptedKey` among others",
        b'"' if text.starts_with("\"eyJ") => "has the key in quotes",
        _ => return None,
    };
    Some(
        Error::key(format!("{called} {what}"))
            .hint("save the text of `encryptedKey` alone and without quotes, as `jq -r` writes it"),
    )
}

const BEGIN: &[u8] = b"-----BEGIN ";

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----\n";

    fn of(text: &str) -> String {
        let bytes = restored(Zeroizing::new(text.as_bytes().to_vec()));
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn line_breaks_that_are_written_out_are_line_breaks() {
        assert_eq!(of(PEM), PEM);
        assert_eq!(of(&PEM.replace('\n', r"\n")), PEM);
        assert_eq!(of(&PEM.replace('\n', r"\\n")), PEM);
        assert_eq!(of(&PEM.replace('\n', r"\r\n")), PEM.replace('\n', "\n\n"));
        assert_eq!(of(r#"{"d":"a\n"}"#), r#"{"d":"a\n"}"#, "JSON keeps its escapes");
    }

    #[test]
    fn base64_of_a_key_is_the_key() {
        let base64 = STANDARD.encode(PEM);
        let (one, two) = base64.split_at(76);
        for text in
            [base64.clone(), format!("{one}\n{two}\n"), STANDARD.encode(PEM.replace('\n', r"\n"))]
        {
            assert_eq!(of(&text), PEM);
        }
        assert_eq!(of(&STANDARD.encode(r#"{"kty":"EC"}"#)), r#"{"kty":"EC"}"#);
        let other = STANDARD.encode("something else");
        assert_eq!(of(&other), other);
    }

    #[test]
    fn a_key_that_was_not_saved_alone_is_recognised() {
        for text in [
            "[{\"name\": \"a\", \"encryptedKey\": \"eyJ\"}]",
            "\n{\"encryptedKey\": \"eyJ\"}",
            "\"eyJhbGciOiJQQkVTMiJ9.a.b.c.d\"\n",
        ] {
            let error = not_saved_alone(text.as_bytes(), "key x").unwrap();
            assert!(error.report().contains("jq -r"), "{text}");
        }
        for text in ["", "eyJhbGciOiJQQkVTMiJ9.a.b.c.d", "{\"kty\": \"EC\"}", "\"", "\u{feff}"] {
            assert!(not_saved_alone(text.as_bytes(), "key x").is_none(), "{text}");
        }
        assert!(not_saved_alone(b"\xff", "key x").is_none());
    }
}
