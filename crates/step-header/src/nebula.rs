//! The header `nebula`: the certificate of a host in a Nebula network.

use std::net::IpAddr;

use step_claims::{Operation, Purpose, Subject};
use step_provisioner::{Kind, ProofKind};
use token_jose::{KeyId, KeyKind, PrivateKey, ProofHeader, PublicKey};
use token_time::Timestamp;

use crate::error::Error;
use crate::nebula_certificate::certificate::{NebulaCertificate, NebulaCurve};
use crate::proof::{Proof, Trust, Warning, own_key_id, serves};

/// A Nebula certificate that vouches for its host, by its name and its addresses.
///
/// Source of the CA's requirements: smallstep/certificates, `authority/provisioner/nebula.go`.
#[derive(Clone, Debug)]
pub struct Nebula {
    certificate: NebulaCertificate,
    public_key: PublicKey,
    at: Timestamp,
}

impl Nebula {
    /// Reads a Nebula certificate and checks that it can authorise an operation at the time `now`.
    ///
    /// # Errors
    ///
    /// - [`Error::Nebula`] if the bytes are not a Nebula certificate;
    /// - [`Error::NebulaCa`] for a CA certificate;
    /// - [`Error::Key`] if its public key is not a point of its curve;
    /// - [`Error::Purpose`] if the operation is to revoke, or to sign for a user;
    /// - [`Error::Expired`], [`Error::NotYetValid`].
    pub fn read(bytes: &[u8], operation: Operation, now: Timestamp) -> Result<Self, Error> {
        let certificate = NebulaCertificate::parse(bytes)?;
        let name = || certificate.name().to_owned();
        if certificate.is_ca() {
            return Err(Error::NebulaCa { name: name() });
        }
        let possible = matches!(operation, Operation::Sign | Operation::SshHost);
        serves(possible, operation, "a Nebula certificate")?;
        let kind = match certificate.curve() {
            NebulaCurve::Curve25519 => KeyKind::X25519,
            NebulaCurve::P256 => KeyKind::P256,
        };
        let public_key = PublicKey::from_raw(kind, certificate.public_key())
            .map_err(|cause| Error::Key { name: name(), cause: cause.to_string() })?;
        is_valid_at(&certificate, now)?;
        Ok(Self { certificate, public_key, at: now })
    }

    /// Returns its name and its addresses, the names that the CA lets it request.
    fn own_names(&self) -> Vec<String> {
        let addresses = self.certificate.networks().iter().map(|net| net.address.to_string());
        std::iter::once(self.certificate.name().to_owned()).chain(addresses).collect()
    }
}

impl Proof for Nebula {
    fn kind(&self) -> Option<ProofKind> {
        Some(ProofKind::Nebula)
    }

    fn header_member(&self) -> ProofHeader {
        ProofHeader::Nebula(self.certificate.to_wire().to_vec())
    }

    fn ends(&self) -> Option<Timestamp> {
        Some(Timestamp::from_unix_seconds(self.certificate.not_after()))
    }

    fn vouches_until(&self) -> Option<Timestamp> {
        self.ends()
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn default_subject(&self) -> Option<Subject> {
        self.certificate.name().parse().ok()
    }

    /// The CA refuses a request with other names than the certificate's own. Another subject
    /// only goes into the template of an X.509 certificate, and is the key ID of an SSH one, so
    /// it is no reason to refuse, but other requested names are. An SSH host that requests no
    /// principals gets all of the certificate's names.
    fn admits(&self, subject: &Subject, purpose: &Purpose) -> Result<Option<Warning>, Error> {
        let own = self.own_names();
        let quoted = || own.iter().map(|name| format!("`{name}`")).collect();
        let foreign = |name: &&str| !own.iter().any(|own| own == name || is_address(own, name));
        let refused = |asked: &str| Error::OtherName { asked: asked.to_owned(), own: quoted() };
        let asked: Vec<&str> = match purpose {
            Purpose::Sign(sans) if sans.is_empty() => {
                return Ok(Some(subject.as_str()).filter(foreign).map(|subject| {
                    Warning::SubjectIsNoName { subject: subject.to_owned(), own: quoted() }
                }));
            }
            Purpose::Sign(sans) => sans.iter().map(AsRef::as_ref).collect(),
            Purpose::SshHost(ssh) => ssh.principals.iter().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        };
        asked.into_iter().find(foreign).map_or(Ok(None), |asked| Err(refused(asked)))
    }

    /// The CA is found by its fingerprint. Its signature, and its limits on names
    /// and networks, are checked by step-ca.
    fn trusted_by(&self, provisioner: &Kind) -> Trust {
        let Kind::Nebula { roots } = provisioner else { return Trust::Unknown };
        let roots = match NebulaCertificate::parse_bundle(roots) {
            Ok(roots) => roots,
            Err(fault) => {
                return Trust::Unchecked { reason: format!("the file in its roots, {fault}") };
            }
        };
        let missed = |reason: String| Trust::Missed { reason };
        let Some(issuer) = self.certificate.issuer() else {
            return missed("does not name the CA that signed it".to_owned());
        };
        match roots.iter().find(|root| root.fingerprint() == *issuer) {
            None => missed(format!(
                "is signed by a Nebula CA with the fingerprint {}, which is not one of {}",
                hex(issuer),
                roots
                    .iter()
                    .map(|root| format!("`{}`", root.name()))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
            Some(root) if !root.is_ca() || root.curve() != self.certificate.curve() => {
                missed(format!("is signed by `{}`, which is not a CA for its curve", root.name()))
            }
            Some(root) => match is_valid_at(root, self.at) {
                Ok(()) => Trust::Reached,
                Err(fault) => missed(format!("is signed by a CA that {fault}")),
            },
        }
    }

    fn key_id(&self, key: &PrivateKey) -> KeyId {
        own_key_id(key)
    }
}

/// Both ends are inclusive, as in Nebula.
fn is_valid_at(certificate: &NebulaCertificate, time: Timestamp) -> Result<(), Error> {
    let (start, end) = (
        Timestamp::from_unix_seconds(certificate.not_before()),
        Timestamp::from_unix_seconds(certificate.not_after()),
    );
    let name = certificate.name().to_owned();
    if time < start {
        Err(Error::NotYetValid { name, at: start })
    } else if time > end {
        Err(Error::Expired { name, at: end })
    } else {
        Ok(())
    }
}

/// Returns whether two texts are the same address, in any notation.
fn is_address(one: &str, other: &str) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().map(|address| address.to_canonical());
    matches!((address(one), address(other)), (Ok(one), Ok(other)) if one == other)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
