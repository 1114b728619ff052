//! Reads the ca.json of a CA, or calls its HTTPS API: provisioners, encrypted keys, roots, and the
//! requests that spend tokens.
//!
//! This crate opens files and makes requests, and leaves decisions to its callers: which
//! provisioner to use, how to open its key, what to do with a certificate. It never prompts or
//! prints, and it reads no environment variable, except that its HTTP library looks for a
//! proxy there. It logs one line per request with `tracing`, without tokens.
//!
//! - [`OfflineCa`]: a ca.json, which is only read (smallstep/certificates,
//!   `authority/config/config.go`).
//! - [`Client`]: a CA with a URL (smallstep/certificates, `api/api.go`), verified with its
//!   [`Roots`] only.
//! - [`fetch_root`]: bootstraps trust from a fingerprint.
//! - [`SignRequest`], [`RevokeRequest`], [`SshSignRequest`]: the requests that spend a token.
//! - [`Identity`]: the client certificate that some CAs require.
//! - [`Error`] and [`RequestFault`]: what went wrong, with a variant for each remedy.
//!
//! ```
//! use std::path::Path;
//!
//! use step_ca_client::OfflineCa;
//!
//! # let path = Path::new("../../testdata/vectors/ca.json");
//! let ca = OfflineCa::open(path)?;
//! for provisioner in &ca.config().provisioners {
//!     println!("{}", provisioner.label());
//! }
//! println!("{}", ca.roots()?.fingerprint());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Requests are futures. A program without a runtime creates one and blocks on them; a
//! current-thread runtime starts no thread, except to resolve names. That thread cannot be
//! stopped, so a program that must exit in time ends its runtime with `shutdown_background`.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use step_ca_client::{Client, Options, Roots};
//!
//! let roots = Roots::load(Path::new("root_ca.crt"))?;
//! let client = Client::new(&"ca.example.com:9000".parse()?, &roots, &Options::default())?;
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! for provisioner in runtime.block_on(client.provisioners())? {
//!     println!("{}", provisioner.label());
//! }
//! runtime.shutdown_background();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod bootstrap;
mod budget;
mod client;
mod diagnosis;
mod dotted_name;
mod error;
mod exceptions;
mod fault;
mod file;
mod identity;
mod offline;
mod pages;
mod proxy;
mod redirect;
mod roots;
mod server_name;
mod spend;
mod ssh;
mod transport;

pub use bootstrap::fetch_root;
pub use budget::Budget;
pub use client::{Client, Version};
pub use error::Error;
pub use fault::identity::IdentityFault;
pub use fault::request::RequestFault;
pub use fault::roots::RootsFault;
pub use identity::Identity;
pub use offline::OfflineCa;
pub use pages::ProvisionerList;
pub use roots::Roots;
pub use spend::{RevokeRequest, SignRequest, SignResponse};
pub use ssh::{SshCertificateType, SshSignRequest, SshSignResponse};
pub use transport::Options;
