//! Selects the provisioner for a request.
//!
//! The filters and their order are those of smallstep/cli 0.30.6 (`utils/cautils/token_flow.go`):
//! by proof, by key ID, by name. Where step shows a menu, more filters apply here: what a
//! provisioner may authorise, and the key that was given.

use std::collections::{BTreeSet, HashSet};

use step_claims::Operation;
use token_jose::Thumbprint;

use crate::capability::Capability;
use crate::kind::{Kind, KindName};
use crate::left_out::LeftOut;
use crate::proof::ProofKind;
use crate::provisioner::Provisioner;
use crate::unselected::{KeyOf, Unselected};

/// What a request says about its provisioner.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The proof in the request.
    pub proof: Option<ProofKind>,
    /// The key ID of a JWK provisioner or the client of an OIDC one. Empty counts as none.
    pub key_id: Option<String>,
    /// The full name. Empty counts as none.
    pub name: Option<String>,
    /// The thumbprint of the signing key, if one was given (RFC 7638).
    pub public_key: Option<Thumbprint>,
    /// What the token is for.
    pub operation: Operation,
}

/// What a [`Selector`] finds in a list.
#[derive(Clone, Debug)]
pub enum Selection<'a> {
    /// Exactly one provisioner fits.
    One {
        /// The provisioner. It may be unable to authorise the operation, which
        /// [`Provisioner::capability`] tells: a provisioner asked for by name is found anyway.
        provisioner: &'a Provisioner,
        /// Why it was selected.
        why: Why,
    },
    /// Several fit, in the order of the list; a person must choose.
    Several(Vec<&'a Provisioner>),
    /// None fits.
    None(Unselected),
}

/// Why a provisioner was selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// There is no other.
    Only,
    /// It was asked for by name.
    Name,
    /// It was asked for by key ID or client.
    KeyId,
    /// Its key is the one that was given.
    Key,
    /// It is the only one that may authorise the operation.
    Operation,
    /// It is the only one of the type that the proof works with.
    Proof,
}

/// Selects the provisioner that fits a request.
///
/// The filters apply in this order: the proof's type, the key ID, the name. Then
/// types without tokens (ACME, SCEP) are left out. If several remain, so are those that may not
/// authorise the operation and those that the CA has disabled; then the key decides, if one was
/// given. A key is always compared with the one that remains (Q10).
#[must_use]
pub fn select<'a>(provisioners: &'a [Provisioner], selector: &Selector) -> Selection<'a> {
    select_and_tell(provisioners, selector, |_, _| ())
}

/// Selects as [`select`] does, and tells of each provisioner that is left out, and why. Those that are
/// left out together with all others are not told: [`Unselected`] says why.
pub fn select_and_tell<'a>(
    provisioners: &'a [Provisioner],
    selector: &Selector,
    mut left_out: impl FnMut(&'a Provisioner, LeftOut),
) -> Selection<'a> {
    match narrow(provisioners, selector, &mut left_out) {
        Ok((candidates, why)) => match candidates.as_slice() {
            &[provisioner] => Selection::One { provisioner, why },
            _ => Selection::Several(candidates),
        },
        Err(reason) => Selection::None(reason),
    }
}

type Candidates<'a> = Vec<&'a Provisioner>;

/// Is told of each provisioner that is left out.
type Tell<'t, 'a> = &'t mut dyn FnMut(&'a Provisioner, LeftOut);

fn narrow<'a>(
    provisioners: &'a [Provisioner],
    selector: &Selector,
    tell: Tell<'_, 'a>,
) -> Result<(Candidates<'a>, Why), Unselected> {
    if provisioners.is_empty() {
        return Err(Unselected::NoProvisioners);
    }
    let key_id = given(selector.key_id.as_deref());
    let name = given(selector.name.as_deref());
    let mut candidates: Candidates<'a> = provisioners.iter().collect();
    let mut why = Why::Only;

    if let Some(proof) = selector.proof {
        why = if candidates.len() > 1 { Why::Proof } else { why };
        keep(&mut candidates, tell, |provisioner| match provisioner.kind.name() == proof.kind() {
            true => Ok(()),
            false => Err(LeftOut::OtherType(proof)),
        });
        if candidates.is_empty() {
            return Err(Unselected::NoneOfType { proof, kinds: kinds(provisioners.iter()) });
        }
    }
    if let Some(key_id) = key_id {
        why = Why::KeyId;
        keep(&mut candidates, tell, |provisioner| match has_key_id(provisioner, key_id) {
            true => Ok(()),
            false => Err(LeftOut::OtherKeyId),
        });
        if candidates.is_empty() {
            return Err(no_key_id(provisioners, selector.proof, key_id));
        }
    }
    if let Some(name) = name {
        why = Why::Name;
        let by_key_id = key_id.map(|_| candidates.clone()).unwrap_or_default();
        keep(&mut candidates, tell, |provisioner| match provisioner.name == name {
            true => Ok(()),
            false => Err(LeftOut::OtherName),
        });
        if candidates.is_empty() {
            return Err(no_name(provisioners, &by_key_id, selector.proof, key_id, name));
        }
    }

    let types = kinds(candidates.iter().copied());
    keep(&mut candidates, tell, |provisioner| match provisioner.kind.name() {
        kind if kind.has_tokens() => Ok(()),
        kind => Err(LeftOut::NoTokens(kind)),
    });
    if candidates.is_empty() {
        let name = name.map(str::to_owned);
        return Err(Unselected::NoTokens { name, kinds: types });
    }

    if candidates.len() > 1 {
        candidates = able(candidates, selector.operation, tell)?;
        if candidates.len() == 1 {
            why = settled(why, Why::Operation);
        }
    }
    if let Some(public_key) = selector.public_key {
        let several = candidates.len() > 1;
        candidates = holders(candidates, public_key, tell)?;
        if several && candidates.len() == 1 {
            why = settled(why, Why::Key);
        }
    }
    Ok((candidates, why))
}

/// Keeps the candidates that a filter lets pass, and tells of the others if there are any left.
fn keep<'a>(
    candidates: &mut Candidates<'a>,
    tell: Tell<'_, 'a>,
    filter: impl Fn(&Provisioner) -> Result<(), LeftOut>,
) {
    let before = std::mem::take(candidates);
    candidates.extend(before.iter().filter(|provisioner| filter(provisioner).is_ok()));
    if candidates.is_empty() {
        return;
    }
    for provisioner in before {
        if let Err(why) = filter(provisioner) {
            tell(provisioner, why);
        }
    }
}

/// An empty value counts as none, as in step.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn has_key_id(provisioner: &Provisioner, key_id: &str) -> bool {
    match &provisioner.kind {
        Kind::Jwk(jwk) => jwk.key_id.as_ref().is_some_and(|own| own.as_str() == key_id),
        Kind::Oidc(oidc) => oidc.client_id == key_id,
        _ => false,
    }
}

fn own_key_id(provisioner: &Provisioner) -> Option<String> {
    match &provisioner.kind {
        Kind::Jwk(jwk) => jwk.key_id.as_ref().map(ToString::to_string),
        Kind::Oidc(oidc) => Some(oidc.client_id.clone()),
        _ => None,
    }
}

/// An explicit key ID or name is the reason, whatever else narrowed the list.
fn settled(before: Why, now: Why) -> Why {
    match before {
        Why::Only | Why::Proof => now,
        _ => before,
    }
}

/// No provisioner left by the proof has the key ID.
fn no_key_id(all: &[Provisioner], proof: Option<ProofKind>, key_id: &str) -> Unselected {
    let owner = all.iter().find(|provisioner| has_key_id(provisioner, key_id));
    match (owner, proof) {
        (Some(owner), Some(proof)) => Unselected::KeyIdAgainstProof {
            key_id: key_id.to_owned(),
            name: owner.name.clone(),
            kind: owner.kind.name(),
            proof,
        },
        _ => Unselected::UnknownKeyId {
            key_id: key_id.to_owned(),
            known: all.iter().filter_map(own_key_id).collect(),
        },
    }
}

/// No provisioner left by the proof and the key ID has the name.
fn no_name(
    all: &[Provisioner],
    by_key_id: &[&Provisioner],
    proof: Option<ProofKind>,
    key_id: Option<&str>,
    name: &str,
) -> Unselected {
    let named: Candidates<'_> = all.iter().filter(|provisioner| provisioner.name == name).collect();
    let Some(first) = named.first() else {
        return Unselected::UnknownName { name: name.to_owned(), known: names(all.iter()) };
    };
    match (key_id, proof) {
        (Some(key_id), _) => Unselected::KeyIdOfAnother {
            key_id: key_id.to_owned(),
            owners: names(by_key_id.iter().copied()),
            name: name.to_owned(),
            key_ids: named.iter().filter_map(|provisioner| own_key_id(provisioner)).collect(),
        },
        (None, Some(proof)) => {
            Unselected::NameAgainstProof { name: name.to_owned(), kind: first.kind.name(), proof }
        }
        (None, None) => Unselected::UnknownName { name: name.to_owned(), known: names(all.iter()) },
    }
}

/// The provisioners that may authorise the operation and are not disabled.
fn able<'a>(
    candidates: Candidates<'a>,
    operation: Operation,
    tell: Tell<'_, 'a>,
) -> Result<Candidates<'a>, Unselected> {
    let mut able = candidates.clone();
    keep(&mut able, tell, |provisioner| match provisioner.capability(operation) {
        Capability::Refused { reason, .. } => Err(LeftOut::Refused { reason }),
        _ => Ok(()),
    });
    if able.is_empty() {
        return Err(refused(&candidates, operation));
    }
    let mut working = able.clone();
    keep(&mut working, tell, |provisioner| match &provisioner.disabled {
        Some(_) => Err(LeftOut::Disabled),
        None => Ok(()),
    });
    Ok(if working.is_empty() { able } else { working })
}

fn refused(candidates: &[&Provisioner], operation: Operation) -> Unselected {
    let mut instead = Vec::new();
    for provisioner in candidates {
        if let Capability::Refused { instead: other, .. } = provisioner.capability(operation)
            && !instead.contains(&other)
        {
            instead.push(other);
        }
    }
    Unselected::Refused { operation, candidates: labels(candidates), instead }
}

/// The provisioners whose key is `public_key`. A single one stays if its key is unknown.
fn holders<'a>(
    candidates: Candidates<'a>,
    public_key: Thumbprint,
    tell: Tell<'_, 'a>,
) -> Result<Candidates<'a>, Unselected> {
    let own = |provisioner: &Provisioner| {
        provisioner.jwk().and_then(|jwk| jwk.key.as_ref().ok()).map(|key| key.thumbprint())
    };
    if let &[only] = candidates.as_slice() {
        return match own(only) {
            Some(expected) if expected != public_key => Err(Unselected::KeyMismatch {
                name: only.name.clone(),
                key_id: own_key_id(only),
                expected,
                given: public_key,
            }),
            _ => Ok(candidates),
        };
    }
    let mut holders = candidates.clone();
    keep(&mut holders, tell, |provisioner| match own(provisioner) == Some(public_key) {
        true => Ok(()),
        false => Err(LeftOut::OtherKey),
    });
    if holders.is_empty() {
        let key_of = |provisioner: &&Provisioner| KeyOf {
            label: provisioner.label(),
            key: own(provisioner),
        };
        let candidates = candidates.iter().map(key_of).collect();
        return Err(Unselected::KeyFitsNone { given: public_key, candidates });
    }
    Ok(holders)
}

fn names<'a>(provisioners: impl Iterator<Item = &'a Provisioner>) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = provisioners.map(|provisioner| &provisioner.name);
    names.filter(|name| seen.insert(*name)).cloned().collect()
}

fn labels(provisioners: &[&Provisioner]) -> Vec<String> {
    provisioners.iter().map(|provisioner| provisioner.label()).collect()
}

fn kinds<'a>(provisioners: impl Iterator<Item = &'a Provisioner>) -> Vec<KindName> {
    let kinds: BTreeSet<KindName> =
        provisioners.map(|provisioner| provisioner.kind.name()).collect();
    kinds.into_iter().collect()
}

#[cfg(test)]
mod tests;
