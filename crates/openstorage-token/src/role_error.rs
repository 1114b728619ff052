use crate::yaml::node::YamlError;

/// Why something is no role, or no method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// It is no YAML, or a member is missing or of the wrong kind.
    #[error(transparent)]
    Yaml(#[from] YamlError),

    /// A name that no server accepts.
    #[error("line {line}: role `{name}` has a slash or a blank in its name")]
    Name {
        /// The line, from 1.
        line: usize,
        /// The name.
        name: String,
    },

    /// A role that the server keeps as it is.
    #[error("role `{name}` is built in and cannot be changed")]
    System {
        /// The name.
        name: String,
    },

    /// A text that names no method.
    #[error("{text:?} names no method; `volume/create` does")]
    NoMethod {
        /// The text.
        text: String,
    },
}
