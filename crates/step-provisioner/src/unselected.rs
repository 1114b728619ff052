//! Why no provisioner fits a request.

use std::fmt;

use step_claims::Operation;
use token_jose::Thumbprint;
use token_text::{Several, ShownValue};

use crate::kind::KindName;
use crate::proof::ProofKind;

/// Why no provisioner fits a request (Q39).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unselected {
    /// The list is empty.
    #[error("the CA has no provisioners")]
    NoProvisioners,

    /// No provisioner has the type that the proof works with.
    #[error("the CA has no {} provisioner for the {proof}, only {}", proof.kind(), Several(kinds))]
    NoneOfType {
        /// The proof in the request.
        proof: ProofKind,
        /// The types that the CA has.
        kinds: Vec<KindName>,
    },

    /// No provisioner has this key ID or client.
    #[error("no provisioner has the key ID `{}`{}", ShownValue(key_id), Known("key IDs", known))]
    UnknownKeyId {
        /// The key ID asked for.
        key_id: String,
        /// All key IDs and clients.
        known: Vec<String>,
    },

    /// The proof does not work with the type of the provisioner with the key ID (Q45).
    #[error(
        "the key ID `{}` belongs to the {kind} provisioner `{}`, but the {proof} works with {} \
         provisioners only, which have no key ID",
        ShownValue(key_id), ShownValue(name), proof.kind()
    )]
    KeyIdAgainstProof {
        /// The key ID asked for.
        key_id: String,
        /// The name of its provisioner.
        name: String,
        /// The type of that provisioner.
        kind: KindName,
        /// The proof in the request.
        proof: ProofKind,
    },

    /// The key ID belongs to a provisioner with another name.
    #[error(
        "the key ID `{}` belongs to {}, not to `{}`{}",
        ShownValue(key_id),
        Several(owners),
        ShownValue(name),
        Known("key IDs of that provisioner", key_ids)
    )]
    KeyIdOfAnother {
        /// The key ID asked for.
        key_id: String,
        /// The names of the provisioners that have it.
        owners: Vec<String>,
        /// The name asked for.
        name: String,
        /// The key IDs or clients of the provisioners with that name.
        key_ids: Vec<String>,
    },

    /// No provisioner has the name.
    #[error("no provisioner is named `{}`{}", ShownValue(name), Known("names", known))]
    UnknownName {
        /// The name asked for.
        name: String,
        /// All names.
        known: Vec<String>,
    },

    /// The proof does not work with the type of the provisioner with that name.
    #[error(
        "`{}` is a provisioner of type {kind}, but the {proof} works with {} provisioners only",
        ShownValue(name), proof.kind()
    )]
    NameAgainstProof {
        /// The name asked for.
        name: String,
        /// The type of the provisioner with that name.
        kind: KindName,
        /// The proof in the request.
        proof: ProofKind,
    },

    /// Only types remain that do not use tokens.
    #[error("{}", no_tokens(name.as_deref(), kinds))]
    NoTokens {
        /// The name asked for, if one was.
        name: Option<String>,
        /// The types that remain.
        kinds: Vec<KindName>,
    },

    /// Several provisioners remain, and none may authorise the operation.
    #[error("none of these provisioners may authorise `{operation}`: {}", Several(candidates))]
    Refused {
        /// What the token is for.
        operation: Operation,
        /// The labels of those that remain.
        candidates: Vec<String>,
        /// What to use instead, to be read after "use"; each text once.
        instead: Vec<&'static str>,
    },

    /// The one provisioner that remains has another key (Q10).
    #[error(
        "the key given has the thumbprint {given}, but the key of provisioner `{}` has {expected}",
        ShownValue(name)
    )]
    KeyMismatch {
        /// The name of the provisioner.
        name: String,
        /// Its key ID.
        key_id: Option<String>,
        /// The thumbprint of its key.
        expected: Thumbprint,
        /// The thumbprint of the key given.
        given: Thumbprint,
    },

    /// Several provisioners remain, and none has the key.
    #[error(
        "the key given (thumbprint {given}) belongs to none of these provisioners: {}",
        Several(candidates)
    )]
    KeyFitsNone {
        /// The thumbprint of the key given.
        given: Thumbprint,
        /// Those that remain, with the thumbprints of their keys.
        candidates: Vec<KeyOf>,
    },
}

/// A provisioner and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOf {
    /// The [label](crate::Provisioner::label) of the provisioner.
    pub label: String,
    /// The thumbprint of its key; `None` if it has no readable key.
    pub key: Option<Thumbprint>,
}

impl AsRef<str> for KeyOf {
    fn as_ref(&self) -> &str {
        &self.label
    }
}

/// `; NAMES: …`, or nothing if the list is empty.
struct Known<'a>(&'a str, &'a [String]);

impl fmt::Display for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(what, known) = self;
        if known.is_empty() { Ok(()) } else { write!(f, "; {what}: {}", Several(known)) }
    }
}

fn no_tokens(name: Option<&str>, kinds: &[KindName]) -> String {
    let kinds = Several(kinds);
    match name {
        Some(name) => {
            format!("`{}` is of type {kinds}, which does not use tokens", ShownValue(name))
        }
        None => format!("the CA has only provisioners of types that do not use tokens: {kinds}"),
    }
}
