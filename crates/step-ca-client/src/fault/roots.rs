use step_claims::RootFingerprint;
use token_text::Excerpt;

/// Why bytes are of no use as root certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootsFault {
    /// There are no bytes, or nothing but blanks.
    #[error("it is empty")]
    Empty,

    /// There is no certificate among them.
    #[error("{}", no_certificate(labels))]
    NoCertificate {
        /// The labels of what PEM is there instead, such as `EC PRIVATE KEY`; without any it is
        /// neither PEM nor DER.
        labels: Vec<String>,
    },

    /// A PEM section has no end or is no base64.
    #[error("the certificate that begins on line {line} is damaged")]
    DamagedPem {
        /// The line the section begins in, from 1.
        line: usize,
    },

    /// A certificate is no X.509 (RFC 5280 §4.1).
    #[error("certificate number {number} is not an X.509 certificate")]
    NotX509 {
        /// Which one, from 1.
        number: usize,
    },

    /// None of the certificates has the fingerprint that was asked for.
    #[error("no certificate has the fingerprint {asked}; found {}", list(present))]
    NoSuchFingerprint {
        /// The one asked for.
        asked: RootFingerprint,
        /// Those that are there.
        present: Vec<RootFingerprint>,
    },
}

fn no_certificate(labels: &[String]) -> String {
    if labels.is_empty() {
        return "it is not a certificate: expected PEM or DER".to_owned();
    }
    let labels: Vec<_> = labels.iter().map(|label| format!("`{}`", Excerpt(label))).collect();
    format!("it contains no certificate, only {}", labels.join(", "))
}

pub(crate) fn list(fingerprints: &[RootFingerprint]) -> String {
    const MOST: usize = 5;
    let shown: Vec<_> = fingerprints.iter().take(MOST).map(ToString::to_string).collect();
    match fingerprints.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
