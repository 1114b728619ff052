use std::fmt;

use crate::error::Error;
use crate::jwe::SealedJwe;
use crate::jwk;
use crate::openssh::SealedOpenSsh;
use crate::openssl::LegacyPem;
use crate::passphrase::Passphrase;
use crate::pkcs8::SealedPkcs8;
use crate::private_key::PrivateKey;
use crate::public_key::PublicKey;

/// A private key encrypted (sealed) with a password. Its parameters are checked, but no
/// key is derived yet.
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

    pub(crate) fn openssh(sealed: Box<SealedOpenSsh>) -> Self {
        Self { sealing: Sealing::OpenSsh(sealed) }
    }

    /// Returns the public key if it is readable without the password, as in OpenSSH's format.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.sealing {
            Sealing::OpenSsh(sealed) => Some(sealed.public_key()),
            Sealing::Jwe(_) | Sealing::Pkcs8(_) | Sealing::Legacy(_) => None,
        }
    }

    /// Returns whether it is an encrypted JWK rather than encrypted PEM.
    #[must_use]
    pub fn is_jwk(&self) -> bool {
        matches!(self.sealing, Sealing::Jwe(_))
    }

    /// Derives a key from the password and decrypts the private key.
    ///
    /// # Errors
    ///
    /// - [`Error::WrongPassphrase`] if the password is wrong;
    /// - as [`KeyFile::parse`](crate::KeyFile::parse) for what comes to light inside.
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
