//! Private keys in PEM (RFC 7468 and its forerunners).
//!
//! OpenSSL reads what is inside the armour; this module finds the one section that matters and says
//! what is wrong in its own words.

use openssl::ec::EcGroupRef;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::key_file::{KeyFile, SealedKey};
use crate::pkcs8::SealedPkcs8;
use crate::private_key::{Material, PrivateKey};
use crate::public_key::{PublicKey, malformed};
use crate::secret::Passphrase;
use crate::{nebula, openssh};

/// Returns whether `text` has an encapsulation boundary in it, at the start or behind other text.
pub(crate) fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// Which labels of PEM are read.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Labels {
    /// Those of OpenSSL and OpenSSH.
    Usual,
    /// Those of nebula-cert besides, and X25519 keys.
    Nebula,
}

/// Reads the one private key in `text`.
///
/// Text around sections is skipped, as are sections of parameters, certificates and public keys
/// (Q36, Q59): `openssl ecparam -genkey` and `openssl pkcs12` write such files.
pub(crate) fn parse(text: &str, labels: Labels) -> Result<KeyFile, Error> {
    let mut keys = Vec::new();
    let mut other = None;
    for section in sections(text) {
        let section = section?;
        if section.label.ends_with("PRIVATE KEY") {
            keys.push(section);
        } else {
            other.get_or_insert(section.label);
        }
    }
    match keys.as_slice() {
        [section] => section.key(labels),
        [] => Err(Error::NoPrivateKey { label: other.unwrap_or_default().to_owned() }),
        several => Err(Error::SeveralKeys { count: several.len() }),
    }
}

struct Section<'a> {
    label: &'a str,
    /// From the first dash of BEGIN to the last of END.
    text: &'a str,
}

impl Section<'_> {
    fn key(&self, labels: Labels) -> Result<KeyFile, Error> {
        if labels == Labels::Nebula
            && let Some(key) = self.nebula()?
        {
            return Ok(KeyFile::plain(key));
        }
        match self.label {
            "OPENSSH PRIVATE KEY" => openssh::parse(&self.contents()?),
            "ENCRYPTED PRIVATE KEY" => {
                let sealed = SealedPkcs8::parse(&self.contents()?, labels)?;
                Ok(KeyFile::Sealed(SealedKey::pkcs8(sealed)))
            }
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => match self.legacy_cipher() {
                None => self.plain().map(KeyFile::plain),
                Some(cipher) if LEGACY_CIPHERS.contains(&cipher) => {
                    let text = Zeroizing::new(self.text.to_owned());
                    Ok(KeyFile::Sealed(SealedKey::legacy(LegacyPem { text })))
                }
                Some(cipher) => Err(Error::UnsupportedSealing { what: format!("`{cipher}`") }),
            },
            "DSA PRIVATE KEY" => Err(Error::UnsupportedKey { what: "a DSA key".to_owned() }),
            label => Err(Error::UnsupportedKey { what: format!("a key labelled `{label}`") }),
        }
    }

    /// Reads what only a Nebula certificate has use for.
    fn nebula(&self) -> Result<Option<PrivateKey>, Error> {
        if let Some(label) = self.label.strip_prefix("NEBULA ") {
            return nebula::private_key(label, || self.contents())
                .map_err(|error| self.damaged(error));
        }
        if self.label == "PRIVATE KEY" && self.legacy_cipher().is_none() {
            return Ok(crate::der::x25519(&self.contents()?));
        }
        Ok(None)
    }

    /// Returns the cipher of a section sealed as RFC 1421 §4.6.1.1 and §4.6.1.3 describe.
    fn legacy_cipher(&self) -> Option<&str> {
        self.text.lines().find_map(|line| {
            let info = line.strip_prefix("DEK-Info:")?;
            Some(info.split(',').next().unwrap_or(info).trim())
        })
    }

    fn plain(&self) -> Result<PrivateKey, Error> {
        if let Some(key) = crate::der::private_key(self.label, &self.contents()?) {
            return key.map_err(|error| self.damaged(error));
        }
        // An empty passphrase, so that OpenSSL never asks for one.
        let key = PKey::private_key_from_pem_passphrase(self.text.as_bytes(), b"")
            .map_err(|error| self.damaged(malformed(error)))?;
        from_openssl(&key)
    }

    /// Decodes the base64 between the boundaries; headers are not expected.
    fn contents(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        use base64::Engine as _;
        let body = self.text.trim_start_matches(BEGIN).trim_start_matches(self.label);
        let body = body.strip_prefix(DASHES).unwrap_or(body);
        let body = body.rfind(END).and_then(|end| body.get(..end)).unwrap_or(body);
        let joined: Zeroizing<String> =
            Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
        base64::engine::general_purpose::STANDARD
            .decode(joined.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| self.damaged(Error::Malformed { reason: "not base64".to_owned() }))
    }

    fn damaged(&self, error: Error) -> Error {
        let reason = match error {
            Error::Malformed { reason } => reason,
            other => return other,
        };
        Error::DamagedPem { label: self.label.to_owned(), reason }
    }
}

/// A section sealed by OpenSSL's old way: a cipher in the headers, a key hashed from the passphrase
/// with MD5 once.
pub(crate) struct LegacyPem {
    text: Zeroizing<String>,
}

impl LegacyPem {
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<PrivateKey, Error> {
        let key = PKey::private_key_from_pem_passphrase(self.text.as_bytes(), passphrase.expose());
        // The padding of the last block is the only check there is: whatever is not a key is taken
        // for the fault of the passphrase.
        from_openssl(&key.map_err(|_| Error::WrongPassphrase)?)
    }
}

/// Moves a key that OpenSSL has read to the engine that signs.
pub(crate) fn from_openssl(key: &PKey<Private>) -> Result<PrivateKey, Error> {
    let (material, public) = match key.id() {
        Id::EC => {
            let key = key.ec_key().map_err(malformed)?;
            let kind = curve(key.group())?;
            let scalar = Zeroizing::new(key.private_key().to_vec());
            let mut context = openssl::bn::BigNumContext::new().map_err(malformed)?;
            let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
            let point =
                key.public_key().to_bytes(key.group(), form, &mut context).map_err(malformed)?;
            (Material::Ec { scalar }, PublicKey::from_point(kind, &point)?)
        }
        Id::RSA | Id::RSA_PSS => {
            let key = key.rsa().map_err(malformed)?;
            let public = PublicKey::rsa(key.n().to_vec(), key.e().to_vec())?;
            let der = Zeroizing::new(key.private_key_to_der().map_err(malformed)?);
            (Material::Rsa { der }, public)
        }
        Id::ED25519 => {
            let seed = Zeroizing::new(key.raw_private_key().map_err(malformed)?);
            let public = PublicKey::ed25519(key.raw_public_key().map_err(malformed)?)?;
            (Material::Ed25519 { seed }, public)
        }
        other => return Err(Error::UnsupportedKey { what: name_of(other) }),
    };
    let algorithm = Algorithm::of(public.kind());
    PrivateKey::new(material, public, algorithm, None)
}

/// Returns the kind of key a curve makes.
pub(crate) fn curve(group: &EcGroupRef) -> Result<KeyKind, Error> {
    match group.curve_name() {
        Some(Nid::X9_62_PRIME256V1) => Ok(KeyKind::P256),
        Some(Nid::SECP384R1) => Ok(KeyKind::P384),
        Some(Nid::SECP521R1) => Ok(KeyKind::P521),
        other => {
            let name = other.and_then(|nid| nid.short_name().ok());
            let what = format!("a key on curve {}", name.unwrap_or("of its own parameters"));
            Err(Error::UnsupportedKey { what })
        }
    }
}

pub(crate) fn name_of(id: Id) -> String {
    match id {
        Id::X25519 => "an X25519 key, which agrees on secrets and does not sign".to_owned(),
        Id::X448 | Id::ED448 => "a key on curve 448".to_owned(),
        Id::DSA => "a DSA key".to_owned(),
        Id::DH | Id::DHX => "a Diffie-Hellman key".to_owned(),
        other => format!("a key of OpenSSL type {}", other.as_raw()),
    }
}

/// Yields the sections of PEM text, each with its boundaries. Line ends do not matter: what passed
/// through a variable of a CI system may have lost them.
fn sections(text: &str) -> impl Iterator<Item = Result<Section<'_>, Error>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(BEGIN)?;
        let section = rest.get(start..)?;
        let label = section.get(BEGIN.len()..)?;
        let label = label.find(DASHES).and_then(|end| label.get(..end)).unwrap_or_default();
        // Whatever else stands there may be the key itself, and is not repeated.
        if label.len() > 64 || !label.bytes().all(is_of_label) || label.is_empty() {
            rest = "";
            return Some(Err(damaged("BEGIN", "its first line has no label")));
        }
        let end = format!("{END}{label}{DASHES}");
        let Some(at) = section.find(&end) else {
            rest = "";
            return Some(Err(damaged(label, "it does not end")));
        };
        let (section, after) = section.split_at(at + end.len());
        rest = after;
        Some(Ok(Section { label, text: section }))
    })
}

fn is_of_label(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'#')
}

fn damaged(label: &str, reason: &str) -> Error {
    Error::DamagedPem { label: label.to_owned(), reason: reason.to_owned() }
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The ciphers of OpenSSL's default provider that legacy PEM names; single DES is not one of them.
const LEGACY_CIPHERS: [&str; 4] = ["DES-EDE3-CBC", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC"];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(text, Labels::Usual).unwrap_err().to_string()
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
