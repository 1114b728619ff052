use step_claims::Operation;
use token_jose::{KeyKind, Thumbprint};
use token_time::Timestamp;

use crate::nebula_certificate::fault::NebulaFault;
use crate::verify::constraints::NameFault;

/// Why a certificate cannot be used as a proof.
///
/// Messages are to be read after the name of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are no bytes, or only white space.
    #[error("is empty")]
    Empty,

    /// The bytes are neither PEM nor the DER of a certificate.
    #[error("is not a certificate: expected PEM or DER")]
    NoCertificate,

    /// The PEM contains no certificate.
    #[error("contains no certificate, only {}", token_text::Listed(labels))]
    OnlyOther {
        /// The labels found, each in backticks.
        labels: Vec<String>,
    },

    /// A PEM section has no END line, or is not base64.
    #[error("contains a damaged certificate, which begins on line {line}")]
    Damaged {
        /// The line, from 1.
        line: usize,
    },

    /// A section labelled `CERTIFICATE` contains something else.
    #[error("contains a damaged certificate, number {number} in the file: {reason}")]
    NotX509 {
        /// Which one, from 1.
        number: usize,
        /// What the parser said.
        reason: String,
    },

    /// There are more certificates than any chain has.
    #[error("has more than {most} certificates; a chain is the leaf and those that signed it")]
    TooMany {
        /// The most that are read.
        most: usize,
    },

    /// All certificates are CA certificates.
    #[error("has no leaf: `{name}` is a CA certificate, which cannot sign tokens")]
    CaAsLeaf {
        /// The first of them.
        name: String,
    },

    /// The first certificate is not a leaf, and several others could be.
    #[error(
        "begins with a CA certificate and has several that could be the leaf: {}",
        token_text::Listed(names)
    )]
    SeveralLeaves {
        /// Their names.
        names: Vec<String>,
    },

    /// The leaf's key usage is missing or does not allow signatures.
    #[error("may not sign: the key usage of `{name}` {usage}, but CAs require digital signature")]
    KeyUsage {
        /// The leaf.
        name: String,
        /// What it is.
        usage: String,
    },

    /// The extended key usage lacks client authentication.
    #[error("is not for clients: the extended key usage of `{name}` lacks client authentication")]
    ExtendedKeyUsage {
        /// The certificate.
        name: String,
    },

    /// A certificate that signed another one may not sign certificates.
    #[error("may not sign certificates: `{name}` is not a CA certificate, or lacks the key usage")]
    NoCa {
        /// The certificate.
        name: String,
    },

    /// The CA cannot read the certificate.
    #[error("cannot be read by a CA: `{name}` {reason}")]
    Unreadable {
        /// The certificate.
        name: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A critical extension that the CA does not process (RFC 5280 §4.2).
    #[error("has the critical extension {oid}, which CAs do not know: `{name}`")]
    CriticalExtension {
        /// The certificate.
        name: String,
        /// The extension's object identifier.
        oid: String,
    },

    /// The signature is of a type that the CA does not accept.
    #[error("is signed with {algorithm}, which CAs do not accept: `{name}`")]
    Algorithm {
        /// The certificate.
        name: String,
        /// The algorithm.
        algorithm: String,
    },

    /// There are more certificates below a CA certificate than it allows (RFC 5280 §4.2.1.9).
    #[error(
        "allows {most} CA certificates between itself and the leaf, and there {}: `{name}`",
        if *between == 1 { "is 1".to_owned() } else { format!("are {between}") }
    )]
    PathLength {
        /// The CA certificate.
        name: String,
        /// The most that it allows.
        most: u64,
        /// How many there are.
        between: usize,
    },

    /// A name that the constraints of a CA certificate refuse (RFC 5280 §4.2.1.10).
    #[error("has {name}, which the name constraints of `{by}` {fault}")]
    Name {
        /// The type of name and the name.
        name: String,
        /// What the constraints say about it.
        fault: NameFault,
        /// The CA certificate.
        by: String,
        /// Whether every version of the CA refuses it.
        is_certain: bool,
    },

    /// The key in the certificate cannot be used.
    #[error("is for a key that cannot sign tokens: `{name}` {cause}")]
    Key {
        /// The certificate.
        name: String,
        /// What is wrong with it.
        cause: String,
    },

    /// The key in the certificate is an RSA key of a length that is not safe, or not supported. It
    /// is refused here: a CA may accept it.
    #[error("is for an RSA key of {bits} bits: `{name}`")]
    RsaSize {
        /// The certificate.
        name: String,
        /// The length of the modulus in bits.
        bits: usize,
    },

    /// The certificate has expired.
    #[error("expired at {at}: `{name}`")]
    Expired {
        /// The certificate.
        name: String,
        /// When.
        at: Timestamp,
    },

    /// The certificate is not valid yet.
    #[error("is not valid before {at}: `{name}`")]
    NotYetValid {
        /// The certificate.
        name: String,
        /// When it becomes valid.
        at: Timestamp,
    },

    /// The subject is not the name of the certificate to renew.
    #[error("is for `{name}`, not for `{asked}`: a renewal keeps the certificate's name")]
    OtherSubject {
        /// Its common name.
        name: String,
        /// The subject asked for.
        asked: String,
    },

    /// The key does not match the certificate.
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

    /// The certificate cannot authorise the operation.
    #[error("is {what}, which cannot authorise `{operation}`")]
    Purpose {
        /// The operation.
        operation: Operation,
        /// What it is.
        what: &'static str,
    },

    /// The text is not an SSH certificate.
    #[error("is not an SSH certificate: {reason}")]
    Ssh {
        /// What it is instead.
        reason: String,
    },

    /// The certificate never expires, which step-ca cannot handle.
    #[error(
        "never expires; step-ca 0.30 closes the connection without an answer when it gets such a \
         certificate, and the token would be lost"
    )]
    NeverExpires,

    /// It has no start, and is to be renewed or rekeyed.
    #[error("has no start of its validity, and step-ca renews and rekeys no such certificate")]
    NeverBegins,

    /// The serial number is not that of the certificate that vouches for the token.
    #[error("has the serial number {own}, not {asked}: an SSH certificate can only revoke itself")]
    OtherSerial {
        /// Its serial number.
        own: u64,
        /// The requested one.
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
    #[error("does not have the name `{asked}`; it has {}", token_text::Listed(own))]
    OtherName {
        /// The name asked for.
        asked: String,
        /// Its own, each in backticks.
        own: Vec<String>,
    },
}
