//! Whether a certificate leads to a trusted root, decided as the CA decides it.
//!
//! Source: Go, `crypto/x509/verify.go` (`Certificate.Verify`), which step-ca calls for the headers
//! `x5c` and `x5cInsecure`.

pub(crate) mod certificate;
pub(crate) mod constraints;
pub(crate) mod der;
mod extensions;
pub(crate) mod key;
mod names;
mod text;
mod time;

use std::collections::HashSet;

use token_time::Timestamp;

use crate::error::Error;
use crate::verify::certificate::{SignatureAlgorithm, X509Certificate};
use crate::verify::extensions::ExtendedUsage;

/// What a certificate and everything above it must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificatePurpose {
    /// TLS clients: what step-ca asks of a certificate that vouches for a token.
    Client,
    /// TLS servers.
    Server,
}

/// Certificates from a leaf to a trusted root: each but the last is signed by the next.
#[derive(Clone, Debug)]
pub struct VerifiedChain<'a> {
    certificates: Vec<&'a X509Certificate>,
}

impl<'a> VerifiedChain<'a> {
    /// Returns the certificates, the leaf first and the root last. A leaf that is a trusted root
    /// itself is alone.
    #[must_use]
    pub fn certificates(&self) -> &[&'a X509Certificate] {
        &self.certificates
    }
}

/// Why a certificate leads to no trusted root.
///
/// Messages are to be read after the name of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhyNot {
    /// The leaf itself is refused, whatever the roots are.
    #[error(transparent)]
    Leaf(Error),

    /// A certificate between leaf and root is refused.
    #[error("has a signer that {0}")]
    Signer(#[source] Error),

    /// The path ends at a root that is refused.
    #[error("leads to a root that {0}")]
    Root(#[source] Error),

    /// No certificate given signed the last one of the path.
    #[error("leads to `{last}`, which is signed by `{issuer}`; that is not among the roots")]
    NoIssuer {
        /// The last certificate of the path: the leaf, or a signer.
        last: String,
        /// The name of its issuer.
        issuer: String,
    },

    /// There are so many certificates of the same name that the CA gives up.
    #[error("has so many possible signers that the CA stops after {most} signatures")]
    TooManySignatures {
        /// The most signatures that it checks.
        most: usize,
    },

    /// The path depends on certificate policies, which are not compared here.
    #[error(
        "leads to a root by a path that certificate policies restrict, which only the CA checks"
    )]
    Policies,
}

impl WhyNot {
    /// Returns whether every CA gives this answer. Certificate policies are not compared here, and
    /// versions of Go differ in which URIs they compare with name constraints.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Leaf(Error::Name { is_certain, .. })
            | Self::Signer(Error::Name { is_certain, .. }) => *is_certain,
            Self::Policies => false,
            _ => true,
        }
    }
}

/// Finds a path from `leaf` over `others` to one of `roots`, as step-ca does at the time `at`.
///
/// The others may be in any order, and repeated; what belongs to no path does no harm. Checked
/// are, for each path: signatures, validity, critical extensions, that issuers are CA certificates
/// with the key usage for it, path lengths, the extended key usage of every certificate, and that
/// name constraints permit the names of every certificate below.
///
/// # Errors
///
/// The reason that is most likely to help if there is no path. [`WhyNot::is_certain`] says whether
/// it settles the answer.
pub fn verify<'a>(
    leaf: &'a X509Certificate,
    others: &'a [X509Certificate],
    roots: &'a [X509Certificate],
    at: Timestamp,
    purpose: CertificatePurpose,
) -> Result<VerifiedChain<'a>, WhyNot> {
    leaf.is_understood().map_err(WhyNot::Leaf)?;
    leaf.is_valid_at(at).map_err(WhyNot::Leaf)?;
    let mut search = Search {
        others: each_once(others),
        roots: each_once(roots),
        at,
        checks: 0,
        refused: None,
        furthest: leaf,
    };
    let chains = if search.roots.iter().any(|root| root.der == leaf.der) {
        vec![vec![leaf]]
    } else {
        let (chains, limit) = search.above(&[leaf]);
        if chains.is_empty() && limit {
            return Err(WhyNot::TooManySignatures { most: MOST_SIGNATURES });
        }
        chains
    };
    let mut reasons = Vec::new();
    for chain in chains {
        match whole(&chain, purpose) {
            Ok(()) => return Ok(VerifiedChain { certificates: chain }),
            Err(why) => reasons.push(why),
        }
    }
    // The CA may accept the path whose reason is not certain. A path to a root is a better reason
    // than a dead end.
    let at = reasons.iter().position(|why| !why.is_certain()).unwrap_or(0);
    let of_path = (at < reasons.len()).then(|| reasons.swap_remove(at));
    let last = search.furthest;
    Err(of_path.or(search.refused).unwrap_or_else(|| WhyNot::NoIssuer {
        last: last.name.clone(),
        issuer: last.issuer_name(),
    }))
}

/// A walk from the leaf upwards.
struct Search<'a> {
    others: Vec<&'a X509Certificate>,
    roots: Vec<&'a X509Certificate>,
    at: Timestamp,
    /// The signatures that were checked, or would have been.
    checks: usize,
    /// Why the first certificate that signed one of the path is not part of it.
    refused: Option<WhyNot>,
    /// The last certificate of the last path that ended without an issuer.
    furthest: &'a X509Certificate,
}

type Path<'a> = Vec<&'a X509Certificate>;

impl<'a> Search<'a> {
    /// Returns the paths that continue this one to a root, and whether the limit was reached.
    fn above(&mut self, path: &[&'a X509Certificate]) -> (Vec<Path<'a>>, bool) {
        let Some(&last) = path.last() else { return (Vec::new(), false) };
        let mut found = Vec::new();
        let candidates = |pool: &[&'a X509Certificate], is_root| {
            let parents = parents(pool, last);
            parents.into_iter().map(move |parent| (parent, is_root)).collect::<Vec<_>>()
        };
        let all = [candidates(&self.roots, true), candidates(&self.others, false)].concat();
        let mut signed = false;
        for (parent, is_root) in all {
            self.checks += 1;
            if self.checks > MOST_SIGNATURES {
                return (found, true);
            }
            let fit = match path.iter().any(|other| is_same(parent, other)) {
                true => continue,
                false => self.fits(path, parent, is_root),
            };
            match fit {
                Ok(()) => {}
                Err(None) => continue,
                Err(Some(why)) => {
                    signed = true;
                    self.refused.get_or_insert(why);
                    continue;
                }
            }
            signed = true;
            let longer = [path, &[parent]].concat();
            if is_root {
                found.push(longer);
            } else {
                let (longer, limit) = self.above(&longer);
                found.extend(longer);
                if limit {
                    return (found, true);
                }
            }
        }
        if !signed {
            self.furthest = last;
        }
        (found, false)
    }

    /// Checks that `parent` may be the next of the path; `Err(None)` if it did not sign the last one.
    fn fits(
        &self,
        path: &[&X509Certificate],
        parent: &X509Certificate,
        is_root: bool,
    ) -> Result<(), Option<WhyNot>> {
        let (Some(child), Some(key)) = (path.last(), &parent.key) else { return Err(None) };
        let of_parent =
            |error| Some(if is_root { WhyNot::Root(error) } else { WhyNot::Signer(error) });
        if let Err(what) = child.is_signed_by(key) {
            let Some(algorithm) = what else { return Err(None) };
            let error = Error::Algorithm { name: child.name.clone(), algorithm };
            return Err(Some(match path.len() {
                1 => WhyNot::Leaf(error),
                _ => WhyNot::Signer(error),
            }));
        }
        parent.may_issue(is_root).map_err(of_parent)?;
        parent.is_understood().map_err(of_parent)?;
        parent.is_valid_at(self.at).map_err(of_parent)?;
        let between = path.len().saturating_sub(1);
        let most = parent.extensions.basic.and_then(|basic| basic.path_length);
        match most {
            Some(most) if u64::try_from(between).unwrap_or(u64::MAX) > most => {
                Err(of_parent(Error::PathLength { name: parent.name.clone(), most, between }))
            }
            _ => Ok(()),
        }
    }
}

/// Checks what concerns a whole path.
fn whole(chain: &[&X509Certificate], purpose: CertificatePurpose) -> Result<(), WhyNot> {
    let placed = |at: usize, error: Error| match at {
        0 => WhyNot::Leaf(error),
        _ if at + 1 == chain.len() => WhyNot::Root(error),
        _ => WhyNot::Signer(error),
    };
    for (at, certificate) in chain.iter().enumerate() {
        if !purpose.is_allowed_by(certificate.extensions.extended) {
            let name = certificate.name.clone();
            return Err(placed(at, Error::ExtendedKeyUsage { name }));
        }
    }
    for (above, ca) in chain.iter().enumerate() {
        let Some(constraints) = &ca.extensions.constraints else { continue };
        for (at, certificate) in chain.iter().enumerate().take(above) {
            let Some(names) = &certificate.extensions.names else { continue };
            if let Some(bad) = constraints.refused(names) {
                return Err(placed(
                    at,
                    Error::Name {
                        name: bad.name,
                        fault: bad.fault,
                        by: ca.name.clone(),
                        is_certain: bad.is_certain,
                    },
                ));
            }
        }
    }
    // Go starts to look at policies below the root.
    let below = chain.split_last().map_or(chain, |(_, below)| below);
    match below.iter().any(|certificate| certificate.extensions.restricts_policies) {
        true => Err(WhyNot::Policies),
        false => Ok(()),
    }
}

impl CertificatePurpose {
    fn is_allowed_by(self, usage: ExtendedUsage) -> bool {
        let listed = match self {
            Self::Client => usage.client,
            Self::Server => usage.server,
        };
        !usage.is_listed || usage.any || listed
    }
}

impl X509Certificate {
    /// Checks the signature by a key; the error names an algorithm that the CA does not accept, and
    /// nothing if the signature is by another key.
    fn is_signed_by(&self, key: &token_jose::CertificateKey) -> Result<(), Option<String>> {
        let SignatureAlgorithm { oid, parameters } = &self.algorithm;
        if oid == ED25519 && parameters.is_some() {
            return Err(Some("Ed25519 with parameters".to_owned()));
        }
        let parameters = parameters.as_deref().unwrap_or_default();
        match key.verify(oid, parameters, &self.signed, &self.signature) {
            Ok(()) => Ok(()),
            Err(token_jose::Error::UnsupportedSignature { what }) => Err(Some(what)),
            Err(_) => Err(None),
        }
    }

    /// Returns the algorithm that it is signed with, if the CA accepts no such signature.
    pub(crate) fn unsafe_algorithm(&self) -> Option<String> {
        let key = self.key.as_ref()?;
        self.is_signed_by(key).err().flatten()
    }

    /// Checks that its key may sign certificates. Version 1 and 2 have no extension for it, and
    /// are accepted as roots.
    fn may_issue(&self, is_root: bool) -> Result<(), Error> {
        let is_ca = match self.extensions.basic {
            Some(basic) => basic.is_ca,
            None => is_root && self.version < 3,
        };
        let usage = self.extensions.key_usage;
        match is_ca && (usage == 0 || usage & CERTIFICATE_SIGN != 0) {
            true => Ok(()),
            false => Err(Error::NoCa { name: self.name.clone() }),
        }
    }
}

/// Returns the certificates of a pool that have the name of the issuer, those with its key
/// identifier first, and last those with another one.
fn parents<'a>(pool: &[&'a X509Certificate], child: &X509Certificate) -> Vec<&'a X509Certificate> {
    let id = &child.extensions.authority_key;
    let rank = |parent: &&X509Certificate| {
        let own = &parent.extensions.subject_key;
        match own == id {
            true => 0,
            false if own.is_empty() != id.is_empty() => 1,
            false => 2,
        }
    };
    let mut parents: Vec<&X509Certificate> =
        pool.iter().copied().filter(|parent| parent.subject == child.issuer).collect();
    parents.sort_by_key(rank);
    parents
}

/// Returns whether two certificates are of the same subject, key and names, so that a path goes
/// through one of them only.
fn is_same(one: &X509Certificate, other: &X509Certificate) -> bool {
    one.subject == other.subject
        && one.spki == other.spki
        && one.extensions.raw_names == other.extensions.raw_names
}

fn each_once(certificates: &[X509Certificate]) -> Vec<&X509Certificate> {
    let mut seen = HashSet::new();
    certificates.iter().filter(|certificate| seen.insert(&certificate.der)).collect()
}

/// The contents of the object identifier 1.3.101.112 (RFC 8410 §3), which takes no parameters.
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The most signatures that the CA checks for one leaf.
const MOST_SIGNATURES: usize = 100;

/// The bit of the key usage (RFC 5280 §4.2.1.3).
const CERTIFICATE_SIGN: u16 = 1 << 5;

#[cfg(test)]
mod tests;
