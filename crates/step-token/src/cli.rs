//! How a command line is read, whatever the command.

pub(crate) mod dialect;
pub(crate) mod help;
pub(crate) mod lazily;
pub(crate) mod refused;
pub(crate) mod spelling;
pub(crate) mod switches;
pub(crate) mod version;
