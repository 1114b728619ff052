//! step-ca-client
