use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::algorithm::Algorithm;
use crate::key_id::KeyId;

/// The JOSE header of a signed token: `alg`, `kid`, `typ` (RFC 7515 §4.1), and at most one member
/// of [`ProofHeader`].
///
/// The key itself is never embedded. Members are written in alphabetical order.
#[derive(Clone, Debug)]
pub struct Header {
    alg: Algorithm,
    kid: Option<KeyId>,
    proof: Option<ProofHeader>,
}

/// The certificate that the signing key belongs to; a header has at most one.
///
/// Certificates are written as base64 with padding, in the standard alphabet (RFC 4648 §4).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofHeader {
    /// `x5c` (RFC 7515 §4.1.6): DER certificates, the leaf first.
    X5c(Vec<Vec<u8>>),
    /// The same chain as `x5cInsecure`, step's own member; step-ca reads it in renew tokens only.
    X5cInsecure(Vec<Vec<u8>>),
    /// `sshpop`: an SSH certificate in its wire encoding.
    SshPop(Vec<u8>),
    /// `nebula`: a Nebula certificate, the bytes inside its PEM.
    Nebula(Vec<u8>),
}

impl Header {
    /// Returns the header of a JWT signed with `alg` by the key that `kid` names.
    #[must_use]
    pub fn new(alg: Algorithm, kid: KeyId) -> Self {
        Self { kid: Some(kid), ..Self::without_key_id(alg) }
    }

    /// Returns the header of a JWT signed with `alg` by a key that has no ID: it has no member `kid`.
    #[must_use]
    pub fn without_key_id(alg: Algorithm) -> Self {
        Self { alg, kid: None, proof: None }
    }

    /// Returns the header with this proof, which replaces any it had.
    #[must_use]
    pub fn with(self, proof: ProofHeader) -> Self {
        Self { proof: Some(proof), ..self }
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

    /// Returns the certificate that the signing key belongs to, if there is one.
    #[must_use]
    pub fn header_member(&self) -> Option<&ProofHeader> {
        self.proof.as_ref()
    }
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("alg", &self.alg)?;
        if let Some(kid) = &self.kid {
            members.serialize_entry("kid", kid)?;
        }
        match &self.proof {
            Some(ProofHeader::Nebula(certificate)) => {
                members.serialize_entry("nebula", &Base64(certificate))?;
            }
            Some(ProofHeader::SshPop(certificate)) => {
                members.serialize_entry("sshpop", &Base64(certificate))?;
            }
            _ => {}
        }
        members.serialize_entry("typ", "JWT")?;
        match &self.proof {
            Some(ProofHeader::X5c(chain)) => members.serialize_entry("x5c", &Chain(chain))?,
            Some(ProofHeader::X5cInsecure(chain)) => {
                members.serialize_entry("x5cInsecure", &Chain(chain))?;
            }
            _ => {}
        }
        members.end()
    }
}

/// Standard base64 with padding, encoded on its way into the text.
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

struct Chain<'a>(&'a [Vec<u8>]);

impl Serialize for Chain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|certificate| Base64(certificate)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header::new(Algorithm::Es256, "<k>".parse::<KeyId>().unwrap())
    }

    fn written(header: &Header) -> String {
        String::from_utf8(crate::json::to_vec(header).unwrap()).unwrap()
    }

    #[test]
    fn members_are_in_alphabetical_order() {
        assert_eq!(written(&header()), r#"{"alg":"ES256","kid":"\u003ck\u003e","typ":"JWT"}"#);
    }

    #[test]
    fn a_key_without_id_leaves_the_member_out() {
        let header = Header::without_key_id(Algorithm::Es256);
        assert_eq!(written(&header), r#"{"alg":"ES256","typ":"JWT"}"#);
    }

    #[test]
    fn a_proof_is_padded_standard_base64_in_its_place() {
        // Bytes whose base64 has the characters that base64url replaces, and needs padding.
        let bytes = vec![0xfb, 0xef, 0xff, 0xff];
        for (proof, members) in [
            (
                ProofHeader::X5c(vec![bytes.clone(), vec![0]]),
                r#""typ":"JWT","x5c":["++///w==","AA=="]"#,
            ),
            (
                ProofHeader::X5cInsecure(vec![bytes.clone()]),
                r#""typ":"JWT","x5cInsecure":["++///w=="]"#,
            ),
            (ProofHeader::SshPop(bytes.clone()), r#""sshpop":"++///w==","typ":"JWT""#),
            (ProofHeader::Nebula(bytes.clone()), r#""nebula":"++///w==","typ":"JWT""#),
        ] {
            let header = header().with(proof.clone());
            assert_eq!(header.header_member(), Some(&proof));
            assert_eq!(
                written(&header),
                format!(r#"{{"alg":"ES256","kid":"\u003ck\u003e",{members}}}"#)
            );
        }
    }

    #[test]
    fn later_evidence_replaces_earlier() {
        let header = header().with(ProofHeader::SshPop(vec![1])).with(ProofHeader::Nebula(vec![2]));
        assert_eq!(
            written(&header),
            r#"{"alg":"ES256","kid":"\u003ck\u003e","nebula":"Ag==","typ":"JWT"}"#
        );
    }
}
