use std::fmt;

use token_jose::{Algorithm, KeyKind};
use token_time::Timestamp;

use super::algorithm::TokenAlgorithm;
use super::span::span;
use crate::server::UsernameClaim;

/// What was seen where a check holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Seen {
    /// A sentence.
    Text(&'static str),
    /// An object with so many members.
    Members(usize),
    /// A name: the issuer's, or the user's.
    Name(String),
    /// The algorithm.
    Algorithm(TokenAlgorithm),
    /// A public key of this kind.
    Key(KeyKind),
    /// A time to come.
    Until {
        /// When.
        at: Timestamp,
        /// When the token is judged.
        now: Timestamp,
    },
    /// A time that is past.
    Since {
        /// When.
        at: Timestamp,
        /// When the token is judged.
        now: Timestamp,
    },
    /// Something that is no time, and that the server passes over.
    NoTime {
        /// What it is.
        kind: &'static str,
    },
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = |from: &Timestamp, to: &Timestamp| span(from.unix_seconds(), to.unix_seconds());
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Members(count) => write!(f, "a JSON object with {count} members"),
            Self::Name(name) => write!(f, "`{name}`"),
            Self::Algorithm(algorithm) => algorithm.fmt(f),
            Self::Key(kind) => write!(f, "a {kind} key"),
            Self::Until { at, now } if at >= now => write!(f, "{at}, in {}", span(now, at)),
            Self::Until { at, .. } => write!(f, "{at}, within the leeway"),
            Self::Since { at, now } if at <= now => write!(f, "{at}, {} ago", span(at, now)),
            Self::Since { at, .. } => write!(f, "{at}, within the leeway"),
            Self::NoTime { kind } => {
                write!(f, "{kind} and no time, which this server passes over")
            }
        }
    }
}

/// Why a server refuses a token.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It has not three parts.
    #[error("it has {}; three with dots between them are due", parts(*count))]
    Parts {
        /// How many.
        count: usize,
    },
    /// It begins with the scheme of a header.
    #[error("it begins with `Bearer`, which belongs to the header around it")]
    Bearer,
    /// A part is no base64url.
    #[error("its {part} is not unpadded base64url")]
    Base64 {
        /// Which: header, payload or signature.
        part: &'static str,
    },
    /// A part is no JSON.
    #[error("its {part} is no JSON, or has something behind it")]
    Json {
        /// Which: header or payload.
        part: &'static str,
    },
    /// A part is nested too deep.
    #[error("its {part} is nested deeper than a server reads")]
    Depth {
        /// Which: header or payload.
        part: &'static str,
    },
    /// A part is JSON and no object.
    #[error("its {part} is {found}; an object is due")]
    NoObject {
        /// Which: header or payload.
        part: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The payload is `null`, at which a server dies.
    #[error("its payload is `null`, at which a server crashes")]
    Null,
    /// A number somewhere fits no float.
    #[error("a number in its {part} is beyond what a 64-bit float holds")]
    NumberTooLarge {
        /// Which: header or payload.
        part: &'static str,
    },
    /// A claim is of the wrong type.
    #[error("`{name}` is {found}; {due} is due")]
    Type {
        /// The claim.
        name: &'static str,
        /// What it is.
        found: &'static str,
        /// What it must be.
        due: &'static str,
    },
    /// `iss` is missing, null or empty.
    #[error("it names no issuer (`iss`)")]
    NoIssuer,
    /// `iss` is not the server's.
    #[error("`{issuer}` is not a trusted issuer; the server trusts `{trusted}`")]
    Untrusted {
        /// The token's.
        issuer: String,
        /// The server's.
        trusted: String,
    },
    /// The header has no `alg`, or one that is no string.
    #[error("its header names no algorithm (`alg`)")]
    NoAlgorithm,
    /// The algorithm is one that no server takes.
    #[error("algorithm `{name}` is one that servers do not take")]
    UnknownAlgorithm {
        /// The name.
        name: String,
    },
    /// The server has no key of the algorithm's family.
    #[error("the server has no key for {algorithm}")]
    NoKey {
        /// The algorithm.
        algorithm: TokenAlgorithm,
    },
    /// `exp` is past.
    #[error("it expired {ago} ago, at {at}")]
    Expired {
        /// When.
        at: Timestamp,
        /// How long ago, in words.
        ago: String,
    },
    /// `iat` or `nbf` is to come.
    #[error("its `{name}` is {at}, in {ahead}")]
    Early {
        /// Which claim.
        name: &'static str,
        /// When it begins.
        at: Timestamp,
        /// How long until then, in words.
        ahead: String,
    },
    /// A time is no number.
    #[error("its `{name}` is {kind}; a number of seconds is due")]
    NoTime {
        /// Which claim.
        name: &'static str,
        /// What it is.
        kind: &'static str,
    },
    /// The signature is another's.
    #[error("the {algorithm} signature is not that of the server's key over these bytes")]
    Signature {
        /// The algorithm.
        algorithm: TokenAlgorithm,
    },
    /// A claim that every token has is missing.
    #[error("claim `{name}` is missing")]
    Missing {
        /// Which.
        name: &'static str,
    },
    /// The claim that is the user's unique ID is empty.
    #[error("`{claim}` is empty, and the server takes it for the user's unique ID")]
    NoUsername {
        /// Which claim.
        claim: UsernameClaim,
    },
}

fn parts(count: usize) -> String {
    if count == 1 { "one part".to_owned() } else { format!("{count} parts") }
}

/// What a server lets pass and a careful reader would not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Laxness {
    /// `exp` is 0, which counts as no end at all.
    NoExpiry,
    /// A member stands twice; the server takes the last.
    Repeated {
        /// Which part: header or payload.
        part: &'static str,
        /// The member.
        name: String,
    },
    /// A member is spelled with other letters; the server reads some of them all the same.
    Cased {
        /// As it is spelled.
        name: String,
        /// The member it resembles.
        field: &'static str,
    },
    /// The algorithm is another one of the family than was asked for.
    Algorithm {
        /// The token's.
        algorithm: TokenAlgorithm,
        /// The one asked for.
        allowed: TokenAlgorithm,
    },
    /// The header has `crit` (RFC 7515 §4.1.11), which the server passes over.
    Crit,
    /// The algorithm belongs to another curve than the key's.
    Curve {
        /// The algorithm.
        algorithm: Algorithm,
        /// The kind of key.
        kind: KeyKind,
    },
    /// A part is padded, or has stray bits at its end: one token in several spellings.
    Base64 {
        /// Which: header, payload or signature.
        part: &'static str,
    },
    /// There is a line break in it, which no header of HTTP/2 carries.
    LineBreak,
}

impl fmt::Display for Laxness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExpiry => {
                f.write_str("`exp` is 0, which the server takes for no end: it is good for ever")
            }
            Self::Repeated { part, name } => {
                write!(f, "`{name}` stands twice in its {part}; the server takes the last")
            }
            Self::Algorithm { algorithm, allowed } => {
                write!(f, "the algorithm is {algorithm}, and {allowed} was asked for")
            }
            Self::Cased { name, field } if ["exp", "iat", "nbf"].contains(field) => {
                write!(f, "`{name}` is not `{field}`, and a server does not read it")
            }
            Self::Cased { name, field } => {
                write!(f, "`{name}` is not `{field}`, though a server may read it so")
            }
            Self::Crit => f.write_str("its header has `crit`, which the server passes over"),
            Self::Curve { algorithm, kind } => {
                write!(f, "{algorithm} belongs to another curve than the key's, {kind}")
            }
            Self::Base64 { part } => write!(f, "its {part} has padding or stray bits at its end"),
            Self::LineBreak => {
                f.write_str("there is a line break in it, which no HTTP/2 header carries")
            }
        }
    }
}
