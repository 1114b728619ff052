//! What `--json` prints about a token of step-ca.

use serde::Serialize;
use step_claims::{Operation, Purpose};
use step_mint::Minted;
use step_provisioner::KindName;
use token_cli::output::Delivered;
use token_jose::KeyId;
use token_time::Timestamp;

use crate::mint::fetch::Fetched;

/// The object that `--json` prints; docs/cli.md lists its members.
#[derive(Default, Serialize)]
pub(crate) struct Description<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(rename = "type")]
    purpose: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioner: Option<&'a str>,
    #[serde(rename = "provisionerType", skip_serializing_if = "Option::is_none")]
    provisioner_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sans: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principals: Option<Vec<&'a str>>,
    #[serde(rename = "notBefore", skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(rename = "notAfter", skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(rename = "rootFingerprint", skip_serializing_if = "Option::is_none")]
    root: Option<String>,
}

impl<'a> Description<'a> {
    /// Describes a token that was signed here.
    pub(crate) fn of_minted(minted: &'a Minted, delivered: Delivered<'a>) -> Self {
        let claims = &minted.claims;
        let (sans, principals) = match &claims.purpose {
            Purpose::Sign(sans) if sans.is_empty() => (Some(vec![claims.subject.as_str()]), None),
            Purpose::Sign(sans) => (Some(sans.iter().map(AsRef::as_ref).collect()), None),
            Purpose::SshUser(ssh) | Purpose::SshHost(ssh) => {
                (None, Some(ssh.principals.iter().map(AsRef::as_ref).collect()))
            }
            _ => (None, None),
        };
        let (nbf, exp) = (claims.validity.not_before(), claims.validity.not_after());
        let issuer = claims.issuer.as_str();
        Self {
            token: delivered.token,
            file: delivered.file,
            purpose: kind_of(claims.purpose.operation()),
            // A renew token has no provisioner.
            provisioner: minted.kind.map(|_| issuer),
            provisioner_type: minted.kind.map(|kind| kind.to_string()),
            issuer: minted.kind.is_none().then_some(issuer),
            alg: Some(minted.algorithm.as_str()),
            kid: minted.key_id.as_ref().map(KeyId::as_str),
            audience: Some(claims.audience.as_str()),
            subject: Some(claims.subject.as_str()),
            sans,
            principals,
            not_before: Some(text(nbf)),
            not_after: Some(text(exp)),
            nbf: Some(nbf),
            exp: Some(exp),
            jti: Some(claims.token_id.as_str()),
            root: claims.root.map(|root| root.to_string()),
        }
    }

    /// Describes a token that another service issued.
    pub(crate) fn of_fetched(fetched: &'a Fetched, delivered: Delivered<'a>) -> Self {
        let description = Self {
            token: delivered.token,
            file: delivered.file,
            purpose: kind_of(fetched.operation),
            provisioner: fetched.provisioner.as_deref(),
            provisioner_type: Some(KindName::K8sSa.to_string()),
            alg: fetched.token.algorithm(),
            ..Self::default()
        };
        let Some(claims) = fetched.token.claims() else { return description };
        let (nbf, exp) = (claims.begins(), claims.expires());
        Self {
            issuer: Some(&claims.issuer),
            audience: claims.audience.first().map(String::as_str),
            subject: Some(&claims.subject),
            not_before: nbf.map(text),
            not_after: exp.map(text),
            nbf,
            exp,
            ..description
        }
    }
}

fn text(seconds: i64) -> String {
    Timestamp::from_unix_seconds(seconds).to_string()
}

fn kind_of(operation: Operation) -> &'static str {
    match operation {
        Operation::Revoke => "revoke",
        Operation::Renew => "renew",
        Operation::SshUser => "ssh-user",
        Operation::SshHost => "ssh-host",
        Operation::SshRevoke => "ssh-revoke",
        Operation::SshRenew => "ssh-renew",
        Operation::SshRekey => "ssh-rekey",
        _ => "sign",
    }
}
