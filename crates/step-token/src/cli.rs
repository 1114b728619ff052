//! Reads a command line: spellings, dialects, help and errors, for every command.

pub(crate) mod dialect;
pub(crate) mod elsewhere;
pub(crate) mod help;
pub(crate) mod lazily;
pub(crate) mod refused;
pub(crate) mod spelling;
pub(crate) mod switches;
pub(crate) mod verbose;
pub(crate) mod version;
