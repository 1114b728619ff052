//! step-token
fn main() {}
