//! token-time
