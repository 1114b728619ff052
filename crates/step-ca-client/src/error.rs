use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use step_claims::RootFingerprint;

use crate::fault::identity::IdentityFault;
use crate::fault::request::RequestFault;
use crate::fault::roots::RootsFault;

/// Why a CA, read from a file or reached by its URL, cannot be used.
///
/// No message contains a token, a key or anything else that was sent to a CA.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {what} `{}`", token_text::ShownPath(path))]
    Read {
        /// What the file is, such as `root certificate`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// A file is longer than any real file of its kind.
    #[error("{what} `{}` is longer than {} MiB", token_text::ShownPath(path), limit >> 20)]
    TooLarge {
        /// What the file is.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The longest that is read, in bytes.
        limit: u64,
    },

    /// A relative path in a file leads to nothing, neither from the working directory nor from the
    /// directory of that file.
    #[error(
        "there is no {what} at `{}` or at `{}`",
        token_text::ShownPath(first),
        token_text::ShownPath(second)
    )]
    InNeither {
        /// What the file is.
        what: &'static str,
        /// The path as written, relative to the working directory.
        first: PathBuf,
        /// The path relative to the directory of the file that holds it.
        second: PathBuf,
    },

    /// A ca.json cannot be used to mint tokens.
    #[error("CA configuration `{}` cannot be used", token_text::ShownPath(path))]
    Config {
        /// The ca.json.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<step_provisioner::Error>,
    },

    /// A ca.json has no `root`, so a token cannot pin a root certificate.
    #[error("CA configuration `{}` names no root certificate", token_text::ShownPath(path))]
    NoRoot {
        /// The ca.json.
        path: PathBuf,
    },

    /// A file of root certificates cannot be used.
    #[error("root certificate `{}` cannot be used", token_text::ShownPath(path))]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        fault: RootsFault,
    },

    /// The client identity cannot be used.
    #[error("client identity `{}` cannot be used", token_text::ShownPath(path))]
    Identity {
        /// The `identity.json`.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        fault: IdentityFault,
    },

    /// None of the root certificates can be used as a trust anchor.
    #[error("root certificate {fingerprint} cannot be used as a trust anchor: {reason}")]
    Anchor {
        /// The certificate, the first one if there are several.
        fingerprint: RootFingerprint,
        /// What the TLS library says.
        reason: String,
    },

    /// The address of a CA is not a URL: its port is above 65535, for example.
    #[error("`{url}` is not the address of a CA")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: url::ParseError,
    },

    /// A proxy variable of the environment cannot be parsed. Its value may contain a password, so
    /// it is not shown.
    #[error("{variable} is not usable: {reason}")]
    Proxy {
        /// The variable, such as `HTTPS_PROXY`.
        variable: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// A token contains characters that are not allowed in a header.
    #[error("the token contains characters that no token can have")]
    Token,

    /// The client cannot be set up: its user agent is not valid in a header, for example.
    #[error("the HTTPS client cannot be set up")]
    Setup {
        /// What is wrong.
        source: Box<dyn StdError + Send + Sync>,
    },

    /// A request to a CA failed, or the CA's answer was invalid.
    #[error("request to {url} failed")]
    Request {
        /// The URL of the request.
        url: String,
        /// What went wrong.
        #[source]
        fault: RequestFault,
    },
}

impl Error {
    /// Returns whether the CA or the network is at fault, rather than a file or a setting.
    #[must_use]
    pub fn is_network(&self) -> bool {
        matches!(self, Self::Request { .. })
    }

    /// Returns what went wrong with a request.
    #[must_use]
    pub fn request_fault(&self) -> Option<&RequestFault> {
        match self {
            Self::Request { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// Returns the HTTP status the CA refused a request with.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.request_fault() {
            Some(&(RequestFault::Status { status, .. } | RequestFault::Html { status })) => {
                Some(status)
            }
            _ => None,
        }
    }
}
