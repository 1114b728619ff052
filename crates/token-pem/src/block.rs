//! Sections as key files have them, with or without their line ends.

use std::fmt;

use zeroize::Zeroizing;

use crate::boundary::{BEGIN, DASHES, END, decode, next_begin};

/// A whole section, from its first boundary to its last.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    /// The text between `BEGIN` and the dashes.
    pub label: &'a str,
    /// From the first dash of BEGIN to the last of END.
    pub text: &'a str,
}

/// A section without a label or an end, or that is not base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedBlock {
    /// Its label, or `BEGIN` if it has none.
    pub label: String,
    /// What is wrong with it; its contents are never repeated.
    pub reason: &'static str,
}

impl DamagedBlock {
    fn new(label: &str, reason: &'static str) -> Self {
        Self { label: label.to_owned(), reason }
    }
}

impl fmt::Display for DamagedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the section `{}` is damaged: {}", self.label, self.reason)
    }
}

impl std::error::Error for DamagedBlock {}

/// Returns whether a text contains the boundary that begins a section, on a line of its own or not.
#[must_use]
pub fn has_block(text: &str) -> bool {
    next_begin(text.as_bytes()).is_some()
}

/// Yields the sections of PEM text, each with its boundaries. Line ends do not matter: text from
/// a variable of a CI system may have lost them.
///
/// A section without a label or an end is the last one.
pub fn blocks(text: &str) -> impl Iterator<Item = Result<Block<'_>, DamagedBlock>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let section = rest.get(next_begin(rest.as_bytes())?..)?;
        let label = section.get(BEGIN.len()..)?;
        let label = label.find(DASHES).and_then(|end| label.get(..end)).unwrap_or_default();
        // Any other text may be the key itself, and is not repeated.
        if label.len() > 64 || !label.bytes().all(is_of_label) || label.is_empty() {
            rest = "";
            return Some(Err(DamagedBlock::new("BEGIN", "its BEGIN line has no label")));
        }
        let end = format!("{END}{label}{DASHES}");
        let Some(at) = section.find(&end) else {
            rest = "";
            return Some(Err(DamagedBlock::new(label, "its END line is missing")));
        };
        let (section, after) = section.split_at(at + end.len());
        rest = after;
        Some(Ok(Block { label, text: section }))
    })
}

fn is_of_label(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'#')
}

impl<'a> Block<'a> {
    /// Returns the cipher of a section encrypted as RFC 1421 §4.6.1.1 and §4.6.1.3 describe.
    #[must_use]
    pub fn cipher(&self) -> Option<&'a str> {
        self.text.lines().find_map(|line| {
            let info = line.strip_prefix("DEK-Info:")?;
            Some(info.split(',').next().unwrap_or(info).trim())
        })
    }

    /// Decodes the base64 between the boundaries; headers are not expected.
    ///
    /// # Errors
    ///
    /// [`DamagedBlock`], if it is not base64.
    pub fn contents(&self) -> Result<Zeroizing<Vec<u8>>, DamagedBlock> {
        let body = self.text.trim_start_matches(BEGIN).trim_start_matches(self.label);
        let body = body.strip_prefix(DASHES).unwrap_or(body);
        let body = body.rfind(END).and_then(|end| body.get(..end)).unwrap_or(body);
        // Allocated once, so that growing leaves no copy of a key in memory.
        let mut joined = Zeroizing::new(String::with_capacity(body.len()));
        joined.extend(body.chars().filter(|c| !c.is_ascii_whitespace()));
        decode(joined.as_bytes()).ok_or_else(|| DamagedBlock::new(self.label, "it is not base64"))
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("label", &self.label).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode;

    #[test]
    fn a_section_is_whole_without_its_line_ends() {
        let text = encode("PRIVATE KEY", &[7; 100]).replace('\n', " ");
        let text = format!("before{text}between{text}");
        let found: Vec<_> = blocks(&text).map(Result::unwrap).collect();
        assert_eq!(found.len(), 2);
        for block in found {
            assert_eq!((block.label, block.cipher()), ("PRIVATE KEY", None));
            assert_eq!(block.contents().unwrap().as_slice(), [7; 100]);
        }
    }

    #[test]
    fn the_cipher_of_an_old_seal_is_in_its_headers() {
        let text = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
            DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
        let block = blocks(text).next().unwrap().unwrap();
        assert_eq!(block.cipher(), Some("AES-256-CBC"));
        assert_eq!(block.contents().unwrap_err().reason, "it is not base64");
    }

    #[test]
    fn nothing_comes_behind_a_torn_section() {
        let whole = encode("A", b"one");
        for (torn, label) in [
            ("-----BEGIN B-----\nAAAA\n", "B"),
            ("-----BEGIN what may be a key-----\n", "BEGIN"),
            ("-----BEGIN B\n", "BEGIN"),
        ] {
            let text = format!("{}{torn}{}", *whole, *whole);
            let found: Vec<_> = blocks(&text).collect();
            assert_eq!(found.len(), 2, "{torn}");
            assert_eq!(found[1].as_ref().unwrap_err().label, label);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(-----BEGIN |-----END |-----|[A-Zaé ]{0,4}|\n){0,12}") {
            for block in blocks(&text).flatten() {
                let _ = (block.cipher(), block.contents().is_ok());
            }
        }
    }
}
