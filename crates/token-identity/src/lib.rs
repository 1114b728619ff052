//! Tokens that other systems issue.
//!
//! Such a token is not signed here: it is read, checked and passed on. This crate says what it is
//! and whether a CA could accept it. It opens no file, makes no request and reads no clock, and
//! it knows nothing of the CA.
//!
//! - [`ServiceAccountToken`]: the token of a Kubernetes service account.
//!
//! ```
//! use token_identity::ServiceAccountToken;
//! use token_time::Timestamp;
//!
//! # let file = std::fs::read("../../testdata/vectors/k8s-token").unwrap();
//! let token = ServiceAccountToken::read(&file, Timestamp::from_unix_seconds(1_800_000_000))?;
//! assert_eq!(token.token().expose().split('.').count(), 3);
//! # Ok::<(), token_identity::Error>(())
//! ```

mod kubernetes;
mod signature;

pub use kubernetes::{AccountClaims, Error, ServiceAccountToken};
