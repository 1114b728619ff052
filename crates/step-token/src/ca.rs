//! `ca`: a CA's tokens and provisioners.

mod json;
pub(crate) mod provisioner_list;
