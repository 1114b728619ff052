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
    #[error("is no certificate: neither PEM nor DER")]
    NoCertificate,

    /// The PEM has no certificate in it.
    #[error("has no certificate in it, only {}", labels.join(", "))]
    OnlyOther {
        /// The labels of what is there, each in backticks.
        labels: Vec<String>,
    },

    /// A section of PEM has no end, or is no base64.
    #[error("has a damaged certificate, which begins in line {line}")]
    Damaged {
        /// The line, from 1.
        line: usize,
    },

    /// A section labelled `CERTIFICATE` that holds something else.
    #[error("has something else where certificate number {number} should be: {reason}")]
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
    #[error("has no leaf: `{name}` is a CA certificate, and signs certificates instead of tokens")]
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
    #[error("may not sign: the key usage of `{name}` {usage}, and a CA asks for digital signature")]
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
    #[error("may sign no certificates: `{name}` is no CA certificate, or lacks that key usage")]
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
    #[error("is for `{name}`, not for `{asked}`: a certificate is renewed under its own name")]
    OtherSubject {
        /// Its common name.
        name: String,
        /// The subject asked for.
        asked: String,
    },

    /// The key is not the one the certificate is for.
    #[error(
        "is for another key: a {certified_kind} one with the thumbprint {certified}, and the key \
         given is a {given_kind} one with {given}"
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
    #[error("is {what}, which does not serve `{operation}`")]
    Purpose {
        /// What is asked for.
        operation: Operation,
        /// What it is.
        what: &'static str,
    },

    /// There is no SSH certificate.
    #[error("is no SSH certificate: {reason}")]
    Ssh {
        /// What it is instead.
        reason: String,
    },

    /// The certificate has no end, and step-ca does not survive it.
    #[error(
        "never expires, and step-ca 0.30 breaks off without an answer when it gets such a \
         certificate; the token would be spent"
    )]
    NeverExpires,

    /// The token would be about another certificate than the one that vouches for it.
    #[error("has the serial number {own}, not {asked}: an SSH certificate revokes itself alone")]
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
    #[error("is the certificate of a Nebula CA (`{name}`): a host's is needed")]
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
