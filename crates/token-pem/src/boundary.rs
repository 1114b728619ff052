//! The lines that begin and end a section (RFC 7468 §2).

pub(crate) const BEGIN: &str = "-----BEGIN ";
pub(crate) const END: &str = "-----END ";
pub(crate) const DASHES: &str = "-----";

/// Returns where the next section of a text begins, at the start of a line or not.
pub(crate) fn next_begin(text: &[u8]) -> Option<usize> {
    text.windows(BEGIN.len()).position(|window| window == BEGIN.as_bytes())
}
