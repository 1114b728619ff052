use token_pem::Block;
use zeroize::Zeroizing;

use crate::der;
use crate::error::Error;
use crate::jwe::SealedJwe;
use crate::jwk::{self, JwkSet};
use crate::nebula::{self, Labels};
use crate::openssh::{self, OpenSshKey};
use crate::openssl::{self, LegacyPem};
use crate::pkcs8::SealedPkcs8;
use crate::private_key::PrivateKey;
use crate::sealed_key::SealedKey;

/// The contents of a key file, or of a provisioner's `encryptedKey`.
///
/// The form is detected: PEM of any kind, a JWK, a set of JWKs, or a JWE around a
/// JWK in compact or JSON serialization. A byte order mark and text around PEM are skipped.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyFile {
    /// A key that can sign at once.
    Plain(Box<PrivateKey>),
    /// A key that needs a password.
    Sealed(SealedKey),
    /// Several keys; the caller names one.
    Set(JwkSet),
}

impl KeyFile {
    /// Parses the bytes of a file.
    ///
    /// # Errors
    ///
    /// - [`Error::Empty`], [`Error::NotAKey`] if there is no key;
    /// - [`Error::PublicKey`], [`Error::SymmetricKey`], [`Error::UnsupportedKey`] and others for a
    ///   key that cannot sign tokens for a provisioner;
    /// - [`Error::UnsupportedSealing`], [`Error::Rounds`], [`Error::Jwe`] for a key encrypted in a
    ///   way this crate does not support, reported before any password is needed.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_with(bytes, Labels::Usual)
    }

    /// Parses the bytes of a file that holds the key of a Nebula certificate.
    ///
    /// It may be in any form that [`parse`](Self::parse) reads, in the PEM of nebula-cert, or an
    /// X25519 key in PKCS#8 (RFC 8410). An X25519 key is accepted only here: no other provisioner
    /// uses one.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); [`Error::UnsupportedSealing`] for nebula-cert's own encryption.
    pub fn parse_nebula(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_with(bytes, Labels::Nebula)
    }

    fn parse_with(bytes: &[u8], labels: Labels) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Text around PEM may have any encoding; PEM itself is ASCII.
        let Ok(text) = std::str::from_utf8(bytes) else {
            // `from_utf8_lossy` grows; each byte becomes at most three.
            let mut lossy = Zeroizing::new(String::with_capacity(3 * bytes.len()));
            for chunk in bytes.utf8_chunks() {
                lossy.push_str(chunk.valid());
                lossy.push_str(if chunk.invalid().is_empty() { "" } else { "\u{fffd}" });
            }
            return if token_pem::has_block(&lossy) {
                parse_pem(&lossy, labels)
            } else {
                Err(Error::NotAKey)
            };
        };
        if token_pem::has_block(text) { parse_pem(text, labels) } else { Self::parse_jwk(text) }
    }

    /// Parses a text that holds only a JWK, encrypted or not: a provisioner's
    /// `encryptedKey`, which may come over the network.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse).
    pub fn parse_jwk(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            Err(Error::Empty)
        } else if text.starts_with('{') {
            Self::parse_json(text)
        } else if is_openssh_public(text) {
            Err(Error::PublicKey)
        } else if SealedJwe::looks_like(text) {
            SealedJwe::parse_compact(text).map(|jwe| Self::Sealed(SealedKey::jwe(jwe)))
        } else {
            Err(Error::NotAKey)
        }
    }

    fn parse_json(text: &str) -> Result<Self, Error> {
        #[derive(serde::Deserialize)]
        struct Members<'a> {
            #[serde(borrow)]
            keys: Option<&'a serde_json::value::RawValue>,
            #[serde(borrow)]
            ciphertext: Option<&'a serde_json::value::RawValue>,
        }
        let members: Members<'_> = serde_json::from_str(text)?;
        if members.ciphertext.is_some() {
            SealedJwe::parse_json(text).map(|jwe| Self::Sealed(SealedKey::jwe(jwe)))
        } else if members.keys.is_some() {
            JwkSet::parse(text.as_bytes()).map(Self::Set)
        } else {
            jwk::private_key(text.as_bytes()).map(Self::plain)
        }
    }

    pub(crate) fn plain(key: PrivateKey) -> Self {
        Self::Plain(Box::new(key))
    }
}

/// Returns whether text is a line of `authorized_keys`, such as `id_ed25519.pub` or a certificate.
fn is_openssh_public(text: &str) -> bool {
    let kind = text.split_ascii_whitespace().next().unwrap_or_default();
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| kind.starts_with(start))
        && text.contains(' ')
}

/// Reads the only private key in `text`.
///
/// Text around sections is skipped, as are sections of parameters, certificates and public keys
/// (Q36, Q59): `openssl ecparam -genkey` and `openssl pkcs12` write such files.
fn parse_pem(text: &str, labels: Labels) -> Result<KeyFile, Error> {
    let mut keys = Vec::new();
    let mut other = None;
    for section in token_pem::blocks(text) {
        let section = section?;
        if section.label.ends_with("PRIVATE KEY") {
            keys.push(section);
        } else {
            other.get_or_insert(section.label);
        }
    }
    match keys.as_slice() {
        [section] => key(section, labels),
        [] => Err(Error::NoPrivateKey { label: other.unwrap_or_default().to_owned() }),
        several => Err(Error::SeveralKeys { count: several.len() }),
    }
}

fn key(section: &Block<'_>, labels: Labels) -> Result<KeyFile, Error> {
    if labels == Labels::Nebula
        && let Some(key) = nebula_key(section)?
    {
        return Ok(KeyFile::plain(key));
    }
    match section.label {
        "OPENSSH PRIVATE KEY" => Ok(match openssh::parse(&section.contents()?)? {
            OpenSshKey::Plain(key) => KeyFile::plain(key),
            OpenSshKey::Sealed(sealed) => KeyFile::Sealed(SealedKey::openssh(sealed)),
        }),
        "ENCRYPTED PRIVATE KEY" => {
            let sealed = SealedPkcs8::parse(&section.contents()?, labels)?;
            Ok(KeyFile::Sealed(SealedKey::pkcs8(sealed)))
        }
        "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => match section.cipher() {
            None => plain(section).map(KeyFile::plain),
            Some(cipher) if LEGACY_CIPHERS.contains(&cipher) => {
                Ok(KeyFile::Sealed(SealedKey::legacy(LegacyPem::new(section.text))))
            }
            Some(cipher) => Err(Error::UnsupportedSealing { what: format!("`{cipher}`") }),
        },
        "DSA PRIVATE KEY" => Err(Error::UnsupportedKey { what: "a DSA key".to_owned() }),
        label => Err(Error::UnsupportedKey { what: format!("a key labelled `{label}`") }),
    }
}

/// Reads the keys that only a Nebula certificate uses.
fn nebula_key(section: &Block<'_>) -> Result<Option<PrivateKey>, Error> {
    if let Some(label) = section.label.strip_prefix("NEBULA ") {
        return nebula::private_key(label, || Ok(section.contents()?))
            .map_err(|error| damaged(section, error));
    }
    if section.label == "PRIVATE KEY" && section.cipher().is_none() {
        return Ok(der::x25519(&section.contents()?));
    }
    Ok(None)
}

fn plain(section: &Block<'_>) -> Result<PrivateKey, Error> {
    if let Some(key) = der::private_key(section.label, &section.contents()?) {
        return key.map_err(|error| damaged(section, error));
    }
    let key = openssl::parse(section.text).map_err(|error| damaged(section, error))?;
    openssl::from_openssl(&key)
}

/// Adds the section's label to an error of its contents.
fn damaged(section: &Block<'_>, error: Error) -> Error {
    let reason = match error {
        Error::Malformed { reason } => reason,
        other => return other,
    };
    Error::DamagedPem { label: section.label.to_owned(), reason }
}

/// The ciphers of OpenSSL's default provider that legacy PEM can name; single DES is not included.
const LEGACY_CIPHERS: [&str; 4] = ["DES-EDE3-CBC", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC"];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse_pem(text, Labels::Usual).unwrap_err().to_string()
    }

    #[test]
    fn what_is_in_the_file_instead_of_a_key_is_named() {
        assert!(
            refused("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n")
                .contains("only `PUBLIC KEY`")
        );
        assert!(
            refused("-----BEGIN FOO PRIVATE KEY-----\nAA==\n-----END FOO PRIVATE KEY-----\n")
                .contains("labelled `FOO PRIVATE KEY`")
        );
    }

    #[test]
    fn a_section_without_an_end_is_damaged() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\nAA==\n",
            "-----BEGIN PRIVATE KEY",
            "-----BEGIN PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----",
        ] {
            assert!(refused(text).contains("damaged"), "{text}");
        }
    }

    #[test]
    fn no_message_repeats_what_may_be_the_key() {
        // A key whose line ends were lost, once with nothing left of its frame.
        for text in [
            "-----BEGIN EC PRIVATE KEY MHcCAQEEIClJWxXEsXdcwbN0C7NK -----END EC PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY----- MHcCAQEEIClJWxXEsXdcwbN0C7NK",
            "-----BEGIN MHcCAQEEIClJWxXEsXdcwbN0C7NK",
            "-----BEGIN PRIVATE KEY-----\\nMHcCAQEEIClJWxXEsXdcwbN0C7NK\\n-----END PRIVATE KEY-----",
        ] {
            let message = refused(text);
            assert!(!message.contains("MHcC"), "{message}");
        }
    }

    #[test]
    fn single_des_is_named() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,0011223344556677\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        assert!(refused(text).contains("DES-CBC"));
    }
}
