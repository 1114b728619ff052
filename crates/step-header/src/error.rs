use step_claims::Operation;
use token_jose::{KeyKind, Thumbprint};
use token_time::Timestamp;

use crate::nebula_certificate::fault::NebulaFault;

/// Why a certificate cannot prove what it is to prove.
///
/// Messages are worded to follow the name of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are no bytes, or nothing but blanks.
    #[error("is empty")]
    Empty,

    /// The bytes are neither PEM nor the DER of a certificate.
    #[error("is not a certificate: expected PEM or DER")]
    NoCertificate,

    /// The PEM has no certificate in it.
    #[error("contains no certificate, only {}", labels.join(", "))]
    OnlyOther {
        /// The labels of what is there, each in backticks.
        labels: Vec<String>,
    },

    /// A section of PEM has no end, or is no base64.
    #[error("contains a damaged certificate, which begins on line {line}")]
    Damaged {
        /// The line, from 1.
        line: usize,
    },

    /// A section labelled `CERTIFICATE` that holds something else.
    #[error("contains a damaged certificate, number {number} in the file: {reason}")]
    NotX509 {
        /// Which one, from 1.
        number: usize,
        /// What the reader said.
        reason: String,
    },

    /// More certificates than any chain has.
    #[error("has more than {most} certificates; a chain is the leaf and those that signed it")]
    TooMany {
        /// How many are read.
        most: usize,
    },

    /// Every certificate is that of a CA.
    #[error("has no leaf: `{name}` is a CA certificate, which cannot sign tokens")]
    CaAsLeaf {
        /// The first of them.
        name: String,
    },

    /// The first certificate is no leaf, and several others could be.
    #[error("begins with a CA certificate and has several that could be the leaf: {}", names.join(", "))]
    SeveralLeaves {
        /// Their names.
        names: Vec<String>,
    },

    /// The leaf's key usage does not allow signatures, or there is none.
    #[error("may not sign: the key usage of `{name}` {usage}, but CAs require digital signature")]
    KeyUsage {
        /// The leaf.
        name: String,
        /// What it is.
        usage: String,
    },

    /// The extended key usage leaves out clients.
    #[error("is not for clients: the extended key usage of `{name}` lacks client authentication")]
    ExtendedKeyUsage {
        /// The certificate.
        name: String,
    },

    /// A certificate above another one may not sign certificates.
    #[error("may not sign certificates: `{name}` is not a CA certificate, or lacks the key usage")]
    NoCa {
        /// The certificate.
        name: String,
    },

    /// The key in the certificate is of no use.
    #[error("is for a key that cannot sign tokens: `{name}` {cause}")]
    Key {
        /// The certificate.
        name: String,
        /// What is wrong with it.
        cause: String,
    },

    /// The certificate is over.
    #[error("expired at {at}: `{name}`")]
    Expired {
        /// The certificate.
        name: String,
        /// When.
        at: Timestamp,
    },

    /// The certificate has not begun.
    #[error("is not valid before {at}: `{name}`")]
    NotYetValid {
        /// The certificate.
        name: String,
        /// When it begins.
        at: Timestamp,
    },

    /// The subject is not the name of the certificate that is to be renewed.
    #[error("is for `{name}`, not for `{asked}`: a renewal keeps the certificate's name")]
    OtherSubject {
        /// Its common name.
        name: String,
        /// The subject asked for.
        asked: String,
    },

    /// The key is not the one the certificate is for.
    #[error(
        "is for another key: {certified_kind} with the thumbprint {certified}, but the key \
         given is {given_kind} with the thumbprint {given}"
    )]
    KeyOfAnother {
        /// The thumbprint of the key given.
        given: Thumbprint,
        /// Its kind.
        given_kind: KeyKind,
        /// The thumbprint of the certificate's key.
        certified: Thumbprint,
        /// Its kind.
        certified_kind: KeyKind,
    },

    /// The certificate does not serve what is asked for.
    #[error("is {what}, which cannot authorise `{operation}`")]
    Purpose {
        /// What is asked for.
        operation: Operation,
        /// What it is.
        what: &'static str,
    },

    /// There is no SSH certificate.
    #[error("is not an SSH certificate: {reason}")]
    Ssh {
        /// What it is instead.
        reason: String,
    },

    /// The certificate has no end, and step-ca does not survive it.
    #[error(
        "never expires; step-ca 0.30 closes the connection without an answer when it gets such a \
         certificate, and the token would be lost"
    )]
    NeverExpires,

    /// The token would be about another certificate than the one that vouches for it.
    #[error("has the serial number {own}, not {asked}: an SSH certificate can only revoke itself")]
    OtherSerial {
        /// Its serial number.
        own: u64,
        /// The one asked for.
        asked: String,
    },

    /// A Nebula certificate cannot be read.
    #[error(transparent)]
    Nebula(#[from] NebulaFault),

    /// The certificate of a Nebula CA.
    #[error("is the certificate of a Nebula CA (`{name}`); expected a host certificate")]
    NebulaCa {
        /// Its name.
        name: String,
    },

    /// A name that the certificate does not have.
    #[error("does not have the name `{asked}`; it has {}", own.join(", "))]
    OtherName {
        /// The name asked for.
        asked: String,
        /// Its own, each in backticks.
        own: Vec<String>,
    },
}
