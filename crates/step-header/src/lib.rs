//! JWT headers that carry a certificate as proof: `x5c`, `sshpop`, `nebula`, and the renew token.
//!
//! A provisioner of these types has no key. It knows who issues certificates, and accepts a token
//! whose header carries one and whose signature was made with its key. This crate reads such
//! certificates, checks their use and joins them with their key. It opens no file, makes
//! no request and reads no clock. It does not decide whom to trust: [`Trust`] says where a
//! certificate leads, and the caller decides.
//!
//! - [`Proof`]: a certificate for a token, with one file for each kind: [`X5c`] (RFC 7515
//!   §4.1.6), [`Renewal`], [`SshPop`], [`Nebula`].
//! - [`ProofKey`]: a proof and its key. It can only be made from a pair that matches,
//!   so a token never carries the certificate of another key.
//! - [`anchor_fault`]: whether step-ca can use what a provisioner trusts.
//! - [`verify`]: whether a certificate leads to a trusted root, and if not, [`WhyNot`], as step-ca
//!   judges it.
//! - [`Warning`]: what was corrected, and warnings.
//!
//! ```
//! use step_claims::Operation;
//! use step_header::{Proof as _, ProofKey, X5c};
//! use token_jose::KeyFile;
//! use token_time::Timestamp;
//!
//! # let file = |name: &str| std::fs::read(format!("../../testdata/vectors/{name}")).unwrap();
//! let now = Timestamp::from_unix_seconds(1_800_000_000);
//! let certificate = X5c::read(&file("x5c/p256.chain.crt"), now)?;
//! let KeyFile::Plain(key) = KeyFile::parse(&file("test-keys/p256.pkcs8.pem"))? else {
//!     unreachable!("the key is not sealed")
//! };
//! let proven = ProofKey::new(&certificate, *key)?;
//! assert_eq!(proven.header().algorithm().as_str(), "ES256");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod anchors;
mod chain;
mod error;
mod nebula;
mod nebula_certificate;
mod proof;
mod renewal;
mod ssh_certificate;
mod sshpop;
#[cfg(test)]
mod testing;
mod verify;
mod x509;
mod x5c;

pub use anchors::anchor_fault;
pub use error::Error;
pub use nebula::Nebula;
pub use nebula_certificate::certificate::{
    NebulaCertificate, NebulaCurve, NebulaNetwork, NebulaVersion,
};
pub use nebula_certificate::fault::NebulaFault;
pub use proof::{Issuance, Proof, ProofKey, Trust, Warning};
pub use renewal::Renewal;
pub use ssh_certificate::SshCertificate;
pub use sshpop::SshPop;
pub use verify::certificate::X509Certificate;
pub use verify::constraints::NameFault;
pub use verify::{CertificatePurpose, VerifiedChain, WhyNot, verify};
pub use x5c::X5c;
