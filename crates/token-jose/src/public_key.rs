use aws_lc_rs::signature::{self as engine, ParsedPublicKey, VerificationAlgorithm};
use pkcs8::der::asn1::{AnyRef, UintRef};
use pkcs8::der::{self, Encode as _, Tag};
use serde::Serialize;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::key_id::Thumbprint;
use crate::text::encode;
use crate::xeddsa;

/// The public half of a key pair.
///
/// Two are equal if they are the same key, whatever form they were read from: coordinates are
/// stored at the full width of their curve, RSA numbers without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    pub(crate) kind: KeyKind,
    pub(crate) parts: Parts,
}

/// The numbers of a public key, big-endian.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Parts {
    /// A point of a NIST curve.
    Ec {
        /// As wide as the curve's field.
        x: Vec<u8>,
        /// As wide as the curve's field.
        y: Vec<u8>,
    },
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A compressed Edwards point (RFC 8032 §5.1.2).
    Ed25519 { x: Vec<u8> },
    /// A coordinate of the Montgomery curve (RFC 7748 §5).
    X25519 { u: Vec<u8> },
}

impl PublicKey {
    /// Takes the raw bytes of a key: for a NIST curve the uncompressed point `04 ‖ x ‖ y`
    /// (SEC 1 §2.3.3), for Ed25519 and X25519 32 bytes (RFC 8032 §5.1.2, RFC 7748 §5).
    ///
    /// This is the only way to get an X25519 key, which only Nebula hosts use.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if the bytes are not such a key, and for RSA, whose two numbers have no
    /// raw form.
    pub fn from_raw(kind: KeyKind, bytes: &[u8]) -> Result<Self, Error> {
        match kind {
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => Self::from_point(kind, bytes),
            KeyKind::Ed25519 => Self::ed25519(bytes.to_vec()),
            KeyKind::X25519 => Self::x25519(bytes.to_vec()),
            KeyKind::Rsa => {
                Err(Error::Malformed { reason: "an RSA key has no raw form".to_owned() })
            }
        }
    }

    /// Takes an uncompressed point, `04 ‖ x ‖ y` (SEC 1 §2.3.3).
    pub(crate) fn from_point(kind: KeyKind, point: &[u8]) -> Result<Self, Error> {
        let width = kind.coordinate_len().unwrap_or_default();
        match point.split_first() {
            Some((4, xy)) if width > 0 && xy.len() == 2 * width => {
                let (x, y) = xy.split_at(width);
                Self::ec(kind, x.to_vec(), y.to_vec())
            }
            _ => Err(Error::Malformed { reason: format!("not a point of {kind}") }),
        }
    }

    /// Takes coordinates of at most the field's width, and checks that the point is on the curve.
    pub(crate) fn ec(kind: KeyKind, x: Vec<u8>, y: Vec<u8>) -> Result<Self, Error> {
        let width = kind.coordinate_len().unwrap_or_default();
        let (Some(x), Some(y)) = (pad(x, width), pad(y, width)) else {
            return Err(Error::Malformed { reason: format!("a coordinate too long for {kind}") });
        };
        let key = Self { kind, parts: Parts::Ec { x, y } };
        key.parsed(verifier(Algorithm::of(kind))).map(|_| key)
    }

    pub(crate) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, Error> {
        let (n, e) = (trim(n), trim(e));
        let bits = bit_len(&n);
        if !(2048..=8192).contains(&bits) {
            return Err(Error::RsaSize { bits });
        }
        let odd_above_one = e.last().is_some_and(|low| low & 1 == 1) && e != [1];
        if e.len() > 8 || !odd_above_one {
            return Err(Error::Malformed { reason: "the RSA exponent is out of range".to_owned() });
        }
        Ok(Self { kind: KeyKind::Rsa, parts: Parts::Rsa { n, e } })
    }

    pub(crate) fn ed25519(x: Vec<u8>) -> Result<Self, Error> {
        if x.len() != 32 {
            let reason = format!("an Ed25519 key of {} bytes instead of 32", x.len());
            return Err(Error::Malformed { reason });
        }
        Ok(Self { kind: KeyKind::Ed25519, parts: Parts::Ed25519 { x } })
    }

    pub(crate) fn x25519(u: Vec<u8>) -> Result<Self, Error> {
        if u.len() != 32 {
            let reason = format!("an X25519 key of {} bytes instead of 32", u.len());
            return Err(Error::Malformed { reason });
        }
        Ok(Self { kind: KeyKind::X25519, parts: Parts::X25519 { u } })
    }

    /// Returns the type of the key.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Returns the SHA-256 of the canonical JWK (RFC 7638 §3; for Ed25519 and X25519
    /// RFC 8037 §2).
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of_canonical_jwk(self.to_jwk().as_bytes())
    }

    /// Returns the JWK with its required members alone, in lexicographic order without white
    /// space: the form that [`thumbprint`](Self::thumbprint) hashes.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        #[derive(Serialize)]
        struct Members<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            crv: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            e: Option<String>,
            kty: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            n: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            x: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            y: Option<String>,
        }
        let mut members = Members { crv: None, e: None, kty: "RSA", n: None, x: None, y: None };
        match &self.parts {
            Parts::Ec { x, y } => {
                members.kty = "EC";
                members.crv = Some(self.kind.as_str());
                members.x = Some(encode(x));
                members.y = Some(encode(y));
            }
            Parts::Rsa { n, e } => {
                members.n = Some(encode(n));
                members.e = Some(encode(e));
            }
            Parts::Ed25519 { x } | Parts::X25519 { u: x } => {
                members.kty = "OKP";
                members.crv = Some(self.kind.as_str());
                members.x = Some(encode(x));
            }
        }
        serde_json::to_string(&members).expect("a struct of strings serialises")
    }

    /// Checks a signature over `message`, in the form that a JWS uses (RFC 7518 §3.3 to §3.5).
    ///
    /// # Errors
    ///
    /// - [`Error::AlgorithmMismatch`] if `algorithm` is for another type of key;
    /// - [`Error::Malformed`] if the key has the right length but is not a point of its curve;
    /// - [`Error::BadSignature`] if the signature does not match this key and these bytes.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        if algorithm.key_kind() != self.kind {
            return Err(Error::AlgorithmMismatch { algorithm, kind: self.kind });
        }
        if algorithm == Algorithm::XEdDsa && !xeddsa::is_canonical(signature) {
            return Err(Error::BadSignature);
        }
        self.parsed(verifier(algorithm))?
            .verify_sig(message, signature)
            .map_err(|_| Error::BadSignature)
    }

    /// Passes the key to the engine, for one of the algorithms of its type.
    pub(crate) fn parsed(
        &self,
        verifier: &'static dyn VerificationAlgorithm,
    ) -> Result<ParsedPublicKey, Error> {
        let bytes = match &self.parts {
            Parts::Ec { x, y } => [&[4], x.as_slice(), y].concat(),
            Parts::Ed25519 { x } => x.clone(),
            Parts::X25519 { u } => xeddsa::to_edwards(u)
                .ok_or_else(|| Error::Malformed { reason: "not a point of X25519".to_owned() })?
                .to_vec(),
            Parts::Rsa { n, e } => rsa_public_key(n, e)?,
        };
        ParsedPublicKey::new(verifier, bytes).map_err(|rejected| Error::Malformed {
            reason: format!("not a valid {} key ({rejected})", self.kind),
        })
    }

    /// Returns the uncompressed point of an elliptic curve key.
    pub(crate) fn point(&self) -> Option<Vec<u8>> {
        match &self.parts {
            Parts::Ec { x, y } => Some([&[4], x.as_slice(), y].concat()),
            _ => None,
        }
    }
}

fn verifier(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Es256 => &engine::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &engine::ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &engine::ECDSA_P521_SHA512_FIXED,
        Algorithm::Rs256 => &engine::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &engine::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &engine::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &engine::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &engine::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &engine::RSA_PSS_2048_8192_SHA512,
        Algorithm::EdDsa | Algorithm::XEdDsa => &engine::ED25519,
    }
}

/// Pads with zeros on the left to `width` (RFC 7518 §6.2.1.2); `None` if it does not fit.
fn pad(number: Vec<u8>, width: usize) -> Option<Vec<u8>> {
    let number = trim(number);
    let missing = width.checked_sub(number.len())?;
    Some([vec![0; missing], number].concat())
}

fn trim(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}

fn bit_len(trimmed: &[u8]) -> usize {
    trimmed.first().map_or(0, |high| trimmed.len() * 8 - high.leading_zeros() as usize)
}

/// Returns an RSAPublicKey (RFC 8017 §A.1.1).
fn rsa_public_key(n: &[u8], e: &[u8]) -> Result<Vec<u8>, Error> {
    let encode = || {
        let numbers = [UintRef::new(n)?.to_der()?, UintRef::new(e)?.to_der()?].concat();
        AnyRef::new(Tag::Sequence, &numbers)?.to_der()
    };
    encode().map_err(|error: der::Error| Error::Malformed { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 7638 §3.1.
    const RFC7638: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        let rsa = PublicKey::from_jwk(RFC7638).unwrap();
        assert_eq!(rsa.thumbprint().to_string(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // RFC 8037 appendix A.3.
        let ed = PublicKey::from_jwk(
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        );
        assert_eq!(
            ed.unwrap().thumbprint().to_string(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn an_x25519_key_has_the_thumbprint_of_its_canonical_jwk() {
        use base64::Engine as _;
        // Alice's key of RFC 7748 §6.1.
        let u = "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo";
        let bytes = crate::text::LENIENT.decode(u).unwrap();
        let key = PublicKey::from_raw(KeyKind::X25519, &bytes).unwrap();
        assert_eq!(key.to_jwk(), format!(r#"{{"crv":"X25519","kty":"OKP","x":"{u}"}}"#));
        assert_eq!(key.thumbprint().to_string(), "u809Vppx5ixWMOohxWr2aM3m5bD0LQ67g_GPmubQus4");
        assert!(PublicKey::from_jwk(&key.to_jwk()).is_err());
        assert!(PublicKey::from_raw(KeyKind::X25519, &bytes[1..]).is_err());
    }

    #[test]
    fn base_points_have_the_thumbprints_that_were_computed_for_them() {
        // Private scalar 1; the P-521 key needs padding on the left.
        let keys = [
            (
                r#"{"kty":"EC","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}"#,
                "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M",
            ),
            (
                r#"{"kty":"EC","crv":"P-384","x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3","y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}"#,
                "-W6Wzot_wuerYbKBVKfGEks3iY2EALna-hBqObnPuJE",
            ),
            (
                r#"{"kty":"EC","crv":"P-521","x":"AMaFjga3BATpzZ4-y2YjlbRCnGSBOQU_tSH4KK9ga009uqFLXnfv51ko_h3BJ6L_qN4zSLPBhWpCm_l-fjHC5b1m","y":"ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT-tB2E1PHCGonLCQIi-lHaf0WZQ"}"#,
                "OeKGf9VndDjYwHKRd0dpgdELFndZEEkXwdriDA_fITE",
            ),
        ];
        for (jwk, thumbprint) in keys {
            assert_eq!(PublicKey::from_jwk(jwk).unwrap().thumbprint().to_string(), thumbprint);
        }
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let jwk = r#"{"kty":"EC","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfY"}"#;
        assert!(matches!(PublicKey::from_jwk(jwk), Err(Error::Malformed { .. })));
    }

    #[test]
    fn the_canonical_jwk_reads_back_as_the_same_key() {
        let key = PublicKey::from_jwk(RFC7638).unwrap();
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).unwrap(), key);
    }

    #[test]
    fn an_algorithm_of_another_kind_verifies_nothing() {
        let key = PublicKey::from_jwk(RFC7638).unwrap();
        assert!(matches!(
            key.verify(Algorithm::Es256, b"", b""),
            Err(Error::AlgorithmMismatch { .. })
        ));
    }
}
