//! Which token a verdict is about.

use std::fmt;

use serde::Serialize;
use token_cli::Source;
use token_text::printable;

use crate::px::secret_member::SecretSource;

/// Where the token that is judged or shown was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenOrigin {
    /// The command line itself.
    Argument,
    /// A file or another source; the token that pxctl would send may be in a variable.
    Source(SecretSource),
    /// A context, by its name.
    Context(String),
}

impl fmt::Display for TokenOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("the token on the command line"),
            Self::Source(source) => write!(f, "the token in {}", printable(&source.to_string())),
            Self::Context(name) => write!(f, "the token of context {}", printable(name)),
        }
    }
}

/// The same in JSON; docs/openstorage.md lists its members.
#[derive(Serialize)]
pub(super) struct TokenOriginObject {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether the source is a Kubernetes Secret that holds the token.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    kubernetes: bool,
}

impl TokenOrigin {
    /// Returns what `--json` prints as `tokenSource`.
    pub(super) fn object(&self) -> TokenOriginObject {
        let (kind, name) = match self {
            Self::Argument => ("argument", None),
            Self::Context(name) => ("context", Some(name.clone())),
            Self::Source(source) => match source.source() {
                Source::Path(path) => ("file", Some(path.to_string_lossy().into_owned())),
                Source::Stdin => ("stdin", None),
                Source::Variable(name) => ("variable", Some(name.clone())),
                Source::Descriptor(number) => ("descriptor", Some(number.to_string())),
                Source::Credential(name) => ("credential", Some(name.clone())),
            },
        };
        let kubernetes = matches!(self, Self::Source(source) if source.is_kubernetes());
        TokenOriginObject { kind, name, kubernetes }
    }
}
