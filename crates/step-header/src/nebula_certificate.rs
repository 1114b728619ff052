//! Certificates of Nebula networks: what they say, and the armour they come in.

mod v1;
mod v2;

use std::fmt;
use std::net::IpAddr;

use token_pem::Section;

/// A Nebula certificate: what it says, and the bytes a header carries.
///
/// Nothing in it is believed: no signature is checked and no clock is asked. What nebula refuses to
/// read is refused here too, because the CA reads certificates with nebula.
///
/// Source: slackhq/nebula 1.10.3, `cert/cert_v1.go`, `cert/cert_v2.go` and `cert/pem.go`.
///
/// ```
/// use step_header::{NebulaCertificate, NebulaVersion};
///
/// let file = "\
/// -----BEGIN NEBULA CERTIFICATE-----
/// CnUKE2hvc3QtMS5leGFtcGxlLnRlc3QSCYGAhFCAgPz/DyIDd2ViKMrFjdgGMMnR
/// 7YQJOiDQnWcI8nJTNQ9Jp5jsqWzRH65v6PWPcskRbwbd14wOGUog9LprX0tOflp/
/// HAcfBH0oKeLvZjrinKOILk1vxhoQ+G0SQGGWgCBN2bTnHzMG+q+hmfMyczXbDHyt
/// 1bCwIKv1iKIP697uC6ekiudQBE+3uD9neZc5ZkeDecneJkeqcUy99gQ=
/// -----END NEBULA CERTIFICATE-----
/// ";
/// let certificate = NebulaCertificate::parse(file.as_bytes())?;
/// assert_eq!(certificate.version(), NebulaVersion::V1);
/// assert_eq!(certificate.name(), "host-1.example.test");
/// assert_eq!(certificate.networks()[0].to_string(), "10.1.0.1/16");
/// assert_eq!(certificate.to_wire().len(), 185);
/// # Ok::<(), step_header::NebulaFault>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NebulaCertificate {
    version: NebulaVersion,
    name: String,
    networks: Vec<NebulaNetwork>,
    unsafe_networks: Vec<NebulaNetwork>,
    groups: Vec<String>,
    is_ca: bool,
    not_before: i64,
    not_after: i64,
    issuer: Option<[u8; 32]>,
    curve: NebulaCurve,
    public_key: Vec<u8>,
    fingerprint: [u8; 32],
    raw: Vec<u8>,
}

/// The two formats of Nebula certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NebulaVersion {
    /// Protobuf, labelled `NEBULA CERTIFICATE`.
    V1,
    /// ASN.1 in DER, labelled `NEBULA CERTIFICATE V2`.
    V2,
}

/// The curve of a Nebula certificate's key, and of the CA that signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NebulaCurve {
    /// X25519 for a host, Ed25519 for a CA.
    Curve25519,
    /// NIST P-256, for both.
    P256,
}

/// An address and the length of the prefix that all its network shares, such as `10.1.0.1/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NebulaNetwork {
    /// The address, with the bits behind the prefix.
    pub address: IpAddr,
    /// How many bits the prefix has: up to 32, or 128 for IPv6.
    pub prefix: u8,
}

/// Why bytes are of no use as a Nebula certificate; the words follow the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NebulaFault {
    /// There are no bytes, or nothing but blanks.
    #[error("is empty")]
    Empty,

    /// There is PEM, and none of it is a Nebula certificate.
    #[error("has no Nebula certificate in it, only {}", list(labels))]
    OtherPem {
        /// The labels of what is there instead, each once, the first few of them.
        labels: Vec<String>,
    },

    /// There is no PEM where only PEM can be.
    #[error("has no Nebula certificate in it, and no other PEM")]
    NoPem,

    /// There is no PEM, and the bytes do not look like a certificate of version 1 either.
    #[error("is no Nebula certificate: neither PEM nor protobuf")]
    NeitherPemNorProtobuf,

    /// A certificate of version 2 has no PEM around it; `step` takes such bytes for version 1.
    #[error("is a Nebula certificate of version 2 without its PEM armour")]
    BareV2,

    /// There are more certificates than the one that is needed.
    #[error("has several Nebula certificates in it ({count}); one is needed")]
    Several {
        /// How many there are.
        count: usize,
    },

    /// A PEM section has no end or is no base64 (RFC 7468 §3).
    #[error("has a damaged Nebula certificate in it, which begins in line {line}")]
    DamagedPem {
        /// The line the section begins in, from 1.
        line: usize,
    },

    /// A certificate has more than 65,536 bytes, the most that version 2 allows.
    #[error("has a Nebula certificate in it that is larger than 64 KiB")]
    TooLarge,

    /// The bytes are no certificate, or one that nebula refuses to read.
    #[error("is no Nebula certificate: {reason}")]
    Malformed {
        /// What is wrong with them.
        reason: String,
    },

    /// The same, about one of a bundle.
    #[error("has something in it, number {number}, that is no Nebula certificate: {reason}")]
    MalformedInBundle {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl NebulaCertificate {
    /// Reads a file: PEM labelled `NEBULA CERTIFICATE` (version 1) or `NEBULA CERTIFICATE V2`, with
    /// any text around it; without PEM the bytes are a certificate of version 1.
    ///
    /// Sections of other kinds are passed over without a look inside, a private key too. `step`
    /// takes the first of several certificates; here they are refused.
    ///
    /// # Errors
    ///
    /// [`NebulaFault`], if there is no certificate, more than one, or a damaged one.
    pub fn parse(bytes: &[u8]) -> Result<Self, NebulaFault> {
        if bytes.trim_ascii().is_empty() {
            return Err(NebulaFault::Empty);
        }
        let Some(certificates) = certificates(bytes) else { return Self::parse_bare(bytes) };
        match certificates.as_slice() {
            [] => Err(NebulaFault::OtherPem { labels: token_pem::labels(bytes) }),
            [(version, section)] => Self::from_wire(*version, &section.contents()?),
            several => Err(NebulaFault::Several { count: several.len() }),
        }
    }

    /// Reads all certificates of a bundle in PEM, such as a provisioner's roots, in their order.
    ///
    /// Text and sections of other kinds are passed over. Whether they are CA certificates is for
    /// the caller to ask.
    ///
    /// # Errors
    ///
    /// [`NebulaFault`], if there is no certificate or a damaged one.
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

    /// Reads bytes without armour, which are of version 1 or nothing.
    fn parse_bare(bytes: &[u8]) -> Result<Self, NebulaFault> {
        Self::from_wire(NebulaVersion::V1, bytes).map_err(|fault| {
            // The tag of the details, which every certificate of version 1 begins with, is also a
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

    /// Checks what nebula asks of both versions, and the length of the key, which it does not.
    fn checked(self) -> Result<Self, NebulaFault> {
        if self.networks.is_empty() && !self.is_ca {
            return Err(malformed("it has no network, which only a CA can do without"));
        }
        if let Some(network) = self.networks.iter().find(|network| network.address.is_unspecified())
        {
            return Err(malformed(format!("{network} is no network of a certificate")));
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
            return Err(malformed("its public key is no uncompressed point of P-256"));
        }
        Ok(self)
    }

    /// Returns which of the two formats it is written in.
    pub const fn version(&self) -> NebulaVersion {
        self.version
    }

    /// Returns the name, usually that of a host; in version 1 it may be empty. It is text from
    /// outside, control characters and all, and so are the groups.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the addresses of the host, each in its network. For a CA these are the networks it
    /// gives addresses from, and none of them means any.
    pub fn networks(&self) -> &[NebulaNetwork] {
        &self.networks
    }

    /// Returns the networks outside of Nebula that the host may route to.
    pub fn unsafe_networks(&self) -> &[NebulaNetwork] {
        &self.unsafe_networks
    }

    /// Returns the groups that firewall rules can speak of.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Tells whether it may sign other certificates.
    pub const fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// Returns when it begins to be good, in seconds since the Unix epoch; inclusive.
    pub const fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Returns until when it is good, in seconds since the Unix epoch; inclusive.
    pub const fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Returns the [fingerprint](Self::fingerprint) of the CA certificate that is said to have
    /// signed it; none for the certificate of a CA, which signs itself.
    pub const fn issuer(&self) -> Option<&[u8; 32]> {
        self.issuer.as_ref()
    }

    /// Returns the curve of the key.
    pub const fn curve(&self) -> NebulaCurve {
        self.curve
    }

    /// Returns the public key: 32 bytes for X25519 and, in a CA, Ed25519 (RFC 7748 §5,
    /// RFC 8032 §5.1.5), or a point of P-256 in 65 bytes, uncompressed (SEC 1 §2.3.3). That the
    /// point lies on the curve is not checked.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Returns the fingerprint, by which a certificate names its issuer and a CA finds it.
    ///
    /// For version 1 it is the SHA-256 of the serialized certificate. (Nebula hashes what it would
    /// write itself. For whatever it wrote these are the same bytes.) For version 2 it is the
    /// SHA-256 of the details with tag and length, one byte for the curve, the public key and the
    /// signature, one after the other, and so not that of the serialized certificate.
    ///
    /// Source: slackhq/nebula 1.10.3, `Fingerprint` in `cert/cert_v1.go` and `cert/cert_v2.go`.
    pub const fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Returns the serialized certificate as it stood in the file: what the header carries in
    /// padded standard base64 (RFC 4648 §4).
    pub fn to_wire(&self) -> &[u8] {
        &self.raw
    }
}

impl fmt::Display for NebulaCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Curve25519 => "Curve25519",
            Self::P256 => "P-256",
        })
    }
}

impl fmt::Display for NebulaNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.address, self.prefix))
    }
}

fn malformed(reason: impl Into<String>) -> NebulaFault {
    NebulaFault::Malformed { reason: reason.into() }
}

fn text(bytes: &[u8], what: &str) -> Result<String, NebulaFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed(format!("{what} is no UTF-8")))?;
    Ok(text.to_owned())
}

/// Reads the number of a curve, which both versions share.
fn curve(number: u64) -> Result<NebulaCurve, NebulaFault> {
    match number {
        0 => Ok(NebulaCurve::Curve25519),
        1 => Ok(NebulaCurve::P256),
        other => Err(malformed(format!("its curve has the unknown number {other}"))),
    }
}

fn issuer(bytes: &[u8]) -> Result<Option<[u8; 32]>, NebulaFault> {
    if bytes.is_empty() {
        return Ok(None);
    }
    bytes.try_into().map(Some).map_err(|_| {
        malformed(format!("its issuer has {} bytes; a fingerprint has 32", bytes.len()))
    })
}

/// Returns the version that a section's label stands for, if it is a certificate.
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

impl From<token_pem::Damaged> for NebulaFault {
    fn from(damaged: token_pem::Damaged) -> Self {
        Self::DamagedPem { line: damaged.line }
    }
}

fn list(labels: &[String]) -> String {
    labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
}

/// The most that nebula reads of version 2 (`MaxCertificateSize`). It has no limit for version 1,
/// whose certificates have a few hundred bytes.
const MOST_BYTES: usize = 65_536;

#[cfg(test)]
mod tests;
