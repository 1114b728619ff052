use go_json::{Document, Value};
use token_jose::{Algorithm, KeyKind, MacKey, PublicKey};

use super::algorithm::TokenAlgorithm;
use super::fault::{Fault, Seen, StrictWarning, json_kind};
use super::finding::{Finding, Outcome, Verdict};
use super::payload::{Identity, Member, Payload, not_json, repeated};
use super::rule::{Answer, Rule};
use super::secret_form::SecretForm;
use crate::duration::Lifetime;
use crate::server::{Generation, Server, ServerKey, UsernameClaim};
use crate::text;

/// When and how a token is judged.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// The time, in seconds since the Unix epoch.
    pub now: i64,
    /// How far the server's clock may be off, in the token's favour. A real server allows nothing.
    pub leeway: Lifetime,
    /// Expect only this algorithm, where a server accepts all of its key's family: another one is
    /// reported as [`StrictWarning::Algorithm`].
    pub algorithm: Option<TokenAlgorithm>,
}

/// Checks a token as a server would at that time.
///
/// The text is checked as given: if no HTTP/2 header could carry it, that is reported as a
/// [`StrictWarning`].
#[must_use]
pub fn judge(token: &str, server: &Server, conditions: &Conditions) -> Verdict {
    let findings = Vec::with_capacity(Rule::ALL.len());
    let strict_warnings = Vec::new();
    let mut judge = Judge { server, conditions, findings, strict_warnings, secret_form: None };
    let identity = judge.all(token);
    let Judge { mut findings, strict_warnings, secret_form, .. } = judge;
    let reached =
        findings.iter().fold(0_u32, |reached, finding| reached | 1 << finding.rule as u32);
    for rule in Rule::ALL.into_iter().filter(|rule| reached & 1 << *rule as u32 == 0) {
        findings.push(Finding { rule, outcome: Outcome::NotReached });
    }
    findings.sort_by_key(|finding| finding.rule as u32);
    let failing = findings.iter().find(|finding| finding.fault().is_some());
    let answer = failing.map_or(Answer::Accepted, |finding| finding.rule.answer());
    Verdict { findings, strict_warnings, secret_form, answer, identity }
}

/// Returns who a token says its holder is, or `None` if no server can read it. Nothing is checked.
#[must_use]
pub fn unverified(token: &str) -> Option<Identity> {
    let bytes = text::base64url_of_go(token.split('.').nth(1)?)?;
    Payload::read(&bytes).ok()?.identity(UsernameClaim::Subject)
}

/// Returns the members of a header, which for the server are none if it is `null`.
fn header_members<'a>(document: &'a Document<'_>) -> Result<Vec<Member<'a>>, Fault> {
    let (part, value) = ("header", document.value());
    match value.members() {
        _ if document.overflows() => Err(Fault::NumberTooLarge { part }),
        Some(members) => Ok(members.collect()),
        None if value.is_null() => Ok(Vec::new()),
        None => Err(Fault::NoObject { part, found: json_kind(value) }),
    }
}

/// What a server checks a signature with.
enum Key<'a> {
    Shared(&'a MacKey),
    Rsa(Algorithm, &'a PublicKey),
    Ec(Algorithm, &'a PublicKey),
}

impl Key<'_> {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Shared(key) => key.verify(message, signature),
            Self::Rsa(algorithm, key) => key.verify(*algorithm, message, signature),
            Self::Ec(algorithm, key) => key.verify_on_any_curve(*algorithm, message, signature),
        }
        .is_ok()
    }
}

struct Judge<'a> {
    server: &'a Server,
    conditions: &'a Conditions,
    findings: Vec<Finding>,
    strict_warnings: Vec<StrictWarning>,
    secret_form: Option<SecretForm>,
}

impl<'a> Judge<'a> {
    fn holds(&mut self, rule: Rule, seen: Seen) {
        self.findings.push(Finding { rule, outcome: Outcome::Holds(seen) });
    }

    fn fails(&mut self, rule: Rule, fault: Fault) {
        self.findings.push(Finding { rule, outcome: Outcome::Fails(fault) });
    }

    /// Records the result of a check; returns the value if it holds.
    fn note<T>(&mut self, rule: Rule, result: Result<(T, Seen), Fault>) -> Option<T> {
        match result {
            Ok((value, seen)) => {
                self.holds(rule, seen);
                Some(value)
            }
            Err(fault) => {
                self.fails(rule, fault);
                None
            }
        }
    }

    fn all(&mut self, token: &str) -> Option<Identity> {
        if token.contains(['\r', '\n']) {
            self.strict_warnings.push(StrictWarning::LineBreak);
        }
        let parts: Vec<&str> = token.split('.').collect();
        // With more than three parts, the server finds the issuer and refuses the token later.
        let form = match parts.len() {
            3 => Ok(((), Seen::Text("three parts"))),
            count => Err(Fault::Parts { count }),
        };
        let late = parts.len() > 3;
        let form = self.note(if late { Rule::Header } else { Rule::Form }, form);
        if late {
            self.holds(Rule::Form, Seen::Text("three parts, and more after them"));
        }
        let payload = (late || form.is_some()).then(|| self.payload(&parts)).flatten();
        if let Some(payload) = &payload {
            self.claims(payload);
        }
        if form.is_some() {
            let header = self.header(&parts);
            if let Some(payload) = &payload {
                self.times(payload);
            }
            if let Some(algorithm) = header {
                self.signature(algorithm, token, &parts);
            }
        }
        if let Some(payload) = &payload {
            self.completeness(payload);
        }
        payload.and_then(|payload| payload.identity(self.server.username))
    }

    fn payload(&mut self, parts: &[&str]) -> Option<Payload> {
        let segment = parts.get(1).copied().unwrap_or_default();
        let read = match self.decode(segment, "payload") {
            None => Err(Fault::Base64 { part: "payload" }),
            Some(bytes) => Payload::read(&bytes),
        };
        let read = read.map(|payload| {
            let seen = Seen::Members(payload.count());
            (payload, seen)
        });
        let mut payload = self.note(Rule::Payload, read)?;
        self.strict_warnings.extend(payload.take_strict_warnings());
        Some(payload)
    }

    fn claims(&mut self, payload: &Payload) {
        let types = payload.types().map(|()| ((), Seen::Text("every claim has the right type")));
        if self.note(Rule::Types, types).is_none() {
            return;
        }
        let issuer = match payload.issuer() {
            "" => Err(Fault::NoIssuer),
            issuer => Ok((issuer, Seen::Name(issuer.to_owned()))),
        };
        if let Some(issuer) = self.note(Rule::Issuer, issuer) {
            let trust = if issuer == self.server.issuer {
                Ok(((), Seen::Text("the server trusts this issuer")))
            } else {
                let trusted = self.server.issuer.clone();
                Err(Fault::Untrusted { issuer: issuer.to_owned(), trusted })
            };
            self.note(Rule::Trust, trust);
        }
        // A number too large for a float shows only when every member is read, after the issuer.
        if payload.overflows() {
            self.fails(Rule::Header, Fault::NumberTooLarge { part: "payload" });
        }
    }

    fn header(&mut self, parts: &[&str]) -> Option<TokenAlgorithm> {
        let segment = parts.first().copied().unwrap_or_default();
        let Some(bytes) = self.decode(segment, "header") else {
            let lower = parts.join(".").to_lowercase();
            let bearer = lower.starts_with("bearer ");
            self.fails(
                Rule::Header,
                if bearer { Fault::Bearer } else { Fault::Base64 { part: "header" } },
            );
            return None;
        };
        let document = Document::whole(&bytes).map_err(|malformed| not_json(malformed, "header"));
        let members = match document.as_ref().map_err(Clone::clone).and_then(header_members) {
            Ok(members) => members,
            Err(fault) => {
                self.fails(Rule::Header, fault);
                return None;
            }
        };
        if !self.findings.iter().any(|finding| finding.rule == Rule::Header) {
            self.holds(Rule::Header, Seen::Text("a JSON object"));
        }
        self.strict_warnings.extend(repeated(&members, "header"));
        if members.iter().any(|(name, _)| name == "crit") {
            self.strict_warnings.push(StrictWarning::Crit);
        }
        self.algorithm(members.iter().rev().find(|(name, _)| name == "alg").map(|(_, alg)| *alg))
    }

    fn algorithm(&mut self, alg: Option<Value<'_>>) -> Option<TokenAlgorithm> {
        let known = match alg.and_then(Value::string) {
            None => Err(Fault::NoAlgorithm),
            Some(name) => match name.parse::<TokenAlgorithm>() {
                Err(_) => Err(Fault::UnknownAlgorithm { name: name.into_owned() }),
                Ok(algorithm) => {
                    if let Some(allowed) = self.conditions.algorithm.filter(|it| *it != algorithm) {
                        self.strict_warnings.push(StrictWarning::Algorithm { algorithm, allowed });
                    }
                    Ok((algorithm, Seen::Algorithm(algorithm)))
                }
            },
        };
        self.note(Rule::Algorithm, known)
    }

    fn times(&mut self, payload: &Payload) {
        let generation = self.server.generation;
        let (now, leeway) = (self.conditions.now, self.conditions.leeway);
        let (expiry, issued, not_before) = payload.times();
        if expiry.is_zero(generation) {
            self.strict_warnings.push(StrictWarning::NoExpiry);
        }
        self.note(Rule::Expiry, expiry.is_to_come(generation, now, leeway));
        self.note(Rule::IssuedAt, issued.has_come(generation, now, leeway, Rule::IssuedAt));
        self.note(Rule::NotBefore, not_before.has_come(generation, now, leeway, Rule::NotBefore));
    }

    fn signature(&mut self, algorithm: TokenAlgorithm, token: &str, parts: &[&str]) {
        let [header, payload, signature] = parts else { return };
        let signed = token.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        let bytes = self.decode(signature, "signature");
        let Some(bytes) = bytes else {
            self.key(algorithm);
            self.fails(Rule::Signature, Fault::Base64 { part: "signature" });
            return;
        };
        let Some(key) = self.key(algorithm) else { return };
        if !key.verifies(signed.as_bytes(), &bytes) {
            if let (TokenAlgorithm::Mac(algorithm), Some(secret)) =
                (algorithm, &self.server.shared_secret)
            {
                self.secret_form = SecretForm::find(secret, |secret| {
                    secret.key(algorithm).verify(signed.as_bytes(), &bytes).is_ok()
                });
            }
            return self.fails(Rule::Signature, Fault::Signature { algorithm });
        }
        match key {
            Key::Ec(algorithm, key) if algorithm.key_kind() != key.kind() => {
                self.strict_warnings.push(StrictWarning::Curve { algorithm, kind: key.kind() });
                self.holds(
                    Rule::Signature,
                    Seen::Text("made with the server's key, but by an algorithm for another curve"),
                );
            }
            _ => self.holds(Rule::Signature, Seen::Text("made with the server's key")),
        }
    }

    /// Finds the server's key for an algorithm.
    fn key(&mut self, algorithm: TokenAlgorithm) -> Option<Key<'a>> {
        let server = self.server;
        let public = |key: &'a Option<ServerKey>| key.as_ref().map(ServerKey::key);
        let key = match algorithm {
            TokenAlgorithm::Mac(algorithm) => server.shared_secret.as_ref().map(|secret| {
                (Key::Shared(secret.key(algorithm)), Seen::Text("the shared secret"))
            }),
            TokenAlgorithm::Signature(algorithm) if algorithm.key_kind() == KeyKind::Rsa => {
                public(&server.rsa).map(|key| (Key::Rsa(algorithm, key), Seen::Key(key.kind())))
            }
            TokenAlgorithm::Signature(algorithm) => {
                public(&server.ec).map(|key| (Key::Ec(algorithm, key), Seen::Key(key.kind())))
            }
        };
        self.note(Rule::Key, key.ok_or(Fault::NoKey { algorithm }))
    }

    fn completeness(&mut self, payload: &Payload) {
        let required = match payload.missing() {
            None => Ok(((), Seen::Text("no claim is missing"))),
            Some(name) => Err(Fault::Missing { name }),
        };
        self.note(Rule::Required, required);
        if payload.types().is_ok() {
            let claim = self.server.username;
            let username = match payload.username(claim) {
                "" => Err(Fault::NoUsername { claim }),
                name => Ok(((), Seen::Name(name.to_owned()))),
            };
            self.note(Rule::Username, username);
        }
    }

    /// Decodes base64url as the server does, and records where that is lax.
    fn decode(&mut self, segment: &str, part: &'static str) -> Option<Vec<u8>> {
        if let Some(bytes) = text::base64url(segment) {
            return Some(bytes);
        }
        let bytes = match self.server.generation {
            Generation::Current => text::base64url_of_go(segment),
            Generation::Older => text::padded_base64url_of_go(segment),
        }?;
        if !segment.contains(['\r', '\n']) {
            self.strict_warnings.push(StrictWarning::Base64 { part });
        }
        Some(bytes)
    }
}
