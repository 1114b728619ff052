//! token-jose
