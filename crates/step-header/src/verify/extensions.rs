//! The extensions of a certificate (RFC 5280 §4.2) as the CA reads them.
//!
//! Source: Go, `crypto/x509/parser.go` (`processExtensions`).

use std::collections::HashSet;
use std::net::IpAddr;

use crate::verify::constraints::{NameConstraints, Names};
use crate::verify::der::{
    BOOLEAN, Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, constructed, context, dotted,
};
use crate::verify::names::{is_domain, uri_host};

/// What the extensions of a certificate say about paths through it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    /// Basic constraints, if they are there.
    pub(crate) basic: Option<BasicConstraints>,
    /// Key usage, the first bit the lowest; 0 if there is none.
    pub(crate) key_usage: u16,
    /// Extended key usage; without any the certificate is for everything.
    pub(crate) extended: ExtendedUsage,
    pub(crate) names: Option<Names>,
    /// The value of the extension that the names are in.
    pub(crate) raw_names: Option<Vec<u8>>,
    pub(crate) constraints: Option<NameConstraints>,
    pub(crate) subject_key: Vec<u8>,
    pub(crate) authority_key: Vec<u8>,
    /// Whether a policy of its own could make the CA refuse a path.
    pub(crate) restricts_policies: bool,
    /// The critical extensions that the CA does not process, with dots.
    pub(crate) unknown_critical: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BasicConstraints {
    pub(crate) is_ca: bool,
    /// The most certificates between this one and the leaf.
    pub(crate) path_length: Option<u64>,
}

/// What the extended key usage lists.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExtendedUsage {
    pub(crate) is_listed: bool,
    pub(crate) any: bool,
    pub(crate) client: bool,
    pub(crate) server: bool,
}

/// Whether the CA processes an extension, which matters if that is critical.
type Known = Result<bool, &'static str>;

impl Extensions {
    pub(crate) fn read(mut list: Der<'_>) -> Result<Self, &'static str> {
        const DAMAGED: &str = "has a damaged extension";
        let mut read = Self::default();
        let mut seen: HashSet<&[u8]> = HashSet::new();
        let mut all = Vec::new();
        while !list.is_empty() {
            let mut extension = list.inside(SEQUENCE).ok_or(DAMAGED)?;
            let oid = extension.oid().ok_or(DAMAGED)?;
            let critical = match extension.is_next(BOOLEAN) {
                true => extension.boolean().ok_or(DAMAGED)?,
                false => false,
            };
            let value = extension.element(OCTET_STRING).ok_or(DAMAGED)?.contents;
            if !seen.insert(oid) {
                return Err("has the same extension twice");
            }
            all.push((oid, critical, value));
        }
        for (oid, critical, value) in all {
            if !read.take(oid, critical, value)? && critical {
                read.unknown_critical.push(dotted(oid));
            }
        }
        Ok(read)
    }

    fn take(&mut self, oid: &[u8], critical: bool, value: &[u8]) -> Known {
        let der = Der::new(value);
        match oid {
            [0x55, 0x1d, number] => self.of_x509(*number, critical, value),
            AUTHORITY_INFO => {
                if critical {
                    return Err("has authority information access that is critical");
                }
                information(der).ok_or("has damaged authority information access")?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The extensions below 2.5.29.
    fn of_x509(&mut self, number: u8, critical: bool, value: &[u8]) -> Known {
        let mut der = Der::new(value);
        match number {
            14 => {
                if critical {
                    return Err("has a subject key identifier that is critical");
                }
                let id = der.element(OCTET_STRING).ok_or("has a damaged subject key identifier")?;
                self.subject_key = id.contents.to_vec();
            }
            15 => self.key_usage = key_usage(der).ok_or("has a damaged key usage")?,
            17 => {
                let names = names(der)?;
                let known = !names.is_empty();
                self.names = Some(names);
                self.raw_names = Some(value.to_vec());
                return Ok(known);
            }
            19 => self.basic = Some(basic(der).ok_or("has damaged basic constraints")?),
            30 => {
                let (constraints, unknown) = NameConstraints::read(value)?;
                self.constraints = Some(constraints);
                return Ok(!unknown);
            }
            31 => distribution(der).ok_or("has damaged CRL distribution points")?,
            32 => policies(der).ok_or("has damaged certificate policies")?,
            33 => {
                mappings(der).ok_or("has damaged policy mappings")?;
                self.restricts_policies = true;
            }
            35 => {
                if critical {
                    return Err("has an authority key identifier that is critical");
                }
                let id = authority_key(der).ok_or("has a damaged authority key identifier")?;
                self.authority_key = id.to_vec();
            }
            36 => {
                policy_constraints(der).ok_or("has damaged policy constraints")?;
                self.restricts_policies = true;
            }
            37 => self.extended = extended(der).ok_or("has a damaged extended key usage")?,
            54 => {
                der.number().ok_or("has a damaged inhibition of any policy")?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn key_usage(mut der: Der<'_>) -> Option<u16> {
    let (bytes, unused) = der.bits()?;
    let length = (bytes.len() * 8).saturating_sub(usize::from(unused));
    let is_set = |bit: usize| {
        bit < length && bytes.get(bit / 8).is_some_and(|byte| byte & 0x80 >> (bit % 8) != 0)
    };
    Some((0..9).filter(|bit| is_set(*bit)).fold(0, |usage, bit| usage | 1 << bit))
}

fn basic(mut der: Der<'_>) -> Option<BasicConstraints> {
    let mut inner = der.inside(SEQUENCE)?;
    let is_ca = if inner.is_next(BOOLEAN) { inner.boolean()? } else { false };
    let path_length = match inner.is_next(INTEGER) {
        true => Some(u64::try_from(inner.number()?).ok()?),
        false => None,
    };
    Some(BasicConstraints { is_ca, path_length })
}

fn names(mut der: Der<'_>) -> Result<Names, &'static str> {
    const DAMAGED: &str = "has damaged alternative names";
    let mut names = Names::default();
    let mut inner = der.inside(SEQUENCE).ok_or(DAMAGED)?;
    while !inner.is_empty() {
        let name = inner.any().ok_or(DAMAGED)?;
        let ascii = || std::str::from_utf8(name.contents).ok().filter(|text| text.is_ascii());
        let text = || ascii().map(str::to_owned);
        if name.tag == context(1) {
            names.emails.push(text().ok_or("has an e-mail address outside ASCII")?);
        } else if name.tag == context(2) {
            names.dns.push(text().ok_or("has a DNS name outside ASCII")?);
        } else if name.tag == context(6) {
            let uri = text().ok_or("has a URI outside ASCII")?;
            let host = uri_host(&uri).filter(|host| is_domain(host, false));
            let host = host.ok_or("has a URI that is damaged or whose host is not a domain")?;
            names.uris.push((uri, host));
        } else if name.tag == context(7) {
            let address = match name.contents.len() {
                4 => <[u8; 4]>::try_from(name.contents).map(IpAddr::from).ok(),
                _ => <[u8; 16]>::try_from(name.contents).map(IpAddr::from).ok(),
            };
            names.addresses.push(address.ok_or("has an IP address of another length")?);
        }
    }
    Ok(names)
}

fn extended(mut der: Der<'_>) -> Option<ExtendedUsage> {
    let mut usage = ExtendedUsage::default();
    let mut inner = der.inside(SEQUENCE)?;
    while !inner.is_empty() {
        usage.is_listed = true;
        match inner.oid()? {
            ANY_USAGE => usage.any = true,
            CLIENT_AUTH => usage.client = true,
            SERVER_AUTH => usage.server = true,
            _ => {}
        }
    }
    Some(usage)
}

fn authority_key(mut der: Der<'_>) -> Option<&[u8]> {
    let mut inner = der.inside(SEQUENCE)?;
    match inner.is_next(context(0)) {
        true => inner.element(context(0)).map(|id| id.contents),
        false => Some(&[]),
    }
}

fn distribution(mut der: Der<'_>) -> Option<()> {
    let mut points = der.inside(SEQUENCE)?;
    while !points.is_empty() {
        let mut point = points.inside(SEQUENCE)?;
        let Some(mut name) = point.optional(constructed(0))? else { continue };
        let mut names = name.inside(constructed(0))?;
        while names.is_next(context(6)) {
            names.element(context(6))?;
        }
    }
    Some(())
}

/// The same policy must not appear twice.
fn policies(mut der: Der<'_>) -> Option<()> {
    let mut inner = der.inside(SEQUENCE)?;
    let mut seen: HashSet<&[u8]> = HashSet::new();
    while !inner.is_empty() {
        let policy = inner.inside(SEQUENCE)?.element(OBJECT_IDENTIFIER)?.contents;
        if !is_policy(policy) || !seen.insert(policy) {
            return None;
        }
    }
    Some(())
}

/// Returns whether these are arcs of any size, each in its shortest form.
fn is_policy(oid: &[u8]) -> bool {
    let mut starts = true;
    let arcs = oid.iter().all(|byte| {
        let shortest = !(starts && *byte == 0x80);
        starts = byte & 0x80 == 0;
        shortest
    });
    arcs && !oid.is_empty() && starts
}

fn mappings(mut der: Der<'_>) -> Option<()> {
    let mut inner = der.inside(SEQUENCE)?;
    while !inner.is_empty() {
        let mut pair = inner.inside(SEQUENCE)?;
        pair.element(OBJECT_IDENTIFIER)?;
        pair.element(OBJECT_IDENTIFIER)?;
    }
    Some(())
}

fn policy_constraints(mut der: Der<'_>) -> Option<()> {
    let mut inner = der.inside(SEQUENCE)?;
    for tag in [context(0), context(1)] {
        if inner.is_next(tag) {
            inner.number_under(tag)?;
        }
    }
    Some(())
}

fn information(mut der: Der<'_>) -> Option<()> {
    let mut inner = der.inside(SEQUENCE)?;
    while !inner.is_empty() {
        let mut access = inner.inside(SEQUENCE)?;
        access.oid()?;
        if access.is_next(context(6)) {
            access.element(context(6))?;
        }
    }
    Some(())
}

/// 1.3.6.1.5.5.7.1.1
const AUTHORITY_INFO: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// 2.5.29.37.0
const ANY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0];
/// 1.3.6.1.5.5.7.3.1
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// 1.3.6.1.5.5.7.3.2
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
