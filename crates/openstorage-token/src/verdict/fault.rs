use std::fmt;

use go_json::{Kind, Value};
use token_jose::{Algorithm, KeyKind};
use token_time::Timestamp;

use super::algorithm::TokenAlgorithm;
use super::span::span;
use crate::server::UsernameClaim;

/// What a check that holds has seen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Seen {
    /// A sentence.
    Text(&'static str),
    /// An object with this many members.
    Members(usize),
    /// A name: the issuer's, or the user's.
    Name(String),
    /// The algorithm.
    Algorithm(TokenAlgorithm),
    /// A public key of this kind.
    Key(KeyKind),
    /// A time in the future.
    Until {
        /// When.
        at: Timestamp,
        /// When the token is judged.
        now: Timestamp,
    },
    /// A time in the past.
    Since {
        /// When.
        at: Timestamp,
        /// When the token is judged.
        now: Timestamp,
    },
    /// Something that is not a time, which the server ignores.
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
            Self::Key(kind) => write!(f, "the {kind} key"),
            Self::Until { at, now } if at >= now => write!(f, "{at}, in {}", span(now, at)),
            Self::Until { at, .. } => write!(f, "{at}, within the leeway"),
            Self::Since { at, now } if at <= now => write!(f, "{at}, {} ago", span(at, now)),
            Self::Since { at, .. } => write!(f, "{at}, within the leeway"),
            Self::NoTime { kind } => {
                write!(f, "{kind}, not a time, which this server ignores")
            }
        }
    }
}

/// Why a server refuses a token.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It does not have three parts.
    #[error("it has {}; expected three, separated by dots", parts(*count))]
    Parts {
        /// How many.
        count: usize,
    },
    /// It begins with the scheme of a header.
    #[error("it begins with `Bearer`, which belongs in the header before the token")]
    Bearer,
    /// A part is not base64url.
    #[error("its {part} is not unpadded base64url")]
    Base64 {
        /// Which: header, payload or signature.
        part: &'static str,
    },
    /// A part is not JSON.
    #[error("its {part} is not JSON, or is followed by something else")]
    Json {
        /// Which: header or payload.
        part: &'static str,
    },
    /// A part is nested too deeply.
    #[error("its {part} is nested deeper than a server reads")]
    Depth {
        /// Which: header or payload.
        part: &'static str,
    },
    /// A part is JSON, but not an object.
    #[error("its {part} is {found}; expected an object")]
    NoObject {
        /// Which: header or payload.
        part: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The payload is `null`, which crashes a server.
    #[error("its payload is `null`, which crashes a server")]
    Null,
    /// A number somewhere does not fit a float.
    #[error("a number in its {part} is too large for a 64-bit float")]
    NumberTooLarge {
        /// Which: header or payload.
        part: &'static str,
    },
    /// A claim is of the wrong type.
    #[error("`{name}` is {found}; expected {due}")]
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
    #[error(
        "`{issuer}` is not a trusted issuer; the server trusts `{}`",
        token_text::ShownValue(trusted)
    )]
    Untrusted {
        /// The token's.
        issuer: String,
        /// The server's.
        trusted: String,
    },
    /// The header has no `alg`, or one that is not a string.
    #[error("its header names no algorithm (`alg`)")]
    NoAlgorithm,
    /// No server accepts the algorithm.
    #[error("servers do not accept algorithm `{name}`")]
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
    /// `exp` is in the past.
    #[error("it expired {ago} ago, at {at}")]
    Expired {
        /// When.
        at: Timestamp,
        /// How long ago, in words.
        ago: String,
    },
    /// `iat` or `nbf` is in the future.
    #[error("its `{name}` is in the future: {at}, in {ahead}")]
    Early {
        /// Which claim.
        name: &'static str,
        /// When it begins.
        at: Timestamp,
        /// How long until then, in words.
        ahead: String,
    },
    /// A time is not a number.
    #[error("its `{name}` is {kind}; expected a number of seconds")]
    NoTime {
        /// Which claim.
        name: &'static str,
        /// What it is.
        kind: &'static str,
    },
    /// The signature was made with another key.
    #[error(
        "the {algorithm} signature was not made with the server's key, or the token was changed"
    )]
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
    #[error("`{claim}` is empty, but the server uses it as the user's unique ID")]
    NoUsername {
        /// Which claim.
        claim: UsernameClaim,
    },
}

fn parts(count: usize) -> String {
    if count == 1 { "one part".to_owned() } else { format!("{count} parts") }
}

/// A warning about something that a server accepts but a careful verifier would not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StrictWarning {
    /// `exp` is 0, so the token never expires.
    NoExpiry,
    /// A member appears twice; the server uses the last.
    Repeated {
        /// Which part: header or payload.
        part: &'static str,
        /// The member.
        name: String,
    },
    /// A member's name differs in letter case; the server still reads some of these.
    Cased {
        /// As it is spelled.
        name: String,
        /// The member it resembles.
        field: &'static str,
    },
    /// The algorithm belongs to the key's family, but is not the one asked for.
    Algorithm {
        /// The token's.
        algorithm: TokenAlgorithm,
        /// The requested one.
        allowed: TokenAlgorithm,
    },
    /// The header has `crit` (RFC 7515 §4.1.11), which the server ignores.
    Crit,
    /// The algorithm does not belong to the key's curve.
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
    /// It contains a line break, which no HTTP/2 header can carry.
    LineBreak,
}

/// Returns what a value is, for a message.
pub(super) fn json_kind(value: Value<'_>) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::Boolean => "true or false",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "a list",
        Kind::Object => "an object",
    }
}

impl fmt::Display for StrictWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExpiry => f.write_str("`exp` is 0, so to the server the token never expires"),
            Self::Repeated { part, name } => {
                write!(f, "`{name}` appears twice in its {part}; the server uses the last")
            }
            Self::Algorithm { algorithm, allowed } => {
                write!(f, "the algorithm is {algorithm}; expected {allowed}")
            }
            Self::Cased { name, field } if ["exp", "iat", "nbf"].contains(field) => {
                write!(f, "`{name}` is not `{field}`, so a server ignores it")
            }
            Self::Cased { name, field } => {
                write!(f, "`{name}` is not `{field}`, but a server may read it as `{field}`")
            }
            Self::Crit => f.write_str("its header has `crit`, which the server ignores"),
            Self::Curve { algorithm, kind } => {
                write!(f, "{algorithm} does not match the key's curve, {kind}")
            }
            Self::Base64 { part } => write!(f, "its {part} ends in padding or stray bits"),
            Self::LineBreak => {
                f.write_str("it contains a line break, which no HTTP/2 header can carry")
            }
        }
    }
}
