//! The token of a Kubernetes service account.

use serde::Deserialize;
use token_jose::{Token, compact};
use token_time::Timestamp;

/// The token of a Kubernetes service account, of the kind that a K8sSA provisioner accepts.
///
/// Only tokens from a Secret of the type `kubernetes.io/service-account-token` are of that kind: their
/// `iss` is `kubernetes/serviceaccount`. What current Kubernetes mounts into a pod is bound to the
/// pod, has the cluster's URL as `iss`, and is for an OIDC provisioner (Q34).
///
/// Source: smallstep/certificates, `authority/provisioner/k8sSA.go`; Kubernetes,
/// `pkg/serviceaccount/legacy.go`.
#[derive(Debug)]
pub struct ServiceAccountToken {
    token: Token,
    read: Result<(String, AccountClaims), String>,
}

/// The claims of a service account token. They are unverified: no signature is checked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct AccountClaims {
    /// Its issuer.
    #[serde(rename = "iss", default)]
    pub issuer: String,
    /// Subject and roles: `system:serviceaccount:NAMESPACE:NAME`.
    #[serde(rename = "sub", default)]
    pub subject: String,
    /// Its audience; a legacy token has none.
    #[serde(rename = "aud", default, deserialize_with = "one_or_many")]
    pub audience: Vec<String>,
    /// When it becomes valid, in seconds since the Unix epoch (RFC 7519 §4.1.5).
    #[serde(rename = "nbf", default)]
    pub not_before: Option<f64>,
    /// When it expires, in seconds since the Unix epoch; a legacy token never does (RFC 7519
    /// §4.1.4).
    #[serde(rename = "exp", default)]
    pub not_after: Option<f64>,
}

/// Why a file does not hold a token that a K8sSA provisioner accepts.
///
/// Messages are worded to follow the name of the file. None of them holds the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is empty.
    #[error("is empty")]
    Empty,

    /// It does not look like a JWT.
    #[error("contains no token: it does not have three parts separated by dots")]
    NotAToken,

    /// It is bound to a pod, or issued for some other purpose.
    #[error(
        "is a bound token, issued by `{issuer}`; a K8sSA provisioner accepts only tokens \
         from a Secret of type kubernetes.io/service-account-token (`iss` is `{LEGACY_ISSUER}`)"
    )]
    Bound {
        /// Its `iss`.
        issuer: String,
    },

    /// It comes from another issuer.
    #[error("is a token of `{issuer}`, not of a Kubernetes service account")]
    OtherIssuer {
        /// Its `iss`.
        issuer: String,
    },

    /// It names no account.
    #[error("names no account: its `sub` is empty")]
    NoSubject,

    /// It has expired.
    #[error("expired at {at}")]
    Expired {
        /// When.
        at: Timestamp,
    },

    /// It is not valid yet.
    #[error("is not valid before {at}")]
    NotYetValid {
        /// When it becomes valid.
        at: Timestamp,
    },
}

impl ServiceAccountToken {
    /// Reads the token in a file, without surrounding blanks, and checks its claims at the time
    /// `now`. Like a CA, it allows a minute of clock skew either way.
    ///
    /// A token of three parts that cannot be decoded is accepted: it is passed on unchecked, and
    /// [`doubt`](Self::doubt) says so.
    ///
    /// # Errors
    ///
    /// - [`Error::Empty`], [`Error::NotAToken`] if the file holds no token;
    /// - [`Error::Bound`], [`Error::OtherIssuer`], [`Error::NoSubject`] if it is of another kind;
    /// - [`Error::Expired`], [`Error::NotYetValid`] if it is not valid at `now`.
    pub fn read(bytes: &[u8], now: Timestamp) -> Result<Self, Error> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
        if text.is_empty() {
            return Err(Error::Empty);
        }
        let shaped = |text: &&str| {
            text.split('.').count() == 3 && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let text = std::str::from_utf8(text).ok().filter(shaped).ok_or(Error::NotAToken)?;
        let token = Token::new(text.to_owned());
        let (algorithm, seen) = match decoded(text) {
            Ok(decoded) => decoded,
            Err(doubt) => return Ok(Self { token, read: Err(doubt) }),
        };
        let claims = seen.claims;
        match claims.issuer.as_str() {
            LEGACY_ISSUER => {}
            issuer if seen.binding.is_some() || issuer.contains("kubernetes") => {
                return Err(Error::Bound { issuer: issuer.to_owned() });
            }
            issuer => return Err(Error::OtherIssuer { issuer: issuer.to_owned() }),
        }
        if claims.subject.is_empty() {
            return Err(Error::NoSubject);
        }
        let seconds = now.unix_seconds();
        if let Some(at) = claims.expires().filter(|at| at.saturating_add(60) <= seconds) {
            return Err(Error::Expired { at: Timestamp::from_unix_seconds(at) });
        }
        if let Some(at) = claims.begins().filter(|at| at.saturating_sub(60) > seconds) {
            return Err(Error::NotYetValid { at: Timestamp::from_unix_seconds(at) });
        }
        Ok(Self { token, read: Ok((algorithm, claims)) })
    }

    /// Returns the token, trimmed and otherwise as it was issued.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Returns why it could not be decoded, if it could not; a CA will probably refuse it.
    #[must_use]
    pub fn doubt(&self) -> Option<&str> {
        self.read.as_ref().err().map(String::as_str)
    }

    /// Returns the `alg` of its header.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.read.as_ref().ok().map(|(algorithm, _)| algorithm.as_str())
    }

    /// Returns its claims.
    #[must_use]
    pub fn claims(&self) -> Option<&AccountClaims> {
        self.read.as_ref().ok().map(|(_, claims)| claims)
    }
}

/// Decodes header and payload; the text of an error does not hold the token.
fn decoded(text: &str) -> Result<(String, Seen), String> {
    let parts = compact::decode_unverified(text).map_err(|error| format!("it {error}"))?;
    let json = |what: &str| format!("its {what} is not the JSON object of a JWT");
    let header: Header = serde_json::from_slice(&parts.header).map_err(|_| json("header"))?;
    let seen: Seen = serde_json::from_slice(&parts.payload).map_err(|_| json("payload"))?;
    Ok((header.alg, seen))
}

impl AccountClaims {
    /// Returns when it expires, in whole seconds since the Unix epoch, if it does.
    #[must_use]
    pub fn expires(&self) -> Option<i64> {
        self.not_after.map(whole)
    }

    /// Returns when it becomes valid, in whole seconds since the Unix epoch, if it says so.
    #[must_use]
    pub fn begins(&self) -> Option<i64> {
        self.not_before.map(whole)
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// The payload, and whether it has the member that bound tokens have.
#[derive(Deserialize)]
struct Seen {
    #[serde(flatten)]
    claims: AccountClaims,
    #[serde(rename = "kubernetes.io")]
    binding: Option<serde::de::IgnoredAny>,
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Option::<Audience>::deserialize(input)? {
        None => Vec::new(),
        Some(Audience::One(one)) => vec![one],
        Some(Audience::Many(many)) => many,
    })
}

/// Truncates towards zero, as a CA does; values out of range become the nearest limit.
#[expect(clippy::cast_possible_truncation, reason = "a float is cut to the range, and means it")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn token(payload: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(r#"{"alg":"RS256"}"#), encode(payload), encode("signature"))
    }

    fn refused(payload: &str) -> String {
        ServiceAccountToken::read(token(payload).as_bytes(), NOW).unwrap_err().to_string()
    }

    const LEGACY: &str =
        r#"{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:default:web"}"#;

    #[test]
    fn a_legacy_token_is_taken_without_the_blanks_around_it() {
        let text = token(LEGACY);
        let read = ServiceAccountToken::read(format!("\n {text}\r\n\n").as_bytes(), NOW).unwrap();
        assert_eq!(read.token().expose(), text);
        let claims = read.claims().unwrap();
        assert_eq!(claims.subject, "system:serviceaccount:default:web");
        assert_eq!((read.algorithm(), claims.expires()), (Some("RS256"), None));
        assert_eq!(read.doubt(), None);
    }

    #[test]
    fn a_bound_token_is_explained() {
        for payload in [
            r#"{"iss":"https://kubernetes.default.svc.cluster.local","sub":"s"}"#,
            r#"{"iss":"https://oidc.example.test/id/1","sub":"s","kubernetes.io":{"namespace":"n"}}"#,
        ] {
            assert!(refused(payload).starts_with("is a bound token, issued by `https://"));
        }
        assert_eq!(
            refused(r#"{"iss":"https://idp.example.test","sub":"s"}"#),
            "is a token of `https://idp.example.test`, not of a Kubernetes service account"
        );
    }

    #[test]
    fn what_is_no_token_is_refused_and_what_cannot_be_read_is_doubted() {
        for (text, message) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("hello", "contains no token: it does not have three parts separated by dots"),
            ("a. b.c", "contains no token: it does not have three parts separated by dots"),
        ] {
            let error = ServiceAccountToken::read(text.as_bytes(), NOW).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let doubtful = ServiceAccountToken::read(token("[]").as_bytes(), NOW).unwrap();
        assert_eq!(doubtful.doubt(), Some("its payload is not the JSON object of a JWT"));
        assert_eq!(doubtful.claims(), None);
        assert_eq!(
            refused(r#"{"iss":"kubernetes/serviceaccount"}"#),
            "names no account: its `sub` is empty"
        );
    }

    #[test]
    fn a_minute_is_allowed_to_either_side() {
        let at = |nbf: i64, exp: i64| {
            let times = format!(r#","nbf":{nbf},"exp":{exp}}}"#);
            token(&LEGACY.replace('}', &times))
        };
        let now = NOW.unix_seconds();
        let read = |text: String| ServiceAccountToken::read(text.as_bytes(), NOW);
        assert!(read(at(now + 60, now - 59)).is_ok());
        assert!(matches!(read(at(now, now - 60)), Err(Error::Expired { .. })));
        assert!(matches!(read(at(now + 61, now)), Err(Error::NotYetValid { .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, payload in ".*") {
            let _ = ServiceAccountToken::read(&bytes, NOW);
            let _ = ServiceAccountToken::read(token(&payload).as_bytes(), NOW);
        }
    }
}
