//! The lines that begin and end a section (RFC 7468 §2), and what is between them.

use base64::engine::general_purpose::STANDARD;
use base64::{Engine as _, decoded_len_estimate};
use zeroize::Zeroizing;

pub(crate) const BEGIN: &str = "-----BEGIN ";
pub(crate) const END: &str = "-----END ";
pub(crate) const DASHES: &str = "-----";

/// Returns where the next section of a text begins, at the start of a line or not.
pub(crate) fn next_begin(text: &[u8]) -> Option<usize> {
    text.windows(BEGIN.len()).position(|window| window == BEGIN.as_bytes())
}

/// Decodes base64 into memory that is wiped, also if it turns out not to be base64.
pub(crate) fn decode(base64: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; decoded_len_estimate(base64.len())]);
    let length = STANDARD.decode_slice(base64, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}
