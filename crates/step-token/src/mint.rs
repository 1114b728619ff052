//! From settings to an open key and a request, for every command that mints.

pub(crate) mod considered;
pub(crate) mod fetch;
pub(crate) mod key;
pub(crate) mod key_text;
pub(crate) mod proof;
pub(crate) mod proof_settings;
pub(crate) mod provisioner_key;
pub(crate) mod renewal;
pub(crate) mod request;
pub(crate) mod select;
pub(crate) mod settings;
pub(crate) mod unselected;
pub(crate) mod window;
