//! A leaf certificate and its signers, in that order.

use token_jose::PublicKey;
use token_text::Several;
use token_time::Timestamp;

use crate::error::Error;
use crate::proof::{Trust, Warning};
use crate::verify::certificate::X509Certificate;
use crate::verify::{CertificatePurpose, WhyNot, verify};
use crate::x509::{Bundle, Certificate, Link};

/// A chain whose leaf may sign tokens: the leaf first, then its signers from the file, level by
/// level, each once.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Never empty.
    certificates: Vec<Certificate>,
    /// The same, as the CA reads them.
    judged: Vec<X509Certificate>,
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
        let public_key = public_key.map_err(|fault| fault.of(&leaf.name))?;
        let chain = above(leaf, &mut rest);
        // A CA refuses a header that holds a certificate it cannot read.
        let judged = chain.iter().map(|certificate| X509Certificate::parse(&certificate.der));
        let judged = judged.collect::<Result<Vec<_>, _>>()?;
        if let Some(leaf) = judged.first() {
            refused_under_any_root(leaf)?;
        }
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
        Ok(Self { certificates: chain, judged, public_key, warnings })
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
    pub(crate) fn reaches(&self, roots: &Roots, time: Timestamp) -> Trust {
        let Some((leaf, others)) = self.judged.split_first() else { return Trust::Unknown };
        let why = match verify(leaf, others, &roots.certificates, time, CertificatePurpose::Client)
        {
            Ok(_) => return Trust::Reached,
            Err(why) => why,
        };
        if !roots.all_read {
            let reason = "a root of the provisioner cannot be read".to_owned();
            return Trust::Unchecked { reason };
        }
        if !why.is_certain() {
            return Trust::Unchecked { reason: format!("it {why}") };
        }
        match &why {
            WhyNot::NoIssuer { last, issuer } => {
                let reason = self.missing(last, issuer, roots);
                Trust::Missed { reason, is_incomplete: true }
            }
            _ => Trust::Missed { reason: why.to_string(), is_incomplete: false },
        }
    }

    /// Describes where the path ends.
    fn missing(&self, last: &str, issuer: &str, roots: &Roots) -> String {
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
                let over = match last == leaf.name {
                    true => String::new(),
                    false => format!("leads to `{last}`, which "),
                };
                format!(
                    "{over}is signed by `{issuer}`, which is neither in the file nor one of the \
                     roots ({roots})"
                )
            }
        }
    }
}

/// Checks what a CA refuses in a leaf whatever its roots are, but for its validity. A leaf that is a
/// root itself needs no signature.
fn refused_under_any_root(leaf: &X509Certificate) -> Result<(), Error> {
    leaf.is_understood()?;
    match leaf.unsafe_algorithm() {
        Some(algorithm) if !leaf.is_self_issued() => {
            Err(Error::Algorithm { name: leaf.name().to_owned(), algorithm })
        }
        _ => Ok(()),
    }
}

/// The roots that a chain is compared with.
#[derive(Debug)]
pub(crate) struct Roots {
    certificates: Vec<X509Certificate>,
    /// Whether every one of them could be read.
    all_read: bool,
}

impl Roots {
    pub(crate) fn read(ders: &[Vec<u8>]) -> Self {
        let certificates: Vec<X509Certificate> =
            ders.iter().filter_map(|der| X509Certificate::parse(der).ok()).collect();
        Self { all_read: certificates.len() == ders.len(), certificates }
    }

    /// Returns the names of the first few, each in backquotes.
    fn names(&self) -> String {
        let names: Vec<_> = self.certificates.iter().map(|root| root.name()).collect();
        Several(&names).to_string()
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
