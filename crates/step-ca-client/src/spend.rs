//! The requests that spend a token for an X.509 certificate.
//!
//! Source: smallstep/certificates, `api/api.go`, `api/sign.go`, `api/renew.go`, `api/rekey.go`,
//! `api/revoke.go`.

use std::fmt;

use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::error::Error;

/// A request for an X.509 certificate: `POST /sign`.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRequest<'a> {
    /// The certificate signing request (RFC 2986), in PEM.
    pub csr: &'a str,
    /// The one-time token.
    pub ott: &'a str,
    /// When the certificate becomes valid: RFC 3339, or a duration such as `5m` from the
    /// moment the CA signs. If empty, the CA chooses.
    pub not_before: &'a str,
    /// When it expires, in the same forms.
    pub not_after: &'a str,
    /// Data for the CA's certificate template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_data: Option<&'a RawValue>,
}

/// The certificates in a CA's answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Signed")]
#[non_exhaustive]
pub struct SignResponse {
    /// The new certificate, in PEM.
    pub crt: String,
    /// The intermediate certificate that signed it, in PEM.
    pub ca: String,
    /// The chain from the new certificate up to the root, which is left out; each in PEM.
    pub cert_chain: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    crt: String,
    #[serde(default)]
    ca: String,
    cert_chain: Option<Vec<String>>,
}

impl From<Signed> for SignResponse {
    /// An old CA sends no chain; then its two certificates are the chain.
    fn from(Signed { crt, ca, cert_chain }: Signed) -> Self {
        let chain = cert_chain.filter(|chain| !chain.is_empty());
        let cert_chain = chain.unwrap_or_else(|| {
            [&crt, &ca].into_iter().filter(|pem| !pem.is_empty()).cloned().collect()
        });
        Self { crt, ca, cert_chain }
    }
}

/// A request to revoke a certificate: `POST /revoke`, or `/ssh/revoke` for an SSH certificate.
///
/// It is always passive: the CA marks the certificate and does not renew it. step-ca has no other
/// kind.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeRequest<'a> {
    /// The serial number in decimal, as in the token's `sub`.
    pub serial: &'a str,
    /// The one-time token. Without one, the X.509 certificate revokes itself: the client presents
    /// it as its [`Identity`](crate::Identity).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ott: Option<&'a str>,
    /// The reason, as a number from 0 to 10 (RFC 5280 §5.3.1).
    pub reason_code: u8,
    /// The reason, in words.
    pub reason: &'a str,
}

#[derive(Serialize)]
struct Revocation<'a> {
    #[serde(flatten)]
    request: &'a RevokeRequest<'a>,
    passive: bool,
}

#[derive(Serialize)]
struct Rekey<'a> {
    csr: &'a str,
}

#[derive(Deserialize)]
struct Done {
    #[expect(
        dead_code,
        reason = "it is there to be demanded of the answer; its text is always ok"
    )]
    status: String,
}

impl Client {
    /// Spends a token on an X.509 certificate.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn sign(&self, request: &SignRequest<'_>) -> Result<SignResponse, Error> {
        self.transport.post("/sign", request).await?.json()
    }

    /// Spends a token to revoke an X.509 certificate.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn revoke(&self, request: &RevokeRequest<'_>) -> Result<(), Error> {
        self.post_revocation("/revoke", request).await
    }

    /// Renews an X.509 certificate with a renew token, which carries the certificate in its header:
    /// `POST /renew` with a bearer token (RFC 6750 §2.1). This also works after it has expired, if
    /// the provisioner allows that.
    ///
    /// # Errors
    ///
    /// - [`Error::Token`] if the token is not valid in a header.
    /// - [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn renew(&self, token: &str) -> Result<SignResponse, Error> {
        let mut bearer =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| Error::Token)?;
        bearer.set_sensitive(true);
        self.transport.post_nothing("/renew", Some(bearer)).await?.json()
    }

    /// Renews the X.509 certificate that the client presents as its identity.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn renew_identity(&self) -> Result<SignResponse, Error> {
        self.transport.post_nothing("/renew", None).await?.json()
    }

    /// Replaces the X.509 certificate that the client presents as its identity with one for the key
    /// of a certificate signing request in PEM. This cannot be done with a token.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn rekey_identity(&self, csr: &str) -> Result<SignResponse, Error> {
        self.transport.post("/rekey", &Rekey { csr }).await?.json()
    }

    pub(crate) async fn post_revocation(
        &self,
        path: &str,
        request: &RevokeRequest<'_>,
    ) -> Result<(), Error> {
        let revocation = Revocation { request, passive: true };
        self.transport.post(path, &revocation).await?.json::<Done>().map(|_| ())
    }
}

impl fmt::Debug for SignRequest<'_> {
    /// Leaves out the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("csr", &self.csr)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .field("template_data", &self.template_data)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RevokeRequest<'_> {
    /// Leaves out the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevokeRequest")
            .field("serial", &self.serial)
            .field("reason_code", &self.reason_code)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_request_is_written_as_step_writes_it() {
        let mut request = SignRequest {
            csr: "PEM",
            ott: "TOKEN",
            not_before: "",
            not_after: "5m",
            template_data: None,
        };
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"csr":"PEM","ott":"TOKEN","notBefore":"","notAfter":"5m"}"#
        );
        let data = serde_json::value::to_raw_value(&[1]).unwrap();
        request.template_data = Some(&data);
        assert!(serde_json::to_string(&request).unwrap().ends_with(r#","templateData":[1]}"#));
        assert!(!format!("{request:?}").contains("TOKEN"));
    }

    #[test]
    fn a_revocation_is_passive() {
        let mut request =
            RevokeRequest { serial: "123", ott: Some("TOKEN"), reason_code: 1, reason: "lost" };
        assert!(!format!("{request:?}").contains("TOKEN"));
        let json = |request: &RevokeRequest<'_>| {
            serde_json::to_string(&Revocation { request, passive: true }).unwrap()
        };
        assert_eq!(
            json(&request),
            r#"{"serial":"123","ott":"TOKEN","reasonCode":1,"reason":"lost","passive":true}"#
        );
        request.ott = None;
        assert!(!json(&request).contains("ott"));
    }

    #[test]
    fn an_answer_without_a_chain_still_has_one() {
        let read = |json| serde_json::from_str::<SignResponse>(json);
        let full = read(r#"{"crt":"a","ca":"b","certChain":["a","b","c"],"tlsOptions":{}}"#);
        assert_eq!(full.unwrap().cert_chain, ["a", "b", "c"]);
        assert_eq!(read(r#"{"crt":"a","ca":"b"}"#).unwrap().cert_chain, ["a", "b"]);
        assert_eq!(read(r#"{"crt":"a","certChain":null}"#).unwrap().cert_chain, ["a"]);
        assert!(read(r#"{"ca":"b"}"#).is_err());
    }
}
