//! Encrypted PKCS#8 (RFC 5958 §3, RFC 8018 §6.2).
//!
//! The parameters are read before any password is needed, so that an algorithm this crate does
//! not know is reported as that and not as a wrong password (Q54), and so that a file cannot
//! demand hours of work.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::symm::{self, Cipher};
use pkcs8::der::asn1::{ObjectIdentifier, OctetStringRef, UintRef};
use pkcs8::der::{self, Reader, SliceReader, Tag};
use pkcs8::spki::AlgorithmIdentifierRef;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::error::{Error, malformed};
use crate::nebula::Labels;
use crate::passphrase::Passphrase;
use crate::private_key::PrivateKey;

/// An EncryptedPrivateKeyInfo with usable parameters.
pub(crate) struct SealedPkcs8 {
    kdf: Kdf,
    cipher: Cipher,
    iv: Vec<u8>,
    sealed: Vec<u8>,
    labels: Labels,
}

enum Kdf {
    Pbkdf2 { salt: Vec<u8>, rounds: u32, hmac: Hmac },
    Scrypt { salt: Vec<u8>, n: u64, r: u64, p: u64 },
}

#[derive(Clone, Copy)]
enum Hmac {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl SealedPkcs8 {
    /// Reads the encryption parameters. `labels` says whether an X25519 key is allowed.
    pub(crate) fn parse(der: &[u8], labels: Labels) -> Result<Self, Error> {
        crate::fence::shut();
        let (algorithm, sealed) = outer(der).map_err(damaged)?;
        if algorithm.oid != PBES2 {
            return Err(unsupported(algorithm.oid));
        }
        let parameters = algorithm.parameters.ok_or_else(|| missing("PBES2"))?;
        let (kdf, cipher) =
            parameters.sequence(|inner| Ok((inner.decode()?, inner.decode()?))).map_err(damaged)?;
        let (cipher, iv) = cipher_of(&cipher)?;
        Ok(Self { kdf: kdf_of(&kdf)?, cipher, iv, sealed, labels })
    }

    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<PrivateKey, Error> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_len()]);
        self.kdf.derive(passphrase.expose(), &mut key)?;
        let opened = symm::decrypt(self.cipher, &key, Some(&self.iv), &self.sealed)
            .map(Zeroizing::new)
            .map_err(|_| Error::WrongPassphrase)?;
        if self.labels == Labels::Nebula
            && let Some(key) = crate::der::x25519(&opened)
        {
            return Ok(key);
        }
        // OpenSSL's own reader leaves a copy of the scalar in memory.
        if let Some(key) = crate::der::private_key("PRIVATE KEY", &opened) {
            return key;
        }
        // With a wrong passphrase the padding is valid once in 256 times, but there is no key.
        let key = PKey::private_key_from_pkcs8(&opened).map_err(|_| Error::WrongPassphrase)?;
        crate::openssl::from_openssl(&key)
    }
}

impl Kdf {
    fn derive(&self, passphrase: &[u8], key: &mut [u8]) -> Result<(), Error> {
        match self {
            Self::Pbkdf2 { salt, rounds, hmac } => match hmac {
                Hmac::Sha1 => {
                    let rounds = usize::try_from(*rounds).unwrap_or(usize::MAX);
                    openssl::pkcs5::pbkdf2_hmac(
                        passphrase,
                        salt,
                        rounds,
                        MessageDigest::sha1(),
                        key,
                    )
                    .map_err(malformed)?;
                }
                Hmac::Sha224 => pbkdf2::pbkdf2_hmac::<Sha224>(passphrase, salt, *rounds, key),
                Hmac::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, salt, *rounds, key),
                Hmac::Sha384 => pbkdf2::pbkdf2_hmac::<Sha384>(passphrase, salt, *rounds, key),
                Hmac::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(passphrase, salt, *rounds, key),
            },
            Self::Scrypt { salt, n, r, p } => {
                openssl::pkcs5::scrypt(passphrase, salt, *n, *r, *p, SCRYPT_MEMORY, key)
                    .map_err(malformed)?;
            }
        }
        Ok(())
    }
}

fn outer(der: &[u8]) -> der::Result<(AlgorithmIdentifierRef<'_>, Vec<u8>)> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|inner| {
        let algorithm = inner.decode()?;
        let sealed: OctetStringRef<'_> = inner.decode()?;
        Ok((algorithm, sealed.as_bytes().to_vec()))
    })?;
    reader.finish(parts)
}

fn kdf_of(kdf: &AlgorithmIdentifierRef<'_>) -> Result<Kdf, Error> {
    let parameters = kdf.parameters.ok_or_else(|| missing("key derivation"))?;
    match kdf.oid {
        PBKDF2 => {
            // PBKDF2-params (RFC 8018 §A.2): salt, iterationCount, keyLength?, prf DEFAULT SHA-1.
            let (salt, rounds, prf) = parameters
                .sequence(|inner| {
                    let salt: OctetStringRef<'_> = inner.decode()?;
                    let rounds: UintRef<'_> = inner.decode()?;
                    if !inner.is_finished() && inner.peek_tag()? == Tag::Integer {
                        let _key_length: UintRef<'_> = inner.decode()?;
                    }
                    let prf = match inner.is_finished() {
                        true => None,
                        false => Some(inner.decode::<AlgorithmIdentifierRef<'_>>()?.oid),
                    };
                    Ok((salt.as_bytes().to_vec(), rounds, prf))
                })
                .map_err(damaged)?;
            let hmac = prf.map_or(Ok(Hmac::Sha1), hmac_of)?;
            Ok(Kdf::Pbkdf2 { salt, rounds: rounds_of(rounds)?, hmac })
        }
        SCRYPT => {
            // scrypt-params (RFC 7914 §7.1): salt, cost, block size, parallelisation, keyLength?.
            let (salt, numbers) = parameters
                .sequence(|inner| {
                    let salt: OctetStringRef<'_> = inner.decode()?;
                    let numbers: [u64; 3] = [inner.decode()?, inner.decode()?, inner.decode()?];
                    if !inner.is_finished() {
                        let _key_length: UintRef<'_> = inner.decode()?;
                    }
                    Ok((salt.as_bytes().to_vec(), numbers))
                })
                .map_err(damaged)?;
            let [n, r, p] = numbers;
            let memory = n.checked_mul(r).and_then(|blocks| blocks.checked_mul(128));
            if memory.is_none_or(|bytes| bytes > SCRYPT_MEMORY / 2) || p > 16 {
                let what = format!("scrypt of cost {n}, block size {r} and parallelism {p}");
                return Err(Error::UnsupportedSealing { what });
            }
            Ok(Kdf::Scrypt { salt, n, r, p })
        }
        other => Err(unsupported(other)),
    }
}

fn rounds_of(number: UintRef<'_>) -> Result<u32, Error> {
    let bytes = number.as_bytes();
    let value = bytes
        .iter()
        .try_fold(0_u32, |sum, byte| sum.checked_mul(256).map(|sum| sum + u32::from(*byte)));
    match value {
        Some(rounds) if (1..=crate::jwe_key::MAX_PBKDF2_ROUNDS).contains(&rounds) => Ok(rounds),
        other => Err(Error::Rounds {
            asked: other.map_or_else(|| "more than 2^32".to_owned(), |rounds| rounds.to_string()),
            largest: crate::jwe_key::MAX_PBKDF2_ROUNDS,
        }),
    }
}

fn hmac_of(oid: ObjectIdentifier) -> Result<Hmac, Error> {
    match oid {
        HMAC_SHA1 => Ok(Hmac::Sha1),
        HMAC_SHA224 => Ok(Hmac::Sha224),
        HMAC_SHA256 => Ok(Hmac::Sha256),
        HMAC_SHA384 => Ok(Hmac::Sha384),
        HMAC_SHA512 => Ok(Hmac::Sha512),
        other => Err(unsupported(other)),
    }
}

fn cipher_of(cipher: &AlgorithmIdentifierRef<'_>) -> Result<(Cipher, Vec<u8>), Error> {
    let found = match cipher.oid {
        AES_128_CBC => Cipher::aes_128_cbc(),
        AES_192_CBC => Cipher::aes_192_cbc(),
        AES_256_CBC => Cipher::aes_256_cbc(),
        DES_EDE3_CBC => Cipher::des_ede3_cbc(),
        other => return Err(unsupported(other)),
    };
    let iv = cipher
        .parameters
        .ok_or_else(|| missing("cipher"))?
        .decode_as::<OctetStringRef<'_>>()
        .map_err(damaged)?;
    if Some(iv.as_bytes().len()) != found.iv_len() {
        return Err(Error::Malformed {
            reason: "an initialisation vector of the wrong length".into(),
        });
    }
    Ok((found, iv.as_bytes().to_vec()))
}

fn unsupported(oid: ObjectIdentifier) -> Error {
    let what = match oid {
        DES_CBC => "single DES".to_owned(),
        other => format!("algorithm {other}"),
    };
    Error::UnsupportedSealing { what }
}

fn missing(what: &str) -> Error {
    Error::Malformed { reason: format!("no parameters for {what}") }
}

fn damaged(error: der::Error) -> Error {
    Error::DamagedPem { label: "ENCRYPTED PRIVATE KEY".to_owned(), reason: error.to_string() }
}

/// OpenSSL's memory limit in bytes: twice the largest parameters accepted here.
const SCRYPT_MEMORY: u64 = 512 * 1024 * 1024;

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
const HMAC_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
const HMAC_SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.8");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const HMAC_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
const HMAC_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_192_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const DES_EDE3_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");
const DES_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.7");
