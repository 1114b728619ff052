use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::algorithm::spelled;
use crate::error::Error;

/// A JWS algorithm with a key that both sides share, the `alg` of a JOSE header.
///
/// Source: RFC 7518 §3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl MacAlgorithm {
    /// Every algorithm, in the order of RFC 7518.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// Returns the name as written in a JOSE header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    fn engine(self) -> hmac::Algorithm {
        match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        }
    }
}

spelled!(MacAlgorithm);

/// The secret that two sides share for message authentication codes: at least one byte,
/// wiped from memory when dropped.
///
/// RFC 7518 §3.2 requires as many bytes as the hash has; servers accept fewer, so the length
/// is for the caller to check.
pub struct SharedSecret {
    bytes: Zeroizing<Vec<u8>>,
    /// Created on first use, in the order of [`MacAlgorithm::ALL`].
    keys: [OnceLock<Box<MacKey>>; 3],
}

impl SharedSecret {
    /// Takes the bytes as they are, without decoding or trimming.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there are none.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::Empty);
        }
        Ok(Self { bytes: Zeroizing::new(bytes), keys: [const { OnceLock::new() }; 3] })
    }

    /// Returns the key for one algorithm, created once for any number of messages.
    #[must_use]
    pub fn key(&self, algorithm: MacAlgorithm) -> &MacKey {
        let [first, second, third] = &self.keys;
        let place = match algorithm {
            MacAlgorithm::Hs256 => first,
            MacAlgorithm::Hs384 => second,
            MacAlgorithm::Hs512 => third,
        };
        place.get_or_init(|| Box::new(MacKey::new(algorithm, self)))
    }

    /// Returns the bytes, for the one call that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

impl Clone for SharedSecret {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), keys: [const { OnceLock::new() }; 3] }
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

/// A shared secret prepared for one algorithm.
///
/// The engine keeps the hashed secret and wipes it.
pub struct MacKey {
    algorithm: MacAlgorithm,
    key: hmac::Key,
}

impl MacKey {
    /// Hashes the secret into the key, whatever its length (RFC 2104 §2).
    #[must_use]
    pub fn new(algorithm: MacAlgorithm, secret: &SharedSecret) -> Self {
        Self { algorithm, key: hmac::Key::new(algorithm.engine(), secret.expose()) }
    }

    /// Returns the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> MacAlgorithm {
        self.algorithm
    }

    /// Returns the code of a message, as long as the hash.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key, message).as_ref().to_vec()
    }

    /// Checks the code of a message in constant time.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if it is wrong or truncated.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), Error> {
        hmac::verify(&self.key, message, tag).map_err(|_| Error::BadSignature)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn codes_are_those_of_rfc_4231() {
        // Test case 2: a key shorter than any hash.
        let secret = SharedSecret::new(b"Jefe".to_vec()).unwrap();
        for (algorithm, start) in [
            (
                MacAlgorithm::Hs256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                MacAlgorithm::Hs384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e",
            ),
            (
                MacAlgorithm::Hs512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554",
            ),
        ] {
            let key = secret.key(algorithm);
            let tag = key.tag(b"what do ya want for nothing?");
            assert!(hex(&tag).starts_with(start), "{algorithm}");
            key.verify(b"what do ya want for nothing?", &tag).unwrap();
        }
    }

    #[test]
    fn a_code_that_is_cut_or_of_another_message_is_bad() {
        let key = MacKey::new(MacAlgorithm::Hs256, &SharedSecret::new(b"s".to_vec()).unwrap());
        let tag = key.tag(b"message");
        for (message, tag) in
            [(&b"massage"[..], &tag[..]), (b"message", &tag[..31]), (b"message", b"")]
        {
            assert!(matches!(key.verify(message, tag), Err(Error::BadSignature)));
        }
    }

    #[test]
    fn an_empty_secret_is_none() {
        assert!(matches!(SharedSecret::new(Vec::new()), Err(Error::Empty)));
    }

    #[test]
    fn debug_shows_nothing() {
        let secret = SharedSecret::new(b"hunter2".to_vec()).unwrap();
        assert_eq!(format!("{secret:?}"), "SharedSecret(..)");
        let key = MacKey::new(MacAlgorithm::Hs256, &secret);
        assert_eq!(format!("{key:?}"), "MacKey { algorithm: Hs256, .. }");
    }
}
