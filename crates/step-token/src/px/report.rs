//! What `px verify` prints about a verdict.

use openstorage_token::{Fault, Finding, Identity, Outcome, StrictWarning, Verdict, Warning};
use serde::Serialize;
use token_cli::Mark;
use token_text::{Excerpt, Listed, printable};
use token_time::Timestamp;

use crate::px::advice;
use crate::px::rights::{Answers, CanObject, OwnershipObject};
use crate::px::token_origin::{TokenOrigin, TokenOriginObject};
use crate::px::way_out;

/// Everything that is reported.
pub(super) struct Report {
    pub(super) token_origin: TokenOrigin,
    pub(super) verdict: Verdict,
    pub(super) strict: bool,
    pub(super) warnings: Vec<Warning>,
    pub(super) answers: Option<Answers>,
    /// Whether a question was asked about what the holder may do.
    pub(super) asked: bool,
}

impl Report {
    fn is_accepted(&self) -> bool {
        let accepted = self.verdict.fault().is_none() && self.other_algorithm().is_none();
        accepted && (!self.strict || self.verdict.strict_warnings.is_empty())
    }

    /// Returns the warning about an algorithm that --alg does not allow, if there is one.
    fn other_algorithm(&self) -> Option<&StrictWarning> {
        self.verdict.strict_warnings.iter().find(|it| matches!(it, StrictWarning::Algorithm { .. }))
    }

    /// Returns whether the token is accepted and every question answered with yes.
    pub(super) fn is_yes(&self) -> bool {
        self.is_accepted() && self.answers.as_ref().is_none_or(Answers::all_yes)
    }

    /// Returns the report for people.
    pub(super) fn text(&self) -> String {
        let mut text = token_cli::Report::default();
        for Finding { rule, outcome } in &self.verdict.findings {
            match outcome {
                Outcome::Holds(seen) => text.check(Mark::Ok, rule.as_str(), &seen.to_string()),
                Outcome::Fails(fault) => {
                    text.check(Mark::Fail, rule.as_str(), &fault.to_string());
                    text.way_out(&way_out::of(fault, &self.verdict));
                }
                _ => text.check(Mark::Skip, rule.as_str(), "not reached"),
            }
        }
        if let Some(warning) = self.other_algorithm() {
            text.check(Mark::Fail, "lax", &warning.to_string());
        }
        let mark = if self.strict { Mark::Fail } else { Mark::Warn };
        let is_other = |it: &&StrictWarning| !matches!(it, StrictWarning::Algorithm { .. });
        for warning in advice::several(self.verdict.strict_warnings.iter().filter(is_other)) {
            text.check(mark, "lax", &warning);
        }
        for warning in advice::several(&self.warnings) {
            text.check(Mark::Warn, "advice", &warning);
        }
        if !self.is_accepted() && self.asked {
            text.check(Mark::Skip, "may do", "not checked: the token is refused");
        }
        if let Some(answers) = self.answers.as_ref().filter(|_| self.is_accepted()) {
            for line in answers.lines() {
                text.answer(Mark::of(line.yes), &line.what, &line.why);
                if let Some(hint) = line.hint {
                    text.way_out(hint);
                }
            }
        }
        text.conclude(&format!("{} ({})", self.conclusion(), self.token_origin))
    }

    fn conclusion(&self) -> String {
        let answer = self.verdict.answer;
        match (self.verdict.fault(), answer.http_status()) {
            (Some((_, Fault::Null)), _) => {
                "refused: a server would crash and send no answer".to_owned()
            }
            (Some((rule, fault)), Some(status)) => format!(
                "refused: the server answers {} (HTTP {status}) in the {} check: {}",
                answer.grpc_code(),
                rule.as_str(),
                printable(&fault.to_string())
            ),
            _ if self.other_algorithm().is_some() => {
                "refused: a server would accept it, but --alg does not".to_owned()
            }
            _ if !self.is_accepted() => {
                "refused: a server would accept it, but --strict does not".to_owned()
            }
            _ if !self.is_yes() => {
                "accepted, but the server would deny the call with PermissionDenied (HTTP 403)"
                    .to_owned()
            }
            _ => {
                let identity = self.verdict.identity.as_ref();
                let name = identity.map(|identity| identity.username.clone()).unwrap_or_default();
                let roles = identity
                    .map(|identity| Listed(&identity.roles).to_string())
                    .unwrap_or_default();
                let roles =
                    if roles.is_empty() { "no role".to_owned() } else { format!("roles {roles}") };
                format!(
                    "accepted: the server identifies the holder as {} with {}",
                    Excerpt(&name),
                    printable(&roles)
                )
            }
        }
    }

    /// Returns the object that `--json` prints.
    pub(super) fn object(&self) -> Object<'_> {
        let (can, ownership) = match &self.answers {
            Some(answers) if self.is_accepted() => answers.objects(),
            _ => (Vec::new(), None),
        };
        let checks = self.verdict.findings.iter().map(|Finding { rule, outcome }| {
            let (result, message, hint) = match outcome {
                Outcome::Holds(seen) => ("ok", Some(seen.to_string()), None),
                Outcome::Fails(fault) => {
                    ("fail", Some(fault.to_string()), Some(way_out::of(fault, &self.verdict)))
                }
                _ => ("skip", None, None),
            };
            Check { check: rule.as_str(), result, message, hint }
        });
        Object {
            token_source: self.token_origin.object(),
            ok: self.is_yes(),
            accepted: self.is_accepted(),
            answer: self.verdict.answer.grpc_code(),
            http_status: self.verdict.answer.http_status(),
            refused_by: self.verdict.fault().map(|(rule, _)| rule.as_str()),
            checks: checks.collect(),
            lax: self.verdict.strict_warnings.iter().map(StrictWarning::to_string).collect(),
            advice: self.warnings.iter().map(ToString::to_string).collect(),
            identity: self.verdict.identity.as_ref().map(IdentityObject::of),
            can,
            ownership,
        }
    }
}

/// The object that `--json` prints; docs/openstorage.md lists its members.
#[derive(Serialize)]
pub(super) struct Object<'a> {
    ok: bool,
    #[serde(rename = "tokenSource")]
    token_source: TokenOriginObject,
    accepted: bool,
    answer: &'static str,
    #[serde(rename = "httpStatus", skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(rename = "refusedBy", skip_serializing_if = "Option::is_none")]
    refused_by: Option<&'static str>,
    checks: Vec<Check>,
    lax: Vec<String>,
    advice: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityObject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    can: Vec<CanObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership: Option<OwnershipObject>,
}

#[derive(Serialize)]
struct Check {
    check: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// Who the token says its holder is.
#[derive(Serialize)]
pub(super) struct IdentityObject<'a> {
    username: &'a str,
    issuer: &'a str,
    subject: &'a str,
    name: &'a str,
    email: &'a str,
    roles: &'a [String],
    groups: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

impl<'a> IdentityObject<'a> {
    fn of(identity: &'a Identity) -> Self {
        let text = |seconds| Timestamp::from_unix_seconds(seconds).to_string();
        Self {
            username: &identity.username,
            issuer: &identity.issuer,
            subject: &identity.subject,
            name: &identity.name,
            email: &identity.email,
            roles: &identity.roles,
            groups: &identity.groups,
            expires: identity.expires.second().map(text),
        }
    }
}
