//! Why root certificates, a client identity or a request cannot be used.

pub(crate) mod identity;
pub(crate) mod request;
pub(crate) mod roots;
