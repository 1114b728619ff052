//! What a server says about a token, check by check, in the server's order.
//!
//! Source: OpenStorage, `pkg/auth/token.go` and `pkg/auth/selfsigned.go`, with the JWT library of
//! either [`Generation`].

pub(crate) mod algorithm;
pub(crate) mod fault;
pub(crate) mod finding;
pub(crate) mod judge;
pub(crate) mod payload;
pub(crate) mod rule;
pub(crate) mod secret_form;
mod span;
mod times;
