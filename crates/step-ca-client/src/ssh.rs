//! The requests that spend a token for an SSH certificate.
//!
//! Source: smallstep/certificates, `api/ssh.go`, `api/sshRenew.go`, `api/sshRekey.go`,
//! `api/sshRevoke.go`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::error::Error;
use crate::spend::RevokeRequest;

/// The type of an SSH certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SshCertificateType {
    /// For a user, who logs in with it.
    User,
    /// For a host, which users know by it.
    Host,
}

/// A request for an SSH certificate: `POST /ssh/sign`.
///
/// Values in the token take precedence; the CA chooses those that neither gives.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SshSignRequest<'a> {
    /// The public key in its wire encoding (RFC 4253 §6.6).
    #[serde(serialize_with = "base64")]
    pub public_key: &'a [u8],
    /// The one-time token.
    pub ott: &'a str,
    /// The type of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_type: Option<SshCertificateType>,
    /// The certificate's key ID, which servers log.
    #[serde(rename = "keyID", skip_serializing_if = "str::is_empty")]
    pub key_id: &'a str,
    /// The logins or hosts it is valid for.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub principals: &'a [String],
    /// When it becomes valid: RFC 3339, or a duration from the moment the CA signs.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub valid_after: &'a str,
    /// When it expires, in the same forms.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub valid_before: &'a str,
    /// A second public key, in its wire encoding, for the certificate that adds the user on a host.
    #[serde(serialize_with = "optional_base64", skip_serializing_if = "Option::is_none")]
    pub add_user_public_key: Option<&'a [u8]>,
    /// A certificate signing request in PEM, for an additional X.509 certificate.
    #[serde(rename = "identityCSR", skip_serializing_if = "Option::is_none")]
    pub identity_csr: Option<&'a str>,
    /// Data for the CA's certificate template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_data: Option<&'a RawValue>,
}

/// The certificates in a CA's answer to an SSH request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SshSignResponse {
    /// The SSH certificate in its wire encoding.
    #[serde(deserialize_with = "from_base64")]
    pub crt: Vec<u8>,
    /// The SSH certificate that adds the user on a host, if one was asked for.
    #[serde(default, deserialize_with = "from_optional_base64")]
    pub add_user_crt: Option<Vec<u8>>,
    /// The additional X.509 certificate and its signers, each in PEM; often none.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub identity_crt: Vec<String>,
}

#[derive(Serialize)]
struct Renewal<'a> {
    ott: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rekeying<'a> {
    ott: &'a str,
    #[serde(serialize_with = "base64")]
    public_key: &'a [u8],
}

impl Client {
    /// Spends a token on an SSH certificate.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn ssh_sign(&self, request: &SshSignRequest<'_>) -> Result<SshSignResponse, Error> {
        self.transport.post("/ssh/sign", request).await?.json()
    }

    /// Spends a token, which carries an SSH host certificate in its header, to renew that
    /// certificate: `POST /ssh/renew`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn ssh_renew(&self, ott: &str) -> Result<SshSignResponse, Error> {
        self.transport.post("/ssh/renew", &Renewal { ott }).await?.json()
    }

    /// Spends a token, which carries an SSH host certificate in its header, on its replacement for
    /// another key, given in its wire encoding: `POST /ssh/rekey`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn ssh_rekey(&self, ott: &str, public_key: &[u8]) -> Result<SshSignResponse, Error> {
        self.transport.post("/ssh/rekey", &Rekeying { ott, public_key }).await?.json()
    }

    /// Spends a token to revoke an SSH certificate; here the CA requires a token.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the CA refuses or there is no valid answer.
    pub async fn ssh_revoke(&self, request: &RevokeRequest<'_>) -> Result<(), Error> {
        self.post_revocation("/ssh/revoke", request).await
    }
}

impl fmt::Debug for SshSignRequest<'_> {
    /// Leaves out the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshSignRequest")
            .field("public_key", &STANDARD.encode(self.public_key))
            .field("cert_type", &self.cert_type)
            .field("key_id", &self.key_id)
            .field("principals", &self.principals)
            .field("valid_after", &self.valid_after)
            .field("valid_before", &self.valid_before)
            .field("identity_csr", &self.identity_csr)
            .finish_non_exhaustive()
    }
}

/// Padded standard base64 (RFC 4648 §4), Go's encoding of bytes.
fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn optional_base64<S: Serializer>(bytes: &Option<&[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => base64(bytes, serializer),
        None => serializer.serialize_none(),
    }
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let bytes = from_optional_base64(deserializer)?;
    bytes.ok_or_else(|| serde::de::Error::custom("a certificate is missing"))
}

/// An empty text and `null` both mean a missing value.
fn from_optional_base64<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let text = text.filter(|text| !text.is_empty());
    let bytes = text.map(|text| STANDARD.decode(text)).transpose();
    bytes.map_err(|_| serde::de::Error::custom("a certificate is not base64"))
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: SshSignRequest<'_> = SshSignRequest {
        public_key: b"\xff\xfe",
        ott: "TOKEN",
        cert_type: None,
        key_id: "",
        principals: &[],
        valid_after: "",
        valid_before: "",
        add_user_public_key: None,
        identity_csr: None,
        template_data: None,
    };

    #[test]
    fn what_is_not_set_is_not_sent() {
        assert_eq!(serde_json::to_string(&EMPTY).unwrap(), r#"{"publicKey":"//4=","ott":"TOKEN"}"#);
        assert!(!format!("{EMPTY:?}").contains("TOKEN"));
    }

    #[test]
    fn a_whole_request_is_written_as_step_writes_it() {
        let principals = ["web".to_owned()];
        let request = SshSignRequest {
            cert_type: Some(SshCertificateType::Host),
            key_id: "web.example.com",
            principals: &principals,
            valid_after: "1m",
            valid_before: "2027-01-01T00:00:00Z",
            add_user_public_key: Some(b"k"),
            identity_csr: Some("PEM"),
            ..EMPTY
        };
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            concat!(
                r#"{"publicKey":"//4=","ott":"TOKEN","certType":"host","keyID":"web.example.com","#,
                r#""principals":["web"],"validAfter":"1m","validBefore":"2027-01-01T00:00:00Z","#,
                r#""addUserPublicKey":"aw==","identityCSR":"PEM"}"#
            )
        );
    }

    #[test]
    fn an_answer_has_a_certificate_and_perhaps_more() {
        let read = |json| serde_json::from_str::<SshSignResponse>(json);
        let full = read(r#"{"crt":"//4=","addUserCrt":"aw==","identityCrt":["PEM"]}"#).unwrap();
        assert_eq!((full.crt, full.add_user_crt), (vec![0xff, 0xfe], Some(b"k".to_vec())));
        assert_eq!(full.identity_crt, ["PEM"]);

        let bare = read(r#"{"crt":"//4=","addUserCrt":null,"identityCrt":null}"#).unwrap();
        assert_eq!((bare.add_user_crt, bare.identity_crt), (None, Vec::new()));
        assert!(read(r#"{"crt":""}"#).is_err() && read("{}").is_err());
        let error = read(r#"{"crt":"no base64 here"}"#).unwrap_err();
        assert!(error.to_string().starts_with("a certificate is not base64"));
    }
}
