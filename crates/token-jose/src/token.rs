use std::fmt;

use zeroize::Zeroizing;

/// A signed token in compact serialization (RFC 7515 §7.1), wiped from memory when dropped.
///
/// Anyone who holds it can spend it, so it has no `Display` and its `Debug` shows nothing.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Wraps a token that was issued elsewhere.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the text, for the one call that passes it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Token::new("a.b.c".to_owned())), "Token(..)");
    }
}
