//! A certificate as the CA reads it.
//!
//! Source: Go, `crypto/x509/parser.go` (`parseCertificate`). A certificate that Go cannot read
//! makes a CA refuse the token whose header carries it, whatever else is in that header.

use std::fmt;

use token_jose::CertificateKey;
use token_time::Timestamp;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use crate::error::Error;
use crate::verify::der::{self, Der, SEQUENCE, constructed, context};
use crate::verify::extensions::Extensions;
use crate::verify::{key, text, time};

/// An X.509 certificate (RFC 5280 §4), read and limited as by Go's `crypto/x509`, which step-ca
/// uses.
///
/// Reading checks no signature and no time: that is [`verify`](crate::verify()).
#[derive(Clone)]
pub struct X509Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) name: String,
    pub(crate) version: i64,
    /// The part that is signed.
    pub(crate) signed: Vec<u8>,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) signature: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) spki: Vec<u8>,
    /// The key, unless it is of a type that verifies nothing.
    pub(crate) key: Option<CertificateKey>,
    pub(crate) extensions: Extensions,
}

/// The algorithm of a certificate's signature.
#[derive(Clone, Debug)]
pub(crate) struct SignatureAlgorithm {
    /// The contents of its object identifier.
    pub(crate) oid: Vec<u8>,
    /// The contents of its parameters.
    pub(crate) parameters: Option<Vec<u8>>,
}

impl X509Certificate {
    /// Reads the DER of one certificate.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] if Go's parser refuses it: for its encoding, a negative serial number,
    /// an extension that appears twice, or a damaged extension.
    pub fn parse(der: &[u8]) -> Result<Self, Error> {
        Self::read(der)
            .map_err(|reason| Error::Unreadable { name: name_in(der), reason: reason.to_owned() })
    }

    fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        const DAMAGED: &str = "is not encoded as a certificate";
        let mut input = Der::new(bytes);
        let mut outer = input.inside(SEQUENCE).ok_or(DAMAGED)?;
        if !input.is_empty() {
            return Err("is followed by other bytes");
        }
        let signed = outer.element(SEQUENCE).ok_or(DAMAGED)?;
        let mut tbs = Der::new(signed.contents);
        let version = version(&mut tbs).ok_or("has an unknown version")?;
        let serial = tbs.integer().ok_or("has a damaged serial number")?;
        if serial.first().is_some_and(|first| first & 0x80 != 0) {
            return Err("has a negative serial number");
        }
        let inner = tbs.element(SEQUENCE).ok_or(DAMAGED)?;
        let repeated = outer.element(SEQUENCE).ok_or(DAMAGED)?;
        if inner.contents != repeated.contents {
            return Err("names two different signature algorithms");
        }
        let algorithm = algorithm(Der::new(inner.contents))
            .ok_or("has a damaged identifier of its signature algorithm")?;
        let issuer = tbs.element(SEQUENCE).ok_or(DAMAGED)?;
        text::check_name(issuer.whole).ok_or("has an issuer that is damaged")?;
        let validity = tbs.inside(SEQUENCE).ok_or(DAMAGED)?;
        let (not_before, not_after) = time::validity(validity).ok_or("has a damaged validity")?;
        let subject = tbs.element(SEQUENCE).ok_or(DAMAGED)?;
        text::check_name(subject.whole).ok_or("has a subject that is damaged")?;
        let spki = tbs.element(SEQUENCE).ok_or(DAMAGED)?;
        let key = key::read(spki.contents).ok_or("has a damaged public key")?;
        let extensions = extensions(&mut tbs, version)?;
        let (signature, unused) = outer.bits().ok_or("has a damaged signature")?;
        Ok(Self {
            der: bytes.to_vec(),
            name: name_of(subject.whole),
            version,
            signed: signed.whole.to_vec(),
            algorithm,
            signature: der::right_aligned(signature, unused),
            subject: subject.whole.to_vec(),
            issuer: issuer.whole.to_vec(),
            not_before,
            not_after,
            spki: spki.whole.to_vec(),
            key,
            extensions,
        })
    }

    /// Returns the common name or, without one, the whole subject: for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the DER it was read from.
    #[must_use]
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    /// Checks that it is valid at a time. Both ends are inclusive (RFC 5280 §4.1.2.5).
    pub(crate) fn is_valid_at(&self, time: Timestamp) -> Result<(), Error> {
        let name = || self.name.clone();
        if time.unix_seconds() < self.not_before.unix_seconds() {
            Err(Error::NotYetValid { name: name(), at: self.not_before })
        } else if time.unix_seconds() > self.not_after.unix_seconds() {
            Err(Error::Expired { name: name(), at: self.not_after })
        } else {
            Ok(())
        }
    }

    /// Checks that it has no critical extension that the CA does not process.
    pub(crate) fn is_understood(&self) -> Result<(), Error> {
        match self.extensions.unknown_critical.first() {
            None => Ok(()),
            Some(oid) => {
                Err(Error::CriticalExtension { name: self.name.clone(), oid: oid.clone() })
            }
        }
    }

    /// Returns the issuer's name, for messages.
    pub(crate) fn issuer_name(&self) -> String {
        name_of(&self.issuer)
    }

    /// Returns whether subject and issuer are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

impl fmt::Debug for X509Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Certificate").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reads the version, 1 to 3; without one it is 1.
fn version(tbs: &mut Der<'_>) -> Option<i64> {
    let version = match tbs.optional(constructed(0))? {
        None => 0,
        Some(mut explicit) => explicit.number().filter(|_| explicit.is_empty())?,
    };
    (0..=2).contains(&version).then_some(version + 1)
}

fn algorithm(mut identifier: Der<'_>) -> Option<SignatureAlgorithm> {
    let oid = identifier.oid()?.to_vec();
    let parameters = match identifier.is_empty() {
        true => None,
        false => Some(identifier.any()?.contents.to_vec()),
    };
    Some(SignatureAlgorithm { oid, parameters })
}

/// Reads what follows the public key. Only version 3 has extensions; in others they are ignored.
fn extensions(tbs: &mut Der<'_>, version: i64) -> Result<Extensions, &'static str> {
    const DAMAGED: &str = "has damaged extensions";
    if version < 2 {
        return Ok(Extensions::default());
    }
    for unique_id in [context(1), context(2)] {
        tbs.optional(unique_id).ok_or("has a damaged unique identifier")?;
    }
    if version < 3 {
        return Ok(Extensions::default());
    }
    match tbs.optional(constructed(3)).ok_or(DAMAGED)? {
        None => Ok(Extensions::default()),
        Some(mut explicit) => Extensions::read(explicit.inside(SEQUENCE).ok_or(DAMAGED)?),
    }
}

/// Returns the common name of a DER name or, without one, all of it.
fn name_of(subject: &[u8]) -> String {
    match X509Name::from_der(subject) {
        Ok((_, name)) => crate::x509::common_name_or_all(&name),
        Err(_) => "(no name)".to_owned(),
    }
}

/// Returns the name of a certificate that may not be readable.
fn name_in(der: &[u8]) -> String {
    match x509_parser::certificate::X509Certificate::from_der(der) {
        Ok((_, certificate)) => crate::x509::common_name_or_all(certificate.subject()),
        Err(_) => "(no name)".to_owned(),
    }
}
