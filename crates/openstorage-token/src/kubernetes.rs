//! Kubernetes Secrets, which store tokens and shared secrets for a storage cluster.

mod manifest;
mod name;
mod secret;

pub use manifest::Manifest;
pub use name::{DataKey, NameError, Namespace, ObjectName};
pub use secret::{SecretError, is_secret, read_secret};
