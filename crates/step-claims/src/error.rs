use std::fmt;

use token_time::{SignedDuration, Timestamp};

use crate::operation::Operation;
use crate::san_kind::SanKind;

/// Why a token cannot be built as requested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not the address of a CA.
    #[error("{text:?} is not the address of a CA: {fault}")]
    CaUrl {
        /// The text as it was given, without user name and password.
        text: String,
        /// The first thing wrong with it.
        fault: CaUrlFault,
    },

    /// The subject is empty.
    #[error("the subject is empty")]
    EmptySubject,

    /// A subject alternative name is empty.
    #[error("a subject alternative name is empty")]
    EmptySan,

    /// A name has characters outside ASCII where a certificate cannot have them.
    #[error("{name:?} cannot be in a certificate: {} there are ASCII only", kind.plural())]
    NotAsciiSan {
        /// The name as it was given.
        name: String,
        /// What it would be.
        kind: SanKind,
        /// The same name in ASCII, if there is such a form.
        ascii: Option<String>,
    },

    /// A URI's host has an empty label, so no CA can read a certificate with it.
    #[error("{name:?} cannot be in a certificate: its host {host:?} has an empty label")]
    UriHost {
        /// The URI as it was given.
        name: String,
        /// Its host, perhaps with a port.
        host: String,
    },

    /// An SSH principal is empty.
    #[error("a principal is empty")]
    EmptyPrincipal,

    /// The text is not an X.509 serial number in any accepted form.
    #[error(
        "{text:?} is not the serial number of a certificate: write it in decimal without leading \
         zeros (662316), in hexadecimal after 0x (0xa1b2c), or in pairs of hexadecimal digits \
         with colons (0a:1b:2c)"
    )]
    Serial {
        /// The text as it was given.
        text: String,
    },

    /// The serial number has more digits than any certificate uses.
    #[error("a serial number of {digits} digits is too long; the limit is {longest}")]
    SerialTooLong {
        /// How many digits were given.
        digits: usize,
        /// The largest number of digits accepted in that form.
        longest: usize,
    },

    /// The text is not an SSH serial number in any accepted form.
    #[error(
        "{text:?} is not the serial number of an SSH certificate: write it in decimal without \
         leading zeros (4660) or in hexadecimal after 0x (0x1234), below 2^64"
    )]
    SshSerial {
        /// The text as it was given.
        text: String,
    },

    /// A time cannot be computed.
    #[error(transparent)]
    Time(#[from] token_time::Error),

    /// The token would end at its start or before it.
    #[error("token would end at {not_after}, which is not after its start at {not_before}")]
    EndsBeforeStart {
        /// When it would start.
        not_before: Timestamp,
        /// When it would end.
        not_after: Timestamp,
    },

    /// The token would be expired as soon as it is made.
    #[error("token would end at {not_after}, but it is already {now}")]
    AlreadyExpired {
        /// When it would end.
        not_after: Timestamp,
        /// When it would be made.
        now: Timestamp,
    },

    /// The token would become valid too far in the future.
    #[error("token would start {asked} from now; the longest delay allowed is {limit}")]
    StartsTooLate {
        /// The delay asked for.
        asked: SignedDuration,
        /// The longest delay allowed.
        limit: SignedDuration,
    },

    /// The token would live too briefly to be spent.
    #[error("token would live {asked}; the shortest allowed is {limit}")]
    TooShort {
        /// The lifetime asked for.
        asked: SignedDuration,
        /// The shortest lifetime allowed.
        limit: SignedDuration,
    },

    /// The token would live too long.
    #[error("token would live {asked}; the longest allowed is {limit}")]
    TooLong {
        /// The lifetime asked for.
        asked: SignedDuration,
        /// The longest lifetime allowed.
        limit: SignedDuration,
    },

    /// The text is not a token ID.
    #[error("{text:?} is not a token ID: expected 64 digits from 0-9 and a-f")]
    TokenId {
        /// The text as it was given.
        text: String,
    },

    /// The text is not the fingerprint of a root certificate.
    #[error("{text:?} is not a SHA-256 fingerprint: expected 64 hexadecimal digits")]
    Fingerprint {
        /// The text as it was given.
        text: String,
    },

    /// The text is not the value of a confirmation.
    #[error(
        "{text:?} is not the fingerprint of a request: expected SHA-256 in unpadded base64url, 43 \
         characters"
    )]
    Confirmation {
        /// The text as it was given.
        text: String,
    },

    /// A certificate request was expected, but the text is empty.
    #[error("the certificate request is empty")]
    CsrEmpty,

    /// A certificate request was expected, but this is a certificate.
    #[error("this is a certificate, not a certificate request")]
    CsrIsCertificate,

    /// A certificate request was expected, but this is a private key.
    #[error("this is a private key, not a certificate request")]
    CsrIsPrivateKey,

    /// A certificate request was expected, but this is PEM of another type.
    #[error("this is PEM of type {label:?}, not a certificate request")]
    CsrLabel {
        /// The type of the first block.
        label: String,
    },

    /// A certificate request was expected, but this is neither PEM nor DER.
    #[error("this is not a certificate request: expected PEM or DER")]
    CsrNotPemOrDer,

    /// The PEM of a certificate request is damaged.
    #[error("the PEM of the certificate request is damaged")]
    CsrPem(#[source] x509_parser::error::PEMError),

    /// The DER of a certificate request is damaged.
    #[error("the DER of the certificate request is damaged")]
    CsrDer(#[source] x509_parser::error::X509Error),

    /// Extra bytes follow a certificate request in DER.
    #[error("{length} bytes follow the certificate request")]
    CsrTrailing {
        /// How many bytes.
        length: usize,
    },

    /// An SSH public key was expected, but the text is empty.
    #[error("the SSH public key is empty")]
    SshKeyEmpty,

    /// One SSH public key was expected, but there are several lines.
    #[error("expected one SSH public key on one line, found several lines")]
    SshKeySeveral,

    /// An SSH public key was expected, but this is a private key.
    #[error("this is a private key, not an SSH public key")]
    SshKeyIsPrivateKey,

    /// An SSH public key was expected, but this is an SSH certificate.
    #[error("this is an SSH certificate, not an SSH public key")]
    SshKeyIsCertificate,

    /// The line is not an SSH public key.
    #[error("this is not an SSH public key in the format of authorized_keys")]
    SshKey(#[source] ssh_key::Error),

    /// User data is not JSON.
    #[error("user data is not JSON")]
    UserNotJson(#[source] go_json::Malformed),

    /// User data is JSON, but not an object.
    #[error("user data must be a JSON object, but this is {found}")]
    UserNotObject {
        /// What it is instead, with an article.
        found: &'static str,
    },

    /// An assignment of user data lacks its `=`.
    #[error("{text:?} does not set user data: write NAME=VALUE")]
    UserAssignment {
        /// The text as it was given.
        text: String,
    },

    /// User data contains a number outside the range of a 64-bit float, in which the CA stores it.
    #[error("user data {name:?} contains {number}, a number too large for the CA")]
    UserNumber {
        /// The member of the object.
        name: String,
        /// The number as it was written.
        number: String,
    },

    /// Audience and purpose belong to different operations.
    #[error("a token for {purpose} cannot be spent at the endpoint for {audience}")]
    AudienceMismatch {
        /// The operation of the purpose.
        purpose: Operation,
        /// The operation of the audience.
        audience: Operation,
    },

    /// A confirmation was given, but tokens with this purpose cannot carry one.
    #[error("a token for {operation} cannot carry a confirmation")]
    ConfirmationUnused {
        /// The operation of the purpose.
        operation: Operation,
    },

    /// User data was given, but tokens with this purpose cannot carry it.
    #[error("a token for {operation} cannot carry user data")]
    UserUnused {
        /// The operation of the purpose.
        operation: Operation,
    },

    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

/// What is wrong with a text that should be the address of a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaUrlFault {
    /// It names no host.
    NoHost,
    /// Its scheme is not `https`.
    Scheme,
    /// The text after the colon is not a number.
    Port,
    /// It has two ports, or is an invalid IPv6 address.
    TwoPorts,
    /// The text in its brackets, or after them, is invalid.
    Brackets,
    /// It has an IPv6 address with a zone.
    Zone,
    /// It contains a blank, a control character, or a character not allowed in a host.
    Character(char),
    /// Its host has non-ASCII letters.
    NotAscii {
        /// The same host in ASCII, if it has such a form.
        ascii: Option<String>,
    },
}

impl Error {
    /// Returns whether it is about user data that is UTF-16.
    #[must_use]
    pub fn is_utf_16(&self) -> bool {
        matches!(self, Self::UserNotJson(go_json::Malformed { fault: go_json::Syntax::Utf16, .. }))
    }
}

impl fmt::Display for CaUrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost => f.write_str("it names no host"),
            Self::Scheme => f.write_str("it must begin with https://"),
            Self::Port => f.write_str("its port is not a number"),
            Self::TwoPorts => f.write_str("it has several colons, but is not an IPv6 address"),
            Self::Brackets => f.write_str(
                "brackets must contain an IPv6 address, and only a port may follow them",
            ),
            Self::Zone => f.write_str("a token cannot name an IPv6 address with a zone"),
            Self::Character(c) => write!(f, "the character {c:?} is not allowed"),
            Self::NotAscii { ascii: Some(ascii) } => {
                write!(f, "its host is not ASCII; write it as {ascii}")
            }
            Self::NotAscii { ascii: None } => f.write_str("its host is not ASCII"),
        }
    }
}
