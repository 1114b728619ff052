//! Keys that OpenSSL reads: whatever is not in one of the usual forms.

use openssl::ec::EcGroupRef;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private, Public};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::{Error, malformed};
use crate::passphrase::Passphrase;
use crate::private_key::{Material, PrivateKey};
use crate::public_key::PublicKey;
use crate::{der, fence};

impl PublicKey {
    /// Reads a `PUBLIC KEY` section (SubjectPublicKeyInfo, RFC 7468 §13) of PEM text.
    ///
    /// # Errors
    ///
    /// As for [`from_spki`](Self::from_spki).
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        fence::shut();
        Self::from_openssl(&PKey::public_key_from_pem(pem).map_err(malformed)?)
    }

    /// Reads a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), as certificates hold it.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnsupportedKey`] or [`Error::RsaSize`] if it cannot be used.
    pub fn from_spki(der: &[u8]) -> Result<Self, Error> {
        if let Some(key) = der::public_key(der) {
            return key;
        }
        fence::shut();
        Self::from_openssl(&PKey::public_key_from_der(der).map_err(malformed)?)
    }

    fn from_openssl(key: &PKey<Public>) -> Result<Self, Error> {
        match key.id() {
            Id::EC => {
                let key = key.ec_key().map_err(malformed)?;
                let kind = curve(key.group())?;
                let mut context = openssl::bn::BigNumContext::new().map_err(malformed)?;
                let point = key
                    .public_key()
                    .to_bytes(
                        key.group(),
                        openssl::ec::PointConversionForm::UNCOMPRESSED,
                        &mut context,
                    )
                    .map_err(malformed)?;
                Self::from_point(kind, &point)
            }
            Id::RSA | Id::RSA_PSS => {
                let key = key.rsa().map_err(malformed)?;
                Self::rsa(key.n().to_vec(), key.e().to_vec())
            }
            Id::ED25519 => Self::ed25519(key.raw_public_key().map_err(malformed)?),
            other => Err(Error::UnsupportedKey { what: name_of(other) }),
        }
    }
}

/// A section encrypted in OpenSSL's old format: a cipher in the headers, a key hashed once from the
/// password with MD5.
pub(crate) struct LegacyPem {
    text: Zeroizing<String>,
}

impl LegacyPem {
    /// Takes a whole section, whose cipher OpenSSL must know.
    pub(crate) fn new(text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()) }
    }

    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<PrivateKey, Error> {
        fence::shut();
        // Not as a C string: a NUL in it, as UTF-16 has, would be a panic.
        let key = PKey::private_key_from_pem_callback(self.text.as_bytes(), |buffer| {
            let length = passphrase.expose().len().min(buffer.len());
            let bytes = buffer.iter_mut().zip(passphrase.expose());
            bytes.for_each(|(to, from)| *to = *from);
            Ok(length)
        });
        // The padding of the last block is the only check in this format, so a result that is not
        // a key is reported as a wrong passphrase.
        from_openssl(&key.map_err(|_| Error::WrongPassphrase)?)
    }
}

/// Reads a section of PEM that is not encrypted.
pub(crate) fn parse(section: &str) -> Result<PKey<Private>, Error> {
    fence::shut();
    // An empty passphrase, so that OpenSSL never asks for one.
    PKey::private_key_from_pem_passphrase(section.as_bytes(), b"").map_err(malformed)
}

/// Passes a key that OpenSSL has read to the engine that signs.
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

/// Returns the type of key for a curve.
pub(crate) fn curve(group: &EcGroupRef) -> Result<KeyKind, Error> {
    match group.curve_name() {
        Some(Nid::X9_62_PRIME256V1) => Ok(KeyKind::P256),
        Some(Nid::SECP384R1) => Ok(KeyKind::P384),
        Some(Nid::SECP521R1) => Ok(KeyKind::P521),
        other => {
            let name = other.and_then(|nid| nid.short_name().ok());
            let what = format!("a key on curve {}", name.unwrap_or("with explicit parameters"));
            Err(Error::UnsupportedKey { what })
        }
    }
}

pub(crate) fn name_of(id: Id) -> String {
    match id {
        Id::X25519 => "an X25519 key, which cannot sign".to_owned(),
        Id::X448 | Id::ED448 => "a key on curve 448".to_owned(),
        Id::DSA => "a DSA key".to_owned(),
        Id::DH | Id::DHX => "a Diffie-Hellman key".to_owned(),
        other => format!("a key of OpenSSL type {}", other.as_raw()),
    }
}
