//! Certificates of Nebula networks: their contents and their PEM.

pub(crate) mod certificate;
pub(crate) mod fault;
mod limits;
mod v1;
mod v2;
mod written;

use token_pem::Section;

use self::certificate::{NebulaCertificate, NebulaCurve, NebulaVersion};
use self::fault::{NebulaFault, malformed};

impl NebulaCertificate {
    /// Reads a file: PEM labelled `NEBULA CERTIFICATE` (version 1) or `NEBULA CERTIFICATE V2`, with
    /// any text around it; without PEM the bytes are a certificate of version 1.
    ///
    /// Other sections are ignored without decoding, also private keys. Of several certificates
    /// the first is taken, as in `step`: a host may have one of each version.
    ///
    /// # Errors
    ///
    /// [`NebulaFault`] if there is no certificate, or it is damaged.
    pub fn parse(bytes: &[u8]) -> Result<Self, NebulaFault> {
        if bytes.trim_ascii().is_empty() {
            return Err(NebulaFault::Empty);
        }
        let Some(certificates) = certificates(bytes) else { return Self::parse_bare(bytes) };
        match certificates.first() {
            None => Err(NebulaFault::OtherPem { labels: token_pem::labels(bytes) }),
            Some((version, section)) => Self::from_wire(*version, &section.contents()?),
        }
    }

    /// Returns how many certificates follow the one that [`parse`](Self::parse) takes.
    pub(crate) fn more_in(bytes: &[u8]) -> usize {
        certificates(bytes).map_or(0, |all| all.len().saturating_sub(1))
    }

    /// Reads all certificates of a bundle in PEM, such as a provisioner's roots, in their order.
    ///
    /// Text and other sections are ignored. The caller checks whether the certificates are CA
    /// certificates.
    ///
    /// # Errors
    ///
    /// [`NebulaFault`] if there is no certificate or a damaged one.
    pub fn parse_bundle(pem: &[u8]) -> Result<Vec<Self>, NebulaFault> {
        if pem.trim_ascii().is_empty() {
            return Err(NebulaFault::Empty);
        }
        let sections = certificates(pem).ok_or(NebulaFault::NoPem)?;
        let mut certificates = Vec::new();
        for (version, section) in sections {
            let number = certificates.len().saturating_add(1);
            let read = Self::from_wire(version, &section.contents()?);
            certificates.push(read.map_err(|fault| match fault {
                NebulaFault::Malformed { reason } => {
                    NebulaFault::MalformedInBundle { number, reason }
                }
                other => other,
            })?);
        }
        if certificates.is_empty() {
            return Err(NebulaFault::OtherPem { labels: token_pem::labels(pem) });
        }
        Ok(certificates)
    }

    /// Reads bytes without PEM, which must be of version 1.
    fn parse_bare(bytes: &[u8]) -> Result<Self, NebulaFault> {
        Self::from_wire(NebulaVersion::V1, bytes).map_err(|fault| {
            // Every certificate of version 1 begins with the tag of the details, which is also a
            // line end.
            if bytes.first() == Some(&b'\n') && std::str::from_utf8(bytes).is_err() {
                fault
            } else if Self::from_wire(NebulaVersion::V2, bytes).is_ok() {
                NebulaFault::BareV2
            } else {
                NebulaFault::NeitherPemNorProtobuf
            }
        })
    }

    fn from_wire(version: NebulaVersion, bytes: &[u8]) -> Result<Self, NebulaFault> {
        if bytes.len() > MOST_BYTES {
            return Err(NebulaFault::TooLarge);
        }
        let certificate = match version {
            NebulaVersion::V1 => v1::read(bytes)?,
            NebulaVersion::V2 => v2::read(bytes)?,
        };
        certificate.checked()
    }

    /// Checks what nebula requires of both versions, and the length of the key, which it does not.
    fn checked(self) -> Result<Self, NebulaFault> {
        if self.networks.is_empty() && !self.is_ca {
            return Err(malformed("it has no network, and only a CA may have none"));
        }
        if let Some(network) = self.networks.iter().find(|network| network.address.is_unspecified())
        {
            return Err(malformed(format!("{network} cannot be a network of a certificate")));
        }
        let (len, name) = match self.curve {
            NebulaCurve::Curve25519 => (32, "a key on Curve25519"),
            NebulaCurve::P256 => (65, "an uncompressed point of P-256"),
        };
        if self.public_key.len() != len {
            let found = self.public_key.len();
            return Err(malformed(format!("its public key has {found} bytes; {name} has {len}")));
        }
        if self.curve == NebulaCurve::P256 && !self.public_key.starts_with(&[4]) {
            return Err(malformed("its public key is not an uncompressed point of P-256"));
        }
        Ok(self)
    }
}

/// Returns the version for a section's label, if it is a certificate.
fn version_of(section: &Section<'_>) -> Option<NebulaVersion> {
    match section.label {
        b"NEBULA CERTIFICATE" => Some(NebulaVersion::V1),
        b"NEBULA CERTIFICATE V2" => Some(NebulaVersion::V2),
        _ => None,
    }
}

/// Finds the certificates among the sections of a text; `None` if it has no sections at all.
fn certificates(pem: &[u8]) -> Option<Vec<(NebulaVersion, Section<'_>)>> {
    let mut sections = token_pem::sections(pem).peekable();
    sections.peek()?;
    Some(sections.filter_map(|section| Some((version_of(&section)?, section))).collect())
}

/// The limit of nebula for version 2 (`MaxCertificateSize`). It has no limit for version 1,
/// whose certificates have a few hundred bytes.
const MOST_BYTES: usize = 65_536;

#[cfg(test)]
mod tests;
