//! Certificates and keys in PEM (RFC 7468), with any text around them.
//!
//! Text outside sections is skipped, and a section that was not asked for is not decoded: a
//! private key next to a certificate stays text. This crate opens no file and does not look inside
//! the DER. It is the only crate that uses rustls-pemfile.
//!
//! - [`certificates`]: the DER of every `CERTIFICATE`.
//! - [`private_key`], [`has_sealed_key`]: the key of a client certificate.
//! - [`sections`]: all sections with their labels, and the contents of each.
//! - [`blocks`]: whole sections, as key files have them that lost their line ends.
//! - [`encode`]: writes PEM.
//!
//! ```
//! let text = format!("my bundle\n{}", *token_pem::encode("CERTIFICATE", b"DER"));
//! assert_eq!(token_pem::certificates(text.as_bytes())?, [b"DER"]);
//! # Ok::<(), token_pem::Damaged>(())
//! ```

mod block;
mod boundary;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pemfile::{Item, read_one_from_slice};
use zeroize::Zeroizing;

pub use block::{Block, DamagedBlock, blocks, has_block};

use boundary::{BEGIN, DASHES, END, decode, next_begin};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest label that is reported, in bytes.
const LONGEST_LABEL: usize = 64;

/// The most labels that are reported.
const MOST_LABELS: usize = 5;

/// A section that cannot be decoded: it has no END line, or is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The line it begins in, from 1.
    pub line: usize,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the PEM section that begins on line {} is damaged", self.line)
    }
}

impl std::error::Error for Damaged {}

/// A private key as it was in the file, wiped when dropped.
pub struct Key {
    /// `PRIVATE KEY` (RFC 5958), `EC PRIVATE KEY` (RFC 5915) or `RSA PRIVATE KEY` (RFC 8017).
    pub label: &'static str,
    /// The DER of the type that the label names.
    pub der: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("label", &self.label).finish_non_exhaustive()
    }
}

/// Returns the DER of every section labelled `CERTIFICATE`, in order; all others are skipped
/// without decoding.
///
/// # Errors
///
/// [`Damaged`] if one of them cannot be decoded.
pub fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, Damaged> {
    let mut found = Vec::new();
    for section in sections(text) {
        if section.label != b"CERTIFICATE" {
            continue;
        }
        match read_one_from_slice(section.rest) {
            Ok(Some((Item::X509Certificate(der), _))) => found.push(der.as_ref().to_vec()),
            _ => return Err(Damaged { line: section.line }),
        }
    }
    Ok(found)
}

/// Returns the first private key that is not encrypted.
///
/// # Errors
///
/// [`Damaged`] if it cannot be decoded.
pub fn private_key(text: &[u8]) -> Result<Option<Key>, Damaged> {
    let labels: [&[u8]; 3] = [b"PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY"];
    let Some(section) = sections(text).find(|section| labels.contains(&section.label)) else {
        return Ok(None);
    };
    // Not with rustls-pemfile, which wipes neither the base64 nor the key.
    let label = match section.label {
        b"EC PRIVATE KEY" => "EC PRIVATE KEY",
        b"RSA PRIVATE KEY" => "RSA PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    Ok(Some(Key { label, der: section.decoded()? }))
}

/// Returns whether the text holds a private key encrypted with a password: PKCS#8 (RFC 5958) or the
/// older kind with headers (RFC 1421 §4.6).
#[must_use]
pub fn has_sealed_key(text: &[u8]) -> bool {
    sections(text).any(|section| {
        section.label == b"ENCRYPTED PRIVATE KEY"
            || (section.label.ends_with(b"PRIVATE KEY")
                && section.rest.split(|&byte| byte == b'\n').nth(1).is_some_and(|line| {
                    line.starts_with(b"Proc-Type:") && line.trim_ascii_end().ends_with(b"ENCRYPTED")
                }))
    })
}

/// Returns the labels of the sections, each once: the first five, and the first 64 bytes of each.
#[must_use]
pub fn labels(text: &[u8]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for section in sections(text) {
        let label = section.label.get(..LONGEST_LABEL).unwrap_or(section.label);
        let label = String::from_utf8_lossy(label).into_owned();
        if !labels.contains(&label) {
            labels.push(label);
        }
        if labels.len() == MOST_LABELS {
            break;
        }
    }
    labels
}

/// Writes a section, 64 characters a line (RFC 7468 §2).
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    // Allocated once, so that growing leaves no copy of a key in memory.
    let mut text = String::with_capacity(base64.len() + base64.len() / 64 + 2 * label.len() + 40);
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    Zeroizing::new(text)
}

/// Where a section begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// The line, from 1.
    pub line: usize,
    /// The text between `BEGIN` and the dashes.
    pub label: &'a [u8],
    /// The text from that line on, to the end of the file.
    pub rest: &'a [u8],
}

/// Finds the first line of each section; nothing is decoded.
pub fn sections(text: &[u8]) -> impl Iterator<Item = Section<'_>> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let (mut rest, mut line, mut is_line_start) = (text, 1, true);
    std::iter::from_fn(move || {
        loop {
            let before = next_begin(rest)?;
            let (skipped, here) = rest.split_at_checked(before)?;
            line += skipped.iter().filter(|&&byte| byte == b'\n').count();
            is_line_start = skipped.last().map_or(is_line_start, |&byte| byte == b'\n');
            let is_whole_line = std::mem::replace(&mut is_line_start, false);
            rest = here.get(BEGIN.len()..)?;

            let end = here.iter().position(|&byte| byte == b'\n').unwrap_or(here.len());
            let content = here.get(BEGIN.len()..end).unwrap_or_default();
            let label = content.trim_ascii_end().strip_suffix(DASHES.as_bytes());
            // No other text is a label (RFC 7468 §3), or safe in a message.
            let is_printable = |label: &&[u8]| label.iter().all(|byte| matches!(byte, b' '..=b'~'));
            if let Some(label) = label.filter(is_printable)
                && is_whole_line
            {
                return Some(Section { line, label, rest: here });
            }
        }
    })
}

impl Section<'_> {
    /// Decodes the contents of the section, whatever its label, and nothing after it.
    ///
    /// # Errors
    ///
    /// [`Damaged`] if the section has no END line, or is not base64.
    pub fn contents(&self) -> Result<Vec<u8>, Damaged> {
        self.decoded().map(|mut contents| std::mem::take(&mut *contents))
    }

    fn decoded(&self) -> Result<Zeroizing<Vec<u8>>, Damaged> {
        let damaged = Damaged { line: self.line };
        // Allocated once, so that growing leaves no copy of a key in memory.
        let mut base64 = Zeroizing::new(Vec::with_capacity(self.rest.len()));
        for line in self.rest.split(|&byte| byte == b'\n').skip(1).map(<[u8]>::trim_ascii) {
            if line.starts_with(DASHES.as_bytes()) {
                let label = line
                    .strip_prefix(END.as_bytes())
                    .and_then(|end| end.strip_suffix(DASHES.as_bytes()));
                return match label == Some(self.label) {
                    true => decode(&base64).ok_or(damaged),
                    false => Err(damaged),
                };
            }
            base64.extend_from_slice(line);
        }
        Err(damaged)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEALED_OLD: &str = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
        DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n";

    #[test]
    fn text_around_sections_and_sections_of_other_kinds_are_passed_over() {
        let text = format!(
            "Bag Attributes\r\n{SEALED_OLD}{}between\n{}after",
            *encode("CERTIFICATE", b"one"),
            encode("CERTIFICATE", b"two").replace('\n', "\r\n"),
        );
        assert_eq!(certificates(text.as_bytes()).unwrap(), [b"one", b"two"]);
        assert_eq!(labels(text.as_bytes()), ["EC PRIVATE KEY", "CERTIFICATE"]);
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let text = [BYTE_ORDER_MARK, encode("CERTIFICATE", b"one").as_bytes()].concat();
        assert_eq!(certificates(&text).unwrap(), [b"one"]);
    }

    #[test]
    fn a_damaged_section_is_named_by_its_line() {
        for text in [
            "# root\n-----BEGIN CERTIFICATE-----\nAAAA\n",
            "# root\n-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
            "# root\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert_eq!(certificates(text.as_bytes()), Err(Damaged { line: 2 }), "{text}");
        }
    }

    #[test]
    fn a_section_of_any_label_is_decoded_and_nothing_behind_it() {
        let text = format!(
            "before\n{}-----BEGIN KEY-----\n!!!!\n",
            encode("NEBULA CERTIFICATE V2", b"one").replace('\n', " \r\n")
        );
        let found: Vec<_> = sections(text.as_bytes()).collect();
        assert_eq!(found[0].label, b"NEBULA CERTIFICATE V2");
        assert_eq!(found[0].contents().unwrap(), b"one");
        assert_eq!(found[1].contents(), Err(Damaged { line: found[1].line }));
        let torn = "-----BEGIN A-----\nAAAA\n-----END B-----\n";
        assert_eq!(sections(torn.as_bytes()).next().unwrap().contents(), Err(Damaged { line: 1 }));
    }

    #[test]
    fn a_key_is_found_behind_other_sections_and_a_sealed_one_is_known() {
        let text = format!(
            "{}{}",
            *encode("EC PARAMETERS", b"curve"),
            *encode("EC PRIVATE KEY", b"secret")
        );
        let key = private_key(text.as_bytes()).unwrap().unwrap();
        assert_eq!((key.label, key.der.as_slice()), ("EC PRIVATE KEY", &b"secret"[..]));
        assert!(!has_sealed_key(text.as_bytes()));

        assert!(has_sealed_key(SEALED_OLD.as_bytes()));
        let sealed = encode("ENCRYPTED PRIVATE KEY", b"sealed");
        assert!(has_sealed_key(sealed.as_bytes()));
        assert!(private_key(sealed.as_bytes()).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(text in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (certificates(&text), labels(&text), has_sealed_key(&text));
            let _ = private_key(&text).is_ok();
        }

        #[test]
        fn arbitrary_lines_never_panic(
            lines in prop::collection::vec(
                "-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY|)-----|[A-Za-z=]{0,8}|Proc-Type: .*",
                0..12,
            ),
        ) {
            let text = lines.join("\n").into_bytes();
            let _ = (certificates(&text), labels(&text), has_sealed_key(&text));
            let _ = private_key(&text).is_ok();
        }

        #[test]
        fn what_is_encoded_is_found_again(
            ders in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..4),
        ) {
            let text: String =
                ders.iter().map(|der| encode("CERTIFICATE", der).to_string()).collect();
            let contents: Result<Vec<_>, _> =
                sections(text.as_bytes()).map(|section| section.contents()).collect();
            prop_assert_eq!(contents.unwrap(), ders.clone());
            prop_assert_eq!(certificates(text.as_bytes()).unwrap(), ders);
        }
    }
}
