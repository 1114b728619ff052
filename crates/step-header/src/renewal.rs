//! The renew token: an X.509 certificate that requests its own renewal.

use step_claims::{Purpose, Subject};
use step_provisioner::ProofKind;
use token_jose::{ProofHeader, PublicKey};
use token_time::{SignedDuration, Timestamp};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::chain::{Chain, Roots};
use crate::error::Error;
use crate::proof::{Issuance, Proof, Trust, Warning};
use crate::verify::der::{Der, OCTET_STRING, SEQUENCE};

/// An X.509 certificate to renew by a token, with its chain in the header `x5cInsecure`.
///
/// No provisioner vouches for it: the CA finds the one that issued the certificate, whose
/// claims decide whether it is renewed.
///
/// Source: smallstep/certificates, `authority/authorize.go` (`AuthorizeRenewToken`).
#[derive(Clone, Debug)]
pub struct Renewal {
    chain: Chain,
    /// The common name. Without one the CA accepts any subject.
    subject: Option<Subject>,
    issuance: Option<Issuance>,
    warnings: Vec<Warning>,
}

impl Renewal {
    /// The `iss` of every renew token, as smallstep's own client writes it.
    pub const ISSUER: &'static str = "step-ca-client/1.0";

    /// Reads a PEM bundle or one DER certificate, and checks it at the time `now`.
    ///
    /// An expired certificate is accepted with a [`Warning`]: some provisioners renew it.
    ///
    /// # Errors
    ///
    /// As [`X5c::read`](crate::X5c::read), except [`Error::Expired`].
    pub fn read(bytes: &[u8], now: Timestamp) -> Result<Self, Error> {
        let chain = Chain::read(bytes)?;
        let mut warnings = chain.warnings().to_vec();
        match chain.leaf().is_valid_at(now) {
            Ok(()) => {}
            Err(Error::Expired { at, .. }) => warnings.push(Warning::Expired { at }),
            Err(fault) => return Err(fault),
        }
        let subject = chain.leaf().common_name.as_deref().and_then(|name| name.parse().ok());
        let issuance = issuance(&chain.leaf().der);
        Ok(Self { chain, subject, issuance, warnings })
    }
}

impl Proof for Renewal {
    fn kind(&self) -> Option<ProofKind> {
        None
    }

    fn header_member(&self) -> ProofHeader {
        ProofHeader::X5cInsecure(self.chain.ders())
    }

    /// An expired certificate does not limit the token: the CA decides whether to renew it.
    fn ends(&self) -> Option<Timestamp> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        self.chain.public_key()
    }

    fn default_subject(&self) -> Option<Subject> {
        self.subject.clone()
    }

    fn admits(&self, subject: &Subject, _purpose: &Purpose) -> Result<Option<Warning>, Error> {
        match &self.subject {
            Some(own) if own != subject => {
                let (name, asked) = (own.to_string(), subject.to_string());
                Err(Error::OtherSubject { name, asked })
            }
            _ => Ok(None),
        }
    }

    /// The CA checks the chain as it was a minute before the leaf's end.
    fn below(&self, roots: &[Vec<u8>]) -> Trust {
        let end = self.chain.leaf().not_after();
        let minute = SignedDuration::saturating_from_seconds(60);
        let at = end.checked_sub(minute).unwrap_or(end);
        self.chain.reaches(&Roots::read(roots), at)
    }

    fn issuance(&self) -> Option<&Issuance> {
        self.issuance.as_ref()
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }
}

/// Reads the extension in which step-ca names the provisioner, a SEQUENCE of its type, its name and
/// the ID of its key.
///
/// Source: smallstep/certificates, `authority/provisioner/extension.go`.
fn issuance(der: &[u8]) -> Option<Issuance> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let all = certificate.extensions();
    let extension = all.iter().find(|extension| extension.oid.as_bytes() == STEP_PROVISIONER)?;
    let mut inner = Der::new(extension.value).inside(SEQUENCE)?;
    let kind = inner.number()?;
    let name = inner.element(OCTET_STRING)?.contents;
    let provisioner = std::str::from_utf8(name).ok()?.to_owned();
    Some(Issuance { kind, provisioner })
}

/// 1.3.6.1.4.1.37476.9000.64.1
const STEP_PROVISIONER: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0xa4, 0x64, 0xc6, 0x28, 0x40, 1];

#[cfg(test)]
mod tests;
