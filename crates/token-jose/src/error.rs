use crate::algorithm::{Algorithm, KeyKind};

/// Why a key, an encrypted key or a token cannot be used.
///
/// No variant ever holds key material or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This crate does not know an algorithm of this name.
    #[error("unknown signature algorithm `{name}`")]
    UnknownAlgorithm {
        /// The name as found.
        name: String,
    },

    /// The key ID is empty.
    #[error("a key ID cannot be empty")]
    EmptyKeyId,

    /// There are no bytes.
    #[error("is empty")]
    Empty,

    /// The bytes are not a key in any known form.
    #[error("is not a key: expected PEM, a JWK or an encrypted JWK (JWE)")]
    NotAKey,

    /// The PEM text contains no private key.
    #[error("contains no private key, only `{label}`")]
    NoPrivateKey {
        /// The label of the section found, as in `BEGIN PUBLIC KEY`.
        label: String,
    },

    /// The PEM text contains several private keys.
    #[error("contains {count} private keys; expected one")]
    SeveralKeys {
        /// How many.
        count: usize,
    },

    /// A PEM section has no END line, or is not base64.
    #[error("contains a damaged `{label}` section: {reason}")]
    DamagedPem {
        /// The label of the section.
        label: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The text should be JSON and is not.
    #[error("is not JSON: {0}")]
    Json(#[source] JsonError),

    /// A JWK lacks a member, or a member has a wrong value.
    #[error("is not a usable JWK: {reason}")]
    Jwk {
        /// What is wrong, naming the member.
        reason: String,
    },

    /// A JWK holds only the public key.
    #[error("is a public key; signing needs the private key")]
    PublicKey,

    /// The key is symmetric. Both sides share it, so it cannot prove which of them signed.
    #[error("is a symmetric key (`kty` `oct`), which a provisioner cannot use")]
    SymmetricKey,

    /// A key set has several keys and none was named.
    #[error("is a set of {} keys ({}); choose one by its key ID", .key_ids.len(), token_text::Listed(key_ids))]
    SeveralKeysInSet {
        /// The key IDs, `-` for a key without one.
        key_ids: Vec<String>,
    },

    /// No key of a set has the ID asked for.
    #[error("is a key set without the key ID `{asked}`; it has {}", token_text::Listed(key_ids))]
    NotInSet {
        /// The key ID asked for.
        asked: String,
        /// The key IDs of the set, `-` for a key without one.
        key_ids: Vec<String>,
    },

    /// Keys of this type cannot sign tokens.
    #[error("is {what}; supported keys are P-256, P-384, P-521, RSA and Ed25519")]
    UnsupportedKey {
        /// What it is.
        what: String,
    },

    /// The RSA modulus is outside the range that is safe and that the engine accepts.
    #[error("is an RSA key of {bits} bits; expected 2048 to 8192")]
    RsaSize {
        /// The length of the modulus in bits.
        bits: usize,
    },

    /// A JWK's `alg` is for another type of key.
    #[error("names algorithm {algorithm}, but is a key of type {kind}")]
    AlgorithmMismatch {
        /// The algorithm it names.
        algorithm: Algorithm,
        /// The type of the key.
        kind: KeyKind,
    },

    /// The private key does not match the public key stored with it.
    #[error("is inconsistent: its private part does not match its public part")]
    InconsistentKey,

    /// The contents are damaged, or the engine refuses them.
    #[error("cannot be read as a key: {reason}")]
    Malformed {
        /// What the parser or the engine said.
        reason: String,
    },

    /// The password does not open the key, or the key was changed since it was encrypted.
    #[error("cannot be decrypted with this password")]
    WrongPassphrase,

    /// A key is encrypted with an algorithm that this crate does not support.
    #[error("is encrypted with {what}, which is not supported")]
    UnsupportedSealing {
        /// The algorithm, by name or object identifier.
        what: String,
    },

    /// The key derivation asks for more rounds than any key in use, or for none.
    #[error("asks for {asked} rounds of key derivation; expected 1 to {largest}")]
    Rounds {
        /// The count as written.
        asked: String,
        /// The largest count accepted.
        largest: u32,
    },

    /// A JWE breaks RFC 7516, or is built in a way that must not be trusted.
    #[error("is not an acceptable JWE: {reason}")]
    Jwe {
        /// What is wrong.
        reason: String,
    },

    /// A token breaks RFC 7515.
    #[error("is not a token: {reason}")]
    Jws {
        /// What is wrong.
        reason: String,
    },

    /// A certificate is signed with an algorithm that this crate does not check, or that is unsafe.
    #[error("is signed with {what}, which is not supported")]
    UnsupportedSignature {
        /// The algorithm, by name or object identifier.
        what: String,
    },

    /// The signature does not match the key.
    #[error("has a signature that does not match the key")]
    BadSignature,

    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] crate::signing_key::SignError),
}

/// Where the JSON is invalid. The text itself is left out, since it may be a secret.
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
