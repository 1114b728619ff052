use std::error::Error as StdError;
use std::fmt;

use crate::algorithm::Algorithm;
use crate::public_key::PublicKey;

/// A key that can sign, wherever it is stored.
///
/// [`PrivateKey`](crate::PrivateKey) is a key in memory. A key in another process (an agent, a
/// key store's helper, a smart card) is another implementation: [`sign`](Self::sign) may take
/// seconds and may fail.
///
/// ```
/// use token_jose::{Algorithm, PublicKey, SignError, SigningKey};
///
/// /// A key on a card that must be touched before it signs.
/// #[derive(Debug)]
/// struct Card {
///     public: PublicKey,
/// }
///
/// impl SigningKey for Card {
///     fn algorithm(&self) -> Algorithm {
///         Algorithm::of(self.public.kind())
///     }
///     fn public_key(&self) -> &PublicKey {
///         &self.public
///     }
///     fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, SignError> {
///         Err(SignError::new("nobody touched the card"))
///     }
/// }
/// ```
pub trait SigningKey: fmt::Debug + Send + Sync {
    /// Returns the algorithm of every signature this key makes.
    fn algorithm(&self) -> Algorithm;

    /// Returns the public key, which verifies what [`sign`](Self::sign) returns.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message`, which is not hashed yet.
    ///
    /// The signature is in the form that a JWS uses: for ECDSA the fixed-width r‖s (RFC 7518 §3.4),
    /// never DER.
    ///
    /// # Errors
    ///
    /// [`SignError`] with the cause, if the key cannot be reached or refuses.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

impl<K: SigningKey + ?Sized> SigningKey for &K {
    fn algorithm(&self) -> Algorithm {
        (**self).algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        (**self).sign(message)
    }
}

impl<K: SigningKey + ?Sized> SigningKey for Box<K> {
    fn algorithm(&self) -> Algorithm {
        (**self).algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        (**self).sign(message)
    }
}

/// Why a key could not sign.
#[derive(Debug)]
pub struct SignError(Box<dyn StdError + Send + Sync>);

impl SignError {
    /// Wraps an error or a message.
    #[must_use]
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key could not sign")
    }
}

impl StdError for SignError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
