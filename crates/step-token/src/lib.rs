//! step-token
