//! The header `sshpop`: an SSH certificate of the CA itself.

use step_claims::{Operation, Purpose, Subject};
use step_provisioner::{CertificateType, ProofKind};
use token_jose::{KeyId, PrivateKey, ProofHeader, PublicKey};
use token_time::{SignedDuration, Timestamp};

use crate::error::Error;
use crate::proof::{Proof, Warning, own_key_id, serves};
use crate::ssh_certificate::SshCertificate;

/// An SSH certificate that vouches for its own renewal, rekey or revocation.
///
/// Source of the CA's requirements: smallstep/certificates, `authority/provisioner/sshpop.go`.
#[derive(Clone, Debug)]
pub struct SshPop {
    certificate: SshCertificate,
    warnings: Vec<Warning>,
}

impl SshPop {
    /// Reads an SSH certificate and checks that it can authorise an operation at the time `now`.
    ///
    /// For a renewal an expired certificate is accepted with a [`Warning`]: some provisioners
    /// renew it.
    ///
    /// # Errors
    ///
    /// - as [`SshCertificate::read`];
    /// - [`Error::Purpose`] for renewing or rekeying a user certificate, or signing a new one;
    /// - [`Error::NeverBegins`] for renewing or rekeying one without a start;
    /// - [`Error::Expired`], [`Error::NotYetValid`].
    pub fn read(bytes: &[u8], operation: Operation, now: Timestamp) -> Result<Self, Error> {
        let certificate = SshCertificate::read(bytes)?;
        match operation {
            Operation::SshRevoke => {}
            Operation::SshRenew | Operation::SshRekey => {
                serves(certificate.is_host(), operation, "a user certificate")?;
                if certificate.has_no_start() {
                    return Err(Error::NeverBegins);
                }
            }
            _ => serves(false, operation, "an SSH certificate")?,
        }
        let mut warnings: Vec<Warning> = certificate
            .critical_options()
            .map(|name| Warning::CriticalOption { name: name.to_owned() })
            .collect();
        match certificate.is_valid_at(now) {
            Ok(()) => {}
            Err(Error::Expired { at, .. }) if operation == Operation::SshRenew => {
                warnings.push(Warning::Expired { at });
            }
            Err(fault) => return Err(fault),
        }
        Ok(Self { certificate, warnings })
    }
}

impl Proof for SshPop {
    fn kind(&self) -> Option<ProofKind> {
        Some(ProofKind::SshPop)
    }

    fn header_member(&self) -> ProofHeader {
        ProofHeader::SshPop(self.certificate.to_wire().to_vec())
    }

    /// An expired certificate does not limit the token.
    fn ends(&self) -> Option<Timestamp> {
        let over = self.warnings.iter().any(|warning| matches!(warning, Warning::Expired { .. }));
        (!over).then(|| self.certificate.last_second())
    }

    fn ssh_type(&self) -> Option<CertificateType> {
        Some(match self.certificate.is_host() {
            true => CertificateType::SshHost,
            false => CertificateType::SshUser,
        })
    }

    fn issued_for(&self) -> Option<SignedDuration> {
        Some(self.certificate.lifetime())
    }

    fn public_key(&self) -> &PublicKey {
        self.certificate.public_key()
    }

    /// The serial number, as `step ssh renew` writes it.
    fn default_subject(&self) -> Option<Subject> {
        self.certificate.serial().to_string().parse().ok()
    }

    fn admits(&self, subject: &Subject, purpose: &Purpose) -> Result<Option<Warning>, Error> {
        let own = self.certificate.serial();
        if *purpose == Purpose::SshRevoke && subject.as_str() != own.to_string() {
            return Err(Error::OtherSerial { own, asked: subject.to_string() });
        }
        Ok(None)
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }

    fn key_id(&self, key: &PrivateKey) -> KeyId {
        own_key_id(key)
    }
}

#[cfg(test)]
mod tests;
