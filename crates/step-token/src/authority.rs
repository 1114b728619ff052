//! Which CA a token is for, and which root it has.

pub(crate) mod authority;
pub(crate) mod connection;
pub(crate) mod roots;
