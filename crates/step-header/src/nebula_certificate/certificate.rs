//! The contents of a Nebula certificate, version 1 or 2.

use std::fmt;
use std::net::IpAddr;

use super::fault::{NebulaFault, malformed};

/// A Nebula certificate: its contents, and the bytes for a header.
///
/// It is unverified: reading checks no signature and reads no clock. What nebula refuses to
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
    pub(super) version: NebulaVersion,
    pub(super) name: String,
    pub(super) networks: Vec<NebulaNetwork>,
    pub(super) unsafe_networks: Vec<NebulaNetwork>,
    pub(super) groups: Vec<String>,
    pub(super) is_ca: bool,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) issuer: Option<[u8; 32]>,
    pub(super) curve: NebulaCurve,
    pub(super) public_key: Vec<u8>,
    pub(super) fingerprint: [u8; 32],
    /// What the signature is over.
    pub(super) signed: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) raw: Vec<u8>,
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

/// An address and the prefix length of its network, such as `10.1.0.1/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NebulaNetwork {
    /// The address, including the bits after the prefix.
    pub address: IpAddr,
    /// The prefix length in bits: up to 32, or 128 for IPv6.
    pub prefix: u8,
}

impl NebulaCertificate {
    /// Returns its format.
    pub const fn version(&self) -> NebulaVersion {
        self.version
    }

    /// Returns the name, usually that of a host; in version 1 it may be empty. It is text from
    /// outside and may contain control characters, and so may the groups.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the addresses of the host, each in its network. For a CA these are the networks it
    /// assigns addresses from; an empty list means any.
    pub fn networks(&self) -> &[NebulaNetwork] {
        &self.networks
    }

    /// Returns the networks outside of Nebula that the host may route to.
    pub fn unsafe_networks(&self) -> &[NebulaNetwork] {
        &self.unsafe_networks
    }

    /// Returns the groups that firewall rules can use.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Returns whether it may sign other certificates.
    pub const fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// Returns when it becomes valid, in seconds since the Unix epoch; inclusive.
    pub const fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Returns its last valid second since the Unix epoch; inclusive.
    pub const fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Returns the [fingerprint](Self::fingerprint) of the CA certificate that it names as its
    /// signer; `None` for a CA certificate, which signs itself.
    pub const fn issuer(&self) -> Option<&[u8; 32]> {
        self.issuer.as_ref()
    }

    /// Returns the curve of the key.
    pub const fn curve(&self) -> NebulaCurve {
        self.curve
    }

    /// Returns the public key: 32 bytes for X25519 and, in a CA, Ed25519 (RFC 7748 §5,
    /// RFC 8032 §5.1.5), or a point of P-256 in 65 bytes, uncompressed (SEC 1 §2.3.3). Whether the
    /// point is on the curve is not checked.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Returns the fingerprint, by which certificates name their issuer and a CA finds it.
    ///
    /// For version 1 it is the SHA-256 of the serialized certificate. (Nebula hashes what it would
    /// write itself; for certificates that it wrote, this is the same.) For version 2 it is the
    /// SHA-256 of the details with tag and length, one byte for the curve, the public key and the
    /// signature, concatenated, which is not the hash of the serialized certificate.
    ///
    /// Source: slackhq/nebula 1.10.3, `Fingerprint` in `cert/cert_v1.go` and `cert/cert_v2.go`.
    pub const fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Returns the serialized certificate as it was in the file, which the header carries in
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

pub(super) fn text(bytes: &[u8], what: &str) -> Result<String, NebulaFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed(format!("{what} is not UTF-8")))?;
    Ok(text.to_owned())
}

/// Reads the number of a curve, which both versions share.
pub(super) fn curve(number: u64) -> Result<NebulaCurve, NebulaFault> {
    match number {
        0 => Ok(NebulaCurve::Curve25519),
        1 => Ok(NebulaCurve::P256),
        other => Err(malformed(format!("its curve has the unknown number {other}"))),
    }
}

pub(super) fn issuer(bytes: &[u8]) -> Result<Option<[u8; 32]>, NebulaFault> {
    if bytes.is_empty() {
        return Ok(None);
    }
    bytes.try_into().map(Some).map_err(|_| {
        malformed(format!("its issuer has {} bytes; a fingerprint has 32", bytes.len()))
    })
}
