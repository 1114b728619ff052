//! Why roots, an identity or a request are of no use.

pub(crate) mod identity;
pub(crate) mod request;
pub(crate) mod roots;
