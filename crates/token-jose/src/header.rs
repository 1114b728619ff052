use serde::Serialize;

use crate::{Algorithm, KeyId};

/// The JOSE header of a signed token: `alg`, `kid`, `typ` and nothing else (RFC 7515 §4.1).
///
/// The key itself is never embedded. Members are written in alphabetical order.
#[derive(Clone, Debug, Serialize)]
pub struct Header {
    alg: Algorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<KeyId>,
    typ: &'static str,
}

impl Header {
    /// Returns the header of a JWT signed with `alg` by the key that `kid` names.
    #[must_use]
    pub fn new(alg: Algorithm, kid: KeyId) -> Self {
        Self { alg, kid: Some(kid), typ: "JWT" }
    }

    /// Returns the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.alg
    }

    /// Returns the key ID.
    #[must_use]
    pub fn key_id(&self) -> Option<&KeyId> {
        self.kid.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_in_alphabetical_order() {
        let header = Header::new(Algorithm::Es256, "<k>".parse().unwrap());
        assert_eq!(
            crate::json::to_vec(&header).unwrap(),
            br#"{"alg":"ES256","kid":"\u003ck\u003e","typ":"JWT"}"#
        );
    }
}
