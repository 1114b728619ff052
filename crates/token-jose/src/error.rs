use crate::algorithm::{Algorithm, KeyKind};

/// Why a key, a sealed key or a token cannot be used.
///
/// No variant ever holds key material or a passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is not that of an algorithm this crate knows.
    #[error("unknown signature algorithm `{name}`")]
    UnknownAlgorithm {
        /// The name as found.
        name: String,
    },

    /// A key ID has at least one character.
    #[error("a key ID cannot be empty")]
    EmptyKeyId,

    /// The bytes hold nothing.
    #[error("is empty")]
    Empty,

    /// The bytes are in none of the forms a key comes in.
    #[error("is no key: neither PEM, nor a JWK, nor a sealed JWK (JWE)")]
    NotAKey,

    /// The PEM text has no private key in it.
    #[error("has no private key in it, only `{label}`")]
    NoPrivateKey {
        /// The label of the section found, as in `BEGIN PUBLIC KEY`.
        label: String,
    },

    /// The PEM text has several private keys in it.
    #[error("has {count} private keys in it; one is needed")]
    SeveralKeys {
        /// How many.
        count: usize,
    },

    /// A section of PEM starts and does not end, or is not base64.
    #[error("has a damaged `{label}` section: {reason}")]
    DamagedPem {
        /// The label of the section.
        label: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The text should be JSON and is not.
    #[error("is no JSON: {0}")]
    Json(#[source] JsonError),

    /// A JWK lacks a member, or a member is not what it must be.
    #[error("is no usable JWK: {reason}")]
    Jwk {
        /// What is wrong, naming the member.
        reason: String,
    },

    /// A JWK holds the public half alone.
    #[error("is a public key; signing needs the private one")]
    PublicKey,

    /// A key shared by both sides cannot name its signer.
    #[error("is a symmetric key (`kty` `oct`), which a provisioner cannot hold")]
    SymmetricKey,

    /// A key set has several keys and none was named.
    #[error("is a set of {} keys ({}); name one by its key ID", .key_ids.len(), .key_ids.join(", "))]
    SeveralKeysInSet {
        /// The key IDs, `-` for a key without.
        key_ids: Vec<String>,
    },

    /// No key of a set has the ID asked for.
    #[error("is a key set without key ID `{asked}`; it has {}", .key_ids.join(", "))]
    NotInSet {
        /// The key ID asked for.
        asked: String,
        /// The key IDs of the set, `-` for a key without.
        key_ids: Vec<String>,
    },

    /// The kind of key is one that signs no token.
    #[error("is {what}; P-256, P-384, P-521, RSA and Ed25519 keys are supported")]
    UnsupportedKey {
        /// What it is.
        what: String,
    },

    /// An RSA modulus outside the range that is safe and that the engine accepts.
    #[error("is an RSA key of {bits} bits; 2048 to 8192 are accepted")]
    RsaSize {
        /// The length of the modulus in bits.
        bits: usize,
    },

    /// A JWK's `alg` belongs to another kind of key.
    #[error("names algorithm {algorithm} for a key of kind {kind}")]
    AlgorithmMismatch {
        /// The algorithm it names.
        algorithm: Algorithm,
        /// The kind of key it is.
        kind: KeyKind,
    },

    /// The private half does not belong to the public half that stands beside it.
    #[error("is inconsistent: its private half does not belong to its public half")]
    InconsistentKey,

    /// The structure inside is damaged, or the engine refuses it.
    #[error("cannot be read as a key: {reason}")]
    Malformed {
        /// What the reader said.
        reason: String,
    },

    /// The passphrase does not open the key, or the key was changed since it was sealed.
    #[error("is sealed with another passphrase")]
    WrongPassphrase,

    /// A key is sealed in a way this crate does not open.
    #[error("is sealed with {what}, which is not supported")]
    UnsupportedSealing {
        /// The algorithm, by name or object identifier.
        what: String,
    },

    /// A derivation asks for more work than a key in use ever does, or for none.
    #[error("asks for {asked} rounds of key derivation; 1 to {largest} are accepted")]
    Rounds {
        /// The count as written.
        asked: String,
        /// The largest count accepted.
        largest: u32,
    },

    /// A JWE is not built as RFC 7516 says, or in a way that its reader must not trust.
    #[error("is no acceptable JWE: {reason}")]
    Jwe {
        /// What is wrong.
        reason: String,
    },

    /// A token is not built as RFC 7515 says.
    #[error("is no token: {reason}")]
    Jws {
        /// What is wrong.
        reason: String,
    },

    /// A certificate is signed in a way this crate does not check, or that nobody should trust.
    #[error("is signed with {what}, which is not supported")]
    UnsupportedSignature {
        /// The algorithm, by name or object identifier.
        what: String,
    },

    /// The signature is not that of the key.
    #[error("has a signature that is not that of the key")]
    BadSignature,

    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] crate::signing_key::SignError),
}

/// Where JSON stops being JSON; never what stands there, which may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("{category} at line {line}, column {column}")]
pub struct JsonError {
    category: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        let category = match error.classify() {
            Category::Io => "unreadable",
            Category::Syntax => "syntax error",
            Category::Data => "a member of the wrong type",
            Category::Eof => "unexpected end",
        };
        Self { category, line: error.line(), column: error.column() }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.into())
    }
}

impl From<token_pem::DamagedBlock> for Error {
    fn from(damaged: token_pem::DamagedBlock) -> Self {
        Self::DamagedPem { label: damaged.label, reason: damaged.reason.to_owned() }
    }
}

/// Takes over the last reason that OpenSSL has for refusing a key.
pub(crate) fn malformed(error: openssl::error::ErrorStack) -> Error {
    let reason = error.errors().iter().rev().find_map(openssl::error::Error::reason);
    Error::Malformed { reason: reason.unwrap_or("damaged").to_owned() }
}
