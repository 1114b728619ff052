//! Base64url, as RFC 7515 defines it and as Go reads it.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Decodes unpadded base64url without stray bits (RFC 7515 §2).
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes as Go's `RawURLEncoding` does: line breaks are skipped, stray bits dropped.
pub(crate) fn base64url_of_go(text: &str) -> Option<Vec<u8>> {
    UNPADDED.decode(without_breaks(text)).ok()
}

/// Decodes as jwt-go 3 does: the text is padded to a multiple of four, its line breaks counted, and
/// read by Go's `URLEncoding`.
pub(crate) fn padded_base64url_of_go(text: &str) -> Option<Vec<u8>> {
    let missing = (4 - text.len() % 4) % 4;
    PADDED.decode(without_breaks(text) + &"=".repeat(missing)).ok()
}

/// Decodes base64 of either alphabet, padded or not, with line breaks or without.
pub(crate) fn any_base64(text: &str) -> Option<Vec<u8>> {
    let text: Zeroizing<String> = Zeroizing::new(
        text.chars()
            .filter(|c| !c.is_ascii_whitespace())
            .map(|c| match c {
                '+' => '-',
                '/' => '_',
                c => c,
            })
            .collect(),
    );
    ANY.decode(text.as_bytes()).ok()
}

fn without_breaks(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

const CARELESS: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);

const ANY: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    CARELESS.with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    CARELESS.with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

const PADDED: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    CARELESS.with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_has_its_own_mind_about_padding_and_breaks() {
        for (text, strict, current, older) in [
            ("YQ", true, true, true),
            ("YR", false, true, true),
            ("YQ==", false, false, true),
            ("Y\nQ", false, true, false),
            ("Y\n\nQ", false, true, false),
            ("YWJj\n", false, true, false),
            ("YWJj\r\n\r\n", false, true, true),
            ("Y", false, false, false),
            ("Y Q", false, false, false),
            ("", true, true, true),
        ] {
            assert_eq!(base64url(text).is_some(), strict, "{text:?}");
            assert_eq!(base64url_of_go(text).is_some(), current, "{text:?}");
            assert_eq!(padded_base64url_of_go(text).is_some(), older, "{text:?}");
        }
    }
}
