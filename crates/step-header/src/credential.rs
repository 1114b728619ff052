use std::fmt;

use step_claims::{Operation, Purpose, Subject};
use step_provisioner::{Kind, Proof};
use token_jose::{Evidence, Header, KeyId, PrivateKey, PublicKey, SigningKey};
use token_time::Timestamp;

use crate::error::Error;

/// A certificate as a token needs it: read, found good for its purpose, and not yet joined with its
/// key.
///
/// Each kind of proof is one implementation in a file of its own.
pub trait Credential: fmt::Debug {
    /// Returns the proof that a provisioner is to accept; `None` if no provisioner is asked.
    fn proof(&self) -> Option<Proof>;

    /// Returns what the JOSE header carries.
    fn evidence(&self) -> Evidence;

    /// Returns the last second of the certificate's validity, if the token depends on it.
    fn ends(&self) -> Option<Timestamp>;

    /// Returns the key the certificate is for.
    fn public_key(&self) -> &PublicKey;

    /// Returns the subject of a token for which none was asked for.
    fn default_subject(&self) -> Option<Subject> {
        None
    }

    /// Checks that the certificate can vouch for this subject and these names; returns what may go
    /// wrong with them all the same.
    ///
    /// # Errors
    ///
    /// If the CA would refuse the token for what the certificate says.
    fn admits(&self, subject: &Subject, purpose: &Purpose) -> Result<Option<Remark>, Error> {
        let _ = (subject, purpose);
        Ok(None)
    }

    /// Tells whether the certificate leads to what a provisioner trusts.
    fn trusted_by(&self, provisioner: &Kind) -> Trust {
        let _ = provisioner;
        Trust::Unknown
    }

    /// Tells whether the certificate leads to one of these root certificates, each in DER.
    fn below(&self, roots: &[Vec<u8>]) -> Trust {
        let _ = roots;
        Trust::Unknown
    }

    /// Returns what was put right, and what a person should know.
    fn remarks(&self) -> Vec<Remark> {
        Vec::new()
    }

    /// Returns the `kid` of a token: the thumbprint of the key, unless the kind takes the key's own.
    fn key_id(&self, key: &PrivateKey) -> KeyId {
        key.public_key().thumbprint().into()
    }
}

/// Where a certificate leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// To one of the roots.
    Reached,
    /// To none of them, or not by a way that the CA takes.
    Missed {
        /// Why, worded to follow the certificate's name.
        reason: String,
    },
    /// The way could not be looked at to its end.
    Unchecked {
        /// Why, as a sentence of its own.
        reason: String,
    },
    /// What is at hand does not say.
    Unknown,
}

/// What a person should know about a certificate that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Remark {
    /// A private key stood beside the certificates.
    #[error("also contains a private key, which is not used")]
    KeySkipped,

    /// The certificates did not begin with the leaf, or did not follow each other.
    #[error("was sorted: the leaf first, then each certificate's signer")]
    Reordered,

    /// Certificates that sign nothing in the chain, or stand there twice.
    #[error("contains certificates that the chain does not need, left out: {}", names.join(", "))]
    LeftOut {
        /// Their names.
        names: Vec<String>,
    },

    /// A critical option of an SSH certificate.
    #[error("has the critical option `{name}`, which only the SSH server checks")]
    CriticalOption {
        /// Its name.
        name: String,
    },

    /// The subject, which becomes the only name, is not one of the certificate's.
    #[error(
        "does not have the name `{subject}`, so the CA will refuse a certificate request for that \
         name; it has {}",
        own.join(", ")
    )]
    SubjectIsNoName {
        /// The subject.
        subject: String,
        /// The certificate's own names, each in backticks.
        own: Vec<String>,
    },

    /// The certificate is over. Only where the CA decides what follows.
    #[error(
        "expired at {at}: the CA renews it only if the provisioner's claims have \
         `\"allowRenewalAfterExpiry\": true`"
    )]
    Expired {
        /// When.
        at: Timestamp,
    },
}

impl Remark {
    /// Tells whether the token may fail for it.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::SubjectIsNoName { .. })
    }
}

/// A key that is proven to be a certificate's, with the header that shows it.
#[derive(Debug)]
pub struct ProvenKey {
    key: PrivateKey,
    header: Header,
    proof: Option<Proof>,
}

impl ProvenKey {
    /// Joins a certificate with its key.
    ///
    /// # Errors
    ///
    /// [`Error::KeyOfAnother`] if the certificate is for another key.
    pub fn new(credential: &dyn Credential, key: PrivateKey) -> Result<Self, Error> {
        if key.public_key() != credential.public_key() {
            return Err(Error::KeyOfAnother {
                given: key.public_key().thumbprint(),
                given_kind: key.public_key().kind(),
                certified: credential.public_key().thumbprint(),
                certified_kind: credential.public_key().kind(),
            });
        }
        let header = Header::new(key.algorithm(), credential.key_id(&key));
        let header = header.with(credential.evidence());
        Ok(Self { header, key, proof: credential.proof() })
    }

    /// Returns the header of every token it signs.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the proof that a provisioner is to accept; `None` for a renewal.
    #[must_use]
    pub fn proof(&self) -> Option<Proof> {
        self.proof
    }

    /// Returns the key.
    #[must_use]
    pub fn into_key(self) -> PrivateKey {
        self.key
    }
}

/// Returns a JWK's own key ID, which comes before the thumbprint as step has it (Q49).
pub(crate) fn own_key_id(key: &PrivateKey) -> KeyId {
    key.key_id().cloned().unwrap_or_else(|| key.public_key().thumbprint().into())
}

/// Returns what a wrong purpose is called.
pub(crate) fn serves(serves: bool, operation: Operation, what: &'static str) -> Result<(), Error> {
    if serves { Ok(()) } else { Err(Error::Purpose { operation, what }) }
}
