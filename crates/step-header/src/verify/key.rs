//! The public key of a certificate as the CA reads it.
//!
//! Source: Go, `crypto/x509/parser.go` (`parsePublicKey`).

use token_jose::CertificateKey;

use crate::verify::der::{BIT_STRING, Der, OBJECT_IDENTIFIER, SEQUENCE, right_aligned};

/// Reads the inside of a SubjectPublicKeyInfo: `None` if it is damaged, `Some(None)` for a type of
/// key that verifies no certificates.
pub(crate) fn read(contents: &[u8]) -> Option<Option<CertificateKey>> {
    let mut info = Der::new(contents);
    let mut algorithm = info.inside(SEQUENCE)?;
    let oid = algorithm.oid()?;
    let parameters = match algorithm.is_empty() {
        true => None,
        false => Some(algorithm.any()?),
    };
    let (bits, unused) = info.bits()?;
    let bits = right_aligned(bits, unused);
    let plain = rebuilt(oid, parameters.map_or(&[], |it| it.whole), &bits);
    let parameters = parameters.map(|it| (it.whole, it.tag, it.contents));
    let valid = match oid {
        RSA => parameters.is_some_and(|(whole, ..)| whole == [5, 0]) && is_rsa(&bits),
        EC => {
            let curve = parameters.filter(|(_, tag, _)| *tag == OBJECT_IDENTIFIER);
            let length = curve.and_then(|(_, _, oid)| CURVES.iter().find(|it| it.0 == oid));
            bits.first() == Some(&4) && length.is_some_and(|(_, length)| bits.len() == *length)
        }
        ED25519 => parameters.is_none() && bits.len() == 32,
        DSA => return is_dsa(&bits, parameters.map(|it| it.0)).then_some(None),
        _ => return Some(None),
    };
    if !valid {
        return None;
    }
    match CertificateKey::from_spki(&plain) {
        Ok(key) => Some(Some(key)),
        // A point that is not on its curve.
        Err(_) if oid == EC => None,
        Err(_) => Some(None),
    }
}

/// Writes a key without what Go leaves unread after it and its parts.
fn rebuilt(oid: &[u8], parameters: &[u8], bits: &[u8]) -> Vec<u8> {
    let oid = value(OBJECT_IDENTIFIER, &[oid]);
    let algorithm = value(SEQUENCE, &[&oid, parameters]);
    value(SEQUENCE, &[&algorithm, &value(BIT_STRING, &[&[0], bits])])
}

/// Writes one DER value.
fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = contents.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let header = match digits.as_slice() {
        [] => vec![tag, 0],
        [short] if *short < 0x80 => vec![tag, *short],
        digits => {
            let count = u8::try_from(digits.len()).unwrap_or(u8::MAX);
            [&[tag, 0x80 | count], digits].concat()
        }
    };
    [header, contents].concat()
}

/// Returns whether this is a modulus and an exponent (RFC 8017 §A.1.1), both positive.
fn is_rsa(bits: &[u8]) -> bool {
    let numbers = || {
        let mut inner = Der::new(bits).inside(SEQUENCE)?;
        Some((inner.integer()?, inner.number()?))
    };
    numbers().is_some_and(|(modulus, exponent)| is_positive(modulus) && exponent > 0)
}

/// Returns whether these are the numbers of a DSA key (RFC 3279 §2.3.2), all positive.
fn is_dsa(bits: &[u8], parameters: Option<&[u8]>) -> bool {
    let numbers = || {
        let key = Der::new(bits).integer()?;
        let mut domain = Der::new(parameters?).inside(SEQUENCE)?;
        Some([key, domain.integer()?, domain.integer()?, domain.integer()?])
    };
    numbers().is_some_and(|numbers| numbers.into_iter().all(is_positive))
}

fn is_positive(integer: &[u8]) -> bool {
    integer.first().is_some_and(|first| first & 0x80 == 0) && integer.iter().any(|byte| *byte != 0)
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// P-224, P-256, P-384 and P-521, and the length of an uncompressed point (SEC 1 §2.3.3).
const CURVES: [(&[u8], usize); 4] = [
    (&[0x2b, 0x81, 4, 0, 0x21], 57),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], 65),
    (&[0x2b, 0x81, 4, 0, 0x22], 97),
    (&[0x2b, 0x81, 4, 0, 0x23], 133),
];
