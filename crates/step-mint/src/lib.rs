//! Mint step-ca one-time tokens from inside another program.
//!
//! [`Mint`] is one open key, [`Request`] says what one token is to say, and [`Mint::token`] signs
//! it. The key is opened once; after that a thousand tokens cost a thousand signatures.
//! [`Mint::with_proof`] takes the key of a certificate, which `step_header` has checked against that
//! certificate.
//!
//! This crate knows no flags and no files, asks no questions, and reads no clock: the caller brings
//! the time and the token's ID.
//!
//! ```
//! use step_claims::{Limits, Prefix, Purpose, RootFingerprint, TokenId, UserData};
//! use step_mint::{Ca, Mint, Request};
//! use token_jose::{KeyFile, SigningKey as _};
//! use token_time::Timestamp;
//!
//! // The key of RFC 8037 appendix A.1.
//! let KeyFile::Plain(key) = KeyFile::parse(
//!     br#"{"kty":"OKP","crv":"Ed25519",
//!         "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
//!         "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
//! )? else { unreachable!("the key is not encrypted") };
//! // The `kid` of the provisioner's public key, if that has one.
//! let key_id = Some(key.public_key().thumbprint().into());
//! let ca = Ca {
//!     url: "https://ca.example.com:9000".parse()?,
//!     prefix: Prefix::Versioned,
//!     root: Some(RootFingerprint::of_der(b"the root certificate")),
//! };
//! let mint = Mint::new("admin@example.com".to_owned(), ca, key_id, key);
//!
//! let request = Request {
//!     subject: "db.internal".parse()?,
//!     purpose: Purpose::Sign(vec!["db.internal".parse()?]),
//!     not_before: None,
//!     not_after: Some("10m".parse()?),
//!     limits: Limits::Step,
//!     confirmation: None,
//!     user: UserData::default(),
//! };
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//! let minted = {
//!     let validity = request.validity(now)?;
//!     mint.token(request, validity, TokenId::from_random([7; 32]))?
//! };
//! assert_eq!(minted.claims.audience.as_str(), "https://ca.example.com:9000/1.0/sign");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod mint;
mod request;

pub use error::Error;
pub use mint::{Ca, Mint, Minted};
pub use request::Request;
