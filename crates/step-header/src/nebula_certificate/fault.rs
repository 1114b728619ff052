//! Why bytes are not a usable Nebula certificate.

use token_text::Several;

/// Why bytes are not a usable Nebula certificate; messages are to be read after the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NebulaFault {
    /// There are no bytes, or only white space.
    #[error("is empty")]
    Empty,

    /// There is PEM, but no Nebula certificate in it.
    #[error("contains no Nebula certificate, only {}", Several(labels))]
    OtherPem {
        /// The labels found instead, each once, at most a few.
        labels: Vec<String>,
    },

    /// PEM was expected, but there is none.
    #[error("contains no Nebula certificate and no other PEM")]
    NoPem,

    /// There is no PEM, and the bytes do not look like a certificate of version 1 either.
    #[error("is not a Nebula certificate: expected PEM or protobuf")]
    NeitherPemNorProtobuf,

    /// A certificate of version 2 is not in PEM; `step` reads such bytes as version 1.
    #[error("is a Nebula certificate of version 2, which must be in PEM")]
    BareV2,

    /// A PEM section has no END line or is not base64 (RFC 7468 §3).
    #[error("contains a damaged Nebula certificate, which begins on line {line}")]
    DamagedPem {
        /// The line on which the section begins, from 1.
        line: usize,
    },

    /// A certificate has more than 65,536 bytes, the limit of version 2.
    #[error("contains a Nebula certificate that is larger than 64 KiB")]
    TooLarge,

    /// The bytes are not a certificate, or one that nebula refuses to read.
    #[error("is not a Nebula certificate: {reason}")]
    Malformed {
        /// What is wrong with them.
        reason: String,
    },

    /// The same, for a certificate in a bundle.
    #[error("contains a damaged Nebula certificate, number {number} in the file: {reason}")]
    MalformedInBundle {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
}

pub(super) fn malformed(reason: impl Into<String>) -> NebulaFault {
    NebulaFault::Malformed { reason: reason.into() }
}

impl From<token_pem::Damaged> for NebulaFault {
    fn from(damaged: token_pem::Damaged) -> Self {
        Self::DamagedPem { line: damaged.line }
    }
}
