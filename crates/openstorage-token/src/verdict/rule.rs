//! The server's checks, and what it answers where one fails.

/// One of the server's checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Three parts with dots between them.
    Form,
    /// The second part is base64url of a JSON object.
    Payload,
    /// The claims a server reads are of the right types.
    Types,
    /// There is an issuer.
    Issuer,
    /// The server trusts that issuer.
    Trust,
    /// The first part is base64url of a JSON object.
    Header,
    /// The algorithm is one that servers know.
    Algorithm,
    /// The server has a key for it.
    Key,
    /// `exp` is in the future.
    Expiry,
    /// `iat` is not in the future.
    IssuedAt,
    /// `nbf`, if set, is not in the future.
    NotBefore,
    /// The signature was made with the server's key.
    Signature,
    /// No claim is missing.
    Required,
    /// The user has a unique ID.
    Username,
}

impl Rule {
    /// Every check, in the server's order.
    pub const ALL: [Self; 14] = [
        Self::Form,
        Self::Payload,
        Self::Types,
        Self::Issuer,
        Self::Trust,
        Self::Header,
        Self::Algorithm,
        Self::Key,
        Self::Expiry,
        Self::IssuedAt,
        Self::NotBefore,
        Self::Signature,
        Self::Required,
        Self::Username,
    ];

    /// Returns a word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Payload => "payload",
            Self::Types => "types",
            Self::Issuer => "issuer",
            Self::Trust => "trust",
            Self::Header => "header",
            Self::Algorithm => "algorithm",
            Self::Key => "key",
            Self::Expiry => "exp",
            Self::IssuedAt => "iat",
            Self::NotBefore => "nbf",
            Self::Signature => "signature",
            Self::Required => "required",
            Self::Username => "username",
        }
    }

    /// Returns what the server answers where this check fails.
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Form | Self::Payload | Self::Types | Self::Issuer | Self::Trust => {
                Answer::Unauthenticated
            }
            _ => Answer::PermissionDenied,
        }
    }
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It accepts the token. The roles decide what the holder may do.
    Accepted,
    /// It finds no issuer it trusts: gRPC `Unauthenticated`, HTTP 401.
    Unauthenticated,
    /// The token of a trusted issuer fails: gRPC `PermissionDenied`, HTTP 403.
    PermissionDenied,
}

impl Answer {
    /// Returns the name of the gRPC code.
    #[must_use]
    pub fn grpc_code(self) -> &'static str {
        match self {
            Self::Accepted => "OK",
            Self::Unauthenticated => "Unauthenticated",
            Self::PermissionDenied => "PermissionDenied",
        }
    }

    /// Returns the status of the legacy REST interface, if it is an error.
    #[must_use]
    pub fn http_status(self) -> Option<u16> {
        match self {
            Self::Accepted => None,
            Self::Unauthenticated => Some(401),
            Self::PermissionDenied => Some(403),
        }
    }
}
