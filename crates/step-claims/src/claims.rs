use serde::Serialize;
use token_time::When;

use crate::audience::Audience;
use crate::confirmation::Confirmation;
use crate::error::Error;
use crate::fingerprint::RootFingerprint;
use crate::names::Subject;
use crate::purpose::{Purpose, SshCertificate};
use crate::token_id::TokenId;
use crate::user::UserData;
use crate::validity::Validity;

/// The whole payload of a one-time token.
///
/// Source: smallstep/cli, `token/token.go` and `token/options.go`; RFC 7519 §4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The name of the provisioner that vouches for the requester (`iss`).
    pub issuer: String,
    /// The name that the token is for (`sub`).
    pub subject: Subject,
    /// The endpoint where it is spent (`aud`).
    pub audience: Audience,
    /// When it is made and when it may be spent (`iat`, `nbf`, `exp`).
    pub validity: Validity,
    /// The unique ID of the token (`jti`).
    pub token_id: TokenId,
    /// The root certificate its holder should trust (`sha`).
    pub root: Option<RootFingerprint>,
    /// What it allows and for which names (`sans`, or `ssh` in `step`).
    pub purpose: Purpose,
    /// The one request that it may be spent with (`cnf`); only for tokens that issue a certificate.
    pub confirmation: Option<Confirmation>,
    /// Data for certificate templates (`user`); only for tokens that issue a certificate.
    pub user: UserData,
}

impl Claims {
    /// Writes the payload as `step` does: one line of JSON, members in alphabetical order, ready
    /// to be signed.
    ///
    /// `user` is left out when it is empty (Q2).
    ///
    /// # Errors
    ///
    /// - [`Error::AudienceMismatch`] if the audience is not the endpoint of the purpose.
    /// - [`Error::ConfirmationUnused`], [`Error::UserUnused`] if the purpose cannot carry them.
    /// - [`Error::Json`] if the JSON writer fails, which does not happen with these types.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        let operation = self.purpose.operation();
        if self.audience.operation() != operation {
            let audience = self.audience.operation();
            return Err(Error::AudienceMismatch { purpose: operation, audience });
        }
        if !operation.issues() && self.confirmation.is_some() {
            return Err(Error::ConfirmationUnused { operation });
        }
        if !operation.issues() && !self.user.is_empty() {
            return Err(Error::UserUnused { operation });
        }

        let subject = self.subject.as_str();
        let payload = Payload {
            aud: self.audience.as_str(),
            cnf: self.confirmation.as_ref(),
            exp: self.validity.not_after(),
            iat: self.validity.issued_at(),
            iss: &self.issuer,
            jti: self.token_id.as_str(),
            nbf: self.validity.not_before(),
            sans: match &self.purpose {
                Purpose::Sign(sans) if sans.is_empty() => Some(vec![subject]),
                Purpose::Sign(sans) => Some(sans.iter().map(AsRef::as_ref).collect()),
                _ => None,
            },
            sha: self.root,
            step: match &self.purpose {
                Purpose::SshUser(certificate) => Some(Step::new("user", subject, certificate)),
                Purpose::SshHost(certificate) => Some(Step::new("host", subject, certificate)),
                _ => None,
            },
            sub: subject,
            user: Some(&self.user).filter(|user| !user.is_empty()),
        };
        token_jose::json::to_vec(&payload).map_err(Error::Json)
    }
}

/// The members in the order in which they are written.
#[derive(Serialize)]
struct Payload<'a> {
    aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Confirmation>,
    exp: i64,
    iat: i64,
    iss: &'a str,
    jti: &'a str,
    nbf: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sans: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<RootFingerprint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Step<'a>>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a UserData>,
}

#[derive(Serialize)]
struct Step<'a> {
    ssh: Ssh<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ssh<'a> {
    cert_type: &'static str,
    #[serde(rename = "keyID")]
    key_id: &'a str,
    principals: Vec<&'a str>,
    valid_after: String,
    valid_before: String,
}

impl<'a> Step<'a> {
    fn new(cert_type: &'static str, key_id: &'a str, certificate: &'a SshCertificate) -> Self {
        let text = |when: Option<When>| when.map(When::certificate_text).unwrap_or_default();
        Self {
            ssh: Ssh {
                cert_type,
                key_id,
                principals: certificate.principals.iter().map(AsRef::as_ref).collect(),
                valid_after: text(certificate.valid_after),
                valid_before: text(certificate.valid_before),
            },
        }
    }
}

#[cfg(test)]
mod tests;
