use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use ssh_key::{Algorithm, PublicKey};
use x509_parser::asn1_rs::Sequence;
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::error::X509Error;
use x509_parser::nom;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;

use crate::error::Error;

/// Ties a token to the one request that it may be spent with: the claim `cnf` (RFC 7800).
///
/// For an X.509 certificate that is the SHA-256 of the complete certificate request in DER, and the
/// CA refuses any other request. For an SSH certificate it is the SHA-256 of the public key as SSH
/// sends it (RFC 4253 §6.6), which step-ca does not check (Q3). Both are written in base64url
/// without padding, as the member `x5rt#S256`.
///
/// Source: smallstep/cli, `token/options.go` (`WithConfirmationFingerprint`) and
/// `command/ca/token.go`.
///
/// ```
/// use step_claims::Confirmation;
///
/// let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
/// let confirmation = Confirmation::of_ssh_key(key)?;
/// assert_eq!(confirmation.to_string(), "bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8");
/// # Ok::<(), step_claims::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Confirmation([u8; 32]);

impl Confirmation {
    /// Computes the confirmation of a certificate request.
    ///
    /// It may be DER, or PEM of a type that ends in `CERTIFICATE REQUEST`, with other text and other
    /// blocks around it; the first of several requests is used, as in `step`. The request is
    /// parsed, so that nothing else is mistaken for one; the CA verifies its signature.
    ///
    /// # Errors
    ///
    /// [`Error::CsrEmpty`], [`Error::CsrIsCertificate`], [`Error::CsrIsPrivateKey`],
    /// [`Error::CsrLabel`] and [`Error::CsrNotPemOrDer`] if it is something else;
    /// [`Error::CsrPem`], [`Error::CsrDer`] and [`Error::CsrTrailing`] if it is damaged.
    pub fn of_csr(request: &[u8]) -> Result<Self, Error> {
        let request = request.strip_prefix(b"\xef\xbb\xbf").unwrap_or(request);
        if request.iter().all(u8::is_ascii_whitespace) {
            return Err(Error::CsrEmpty);
        }
        match request_in_pem(request)? {
            Some(der) => of_csr_der(&der),
            None => of_csr_der(request),
        }
    }

    /// Computes the confirmation of an SSH public key, given as a line of `authorized_keys`: type,
    /// key in base64, with optional options before them and an optional comment after them.
    ///
    /// Empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    ///
    /// [`Error::SshKeyEmpty`], [`Error::SshKeySeveral`], [`Error::SshKeyIsPrivateKey`],
    /// [`Error::SshKeyIsCertificate`] or [`Error::SshKey`] if it is something else.
    pub fn of_ssh_key(text: &str) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.contains("PRIVATE KEY-----") {
            return Err(Error::SshKeyIsPrivateKey);
        }
        let mut lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let line = lines.next().ok_or(Error::SshKeyEmpty)?;
        if lines.next().is_some() {
            return Err(Error::SshKeySeveral);
        }
        of_key_fields(line).or_else(|error| match behind_options(line) {
            Some(rest) => of_key_fields(rest).map_err(|_| error),
            None => Err(error),
        })
    }

    /// Returns the 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Confirmation {
    type Err = Error;

    /// Parses the value as written in the claim; any other text could never match (Q64).
    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| Error::Confirmation { text: text.to_owned() })
    }
}

impl fmt::Display for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Serialize for Confirmation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("x5rt#S256", &self.to_string())?;
        map.end()
    }
}

/// Returns the DER of the first certificate request in a text with PEM blocks, or `None` if it has
/// no blocks.
fn request_in_pem(text: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let mut labels = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if let Some(label) = pem_label(line) {
            if label.ends_with("CERTIFICATE REQUEST") {
                let block = text.get(offset..).unwrap_or_default();
                return match parse_x509_pem(block) {
                    Ok((_, pem)) => Ok(Some(pem.contents)),
                    Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
                        Err(Error::CsrPem(error))
                    }
                    Err(nom::Err::Incomplete(_)) => {
                        Err(Error::CsrPem(x509_parser::error::PEMError::IncompletePEM))
                    }
                };
            }
            labels.push(label);
        }
        offset += line.len();
    }
    match labels.first() {
        None => Ok(None),
        Some(_) if labels.iter().any(|label| label.ends_with("PRIVATE KEY")) => {
            Err(Error::CsrIsPrivateKey)
        }
        Some(_) if labels.iter().any(|label| label.ends_with("CERTIFICATE")) => {
            Err(Error::CsrIsCertificate)
        }
        Some(label) => Err(Error::CsrLabel { label: (*label).to_owned() }),
    }
}

fn pem_label(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")
}

fn of_csr_der(der: &[u8]) -> Result<Confirmation, Error> {
    match X509CertificationRequest::from_der(der) {
        Ok(([], _)) => Ok(Confirmation(Sha256::digest(der).into())),
        Ok((rest, _)) => Err(Error::CsrTrailing { length: rest.len() }),
        Err(error) => Err(what_it_is_instead(der, error)),
    }
}

fn what_it_is_instead(der: &[u8], error: nom::Err<X509Error>) -> Error {
    const INTEGER: u8 = 2;
    if X509Certificate::from_der(der).is_ok() {
        return Error::CsrIsCertificate;
    }
    // A private key begins with its version (RFC 5958, RFC 5915, RFC 8017); a request begins with a
    // sequence.
    if let Ok((_, sequence)) = Sequence::from_der(der)
        && sequence.content.first() == Some(&INTEGER)
    {
        return Error::CsrIsPrivateKey;
    }
    const SEQUENCE: u8 = 0x30;
    if der.first() != Some(&SEQUENCE) {
        return Error::CsrNotPemOrDer;
    }
    Error::CsrDer(match error {
        nom::Err::Error(error) | nom::Err::Failure(error) => error,
        nom::Err::Incomplete(_) => X509Error::InvalidCertificate,
    })
}

/// Reads a line that begins with the type of a key and the key itself.
fn of_key_fields(line: &str) -> Result<Confirmation, Error> {
    let mut fields = line.split_ascii_whitespace();
    let (Some(kind), Some(blob)) = (fields.next(), fields.next()) else {
        return Err(Error::SshKey(ssh_key::Error::FormatEncoding));
    };
    if kind.contains("-cert-v0") {
        return Err(Error::SshKeyIsCertificate);
    }
    let key = PublicKey::from_openssh(&format!("{kind} {blob}")).map_err(Error::SshKey)?;
    if matches!(key.algorithm(), Algorithm::Other(_)) {
        return Err(Error::SshKey(ssh_key::Error::AlgorithmUnknown));
    }
    // Hash the bytes as given, not as the parser would encode them.
    let blob = STANDARD.decode(blob).map_err(|_| Error::SshKey(ssh_key::Error::FormatEncoding))?;
    Ok(Confirmation(Sha256::digest(blob).into()))
}

/// Returns the text after the first field of a line. Quoted parts of the field may contain blanks.
///
/// Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT.
fn behind_options(line: &str) -> Option<&str> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in line.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ' ' | '\t' if !quoted => return line.get(at..),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

#[cfg(test)]
mod tests;
