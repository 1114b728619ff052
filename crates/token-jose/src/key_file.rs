use std::fmt;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::jwe::SealedJwe;
use crate::jwk::{self, JwkSet};
use crate::openssh::SealedOpenSsh;
use crate::pem::{self, Labels, LegacyPem};
use crate::pkcs8::SealedPkcs8;
use crate::private_key::PrivateKey;
use crate::public_key::PublicKey;
use crate::secret::Passphrase;

/// What a key file, or a provisioner's `encryptedKey`, turned out to hold.
///
/// The form is found by looking: PEM in any of its kinds, a JWK, a set of JWKs, or a JWE around a
/// JWK in compact or JSON serialization. A byte order mark and text around PEM are skipped.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyFile {
    /// A key that signs at once.
    Plain(Box<PrivateKey>),
    /// A key that needs a passphrase.
    Sealed(SealedKey),
    /// Several keys, of which one is to be named.
    Set(JwkSet),
}

impl KeyFile {
    /// Looks at the bytes of a file.
    ///
    /// # Errors
    ///
    /// - [`Error::Empty`], [`Error::NotAKey`] if there is no key at all;
    /// - [`Error::PublicKey`], [`Error::SymmetricKey`], [`Error::UnsupportedKey`] and others for a
    ///   key that cannot sign for a provisioner;
    /// - [`Error::UnsupportedSealing`], [`Error::Rounds`], [`Error::Jwe`] for a key sealed in a way
    ///   this crate does not open: known before a passphrase is asked for.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_with(bytes, Labels::Usual)
    }

    /// Looks at the bytes of a file that holds the key of a Nebula certificate.
    ///
    /// It may be in any form that [`parse`](Self::parse) reads, in the PEM of nebula-cert, or an
    /// X25519 key in PKCS#8 (RFC 8410). Only here does an X25519 key sign: no other provisioner
    /// can hold one.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); [`Error::UnsupportedSealing`] for nebula-cert's own sealing.
    pub fn parse_nebula(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_with(bytes, Labels::Nebula)
    }

    fn parse_with(bytes: &[u8], labels: Labels) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Text around PEM may be in any encoding; what is inside is ASCII.
        let Ok(text) = std::str::from_utf8(bytes) else {
            let lossy = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
            return if pem::is_pem(&lossy) {
                pem::parse(&lossy, labels)
            } else {
                Err(Error::NotAKey)
            };
        };
        if pem::is_pem(text) { pem::parse(text, labels) } else { Self::parse_jwk(text) }
    }

    /// Looks at a text that holds a JWK, sealed or not, and nothing else: a provisioner's
    /// `encryptedKey`, which may come over the network.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
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

/// Tells whether a text is a line of `authorized_keys`, such as `id_ed25519.pub` or a certificate.
fn is_openssh_public(text: &str) -> bool {
    let kind = text.split_ascii_whitespace().next().unwrap_or_default();
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| kind.starts_with(start))
        && text.contains(' ')
}

/// A private key behind a passphrase, its parameters checked and nothing derived yet.
pub struct SealedKey {
    sealing: Sealing,
}

enum Sealing {
    Jwe(SealedJwe),
    Pkcs8(SealedPkcs8),
    Legacy(LegacyPem),
    OpenSsh(Box<SealedOpenSsh>),
}

impl SealedKey {
    pub(crate) fn jwe(jwe: SealedJwe) -> Self {
        Self { sealing: Sealing::Jwe(jwe) }
    }

    pub(crate) fn pkcs8(sealed: SealedPkcs8) -> Self {
        Self { sealing: Sealing::Pkcs8(sealed) }
    }

    pub(crate) fn legacy(sealed: LegacyPem) -> Self {
        Self { sealing: Sealing::Legacy(sealed) }
    }

    pub(crate) fn openssh(sealed: SealedOpenSsh) -> Self {
        Self { sealing: Sealing::OpenSsh(Box::new(sealed)) }
    }

    /// Returns the public half where it is readable without the passphrase: OpenSSH's format.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.sealing {
            Sealing::OpenSsh(sealed) => Some(sealed.public_key()),
            Sealing::Jwe(_) | Sealing::Pkcs8(_) | Sealing::Legacy(_) => None,
        }
    }

    /// Returns whether it is a sealed JWK, and not a sealed form of PEM.
    #[must_use]
    pub fn is_jwk(&self) -> bool {
        matches!(self.sealing, Sealing::Jwe(_))
    }

    /// Derives the key from the passphrase and opens the seal.
    ///
    /// # Errors
    ///
    /// - [`Error::WrongPassphrase`] if it does not open;
    /// - as [`KeyFile::parse`] for what comes to light inside.
    pub fn open(&self, passphrase: &Passphrase) -> Result<PrivateKey, Error> {
        match &self.sealing {
            Sealing::Jwe(jwe) => jwk::private_key(&jwe.open(passphrase)?),
            Sealing::Pkcs8(sealed) => sealed.open(passphrase),
            Sealing::Legacy(sealed) => sealed.open(passphrase),
            Sealing::OpenSsh(sealed) => sealed.open(passphrase),
        }
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.sealing {
            Sealing::Jwe(_) => "JWE",
            Sealing::Pkcs8(_) => "PKCS#8",
            Sealing::Legacy(_) => "legacy PEM",
            Sealing::OpenSsh(_) => "OpenSSH",
        };
        f.debug_tuple("SealedKey").field(&form).finish()
    }
}
