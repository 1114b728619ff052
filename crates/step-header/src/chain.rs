//! A leaf and those that signed it, in that order.

use token_jose::PublicKey;
use token_time::Timestamp;

use crate::x509::{Bundle, Certificate};
use crate::{Error, Remark, Trust};

/// A chain whose leaf may sign tokens: the leaf first, then everything of the file that signed it or
/// one above it, each once.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Never empty.
    certificates: Vec<Certificate>,
    public_key: PublicKey,
    remarks: Vec<Remark>,
}

impl Chain {
    /// Reads a file and puts its certificates in order.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let Bundle { certificates, has_key } = Bundle::read(bytes)?;
        let mut remarks = Vec::new();
        if has_key {
            remarks.push(Remark::KeySkipped);
        }
        let mut rest = certificates.clone();
        let leaf = rest.remove(leaf(&certificates)?);
        leaf.may_sign()?;
        let public_key = match &leaf.public_key {
            Ok(key) => key.clone(),
            Err(cause) => {
                return Err(Error::Key { name: leaf.name.clone(), cause: cause.clone() });
            }
        };
        let chain = above(leaf, &mut rest);
        // What is left has no place in it.
        if !rest.is_empty() {
            let names = rest.iter().map(|certificate| format!("`{}`", certificate.name));
            remarks.push(Remark::LeftOut { names: names.collect() });
        }
        let kept = |certificate: &&Certificate| chain.iter().any(|c| c.der == certificate.der);
        let before: Vec<&[u8]> = each_once(certificates.iter().filter(kept));
        if before.iter().ne(chain.iter().map(|c| c.der.as_slice()).collect::<Vec<_>>().iter()) {
            remarks.push(Remark::Reordered);
        }
        Ok(Self { certificates: chain, public_key, remarks })
    }

    pub(crate) fn leaf(&self) -> &Certificate {
        self.certificates.first().expect("a chain begins with its leaf")
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    pub(crate) fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Returns the DER of each, the leaf first.
    pub(crate) fn ders(&self) -> Vec<Vec<u8>> {
        self.certificates.iter().map(|certificate| certificate.der.clone()).collect()
    }

    /// Checks each certificate's validity at a time, but for roots, which the CA has its own of, and
    /// for those that another one of the chain can stand in for.
    pub(crate) fn are_valid_at(&self, time: Timestamp) -> Result<(), Error> {
        self.leaf().is_valid_at(time)?;
        for certificate in self.certificates.iter().skip(1) {
            let stands_in = |other: &Certificate| {
                other.stands_for(certificate) && other.is_valid_at(time).is_ok()
            };
            if !certificate.is_self_issued() && !self.certificates.iter().any(stands_in) {
                certificate.is_valid_at(time)?;
            }
        }
        Ok(())
    }

    /// Looks for a way from the leaf to one of the roots, as a CA does at that time.
    ///
    /// Source: RFC 5280 §6.1, as far as a token is concerned: signatures, validity, CA certificates,
    /// client authentication. Name constraints and path lengths are left to the CA.
    pub(crate) fn reaches(&self, roots: &[Certificate], time: Timestamp) -> Trust {
        let mut last = self.leaf();
        let mut refused = None;
        let mut open = vec![self.leaf()];
        let mut seen: Vec<&[u8]> = Vec::new();
        while let Some(certificate) = open.pop() {
            if seen.contains(&certificate.der.as_slice()) {
                continue;
            }
            seen.push(&certificate.der);
            // The certificate itself may be what is trusted.
            let is_root =
                |root: &&Certificate| root.der == certificate.der || certificate.is_signed_by(root);
            for root in roots.iter().filter(is_root) {
                match root.is_valid_at(time) {
                    Ok(()) => return Trust::Reached,
                    Err(fault) => refused = Some(format!("leads to a root that {fault}")),
                }
            }
            last = certificate;
            for issuer in self.certificates.iter().skip(1) {
                if !certificate.is_signed_by(issuer) || issuer.is_self_issued() {
                    continue;
                }
                let usable = issuer.is_valid_at(time).and_then(|()| issuer.is_for_clients());
                match usable {
                    Ok(()) if issuer.is_ca => open.push(issuer),
                    Ok(()) => {
                        refused = Some(format!(
                            "leads over `{}`, which is no CA certificate",
                            issuer.name
                        ));
                    }
                    Err(fault) => refused = Some(format!("leads over one that {fault}")),
                }
            }
        }
        let reason = refused.unwrap_or_else(|| self.missing(last));
        Trust::Missed { reason }
    }

    /// Says where the way ends.
    fn missing(&self, last: &Certificate) -> String {
        let root = self.certificates.iter().skip(1).find(|c| c.is_self_issued());
        match root {
            Some(root) => format!("leads to another root, `{}`", root.name),
            None if last.is_self_issued() => "is signed by itself alone".to_owned(),
            None => format!(
                "ends at `{}`: the certificate of `{}`, which signed it, is missing or of another \
                 hierarchy",
                last.name,
                last.issuer_name()
            ),
        }
    }
}

/// Reads roots in a provisioner's entry or behind a CA; what cannot be read leads nowhere.
pub(crate) fn roots(ders: &[Vec<u8>]) -> Vec<Certificate> {
    ders.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
}

/// Finds the leaf: the first certificate that is no CA's. If the file begins with a CA's, there must
/// be one other only.
fn leaf(certificates: &[Certificate]) -> Result<usize, Error> {
    let is_authority = |candidate: &Certificate| {
        candidate.is_ca
            || certificates
                .iter()
                .any(|other| other.der != candidate.der && other.is_signed_by(candidate))
    };
    let leaves: Vec<usize> =
        (0..).zip(certificates).filter(|(_, c)| !is_authority(c)).map(|(at, _)| at).collect();
    let named = |at: &usize| certificates.get(*at).map(|c| format!("`{}`", c.name));
    let different = each_once(leaves.iter().filter_map(|at| certificates.get(*at)));
    match leaves.as_slice() {
        [] => {
            let name = certificates.first().map(|c| c.name.clone()).unwrap_or_default();
            Err(Error::CaAsLeaf { name })
        }
        [first, ..] if *first == 0 || different.len() == 1 => Ok(*first),
        several => Err(Error::SeveralLeaves { names: several.iter().filter_map(named).collect() }),
    }
}

/// Moves everything above the leaf out of `rest`, one level after the other.
fn above(leaf: Certificate, rest: &mut Vec<Certificate>) -> Vec<Certificate> {
    let mut chain = vec![leaf];
    let mut at = 0;
    while let Some(certificate) = chain.get(at).cloned() {
        let mut index = 0;
        while let Some(candidate) = rest.get(index) {
            let known = chain.iter().any(|c| c.der == candidate.der);
            if !known && certificate.is_signed_by(candidate) {
                chain.push(rest.remove(index));
            } else {
                index += 1;
            }
        }
        at += 1;
    }
    chain
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
