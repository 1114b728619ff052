//! Private keys in OpenSSH's own format, `openssh-key-v1` (OpenSSH, `PROTOCOL.key`).
//!
//! The crate `ssh-key` derives and decrypts. The layout is read here, because `ssh-key` 0.6.7
//! refuses what OpenSSH accepts: an ECDSA scalar with a leading zero byte (half of all P-521 keys),
//! and a last block that is only padding, as Python's `cryptography` writes.

use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Cipher, Kdf};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::passphrase::Passphrase;
use crate::private_key::{Material, PrivateKey};
use crate::public_key::PublicKey;

/// What is inside the armour.
pub(crate) enum OpenSshKey {
    Plain(PrivateKey),
    Sealed(Box<SealedOpenSsh>),
}

/// Reads the contents of the PEM.
pub(crate) fn parse(contents: &[u8]) -> Result<OpenSshKey, Error> {
    let mut reader = Reader(contents.strip_prefix(MAGIC).ok_or_else(|| damaged("no header"))?);
    let (cipher, kdf) = (reader.text()?, reader.text()?);
    let kdf_options = reader.string()?;
    if reader.number()? != 1 {
        return Err(damaged("it does not contain exactly one key"));
    }
    let public = PublicKey::from_openssh(reader.string()?).map_err(in_armour)?;
    let section = reader.string()?;
    if cipher == "none" {
        return private_key(section, public).map(OpenSshKey::Plain);
    }
    let sealed = SealedOpenSsh {
        cipher: match Cipher::new(cipher) {
            // The library knows its name, but cannot decrypt it.
            Ok(Cipher::TDesCbc) | Err(_) => return Err(unsupported_sealing(cipher)),
            Ok(cipher) => cipher,
        },
        kdf: key_derivation(kdf, kdf_options)?,
        section: section.to_vec(),
        tag: reader.0.try_into().ok(),
        public,
    };
    Ok(OpenSshKey::Sealed(Box::new(sealed)))
}

/// A key that OpenSSH encrypted; its public key is readable without the password.
pub(crate) struct SealedOpenSsh {
    cipher: Cipher,
    kdf: Kdf,
    section: Vec<u8>,
    tag: Option<[u8; 16]>,
    public: PublicKey,
}

impl SealedOpenSsh {
    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<PrivateKey, Error> {
        let (key, iv) = self
            .kdf
            .derive_key_and_iv(self.cipher, passphrase.expose())
            .map_err(|_| Error::WrongPassphrase)?;
        let mut section = Zeroizing::new(self.section.clone());
        let tag = self.tag.filter(|_| self.cipher.has_tag());
        self.cipher.decrypt(&key, &iv, &mut section, tag).map_err(|_| Error::WrongPassphrase)?;
        private_key(&section, self.public.clone())
    }
}

fn key_derivation(name: &str, options: &[u8]) -> Result<Kdf, Error> {
    if name != "bcrypt" {
        return Err(unsupported_sealing(name));
    }
    let mut options = Reader(options);
    let (salt, rounds) = (options.string()?.to_vec(), options.number()?);
    if !(1..=MAX_ROUNDS).contains(&rounds) {
        return Err(Error::Rounds { asked: rounds.to_string(), largest: MAX_ROUNDS });
    }
    Ok(Kdf::Bcrypt { salt, rounds })
}

/// Reads the private section: two equal numbers, the key type, its numbers, a comment, padding.
fn private_key(section: &[u8], public: PublicKey) -> Result<PrivateKey, Error> {
    let mut reader = Reader(section);
    if reader.number()? != reader.number()? {
        return Err(Error::WrongPassphrase);
    }
    let material = match reader.text()? {
        "ssh-ed25519" => {
            let _public = reader.string()?;
            let seed = reader.string()?.get(..32).ok_or_else(|| damaged("it ends early"))?;
            Material::Ed25519 { seed: Zeroizing::new(seed.to_vec()) }
        }
        "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
            let (_curve, _point) = (reader.string()?, reader.string()?);
            Material::Ec { scalar: Zeroizing::new(reader.string()?.to_vec()) }
        }
        "ssh-rsa" => {
            let (_n, _e, d) = (reader.string()?, reader.string()?, reader.string()?);
            let (_inverse, p, q) = (reader.string()?, reader.string()?, reader.string()?);
            Material::rsa_components(&public, d, p, q)?
        }
        other => return Err(unsupported(other)),
    };
    let algorithm = Algorithm::of(public.kind());
    PrivateKey::new(material, public, algorithm, None)
}

/// The wire types of RFC 4251 §5.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u32, Error> {
        let (number, rest) =
            self.0.split_first_chunk::<4>().ok_or_else(|| damaged("it ends early"))?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    fn string(&mut self) -> Result<&'a [u8], Error> {
        let len = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let (string, rest) =
            self.0.split_at_checked(len).ok_or_else(|| damaged("it ends early"))?;
        self.0 = rest;
        Ok(string)
    }

    fn text(&mut self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.string()?).map_err(|_| damaged("a name in it is not UTF-8"))
    }
}

fn damaged(reason: &str) -> Error {
    Error::DamagedPem { label: "OPENSSH PRIVATE KEY".to_owned(), reason: reason.to_owned() }
}

impl PublicKey {
    /// Reads the wire encoding of an SSH public key (RFC 4253 §6.6; for ECDSA RFC 5656 §3.1, for
    /// Ed25519 RFC 8709 §4): the bytes that `authorized_keys` has in base64, or those of a
    /// certificate's signature key.
    ///
    /// # Errors
    ///
    /// - [`Error::UnsupportedKey`] for keys on a token (`sk-…`), DSA keys, certificates and unknown
    ///   types;
    /// - [`Error::Malformed`], [`Error::RsaSize`] for damaged or unsafe ones.
    pub fn from_openssh(blob: &[u8]) -> Result<Self, Error> {
        let damaged = |reason: String| Error::Malformed { reason };
        let key = match ssh_key::PublicKey::from_bytes(blob) {
            Ok(key) => key,
            // A type that the library cannot read still has a name.
            Err(error) => {
                return Err(match type_of(blob) {
                    Some(name) if !SSH_TYPES.contains(&name) => unsupported(name),
                    _ => damaged(format!("not an SSH public key ({error})")),
                });
            }
        };
        let unsigned = |number: &ssh_key::Mpint| {
            let bytes = number.as_positive_bytes().map(<[u8]>::to_vec);
            bytes.ok_or_else(|| damaged("a negative number".to_owned()))
        };
        match key.key_data() {
            KeyData::Ed25519(key) => Self::ed25519(key.as_ref().to_vec()),
            KeyData::Ecdsa(key) => {
                let kind = match key {
                    EcdsaPublicKey::NistP256(_) => KeyKind::P256,
                    EcdsaPublicKey::NistP384(_) => KeyKind::P384,
                    EcdsaPublicKey::NistP521(_) => KeyKind::P521,
                };
                Self::from_point(kind, key.as_sec1_bytes())
            }
            KeyData::Rsa(key) => Self::rsa(unsigned(&key.n)?, unsigned(&key.e)?),
            other => Err(unsupported(other.algorithm().as_str())),
        }
    }
}

/// Returns the name of a key's type, the first string of its wire encoding (RFC 4253 §6.6).
fn type_of(blob: &[u8]) -> Option<&str> {
    Reader(blob).text().ok().filter(|name| !name.is_empty())
}

fn in_armour(error: Error) -> Error {
    match error {
        Error::Malformed { reason } => damaged(&reason),
        other => other,
    }
}

/// Reports that an SSH key is of a type that no provisioner can use.
fn unsupported(name: &str) -> Error {
    Error::UnsupportedKey { what: format!("an SSH key of type {}", crate::text::shorten(name)) }
}

fn unsupported_sealing(name: &str) -> Error {
    Error::UnsupportedSealing { what: format!("`{}`", crate::text::shorten(name)) }
}

/// The types of SSH keys that this crate reads, as named in the wire encoding.
const SSH_TYPES: [&str; 5] =
    ["ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// `ssh-keygen -a` is rarely above a few hundred; a thousand rounds take about ten seconds.
const MAX_ROUNDS: u32 = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = parse(&[MAGIC, &bytes].concat());
        }

        #[test]
        fn any_section_is_read_without_panic(bytes: Vec<u8>) {
            let public = PublicKey::ed25519(vec![0; 32]).unwrap();
            let _ = private_key(&[&[0; 8], bytes.as_slice()].concat(), public);
        }
    }
}
