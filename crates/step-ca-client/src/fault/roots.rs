use step_claims::RootFingerprint;
use token_text::{Listed, Several};

/// Why bytes cannot be used as root certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootsFault {
    /// There are no bytes, or only white space.
    #[error("it is empty")]
    Empty,

    /// They contain no certificate.
    #[error("{}", no_certificate(labels))]
    NoCertificate {
        /// The labels of the PEM sections found, such as `EC PRIVATE KEY`; none if it is
        /// neither PEM nor DER.
        labels: Vec<String>,
    },

    /// A PEM section has no END line or is not base64.
    #[error("the certificate that begins on line {line} is damaged")]
    DamagedPem {
        /// The line on which the section begins, from 1.
        line: usize,
    },

    /// A certificate is not X.509 (RFC 5280 §4.1).
    #[error("certificate number {number} is not an X.509 certificate")]
    NotX509 {
        /// Which one, from 1.
        number: usize,
    },

    /// None of the certificates has the requested fingerprint.
    #[error("no certificate has the fingerprint {asked}; found {}", list(present))]
    NoSuchFingerprint {
        /// The requested one.
        asked: RootFingerprint,
        /// Those that were found.
        present: Vec<RootFingerprint>,
    },
}

fn no_certificate(labels: &[String]) -> String {
    if labels.is_empty() {
        return "it is not a certificate: expected PEM or DER".to_owned();
    }
    format!("it contains no certificate, only {}", Several(labels))
}

pub(crate) fn list(fingerprints: &[RootFingerprint]) -> String {
    let shown: Vec<_> = fingerprints.iter().map(ToString::to_string).collect();
    Listed(&shown).to_string()
}
