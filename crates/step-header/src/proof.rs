use std::fmt;

use step_claims::{Operation, Purpose, Subject};
use step_provisioner::{CertificateType, Kind, ProofKind};
use token_jose::{Header, KeyId, PrivateKey, ProofHeader, PublicKey, SigningKey};
use token_time::{SignedDuration, Timestamp};

use crate::error::Error;

/// A certificate for a token: read, checked for its purpose, and not yet joined with its
/// key.
///
/// Each kind of proof is an implementation in its own file.
pub trait Proof: fmt::Debug {
    /// Returns the proof that a provisioner must accept; `None` if no provisioner is involved.
    fn kind(&self) -> Option<ProofKind>;

    /// Returns the certificate for the JOSE header.
    fn header_member(&self) -> ProofHeader;

    /// Returns the last second of the certificate's validity, if the token depends on it.
    fn ends(&self) -> Option<Timestamp>;

    /// Returns the end of the certificate if one that the CA issues for it must not end later.
    fn vouches_until(&self) -> Option<Timestamp> {
        None
    }

    /// Returns the type of an SSH certificate.
    fn ssh_type(&self) -> Option<CertificateType> {
        None
    }

    /// Returns for how long the certificate was issued, if that is the lifetime of the CA's next one.
    fn issued_for(&self) -> Option<SignedDuration> {
        None
    }

    /// Returns the public key in the certificate.
    fn public_key(&self) -> &PublicKey;

    /// Returns the subject of a token if the request has none.
    fn default_subject(&self) -> Option<Subject> {
        None
    }

    /// Checks that the certificate can vouch for this subject and these names; returns a warning if
    /// they may still fail.
    ///
    /// # Errors
    ///
    /// If the CA would refuse the token because of the certificate.
    fn admits(&self, subject: &Subject, purpose: &Purpose) -> Result<Option<Warning>, Error> {
        let _ = (subject, purpose);
        Ok(None)
    }

    /// Returns whether a provisioner trusts the certificate.
    fn trusted_by(&self, provisioner: &Kind) -> Trust {
        let _ = provisioner;
        Trust::Unknown
    }

    /// Returns whether the certificate leads to one of these root certificates, each in DER.
    fn below(&self, roots: &[Vec<u8>]) -> Trust {
        let _ = roots;
        Trust::Unknown
    }

    /// Returns through which provisioner the CA issued the certificate, if that says so.
    fn issuance(&self) -> Option<&Issuance> {
        None
    }

    /// Returns what was corrected, and warnings.
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }

    /// Returns the `kid` of a token: the thumbprint of the key, or for some kinds the key's own ID.
    fn key_id(&self, key: &PrivateKey) -> KeyId {
        key.public_key().thumbprint().into()
    }
}

/// What a certificate of step-ca says about how it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issuance {
    /// The number of the provisioner's type.
    pub kind: i64,
    /// The provisioner's name.
    pub provisioner: String,
}

/// Whether a certificate leads to a trusted root.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// It leads to one of the roots.
    Reached,
    /// It leads to none of them, or not by a path that the CA accepts.
    Missed {
        /// Why, to be read after the certificate's name.
        reason: String,
        /// Whether the path ends before a root, so that more certificates in the file may help.
        is_incomplete: bool,
    },
    /// The path could not be checked to its end.
    Unchecked {
        /// Why, as a sentence of its own.
        reason: String,
    },
    /// The provisioner's data does not tell.
    Unknown,
}

/// A note or a warning about an accepted certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// The file contains a private key too.
    #[error("also contains a private key, which is not used")]
    KeySkipped,

    /// The certificates were not in order, leaf first.
    #[error("is not in order; the token has the leaf first, then each certificate's signer")]
    Reordered,

    /// Certificates that sign nothing in the chain, or are repeated.
    #[error(
        "contains certificates that the chain does not need, which are left out: {}",
        token_text::Listed(names)
    )]
    LeftOut {
        /// Their names.
        names: Vec<String>,
    },

    /// The file holds further Nebula certificates.
    #[error("contains further certificates ({more}), which are left out: the first one counts")]
    FirstOfSeveral {
        /// How many follow.
        more: usize,
    },

    /// A critical option of an SSH certificate.
    #[error("has the critical option `{name}`, which only the SSH server checks")]
    CriticalOption {
        /// Its name.
        name: String,
    },

    /// A name of the token is not one of the certificate's.
    #[error(
        "does not have the name `{name}`: the CA refuses a certificate request that has it as an \
         alternative name, and takes one without; the certificate has {}",
        token_text::Listed(own)
    )]
    ForeignName {
        /// The name.
        name: String,
        /// The certificate's own names, each in backticks.
        own: Vec<String>,
    },

    /// The certificate has expired. Only used where the CA decides whether it accepts it.
    #[error(
        "expired at {at}: the CA renews it only if the provisioner's claims have \
         `\"allowRenewalAfterExpiry\": true`"
    )]
    Expired {
        /// When.
        at: Timestamp,
    },
}

impl Warning {
    /// Returns whether the token may fail because of this.
    #[must_use]
    pub fn is_serious(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::ForeignName { .. })
    }
}

/// A key that was checked against its certificate, with the token header that proves it.
#[derive(Debug)]
pub struct ProofKey {
    key: PrivateKey,
    header: Header,
    proof: Option<ProofKind>,
}

impl ProofKey {
    /// Joins a certificate with its key.
    ///
    /// # Errors
    ///
    /// [`Error::KeyOfAnother`] if the certificate is for another key.
    pub fn new(proof: &dyn Proof, key: PrivateKey) -> Result<Self, Error> {
        if key.public_key() != proof.public_key() {
            return Err(Error::KeyOfAnother {
                given: key.public_key().thumbprint(),
                given_kind: key.public_key().kind(),
                certified: proof.public_key().thumbprint(),
                certified_kind: proof.public_key().kind(),
            });
        }
        let header = Header::new(key.algorithm(), proof.key_id(&key));
        let header = header.with(proof.header_member());
        Ok(Self { header, key, proof: proof.kind() })
    }

    /// Returns the header of every token it signs.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the proof that a provisioner must accept; `None` for a renewal.
    #[must_use]
    pub fn kind(&self) -> Option<ProofKind> {
        self.proof
    }

    /// Returns the key.
    #[must_use]
    pub fn into_key(self) -> PrivateKey {
        self.key
    }
}

/// Returns a JWK's own key ID, which takes precedence over the thumbprint, as in step (Q49).
pub(crate) fn own_key_id(key: &PrivateKey) -> KeyId {
    key.key_id().cloned().unwrap_or_else(|| key.public_key().thumbprint().into())
}

/// Returns an error if the certificate cannot authorise the operation.
pub(crate) fn serves(serves: bool, operation: Operation, what: &'static str) -> Result<(), Error> {
    if serves { Ok(()) } else { Err(Error::Purpose { operation, what }) }
}
