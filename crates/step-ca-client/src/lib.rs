//! A CA, on disk or behind a URL: provisioners, sealed keys, roots, and the requests a token is
//! spent on.
//!
//! This crate opens files and makes requests, and leaves what they mean to others: which
//! provisioner to take, how to open its key, what to do with a certificate. It never prompts or
//! prints, and it reads no environment variable, except that its HTTP library looks there for a
//! proxy. What it logs, by `tracing`, is one line a request, without tokens.
//!
//! - [`OfflineCa`]: a ca.json, read and nothing more (smallstep/certificates,
//!   `authority/config/config.go`).
//! - [`Client`]: a CA behind a URL (smallstep/certificates, `api/api.go`), trusted by its [`Roots`]
//!   and by nothing else.
//! - [`fetch_root`]: how trust begins, with a fingerprint.
//! - [`SignRequest`], [`RevokeRequest`], [`SshSignRequest`]: what a token is spent on.
//! - [`Identity`]: the client certificate that some CAs want to see.
//! - [`Error`] and [`RequestFault`]: what went wrong, told apart by what to do about it.
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
//! Requests are futures. A program without a runtime of its own makes one and blocks on them; a
//! current-thread runtime starts no thread, except to resolve a name. That thread cannot be
//! stopped, so a program that must end in time leaves its runtime by `shutdown_background`.
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

mod bootstrap;
mod client;
mod diagnosis;
mod error;
mod fault;
mod file;
mod identity;
mod offline;
mod pages;
mod redirect;
mod roots;
mod spend;
mod ssh;
mod transport;

pub use bootstrap::fetch_root;
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
