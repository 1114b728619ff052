//! The text in a certificate's names.
//!
//! Source: Go, `crypto/x509/parser.go` (`parseName`, `parseASN1String`).

use crate::verify::der::{Der, SEQUENCE, SET};

/// Checks that the CA can read a DER name: every value must be text of a type that it knows.
pub(crate) fn check_name(der: &[u8]) -> Option<()> {
    let mut name = Der::new(der).inside(SEQUENCE)?;
    while !name.is_empty() {
        let mut set = name.inside(SET)?;
        while !set.is_empty() {
            let mut attribute = set.inside(SEQUENCE)?;
            attribute.oid()?;
            let value = attribute.any()?;
            is_text(value.tag, value.contents).then_some(())?;
        }
    }
    Some(())
}

fn is_text(tag: u8, value: &[u8]) -> bool {
    match tag {
        UTF8_STRING => std::str::from_utf8(value).is_ok(),
        NUMERIC_STRING => value.iter().all(|byte| byte.is_ascii_digit() || *byte == b' '),
        PRINTABLE_STRING => value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"'()+,-./ :=?*&".contains(byte)),
        T61_STRING => true,
        IA5_STRING => value.is_ascii(),
        BMP_STRING => is_bmp(value),
        _ => false,
    }
}

/// Returns whether these are characters of two bytes: no surrogates, nothing that is reserved.
fn is_bmp(value: &[u8]) -> bool {
    let value =
        value.strip_suffix(&[0, 0]).filter(|_| value.len().is_multiple_of(2)).unwrap_or(value);
    let (pairs, rest) = value.as_chunks::<2>();
    rest.is_empty()
        && pairs.iter().all(|pair| {
            !matches!(u16::from_be_bytes(*pair), 0xfffe | 0xffff | 0xfdd0..=0xfdef | 0xd800..=0xdfff)
        })
}

const UTF8_STRING: u8 = 12;
const NUMERIC_STRING: u8 = 18;
const PRINTABLE_STRING: u8 = 19;
const T61_STRING: u8 = 20;
const IA5_STRING: u8 = 22;
const BMP_STRING: u8 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_characters() {
        assert!(is_text(PRINTABLE_STRING, b"a*&") && !is_text(PRINTABLE_STRING, b"a@"));
        assert!(is_text(NUMERIC_STRING, b"1 2") && !is_text(NUMERIC_STRING, b"a"));
        assert!(is_text(BMP_STRING, &[0, b'a', 0, 0]) && !is_text(BMP_STRING, &[0xd8, 0]));
        assert!(!is_text(BMP_STRING, &[0]) && !is_text(UTF8_STRING, &[0xff]));
        assert!(!is_text(28, b"\0\0\0a"));
    }
}
