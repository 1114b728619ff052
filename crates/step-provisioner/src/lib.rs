//! Reads the provisioners of a step-ca, selects the one for a request, and knows what its type may
//! authorise.
//!
//! A provisioner is the CA's entry that vouches for a requester: a key, an identity provider, a
//! root whose certificates are trusted. This crate reads such entries, selects one, and has the
//! table of which type may authorise what. It opens no file, makes no request, never prompts: the
//! caller passes the text, and chooses if several fit.
//!
//! - [`CaConfig`]: a ca.json (smallstep/certificates, `authority/config/config.go`), read without
//!   the files it names.
//! - [`provisioners_page`]: one page of a CA's answer to `GET /provisioners`.
//! - [`Provisioner`]: one entry, its [`Kind`] and its [`ProvisionerClaims`]
//!   (`authority/provisioner/*.go`).
//! - [`Window`]: whether the CA signs a certificate for the time asked for.
//! - [`Disabled`], [`StartFault`]: what step-ca refuses at its start.
//! - [`Capability`]: whether a type may authorise an operation, and what to use instead.
//! - [`select`]: the provisioner that a [`Selector`] describes, or why there is none.
//!
//! ```
//! use step_claims::Operation;
//! use step_provisioner::{Selection, Selector, provisioners_page, select};
//!
//! let page = provisioners_page(
//!     br#"{"provisioners": [{"type": "ACME", "name": "acme"}, {"type": "X5C", "name": "devices"}]}"#,
//! )?;
//! let selector = Selector {
//!     proof: None,
//!     key_id: None,
//!     name: None,
//!     public_key: None,
//!     operation: Operation::Sign,
//! };
//! let Selection::One { provisioner, .. } = select(&page.provisioners, &selector) else {
//!     panic!("ACME has no tokens, so only one is left");
//! };
//! assert_eq!(provisioner.label(), "devices (X5C)");
//! assert_eq!(provisioner.fragment(), Some(("x5c", "devices")));
//! # Ok::<(), step_provisioner::Error>(())
//! ```

mod capability;
mod claims;
mod config;
mod disabled;
mod error;
mod initialise;
mod kind;
mod left_out;
mod limits;
mod list;
mod object;
mod proof;
mod provisioner;
mod raw;
mod select;
mod ssh_keys;
mod start;
#[cfg(test)]
mod testing;
mod unselected;
mod window;

pub use crate::capability::{CAPABILITIES, Capability};
pub use crate::claims::{EffectiveClaims, ProvisionerClaims};
pub use crate::config::{CaConfig, Registration};
pub use crate::disabled::Disabled;
pub use crate::error::{Error, Expected};
pub use crate::kind::{
    AwsProvisioner, AzureProvisioner, GcpProvisioner, JwkProvisioner, Kind, KindName,
    OidcProvisioner,
};
pub use crate::left_out::LeftOut;
pub use crate::limits::{CertificateType, Contradiction, Lifetimes, Limit, Limits, SetBy};
pub use crate::list::{Page, Skipped, provisioners_page};
pub use crate::proof::ProofKind;
pub use crate::provisioner::Provisioner;
pub use crate::raw::Raw;
pub use crate::select::{Selection, Selector, Why, select, select_and_tell};
pub use crate::ssh_keys::SshKeys;
pub use crate::start::StartFault;
pub use crate::unselected::{KeyOf, Unselected};
pub use crate::window::fault::{Remedy, WindowDoubt, WindowFault};
pub use crate::window::{Known, Spending, Window, WindowRules};
