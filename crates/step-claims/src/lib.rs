//! step-claims
