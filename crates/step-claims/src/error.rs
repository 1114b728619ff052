use std::fmt;

use token_time::{SignedDuration, Timestamp};

use crate::operation::Operation;

/// Why a token cannot say what it was asked to say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not the address of a CA.
    #[error("{text:?} is not the address of a CA: {fault}")]
    CaUrl {
        /// The text as it was given, save for a user name and password.
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

    /// An SSH principal is empty.
    #[error("a principal is empty")]
    EmptyPrincipal,

    /// The text is in none of the forms of an X.509 serial number.
    #[error(
        "{text:?} is not the serial number of a certificate: write it in decimal without leading \
         zeros (662316), in hexadecimal after 0x (0xa1b2c), or in pairs of hexadecimal digits \
         with colons (0a:1b:2c)"
    )]
    Serial {
        /// The text as it was given.
        text: String,
    },

    /// A serial number has more digits than any certificate's.
    #[error("a serial number of {digits} digits is too long; the limit is {longest}")]
    SerialTooLong {
        /// How many digits were given.
        digits: usize,
        /// The largest number that is read in that form.
        longest: usize,
    },

    /// The text is in none of the forms of an SSH serial number.
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

    /// The token would be over as soon as it is made.
    #[error("token would end at {not_after}, but it is already {now}")]
    AlreadyExpired {
        /// When it would end.
        not_after: Timestamp,
        /// When it would be made.
        now: Timestamp,
    },

    /// The token could first be spent too long from now.
    #[error("token would start {asked} from now; the longest delay allowed is {limit}")]
    StartsTooLate {
        /// The delay asked for.
        asked: SignedDuration,
        /// The longest delay allowed.
        limit: SignedDuration,
    },

    /// The token would live too short a time to be spent.
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

    /// Where a certificate request was expected there is nothing.
    #[error("the certificate request is empty")]
    CsrEmpty,

    /// Where a certificate request was expected there is a certificate.
    #[error("this is a certificate, not a certificate request")]
    CsrIsCertificate,

    /// Where a certificate request was expected there is a private key.
    #[error("this is a private key, not a certificate request")]
    CsrIsPrivateKey,

    /// Where a certificate request was expected there is PEM of another type.
    #[error("this is PEM of type {label:?}, not a certificate request")]
    CsrLabel {
        /// The type of the first block.
        label: String,
    },

    /// Where a certificate request was expected there is neither PEM nor DER.
    #[error("this is not a certificate request: expected PEM or DER")]
    CsrNotPemOrDer,

    /// The armour of a certificate request is damaged.
    #[error("the PEM of the certificate request is damaged")]
    CsrPem(#[source] x509_parser::error::PEMError),

    /// The DER of a certificate request is damaged.
    #[error("the DER of the certificate request is damaged")]
    CsrDer(#[source] x509_parser::error::X509Error),

    /// Something follows a certificate request in DER.
    #[error("{length} bytes follow the certificate request")]
    CsrTrailing {
        /// How many bytes.
        length: usize,
    },

    /// Where an SSH public key was expected there is nothing.
    #[error("the SSH public key is empty")]
    SshKeyEmpty,

    /// Where an SSH public key was expected there are several.
    #[error("expected one SSH public key on one line, found several lines")]
    SshKeySeveral,

    /// Where an SSH public key was expected there is a private key.
    #[error("this is a private key, not an SSH public key")]
    SshKeyIsPrivateKey,

    /// Where an SSH public key was expected there is an SSH certificate.
    #[error("this is an SSH certificate, not an SSH public key")]
    SshKeyIsCertificate,

    /// The line is not an SSH public key.
    #[error("this is not an SSH public key in the format of authorized_keys")]
    SshKey(#[source] ssh_key::Error),

    /// User data is not UTF-8.
    #[error("user data is not UTF-8")]
    UserNotUtf8(#[source] std::str::Utf8Error),

    /// User data is not JSON.
    #[error("user data is not JSON")]
    UserNotJson(#[source] serde_json::Error),

    /// User data is JSON, but no object.
    #[error("user data must be a JSON object, but this is {found}")]
    UserNotObject {
        /// What it is instead, with its article.
        found: &'static str,
    },

    /// User data is assigned without a name and a value.
    #[error("{text:?} does not set user data: write NAME=VALUE")]
    UserAssignment {
        /// The text as it was given.
        text: String,
    },

    /// User data is JSON that cannot be carried.
    #[error("user data {name:?} {fault}")]
    UserValue {
        /// The member of the object.
        name: String,
        /// What is wrong with its value.
        fault: UserFault,
    },

    /// The audience belongs to another operation than the purpose.
    #[error("a token for {purpose} cannot be spent at the endpoint for {audience}")]
    AudienceMismatch {
        /// The operation of the purpose.
        purpose: Operation,
        /// The operation of the audience.
        audience: Operation,
    },

    /// The token is given a confirmation, for which its purpose has no place.
    #[error("a token for {operation} cannot carry a confirmation")]
    ConfirmationUnused {
        /// The operation of the purpose.
        operation: Operation,
    },

    /// The token is given user data, for which its purpose has no place.
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
    /// Something other than digits follows the colon.
    Port,
    /// It has two ports, or is an IPv6 address that is not one.
    TwoPorts,
    /// What stands in its brackets, or behind them, is not right.
    Brackets,
    /// It names a zone of an IPv6 address.
    Zone,
    /// It holds a blank, a control character, or a character that no host has.
    Character(char),
    /// Its host has letters beyond ASCII.
    NotAscii {
        /// The same host in ASCII, if there is such a form.
        ascii: Option<String>,
    },
}

impl fmt::Display for CaUrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost => f.write_str("it names no host"),
            Self::Scheme => f.write_str("it must begin with https://"),
            Self::Port => f.write_str("its port is not a number"),
            Self::TwoPorts => f.write_str("it has several colons, but is not an IPv6 address"),
            Self::Brackets => {
                f.write_str("brackets must hold an IPv6 address, and only a port may follow them")
            }
            Self::Zone => f.write_str("a token cannot name an IPv6 address with a zone"),
            Self::Character(c) => write!(f, "the character {c:?} is not allowed"),
            Self::NotAscii { ascii: Some(ascii) } => {
                write!(f, "its host is not ASCII; write it as {ascii}")
            }
            Self::NotAscii { ascii: None } => f.write_str("its host is not ASCII"),
        }
    }
}

/// What is wrong with a value of the user data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserFault {
    /// A number is beyond the range of a 64-bit float, in which the CA would hold it.
    NumberRange {
        /// The number as it was given.
        number: String,
    },
    /// Arrays and objects lie too deep inside one another.
    TooDeep {
        /// How many levels are carried.
        deepest: usize,
    },
    /// A text contains half of a surrogate pair, which is no character.
    HalfCharacter,
}

impl fmt::Display for UserFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NumberRange { number } => {
                write!(f, "contains {number}, a number too large for the CA")
            }
            Self::TooDeep { deepest } => write!(f, "is nested deeper than {deepest} levels"),
            Self::HalfCharacter => f.write_str("contains half of a surrogate pair"),
        }
    }
}
