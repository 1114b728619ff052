//! A leaf certificate and its signers, in that order.

use token_jose::PublicKey;
use token_time::Timestamp;

use crate::error::Error;
use crate::proof::{Trust, Warning};
use crate::x509::{Bundle, Certificate, Link};

/// A chain whose leaf may sign tokens: the leaf first, then its signers from the file, level by
/// level, each once.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Never empty.
    certificates: Vec<Certificate>,
    public_key: PublicKey,
    warnings: Vec<Warning>,
}

impl Chain {
    /// Reads a file and sorts its certificates.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let Bundle { certificates, has_key } = Bundle::read(bytes)?;
        let mut rest = certificates.clone();
        let leaf = rest.remove(leaf(&certificates)?);
        leaf.may_sign()?;
        let public_key = leaf.public_key.clone();
        let public_key =
            public_key.map_err(|cause| Error::Key { name: leaf.name.clone(), cause })?;
        let chain = above(leaf, &mut rest);
        let mut warnings = Vec::new();
        if has_key {
            warnings.push(Warning::KeySkipped);
        }
        if !rest.is_empty() {
            let names = rest.iter().map(|certificate| format!("`{}`", certificate.name));
            warnings.push(Warning::LeftOut { names: names.collect() });
        }
        if !stands_in_order(&certificates, &chain) {
            warnings.push(Warning::Reordered);
        }
        Ok(Self { certificates: chain, public_key, warnings })
    }

    pub(crate) fn leaf(&self) -> &Certificate {
        self.certificates.first().expect("a chain begins with its leaf")
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns the DER of each, the leaf first.
    pub(crate) fn ders(&self) -> Vec<Vec<u8>> {
        self.certificates.iter().map(|certificate| certificate.der.clone()).collect()
    }

    /// Looks for a path from the leaf to one of the roots, as a CA does at that time.
    ///
    /// Source: RFC 5280 §6.1, as far as a token is concerned: signatures, validity, CA certificates,
    /// client authentication. Name constraints and path lengths are left to the CA.
    pub(crate) fn reaches(&self, roots: &Roots, time: Timestamp) -> Trust {
        let (mut refused, mut unchecked) = (None, None);
        if !roots.all_read {
            unchecked = Some("a root of the provisioner cannot be read".to_owned());
        }
        let mut open = vec![self.leaf()];
        let mut seen: Vec<&[u8]> = Vec::new();
        let mut last = self.leaf();
        while let Some(certificate) = open.pop() {
            if seen.contains(&certificate.der.as_slice()) {
                continue;
            }
            seen.push(&certificate.der);
            last = certificate;
            for root in &roots.certificates {
                let (link, serves) = match root.der == certificate.der {
                    // The leaf itself may be a trusted root; then it need not be a CA certificate.
                    true => (Link::Signed, leads(root, time)),
                    false => (certificate.link_to(root), serves(root, time, true)),
                };
                match (link, serves) {
                    (Link::None, _) => {}
                    (Link::Unknown(reason), _) => unchecked = Some(reason),
                    (Link::Signed, Ok(())) => return Trust::Reached,
                    (Link::Signed, Err(fault)) => {
                        refused = Some(format!("leads to a root that {fault}"));
                    }
                }
            }
            for issuer in self.certificates.iter().skip(1) {
                let link = certificate.link_to(issuer);
                if link == Link::None || roots.certificates.iter().any(|r| r.der == issuer.der) {
                    continue;
                }
                if let Link::Unknown(reason) = link {
                    unchecked = Some(reason);
                }
                match serves(issuer, time, false) {
                    Ok(()) => open.push(issuer),
                    // A root in the file that is not trusted: the path ends here.
                    Err(_) if issuer.is_self_signed() => {}
                    Err(fault) => refused = Some(format!("has a signer that {fault}")),
                }
            }
        }
        match (unchecked, refused) {
            (Some(reason), _) => Trust::Unchecked { reason },
            (None, Some(reason)) => Trust::Missed { reason },
            (None, None) => Trust::Missed { reason: self.missing(last, roots) },
        }
    }

    /// Describes where the path ends.
    fn missing(&self, last: &Certificate, roots: &Roots) -> String {
        let roots = roots.names();
        let leaf = self.leaf();
        match self.certificates.iter().find(|certificate| certificate.is_self_signed()) {
            Some(alone) if alone.der == leaf.der => {
                format!("is self-signed, and is not one of the roots ({roots})")
            }
            Some(root) => {
                format!("leads to the root `{}`, not to any of these: {roots}", root.name)
            }
            None => {
                let over = match last.der == leaf.der {
                    true => String::new(),
                    false => format!("leads to `{}`, which ", last.name),
                };
                format!(
                    "{over}is signed by `{}`, which is neither in the file nor one of the roots \
                     ({roots})",
                    last.issuer_name()
                )
            }
        }
    }
}

/// Checks that a certificate can be part of a chain.
fn leads(certificate: &Certificate, time: Timestamp) -> Result<(), Error> {
    certificate.is_valid_at(time)?;
    certificate.is_for_clients()
}

/// Checks that a certificate can sign another one in a chain.
fn serves(issuer: &Certificate, time: Timestamp, as_root: bool) -> Result<(), Error> {
    leads(issuer, time)?;
    if issuer.may_issue(as_root) { Ok(()) } else { Err(Error::NoCa { name: issuer.name.clone() }) }
}

/// The roots that a chain is compared with.
#[derive(Debug)]
pub(crate) struct Roots {
    certificates: Vec<Certificate>,
    /// Whether every one of them could be read.
    all_read: bool,
}

impl Roots {
    pub(crate) fn read(ders: &[Vec<u8>]) -> Self {
        let certificates: Vec<Certificate> =
            ders.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        Self { all_read: certificates.len() == ders.len(), certificates }
    }

    /// Returns the names of the first few, each in backticks.
    fn names(&self) -> String {
        let names = self.certificates.iter().map(|root| format!("`{}`", root.name));
        let more = if self.certificates.len() > MOST_NAMES { ", …" } else { "" };
        format!("{}{more}", names.take(MOST_NAMES).collect::<Vec<_>>().join(", "))
    }
}

/// Finds the leaf: the first certificate that is not of a CA. If the file begins with a CA's, only
/// one that is not of a CA may follow. A CA certificate alone may be a leaf, if its key usage
/// includes digital signature.
fn leaf(certificates: &[Certificate]) -> Result<usize, Error> {
    let is_authority = |candidate: &Certificate| {
        let signed_by_it = |other: &Certificate| {
            !other.stands_for(candidate) && other.link_to(candidate) == Link::Signed
        };
        candidate.is_ca || certificates.iter().any(signed_by_it)
    };
    let leaves: Vec<(usize, &Certificate)> =
        certificates.iter().enumerate().filter(|(_, c)| !is_authority(c)).collect();
    let different = each_once(leaves.iter().map(|(_, certificate)| *certificate));
    match (leaves.as_slice(), certificates.first()) {
        ([], Some(first)) if first.may_sign().is_ok() => Ok(0),
        ([], first) => {
            let name = first.map(|certificate| certificate.name.clone()).unwrap_or_default();
            Err(Error::CaAsLeaf { name })
        }
        ([(first, _), ..], _) if *first == 0 || different.len() == 1 => Ok(*first),
        (several, _) => {
            let names = several.iter().map(|(_, certificate)| format!("`{}`", certificate.name));
            Err(Error::SeveralLeaves { names: names.collect() })
        }
    }
}

/// Moves the signers of the leaf out of `rest`, level by level. A certificate with the name of an
/// issuer whose signature cannot be checked here is kept: the CA may be able to check it.
fn above(leaf: Certificate, rest: &mut Vec<Certificate>) -> Vec<Certificate> {
    let mut chain = vec![leaf];
    let mut at = 0;
    while let Some(certificate) = chain.get(at).cloned() {
        let mut index = 0;
        while let Some(candidate) = rest.get(index) {
            let known = chain.iter().any(|c| c.der == candidate.der);
            if !known && certificate.link_to(candidate) != Link::None {
                chain.push(rest.remove(index));
            } else {
                index += 1;
            }
        }
        at += 1;
    }
    chain
}

/// Returns whether the rest of a file is in the order of the chain.
fn stands_in_order(file: &[Certificate], chain: &[Certificate]) -> bool {
    let kept = |certificate: &&Certificate| chain.iter().any(|c| c.der == certificate.der);
    each_once(file.iter().filter(kept)) == each_once(chain.iter())
}

fn each_once<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> Vec<&'a [u8]> {
    let mut seen: Vec<&[u8]> = Vec::new();
    for certificate in certificates {
        if !seen.contains(&certificate.der.as_slice()) {
            seen.push(&certificate.der);
        }
    }
    seen
}

/// The most roots that are reported.
const MOST_NAMES: usize = 3;
