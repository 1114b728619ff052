//! `ca`: a CA's tokens and provisioners.

pub(crate) mod provisioner_list;
