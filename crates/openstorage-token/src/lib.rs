//! Self-signed tokens for OpenStorage and Portworx.
//!
//! A storage administrator signs a JWT that says who somebody is and which roles and groups they
//! have; the storage cluster checks it with the same shared secret, or with a public key. This crate
//! knows what such a token says, how it is stored, and how a server checks it. It opens no file,
//! reads no clock and makes no request: the caller brings bytes and the time.
//!
//! - [`Account`]: the auth-config file, as `pxctl auth token generate` reads it.
//! - [`Claims`], [`Lifetime`], [`Mint`]: the token, byte for byte as OpenStorage writes it.
//! - [`Server`], [`judge`]: what a server would say, check by check, in its own order, with
//!   warnings about what it tolerates ([`StrictWarning`]) and what is rarely intended ([`Warning`]).
//! - [`Roles`], [`Ownership`]: what the holder may then do.
//! - [`Contexts`]: the file of `pxctl context`.
//! - [`kubernetes`]: the Secret that stores a token or a shared secret.
//!
//! ```
//! use openstorage_token::{Answer, Conditions, Lifetime, Server, judge};
//! use token_jose::SharedSecret;
//!
//! // A published token; its secret is published with it.
//! let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImppbXN0ZXZlbnNAZ21haWwuY29tIiwiZXhwIjo0NzE3NTk4NTI4LCJncm91cHMiOlsiKiJdLCJpYXQiOjE1NjM5OTg1MjgsImlzcyI6Im9wZW5zdG9yYWdlLmlvIiwibmFtZSI6ImppbSIsInJvbGVzIjpbInN5c3RlbS5hZG1pbiJdLCJzdWIiOiJqaW1zdGV2ZW5zQGdtYWlsLmNvbSJ9.99zV2XyuY53_2Nf5qkpM7nGNFzu8M3Y0jQaxPWkSozA";
//! let mut server = Server::new("openstorage.io".to_owned());
//! server.shared_secret = Some(SharedSecret::new(b"mysecret".to_vec())?);
//! let at = |now| Conditions { now, leeway: "0s".parse::<Lifetime>().expect("0s"), algorithm: None };
//!
//! assert_eq!(judge(token, &server, &at(1_700_000_000)).answer, Answer::Accepted);
//! let late = judge(token, &server, &at(4_717_598_528));
//! assert_eq!(late.answer, Answer::PermissionDenied);
//! assert_eq!(late.fault().map(|(rule, _)| rule.as_str()), Some("exp"));
//! # Ok::<(), token_jose::Error>(())
//! ```

mod account;
mod api_method;
mod api_table;
mod claims;
mod contexts;
mod duration;
pub mod kubernetes;
mod nearest;
mod ownership;
mod pattern;
mod role;
mod role_error;
mod role_warning;
mod roles;
mod server;
mod server_config;
mod text;
mod verdict;
mod warning;
mod yaml;

pub use account::{Account, AccountError, AccountWarning};
pub use api_method::{ApiMethod, UnknownMethod};
pub use claims::{Claims, Mint};
pub use contexts::{Context, ContextName, Contexts, ContextsError, Created};
pub use duration::{Lifetime, LifetimeError, LifetimeFault};
pub use ownership::{Access, Grant, Ownership, OwnershipAnswer};
pub use role::{Role, Rule as RoleRule};
pub use role_error::RoleError;
pub use role_warning::{PatternOf, RoleWarning};
pub use roles::{Decision, RoleAnswer, Roles, is_built_in, is_fixed};
pub use server::{Generation, Server, ServerKey, ServerKeyError, UsernameClaim};
pub use server_config::{ServerConfig, ServerConfigError};
pub use verdict::algorithm::TokenAlgorithm;
pub use verdict::fault::{Fault, Seen, StrictWarning};
pub use verdict::finding::{Finding, Outcome, Verdict};
pub use verdict::judge::{Conditions, judge, unverified};
pub use verdict::payload::{Expiry, Identity};
pub use verdict::rule::{Answer, Rule};
pub use verdict::secret_form::SecretForm;
pub use warning::Warning;
pub use yaml::node::YamlError;
pub use yaml::writer::yaml_of_json;
