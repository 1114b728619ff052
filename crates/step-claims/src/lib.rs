//! The claims of a step-ca one-time token.
//!
//! A one-time token (OTT) is a short-lived JWT that lets its holder ask a CA for one thing. This
//! crate builds the payload. It opens no file, calls no CA, reads no clock, draws no randomness and
//! signs nothing: the caller passes the time and the token ID, and signs the claims.
//!
//! - [`Claims`]: the whole payload, and the bytes `step` would write for it.
//! - [`Purpose`]: what the token allows, with the names it allows it for.
//! - [`Subject`], [`San`], [`Principal`], [`Serial`]: those names.
//! - [`CaUrl`], [`Operation`] and [`Audience`]: the CA endpoint the purpose is spent at
//!   (RFC 7519 §4.1.3).
//! - [`Validity`]: `iat`, `nbf` and `exp`, within the limits `step` keeps (RFC 7519 §4.1.4 to
//!   §4.1.6).
//! - [`Confirmation`]: the `cnf` claim, which ties a token to one request (RFC 7800).
//! - [`UserData`]: the `user` claim, which certificate templates of the CA can read.
//!
//! ```
//! use step_claims::{
//!     Audience, CaUrl, Claims, Limits, Prefix, Purpose, TokenId, UserData, Validity,
//! };
//! use token_time::Timestamp;
//!
//! let ca: CaUrl = "ca.example.com:9000".parse()?;
//! let purpose = Purpose::Sign(vec!["a.example.com".parse()?, "10.0.0.1".parse()?]);
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//!
//! let claims = Claims {
//!     issuer: "me@example.com".to_owned(),
//!     subject: "a.example.com".parse()?,
//!     audience: Audience::new(&ca, Prefix::Versioned, purpose.operation()),
//!     validity: Validity::new(now, None, None, Limits::Step)?,
//!     token_id: TokenId::from_random([0xab; 32]),
//!     root: None,
//!     purpose,
//!     confirmation: None,
//!     user: UserData::default(),
//! };
//! assert_eq!(
//!     String::from_utf8(claims.to_json()?)?,
//!     concat!(
//!         r#"{"aud":"https://ca.example.com:9000/1.0/sign","exp":1700000300,"iat":1700000000,"#,
//!         r#""iss":"me@example.com","#,
//!         r#""jti":"abababababababababababababababababababababababababababababababab","#,
//!         r#""nbf":1700000000,"sans":["a.example.com","10.0.0.1"],"sub":"a.example.com"}"#,
//!     )
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audience;
mod ca_url;
mod canonical;
mod claims;
mod confirmation;
mod error;
mod fingerprint;
mod go_url;
mod names;
mod operation;
mod purpose;
mod san_kind;
mod serial;
mod token_id;
mod user;
mod validity;

pub use audience::{Audience, Prefix, encode_fragment, is_audience_of};
pub use ca_url::{CaUrl, UrlPart};
pub use claims::Claims;
pub use confirmation::Confirmation;
pub use error::{CaUrlFault, Error};
pub use fingerprint::RootFingerprint;
pub use go_url::{GoUrl, split_host_port};
pub use names::{Principal, San, Subject};
pub use operation::Operation;
pub use purpose::{Purpose, SshCertificate};
pub use san_kind::SanKind;
pub use serial::Serial;
pub use token_id::TokenId;
pub use user::UserData;
pub use validity::{Limits, Validity};
