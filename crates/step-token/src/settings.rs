//! The settings of every command: flags, environment and defaults files, in order of precedence.

pub(crate) mod ca;
pub(crate) mod ca_args;
pub(crate) mod defaults;
pub(crate) mod effect;
pub(crate) mod flags;
pub(crate) mod global;
pub(crate) mod layers;
pub(crate) mod overwriting;
pub(crate) mod step_path;
