//! How the content encryption key of an encrypted JWK is recovered (RFC 7518 §4.4, §4.5, §4.8).

use std::borrow::Cow;
use std::fmt;

use josekit::JoseError;
use josekit::jwe::{JweAlgorithm, JweContentEncryption, JweDecrypter, JweHeader};
use openssl::aes::{AesKey, unwrap_key};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::passphrase::Passphrase;
use crate::text::shorten;

/// The largest number of PBKDF2 rounds that is accepted.
///
/// Ten times the limit of smallstep's own tools, so that a carefully encrypted key opens; it takes
/// ten seconds at worst. A larger number is refused, and the error names it.
pub const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;

/// The `alg` of a JWE with its parameters.
#[derive(Clone, Debug)]
pub(crate) enum KeyManagement {
    /// PBKDF2, then AES key wrap.
    Pbes2 { hash: Hash, salt: Vec<u8>, rounds: u32 },
    /// AES key wrap; the password is the key itself, as smallstep's tools allow.
    KeyWrap { key_len: usize },
    /// The password is the content encryption key itself.
    Direct,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl KeyManagement {
    pub(crate) fn new(
        alg: &str,
        salt: Option<Vec<u8>>,
        rounds: Option<serde_json::Number>,
    ) -> Result<Self, Error> {
        let hash = match alg {
            "PBES2-HS256+A128KW" => Hash::Sha256,
            "PBES2-HS384+A192KW" => Hash::Sha384,
            "PBES2-HS512+A256KW" => Hash::Sha512,
            "A128KW" => return Ok(Self::KeyWrap { key_len: 16 }),
            "A192KW" => return Ok(Self::KeyWrap { key_len: 24 }),
            "A256KW" => return Ok(Self::KeyWrap { key_len: 32 }),
            "dir" => return Ok(Self::Direct),
            other => {
                let what = format!("key management `{}`", shorten(other));
                return Err(Error::UnsupportedSealing { what });
            }
        };
        let salt = salt.filter(|salt| salt.len() >= MIN_SALT).ok_or_else(|| Error::Jwe {
            reason: "its salt (`p2s`) is missing or shorter than 8 bytes".to_owned(),
        })?;
        let Some(rounds) = rounds else {
            return Err(Error::Jwe {
                reason: "its number of rounds (`p2c`) is missing".to_owned(),
            });
        };
        match rounds.as_u64().and_then(|count| u32::try_from(count).ok()) {
            Some(count) if (1..=MAX_PBKDF2_ROUNDS).contains(&count) => {
                Ok(Self::Pbes2 { hash, salt, rounds: count })
            }
            _ => Err(Error::Rounds { asked: rounds.to_string(), largest: MAX_PBKDF2_ROUNDS }),
        }
    }

    /// Returns the length of the encrypted key around a key of `key_len` bytes.
    pub(crate) fn wrapped_len(&self, key_len: usize) -> usize {
        match self {
            Self::Direct => 0,
            Self::Pbes2 { .. } | Self::KeyWrap { .. } => key_len + 8,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Pbes2 { hash: Hash::Sha256, .. } => "PBES2-HS256+A128KW",
            Self::Pbes2 { hash: Hash::Sha384, .. } => "PBES2-HS384+A192KW",
            Self::Pbes2 { hash: Hash::Sha512, .. } => "PBES2-HS512+A256KW",
            Self::KeyWrap { key_len: 16 } => "A128KW",
            Self::KeyWrap { key_len: 24 } => "A192KW",
            Self::KeyWrap { .. } => "A256KW",
            Self::Direct => "dir",
        }
    }

    /// Returns the wrapping key, or for `dir` the content encryption key.
    fn derive(&self, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
        let Self::Pbes2 { hash, salt, rounds } = self else {
            return Zeroizing::new(passphrase.to_vec());
        };
        // RFC 7518 §4.8.1.1: the salt is UTF8(alg) ‖ 0x00 ‖ p2s.
        let salt = [self.name().as_bytes(), &[0], salt].concat();
        let mut key = Zeroizing::new(match hash {
            Hash::Sha256 => vec![0; 16],
            Hash::Sha384 => vec![0; 24],
            Hash::Sha512 => vec![0; 32],
        });
        match hash {
            Hash::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, &salt, *rounds, &mut key),
            Hash::Sha384 => pbkdf2::pbkdf2_hmac::<Sha384>(passphrase, &salt, *rounds, &mut key),
            Hash::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(passphrase, &salt, *rounds, &mut key),
        }
        key
    }
}

/// Gives josekit the content encryption key: RustCrypto's PBKDF2 takes half the time of OpenSSL's.
#[derive(Clone)]
pub(crate) struct Unwrapper {
    management: KeyManagement,
    passphrase: Zeroizing<Vec<u8>>,
}

impl Unwrapper {
    pub(crate) fn new(management: KeyManagement, passphrase: &Passphrase) -> Self {
        Self { management, passphrase: Zeroizing::new(passphrase.expose().to_vec()) }
    }

    fn unwrap(&self, encrypted_key: &[u8]) -> Option<Vec<u8>> {
        crate::fence::shut();
        let key = self.management.derive(&self.passphrase);
        if let KeyManagement::Direct = self.management {
            return Some(key.to_vec());
        }
        if let KeyManagement::KeyWrap { key_len } = self.management
            && key.len() != key_len
        {
            return None;
        }
        // The lengths were checked when the text was split; OpenSSL's binding panics on others.
        let mut content_key = vec![0; encrypted_key.len().checked_sub(8).filter(|n| *n >= 16)?];
        let wrapping = AesKey::new_decrypt(&key).ok()?;
        unwrap_key(&wrapping, None, &mut content_key, encrypted_key).ok()?;
        Some(content_key)
    }
}

impl JweDecrypter for Unwrapper {
    fn algorithm(&self) -> &dyn JweAlgorithm {
        &self.management
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn decrypt(
        &self,
        encrypted_key: Option<&[u8]>,
        _cencryption: &dyn JweContentEncryption,
        _header: &JweHeader,
    ) -> Result<Cow<'_, [u8]>, JoseError> {
        self.unwrap(encrypted_key.unwrap_or_default())
            .map(Cow::Owned)
            .ok_or_else(|| JoseError::InvalidJweFormat(std::io::Error::other("key wrap").into()))
    }

    fn box_clone(&self) -> Box<dyn JweDecrypter> {
        Box::new(self.clone())
    }
}

impl JweAlgorithm for KeyManagement {
    fn name(&self) -> &str {
        KeyManagement::name(self)
    }

    fn box_clone(&self) -> Box<dyn JweAlgorithm> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for Unwrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwrapper").field("alg", &self.management.name()).finish_non_exhaustive()
    }
}

/// RFC 7518 §4.8.1.1.
const MIN_SALT: usize = 8;
