//! The header `x5c`: an X.509 certificate below the root that a provisioner trusts.

use step_provisioner::{Kind, ProofKind};
use token_jose::{ProofHeader, PublicKey};
use token_time::Timestamp;

use crate::chain::{Chain, Roots};
use crate::error::Error;
use crate::proof::{Proof, Trust, Warning};

/// An X.509 certificate that vouches for a token by the header `x5c` (RFC 7515 §4.1.6).
///
/// Source of the CA's requirements: smallstep/certificates, `authority/provisioner/x5c.go`.
#[derive(Clone, Debug)]
pub struct X5c {
    chain: Chain,
    at: Timestamp,
    insecure: bool,
}

impl X5c {
    /// Reads a PEM bundle or one DER certificate, and checks it at the time `now`.
    ///
    /// The resulting chain has the leaf first, and each further certificate signed an earlier one.
    /// Unrelated and repeated certificates are left out.
    ///
    /// # Errors
    ///
    /// - [`Error::Empty`], [`Error::NoCertificate`], [`Error::OnlyOther`], [`Error::Damaged`],
    ///   [`Error::NotX509`], [`Error::TooMany`] if the bytes are not certificates;
    /// - [`Error::CaAsLeaf`], [`Error::SeveralLeaves`] if there is no leaf, or more than one;
    /// - [`Error::KeyUsage`], [`Error::ExtendedKeyUsage`], [`Error::Key`] if its key may not sign;
    /// - [`Error::Expired`], [`Error::NotYetValid`].
    pub fn read(bytes: &[u8], now: Timestamp) -> Result<Self, Error> {
        let chain = Chain::read(bytes)?;
        // Its signers are checked on the path to a root: an expired one may have a successor.
        chain.leaf().is_valid_at(now)?;
        Ok(Self { chain, at: now, insecure: false })
    }

    /// Returns it with the chain in the header `x5cInsecure`, which no X5C provisioner reads
    /// (Q16).
    #[must_use]
    pub fn insecure(mut self) -> Self {
        self.insecure = true;
        self
    }
}

impl Proof for X5c {
    fn kind(&self) -> Option<ProofKind> {
        Some(ProofKind::X5c)
    }

    fn header_member(&self) -> ProofHeader {
        match self.insecure {
            true => ProofHeader::X5cInsecure(self.chain.ders()),
            false => ProofHeader::X5c(self.chain.ders()),
        }
    }

    fn ends(&self) -> Option<Timestamp> {
        Some(self.chain.leaf().not_after())
    }

    fn vouches_until(&self) -> Option<Timestamp> {
        self.ends()
    }

    fn public_key(&self) -> &PublicKey {
        self.chain.public_key()
    }

    fn trusted_by(&self, provisioner: &Kind) -> Trust {
        let Kind::X5c { roots } = provisioner else { return Trust::Unknown };
        match token_pem::certificates(roots) {
            Ok(roots) => self.below(&roots),
            Err(damaged) => Trust::Unchecked { reason: format!("in its roots, {damaged}") },
        }
    }

    fn below(&self, roots: &[Vec<u8>]) -> Trust {
        self.chain.reaches(&Roots::read(roots), self.at)
    }

    fn warnings(&self) -> Vec<Warning> {
        self.chain.warnings().to_vec()
    }
}

#[cfg(test)]
mod tests;
