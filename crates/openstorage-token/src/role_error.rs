use crate::yaml::node::YamlError;

/// Why a text is not a role, or not a method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// It is not YAML, or a member is missing or of the wrong kind.
    #[error(transparent)]
    Yaml(#[from] YamlError),

    /// A name that no server accepts.
    #[error("line {line}: role name `{name}` contains a slash or a blank")]
    Name {
        /// The line, from 1.
        line: usize,
        /// The name.
        name: String,
    },

    /// A role that cannot be changed on a server.
    #[error("role `{name}` is built in and cannot be changed")]
    System {
        /// The name.
        name: String,
    },

    /// A text that is not the name of a method.
    #[error("{text:?} is not a method; expected SERVICE/METHOD, such as `volume/create`")]
    NoMethod {
        /// The text.
        text: String,
    },
}
