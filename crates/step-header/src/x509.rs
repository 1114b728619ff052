//! One X.509 certificate, and a file of certificates.

use std::fmt;

use token_jose::PublicKey;
use token_time::Timestamp;
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ExtendedKeyUsage;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use crate::error::Error;

/// The parts of a certificate that a chain needs (RFC 5280 §4).
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    /// The common name, or without one the whole subject: for messages.
    pub(crate) name: String,
    pub(crate) common_name: Option<String>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    not_before: i64,
    not_after: i64,
    pub(crate) is_ca: bool,
    usage: Usage,
    for_clients: bool,
    pub(crate) public_key: Result<PublicKey, KeyFault>,
    /// Where the signed part is in `der`.
    signed: std::ops::Range<usize>,
    algorithm: Vec<u8>,
    parameters: Vec<u8>,
    signature: Vec<u8>,
}

/// How a certificate relates to a possible issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The issuer signed it.
    Signed,
    /// The issuer did not sign it.
    None,
    /// It has the issuer's name, but this type of signature cannot be checked here.
    Unknown(String),
}

/// Why the key of a certificate signs no tokens here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// It is an RSA key of a length that this program does not sign with.
    RsaSize(usize),
    Other(String),
}

impl KeyFault {
    fn new(cause: token_jose::Error) -> Self {
        match cause {
            token_jose::Error::RsaSize { bits } => Self::RsaSize(bits),
            other => Self::Other(other.to_string()),
        }
    }

    /// Returns the error for a certificate of this name.
    pub(crate) fn of(self, name: &str) -> Error {
        let name = name.to_owned();
        match self {
            Self::RsaSize(bits) => Error::RsaSize { name, bits },
            Self::Other(cause) => Error::Key { name, cause },
        }
    }
}

/// Go takes an empty list for none.
fn is_for_clients(usage: &ExtendedKeyUsage<'_>) -> bool {
    let is_listed = usage.server_auth
        || usage.code_signing
        || usage.email_protection
        || usage.time_stamping
        || usage.ocsp_signing
        || !usage.other.is_empty();
    usage.any || usage.client_auth || !is_listed
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaSize(bits) => write!(f, "is an RSA key of {bits} bits"),
            Self::Other(cause) => f.write_str(cause),
        }
    }
}

/// The key usage extension (RFC 5280 §4.2.1.3).
#[derive(Clone, PartialEq, Eq)]
enum Usage {
    Absent,
    Signs,
    Other(String),
}

impl Certificate {
    /// Reads one certificate; `der` must contain nothing else.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, String> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| reason(&error))?;
        if !rest.is_empty() {
            return Err(format!("{} bytes follow it", rest.len()));
        }
        let usage = match parsed.key_usage() {
            Ok(None) => Usage::Absent,
            Ok(Some(usage)) if usage.value.digital_signature() => Usage::Signs,
            Ok(Some(usage)) => Usage::Other(usage.value.to_string()),
            Err(error) => return Err(format!("key usage: {error}")),
        };
        let for_clients = match parsed.extended_key_usage() {
            Ok(usage) => usage.is_none_or(|usage| is_for_clients(usage.value)),
            Err(error) => return Err(format!("extended key usage: {error}")),
        };
        let constraints = parsed.basic_constraints();
        let constraints = constraints.map_err(|error| format!("basic constraints: {error}"))?;
        let is_ca = constraints.is_some_and(|constraints| constraints.value.ca);
        let common_name = common_name(parsed.subject());
        let tbs = parsed.tbs_certificate.as_ref();
        let start = (tbs.as_ptr() as usize).saturating_sub(der.as_ptr() as usize);
        let algorithm = &parsed.signature_algorithm;
        Ok(Self {
            der: der.to_vec(),
            name: common_name.clone().unwrap_or_else(|| named(parsed.subject())),
            common_name,
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
            is_ca,
            usage,
            for_clients,
            public_key: PublicKey::from_spki(parsed.public_key().raw).map_err(KeyFault::new),
            signed: start..start + tbs.len(),
            algorithm: algorithm.algorithm.as_bytes().to_vec(),
            parameters: algorithm
                .parameters
                .as_ref()
                .map_or_else(Vec::new, |parameters| parameters.data.to_vec()),
            signature: parsed.signature_value.data.to_vec(),
        })
    }

    /// Returns whether `issuer` signed this certificate, by its name and its key.
    pub(crate) fn link_to(&self, issuer: &Self) -> Link {
        if self.issuer != issuer.subject {
            return Link::None;
        }
        let signed = self.der.get(self.signed.clone()).unwrap_or_default();
        match &issuer.public_key {
            Err(reason) => Link::Unknown(format!("the key of `{}` {reason}", issuer.name)),
            Ok(key) => {
                match key.verify_x509(&self.algorithm, &self.parameters, signed, &self.signature) {
                    Ok(()) => Link::Signed,
                    Err(cause @ token_jose::Error::UnsupportedSignature { .. }) => {
                        Link::Unknown(format!("`{}` {cause}", self.name))
                    }
                    Err(_) => Link::None,
                }
            }
        }
    }

    /// Returns whether its own key signed it, as for a root.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.link_to(self) != Link::None
    }

    /// Returns whether both have the same name and the same key.
    pub(crate) fn stands_for(&self, other: &Self) -> bool {
        self.subject == other.subject
            && self.public_key.is_ok()
            && self.public_key == other.public_key
    }

    /// Checks that its key may sign tokens for a client.
    pub(crate) fn may_sign(&self) -> Result<(), Error> {
        let usage = match &self.usage {
            Usage::Signs => return self.is_for_clients(),
            Usage::Absent => "is missing".to_owned(),
            Usage::Other(usage) => format!("is only {usage}"),
        };
        Err(Error::KeyUsage { name: self.name.clone(), usage })
    }

    fn is_for_clients(&self) -> Result<(), Error> {
        match self.for_clients {
            true => Ok(()),
            false => Err(Error::ExtendedKeyUsage { name: self.name.clone() }),
        }
    }

    /// Checks that it is valid at a time. Both ends are inclusive (RFC 5280 §4.1.2.5).
    pub(crate) fn is_valid_at(&self, time: Timestamp) -> Result<(), Error> {
        let seconds = time.unix_seconds();
        if seconds < self.not_before {
            let at = Timestamp::from_unix_seconds(self.not_before);
            Err(Error::NotYetValid { name: self.name.clone(), at })
        } else if seconds > self.not_after {
            Err(Error::Expired { name: self.name.clone(), at: self.not_after() })
        } else {
            Ok(())
        }
    }

    pub(crate) fn not_after(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.not_after)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The contents of a file of certificates.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// In the order of the file; at least one.
    pub(crate) certificates: Vec<Certificate>,
    /// Whether the file also contains a private key, which is not decoded.
    pub(crate) has_key: bool,
}

impl Bundle {
    /// Reads PEM with text around it, or the DER of one certificate.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.trim_ascii().is_empty() {
            return Err(Error::Empty);
        }
        let labels = token_pem::labels(bytes);
        if labels.is_empty() {
            let certificate = Certificate::from_der(bytes).map_err(|_| Error::NoCertificate)?;
            return Ok(Self { certificates: vec![certificate], has_key: false });
        }
        let sections = token_pem::sections(bytes).filter(|section| section.label == b"CERTIFICATE");
        if sections.count() > MOST_CERTIFICATES {
            return Err(Error::TooMany { most: MOST_CERTIFICATES });
        }
        let ders = token_pem::certificates(bytes)
            .map_err(|damaged| Error::Damaged { line: damaged.line })?;
        if ders.is_empty() {
            let labels = labels.iter().map(|label| format!("`{label}`")).collect();
            return Err(Error::OnlyOther { labels });
        }
        let read = |(number, der): (usize, &Vec<u8>)| {
            Certificate::from_der(der).map_err(|reason| Error::NotX509 { number, reason })
        };
        let certificates = (1..).zip(&ders).map(read).collect::<Result<_, _>>()?;
        let has_key = token_pem::sections(bytes).any(|part| part.label.ends_with(b"PRIVATE KEY"));
        Ok(Self { certificates, has_key })
    }
}

/// The last one counts, as in the CA (Go, `crypto/x509/pkix`).
fn common_name(name: &X509Name<'_>) -> Option<String> {
    let attribute = name.iter_common_name().last()?;
    let text = match attribute.as_str() {
        Ok(text) => text.to_owned(),
        Err(_) => utf16(attribute.attr_value())?,
    };
    (!text.is_empty()).then_some(text)
}

/// Reads a BMPString: UTF-16, big-endian (ITU-T X.690 §8.23.9).
fn utf16(value: &Any<'_>) -> Option<String> {
    if value.tag() != Tag::BmpString {
        return None;
    }
    let (pairs, []) = value.data.as_chunks::<2>() else { return None };
    String::from_utf16(&pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect::<Vec<_>>()).ok()
}

pub(crate) fn common_name_or_all(name: &X509Name<'_>) -> String {
    common_name(name).unwrap_or_else(|| named(name))
}

fn named(name: &X509Name<'_>) -> String {
    match name.to_string() {
        empty if empty.is_empty() => "(no name)".to_owned(),
        name => name,
    }
}

/// Takes the inner error's text, because that of the outer one may contain the bytes.
fn reason(error: &x509_parser::nom::Err<x509_parser::error::X509Error>) -> String {
    match error {
        x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => {
            error.to_string()
        }
        x509_parser::nom::Err::Incomplete(_) => "it ends early".to_owned(),
    }
}

/// Real chains have a few certificates, and the search may compare each with each other.
const MOST_CERTIFICATES: usize = 32;
