//! Keys, JOSE headers, compact signatures and encrypted private keys.
//!
//! This crate knows how a token is signed and how a private key is stored; it does not know what a
//! claim means. It opens no file, asks for no password and reads no clock: it gets bytes.
//! It is the only crate that names josekit and the engines that sign. OpenSSL, which josekit
//! brings, reads no configuration here and loads no code.
//!
//! - [`SigningKey`]: a key that can sign, in memory or in another process.
//! - [`KeyFile`]: what the bytes of a key file hold; a [`PrivateKey`], a [`SealedKey`] or a
//!   [`JwkSet`]. For the keys of Nebula hosts there is [`KeyFile::parse_nebula`].
//! - [`PublicKey`]: verifies tokens and certificates, with its [`Thumbprint`]
//!   (RFC 7638).
//! - [`SharedSecret`], [`MacKey`]: sign and verify where both sides hold the same secret.
//! - [`KeyPairPem`]: a new key pair.
//! - [`Header`]: the JOSE header of a token, with the [`ProofHeader`] for its key.
//! - [`compact`]: tokens in compact serialization (RFC 7515 §7.1).
//! - [`json`]: writes headers and claims, byte for byte as step-ca's own tools do.
//!
//! ```
//! use token_jose::{KeyFile, SigningKey as _};
//!
//! // The key of RFC 8037 appendix A.1.
//! let bytes = br#"{"kty":"OKP","crv":"Ed25519",
//!     "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
//!     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
//! let KeyFile::Plain(key) = KeyFile::parse(bytes)? else { unreachable!("it is not sealed") };
//! assert_eq!(
//!     key.public_key().thumbprint().to_string(),
//!     "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
//! );
//! let signature = key.sign(b"message")?;
//! key.public_key().verify(key.algorithm(), b"message", &signature)?;
//! # Ok::<(), token_jose::Error>(())
//! ```

mod algorithm;
mod any_curve;
mod certificate_key;
pub mod compact;
mod der;
mod error;
mod fence;
mod generate;
mod header;
pub mod json;
mod jwe;
mod jwe_key;
mod jwe_zip;
mod jwk;
mod key_file;
mod key_id;
mod mac;
mod nebula;
mod openssh;
mod openssl;
mod passphrase;
mod pkcs8;
mod private_key;
mod public_key;
mod sealed_key;
mod signing_key;
mod text;
mod token;
mod x509;
mod xeddsa;

pub use algorithm::{Algorithm, KeyKind};
pub use certificate_key::CertificateKey;
pub use error::{Error, JsonError};
pub use generate::KeyPairPem;
pub use header::{Header, ProofHeader};
pub use jwe_key::MAX_PBKDF2_ROUNDS;
pub use jwk::JwkSet;
pub use key_file::KeyFile;
pub use key_id::{KeyId, Thumbprint};
pub use mac::{MacAlgorithm, MacKey, SharedSecret};
pub use passphrase::Passphrase;
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use sealed_key::SealedKey;
pub use signing_key::{SignError, SigningKey};
pub use token::Token;
