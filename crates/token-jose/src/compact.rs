//! The compact serialization of signed tokens (JWS, RFC 7515 §7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::header::Header;
use crate::json;
use crate::mac::MacKey;
use crate::public_key::PublicKey;
use crate::signing_key::{SignError, SigningKey};
use crate::token::Token;

/// A signing key, or a secret that both sides share (RFC 7515 §1).
pub trait Secure {
    /// Returns the `alg` of the header.
    fn alg(&self) -> &'static str;

    /// Returns the JWS Signature over the signing input: a signature or a MAC.
    ///
    /// # Errors
    ///
    /// [`SignError`] with the cause, if the key cannot be reached or refuses.
    fn secure(&self, signing_input: &[u8]) -> Result<Vec<u8>, SignError>;

    /// Returns the greatest length of that signature or MAC, in bytes.
    fn most(&self) -> usize;
}

impl<K: SigningKey + ?Sized> Secure for K {
    fn alg(&self) -> &'static str {
        self.algorithm().as_str()
    }

    fn secure(&self, signing_input: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign(signing_input)
    }

    fn most(&self) -> usize {
        match self.public_key().kind() {
            KeyKind::P256 | KeyKind::Ed25519 | KeyKind::X25519 => 64,
            KeyKind::P384 => 96,
            KeyKind::P521 => 132,
            KeyKind::Rsa => 1024,
        }
    }
}

impl Secure for MacKey {
    fn alg(&self) -> &'static str {
        self.algorithm().as_str()
    }

    fn secure(&self, signing_input: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.tag(signing_input))
    }

    fn most(&self) -> usize {
        64
    }
}

/// Signs any number of payloads under one header with one key.
///
/// The header is written and encoded once, whatever the number of tokens.
///
/// ```
/// use token_jose::{Header, KeyFile, KeyId, SigningKey as _, compact};
///
/// // The key of RFC 8037 appendix A.1.
/// let KeyFile::Plain(key) = KeyFile::parse(
///     br#"{"kty":"OKP","crv":"Ed25519",
///         "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
///         "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// )? else { unreachable!("the key is not sealed") };
/// let kid = KeyId::from(key.public_key().thumbprint());
/// let signer = compact::Signer::new(&Header::new(key.algorithm(), kid), &*key);
/// let token = signer.sign(br#"{"sub":"db.internal"}"#)?;
///
/// let parts = compact::decode_unverified(token.expose())?;
/// assert_eq!(parts.payload, br#"{"sub":"db.internal"}"#);
/// parts.verify(key.algorithm(), key.public_key())?;
/// # Ok::<(), token_jose::Error>(())
/// ```
#[derive(Debug)]
pub struct Signer<K> {
    /// The encoded header and the dot after it.
    prefix: String,
    key: K,
}

impl<K: Secure> Signer<K> {
    /// Takes the header for every token, and the key or a reference to it.
    #[must_use]
    pub fn new(header: &Header, key: K) -> Self {
        Self::with_header(header, key)
    }

    /// Gives every token a header of `alg` and `typ` alone, which names no key: the verifier finds
    /// it by other means.
    #[must_use]
    pub fn bare(key: K) -> Self {
        #[derive(Serialize)]
        struct Bare {
            alg: &'static str,
            typ: &'static str,
        }
        Self::with_header(&Bare { alg: key.alg(), typ: "JWT" }, key)
    }

    fn with_header(header: &impl Serialize, key: K) -> Self {
        let header = json::to_vec(header).expect("a struct of strings serialises");
        let mut prefix = URL_SAFE_NO_PAD.encode(header);
        prefix.push('.');
        Self { prefix, key }
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Returns the token for these claims, already JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Sign`] if the key cannot sign.
    pub fn sign(&self, claims: &[u8]) -> Result<Token, Error> {
        // Exactly the size needed: all of it is wiped when the token is dropped.
        let room =
            self.prefix.len() + claims.len().div_ceil(3) * 4 + self.key.most().div_ceil(3) * 4 + 1;
        let mut text = String::with_capacity(room);
        text.push_str(&self.prefix);
        URL_SAFE_NO_PAD.encode_string(claims, &mut text);
        let signature = self.key.secure(text.as_bytes())?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        Ok(Token::new(text))
    }
}

/// Splits a token into its parts without verifying anything.
///
/// Stricter than a CA: it accepts no white space, no padding and no stray bits.
///
/// # Errors
///
/// [`Error::Jws`] if there are not three parts of unpadded base64url.
pub fn decode_unverified(token: &str) -> Result<Unverified<'_>, Error> {
    let reason = |reason: &str| Error::Jws { reason: reason.to_owned() };
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(reason("it does not have three parts separated by dots"));
    };
    let decode = |name: &str, part: &str| {
        let decoded = URL_SAFE_NO_PAD.decode(part);
        decoded.map_err(|_| reason(&format!("its {name} is not unpadded base64url")))
    };
    Ok(Unverified {
        header: decode("header", header)?,
        payload: decode("payload", payload)?,
        signature: decode("signature", signature)?,
        signed: token.get(..header.len() + 1 + payload.len()).unwrap_or_default(),
    })
}

/// The parts of a token that is not verified yet.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unverified<'a> {
    /// The JOSE header as written. It may not be JSON.
    pub header: Vec<u8>,
    /// The claims, as written.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// What the signature covers: the encoded header and payload, with the dot between them.
    pub signed: &'a str,
}

impl Unverified<'_> {
    /// Checks the signature. The caller chooses the algorithm; the token's own `alg` is ignored.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::verify`].
    pub fn verify(&self, algorithm: Algorithm, key: &PublicKey) -> Result<(), Error> {
        key.verify(algorithm, self.signed.as_bytes(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bare_header_has_alg_and_typ_in_this_order() {
        // The seeds' secret; OpenStorage writes such headers.
        let secret = crate::mac::SharedSecret::new(b"my_shared_secret".to_vec()).unwrap();
        let key = MacKey::new(crate::mac::MacAlgorithm::Hs256, &secret);
        let token = Signer::bare(key).sign(b"{}").unwrap();
        let parts = decode_unverified(token.expose()).unwrap();
        assert_eq!(parts.header, br#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(parts.signature.len(), 32);
    }

    #[test]
    fn what_is_no_token_says_why() {
        for (text, part) in [
            ("", "three parts"),
            ("a.b", "three parts"),
            ("a.b.c.d", "three parts"),
            ("YQ==.YQ.YQ", "header"),
            ("YQ.Y Q.YQ", "payload"),
            ("YQ.YQ.YR", "signature"),
        ] {
            let message = decode_unverified(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn splitting_never_panics(text in ".*") {
            let _ = decode_unverified(&text);
        }

        #[test]
        fn parts_come_back_as_they_went_in(
            header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>
        ) {
            let text = [&header, &payload, &signature].map(|part| URL_SAFE_NO_PAD.encode(part));
            let text = text.join(".");
            let parts = decode_unverified(&text).unwrap();
            prop_assert_eq!(parts.header, header);
            prop_assert_eq!(parts.payload, payload);
            prop_assert_eq!(parts.signature, signature);
        }
    }
}
