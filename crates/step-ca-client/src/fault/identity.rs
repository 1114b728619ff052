use go_json::{Malformed, Mismatch};
use token_text::Excerpt;
use token_time::Timestamp;

/// Why a client identity cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityFault {
    /// The `identity.json` is not JSON as step reads it.
    #[error("it is not JSON: {0}")]
    Json(Malformed),

    /// The `identity.json` is JSON, but not an object.
    #[error("it is not a JSON object")]
    NotAnObject,

    /// A member of it is not a string.
    #[error("its {0}")]
    Member(Mismatch),

    /// It has the type `tTLS`, a tunnel to the CA.
    #[error("its type `tTLS` is not supported, only `mTLS` is")]
    Tunnel,

    /// Its type is unknown.
    #[error("its type `{}` is unknown, only `mTLS` is supported", Excerpt(kind))]
    UnknownType {
        /// The type.
        kind: String,
    },

    /// It names no certificate or no key.
    #[error("`{member}` is missing or empty")]
    Missing {
        /// The member: `crt` or `key`.
        member: &'static str,
    },

    /// There is no certificate in the file, or a damaged one.
    #[error("its certificate file contains no valid certificate")]
    NoCertificate,

    /// There is no private key in the file, or a damaged one.
    #[error("its key file contains no valid private key")]
    NoKey,

    /// The private key is encrypted with a password.
    #[error("its private key is encrypted with a password, which is not supported")]
    SealedKey,

    /// The key does not match the certificate.
    #[error("its private key does not belong to its certificate")]
    Mismatch,

    /// The TLS library does not support this type of key.
    #[error("its private key cannot be used: {reason}")]
    UnusableKey {
        /// What the TLS library says.
        reason: String,
    },

    /// The certificate has expired.
    #[error("its certificate expired at {not_after}")]
    Expired {
        /// Its last second.
        not_after: Timestamp,
    },

    /// The certificate is not valid yet.
    #[error("its certificate is not valid before {not_before}")]
    NotYetValid {
        /// Its first second.
        not_before: Timestamp,
    },
}
