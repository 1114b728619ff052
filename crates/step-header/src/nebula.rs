//! The header `nebula`: the certificate of a host in a Nebula network.

use std::net::IpAddr;

use step_claims::{Operation, Purpose, Subject};
use step_provisioner::{Kind, ProofKind};
use token_jose::{KeyId, KeyKind, PrivateKey, ProofHeader, PublicKey};
use token_text::Several;
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
    /// How many other certificates are in the file.
    more: usize,
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
        let more = NebulaCertificate::more_in(bytes);
        Ok(Self { certificate, public_key, at: now, more })
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

    /// The CA compares the alternative names of a certificate request with the certificate's own, and
    /// not those of the token, which go into the template. So a token for other names is accepted
    /// with some requests. The principals of an SSH token are compared. Without any an SSH host
    /// gets all of the certificate's names.
    fn admits(&self, subject: &Subject, purpose: &Purpose) -> Result<Option<Warning>, Error> {
        let own = self.own_names();
        let quoted = || own.iter().map(|name| format!("`{name}`")).collect();
        let foreign = |name: &&str| !own.iter().any(|own| own == name || is_address(own, name));
        match purpose {
            Purpose::Sign(sans) => {
                // Without names the subject is the only one.
                let subject = sans.is_empty().then_some(subject.as_str());
                let mut names = sans.iter().map(AsRef::as_ref).chain(subject);
                let name = names.find(foreign);
                Ok(name.map(|name| Warning::ForeignName { name: name.to_owned(), own: quoted() }))
            }
            Purpose::SshHost(ssh) => {
                let name = ssh.principals.iter().map(AsRef::as_ref).find(foreign);
                name.map_or(Ok(None), |name| {
                    Err(Error::OtherName { asked: name.to_owned(), own: quoted() })
                })
            }
            _ => Ok(None),
        }
    }

    /// The CA is found by its fingerprint; it must have signed the certificate, within its limits.
    fn trusted_by(&self, provisioner: &Kind) -> Trust {
        let Kind::Nebula { roots } = provisioner else { return Trust::Unknown };
        let roots = match NebulaCertificate::parse_bundle(roots) {
            Ok(roots) => roots,
            Err(fault) => {
                return Trust::Unchecked { reason: format!("the file in its roots, {fault}") };
            }
        };
        let missed = |reason: String| Trust::Missed { reason, is_incomplete: false };
        let Some(issuer) = self.certificate.issuer() else {
            return missed("does not name the CA that signed it".to_owned());
        };
        match roots.iter().find(|root| root.fingerprint() == *issuer) {
            None => missed(format!(
                "is signed by a Nebula CA with the fingerprint {}, which is not one of {}",
                hex(issuer),
                Several(&roots.iter().map(|root| root.name()).collect::<Vec<_>>())
            )),
            Some(root) if !root.is_ca() || root.curve() != self.certificate.curve() => {
                missed(format!("is signed by `{}`, which is not a CA for its curve", root.name()))
            }
            Some(root) => match (is_valid_at(root, self.at), self.certificate.beyond(root)) {
                (Err(fault), _) => missed(format!("is signed by a CA that {fault}")),
                _ if !self.certificate.is_signed_by(root) => missed(format!(
                    "names `{}` as its CA, whose key did not sign it: it is damaged or forged",
                    root.name()
                )),
                (Ok(()), Some(beyond)) => missed(beyond),
                (Ok(()), None) => Trust::Reached,
            },
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        match self.more {
            0 => Vec::new(),
            more => vec![Warning::FirstOfSeveral { more }],
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
