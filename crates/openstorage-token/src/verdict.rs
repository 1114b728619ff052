//! What a server says of a token, check by check, in the server's order.
//!
//! Source: OpenStorage, `pkg/auth/token.go` and `pkg/auth/selfsigned.go`, with the JWT library of
//! either [`Generation`].

mod fault;
mod payload;
mod times;

use token_jose::{Algorithm, KeyKind, MacAlgorithm, MacKey, PublicKey};

pub use fault::{Fault, Laxness, Seen};
pub use payload::{Expiry, Identity};

use crate::duration::Lifetime;
use crate::go_json::{Json, Malformed, Text};
use crate::server::{Generation, Server, ServerKey, UsernameClaim};
use crate::text;
use payload::Payload;

/// When and how a token is judged.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// The time, in seconds since the Unix epoch.
    pub now: i64,
    /// How far the server's clock may be off, in the token's favour. A server has none.
    pub leeway: Lifetime,
    /// Expect this algorithm alone, where a server takes all of its key's family: another one is a
    /// [`Laxness::Algorithm`].
    pub algorithm: Option<TokenAlgorithm>,
}

/// An algorithm that a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// A shared secret's.
    Mac(MacAlgorithm),
    /// A key pair's: RSA with PKCS#1 v1.5, or ECDSA.
    Signature(Algorithm),
}

impl TokenAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 9] = [
        Self::Mac(MacAlgorithm::Hs256),
        Self::Mac(MacAlgorithm::Hs384),
        Self::Mac(MacAlgorithm::Hs512),
        Self::Signature(Algorithm::Rs256),
        Self::Signature(Algorithm::Rs384),
        Self::Signature(Algorithm::Rs512),
        Self::Signature(Algorithm::Es256),
        Self::Signature(Algorithm::Es384),
        Self::Signature(Algorithm::Es512),
    ];

    /// Returns the name, as a JOSE header spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mac(algorithm) => algorithm.as_str(),
            Self::Signature(algorithm) => algorithm.as_str(),
        }
    }
}

impl std::fmt::Display for TokenAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for TokenAlgorithm {
    type Err = String;

    /// Reads a name; letter case counts.
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
            format!("servers take {}", names.join(", "))
        })
    }
}

/// One of the server's checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Three parts with dots between them.
    Form,
    /// The second part is base64url of a JSON object.
    Payload,
    /// The claims a server reads are of the right types.
    Types,
    /// There is an issuer.
    Issuer,
    /// It is one that the server trusts.
    Trust,
    /// The first part is base64url of a JSON object.
    Header,
    /// The algorithm is one that servers know.
    Algorithm,
    /// The server has a key for it.
    Key,
    /// `exp` is to come.
    Expiry,
    /// `iat` has come.
    IssuedAt,
    /// `nbf`, if there is one, has come.
    NotBefore,
    /// The signature is the key's over these bytes.
    Signature,
    /// No claim is missing.
    Required,
    /// The user has a unique ID.
    Username,
}

impl Rule {
    /// Every check, in the server's order.
    pub const ALL: [Self; 14] = [
        Self::Form,
        Self::Payload,
        Self::Types,
        Self::Issuer,
        Self::Trust,
        Self::Header,
        Self::Algorithm,
        Self::Key,
        Self::Expiry,
        Self::IssuedAt,
        Self::NotBefore,
        Self::Signature,
        Self::Required,
        Self::Username,
    ];

    /// Returns a word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Payload => "payload",
            Self::Types => "types",
            Self::Issuer => "issuer",
            Self::Trust => "trust",
            Self::Header => "header",
            Self::Algorithm => "algorithm",
            Self::Key => "key",
            Self::Expiry => "exp",
            Self::IssuedAt => "iat",
            Self::NotBefore => "nbf",
            Self::Signature => "signature",
            Self::Required => "required",
            Self::Username => "username",
        }
    }

    /// Returns what the server answers where this check fails.
    fn answer(self) -> Answer {
        match self {
            Self::Form | Self::Payload | Self::Types | Self::Issuer | Self::Trust => {
                Answer::Unauthenticated
            }
            _ => Answer::PermissionDenied,
        }
    }
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It takes the token. What the holder may do is for the roles.
    Accepted,
    /// It finds no issuer it trusts: gRPC `Unauthenticated`, HTTP 401.
    Unauthenticated,
    /// The token of a trusted issuer fails: gRPC `PermissionDenied`, HTTP 403.
    PermissionDenied,
}

impl Answer {
    /// Returns the name of the gRPC code.
    #[must_use]
    pub fn grpc_code(self) -> &'static str {
        match self {
            Self::Accepted => "OK",
            Self::Unauthenticated => "Unauthenticated",
            Self::PermissionDenied => "PermissionDenied",
        }
    }

    /// Returns the status of the legacy REST interface, if it is an error.
    #[must_use]
    pub fn http_status(self) -> Option<u16> {
        match self {
            Self::Accepted => None,
            Self::Unauthenticated => Some(401),
            Self::PermissionDenied => Some(403),
        }
    }
}

/// How a check came out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It holds, and this is what was seen.
    Holds(Seen),
    /// It fails.
    Fails(Fault),
    /// Nothing can be said, because an earlier check failed.
    NotReached,
}

/// A check and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The check.
    pub rule: Rule,
    /// How it came out.
    pub outcome: Outcome,
}

impl Finding {
    /// Returns why the check fails, if it does.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.outcome {
            Outcome::Fails(fault) => Some(fault),
            _ => None,
        }
    }
}

/// What a server says of a token.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Every check in the server's order; a server stops at the first that fails.
    pub findings: Vec<Finding>,
    /// What it lets pass and a careful reader would not.
    pub laxness: Vec<Laxness>,
    /// What it answers.
    pub answer: Answer,
    /// Who the token says it is, as far as it can be read: believe it only if the token is accepted.
    pub identity: Option<Identity>,
}

impl Verdict {
    /// Returns the first check that fails, which is the one a server answers for.
    ///
    /// A wrong signature outranks wrong times: both are evaluated, and the server names the former.
    #[must_use]
    pub fn fault(&self) -> Option<(Rule, &Fault)> {
        let mut faults = self.findings.iter().filter_map(|it| Some((it.rule, it.fault()?)));
        let first = faults.next()?;
        match first.0 {
            Rule::Expiry | Rule::IssuedAt | Rule::NotBefore => {
                Some(faults.find(|(rule, _)| *rule == Rule::Signature).unwrap_or(first))
            }
            _ => Some(first),
        }
    }
}

/// Judges a token as a server would at that time.
///
/// The text is taken as it came: where a header of HTTP/2 could not carry it, that is a
/// [`Laxness`] of the verifier.
#[must_use]
pub fn judge(token: &str, server: &Server, conditions: &Conditions) -> Verdict {
    let findings = Vec::with_capacity(Rule::ALL.len());
    let mut judge = Judge { server, conditions, findings, laxness: Vec::new() };
    let identity = judge.all(token);
    let Judge { mut findings, laxness, .. } = judge;
    let reached =
        findings.iter().fold(0_u32, |reached, finding| reached | 1 << finding.rule as u32);
    for rule in Rule::ALL.into_iter().filter(|rule| reached & 1 << *rule as u32 == 0) {
        findings.push(Finding { rule, outcome: Outcome::NotReached });
    }
    findings.sort_by_key(|finding| finding.rule as u32);
    let failing = findings.iter().find(|finding| finding.fault().is_some());
    let answer = failing.map_or(Answer::Accepted, |finding| finding.rule.answer());
    Verdict { findings, laxness, answer, identity }
}

/// Returns who a token says it speaks for, or `None` if no server could read it. Nothing is checked.
#[must_use]
pub fn unverified(token: &str) -> Option<Identity> {
    let bytes = text::base64url_of_go(token.split('.').nth(1)?)?;
    Payload::read(&Text::new(bytes)).ok()?.identity(UsernameClaim::Subject)
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
    laxness: Vec<Laxness>,
}

impl<'a> Judge<'a> {
    fn holds(&mut self, rule: Rule, seen: Seen) {
        self.findings.push(Finding { rule, outcome: Outcome::Holds(seen) });
    }

    fn fails(&mut self, rule: Rule, fault: Fault) {
        self.findings.push(Finding { rule, outcome: Outcome::Fails(fault) });
    }

    /// Notes how a check came out; returns the value if it holds.
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
            self.laxness.push(Laxness::LineBreak);
        }
        let parts: Vec<&str> = token.split('.').collect();
        // Where there are more than three, the issuer is found all the same and the token refused later.
        let form = match parts.len() {
            3 => Ok(((), Seen::Text("three parts"))),
            count => Err(Fault::Parts { count }),
        };
        let late = parts.len() > 3;
        let form = self.note(if late { Rule::Header } else { Rule::Form }, form);
        if late {
            self.holds(Rule::Form, Seen::Text("three parts, and more behind them"));
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
            Some(bytes) => Payload::read(&Text::new(bytes)),
        };
        let read = read.map(|payload| {
            let seen = Seen::Members(payload.count());
            (payload, seen)
        });
        let mut payload = self.note(Rule::Payload, read)?;
        self.laxness.extend(payload.take_laxness());
        Some(payload)
    }

    fn claims(&mut self, payload: &Payload) {
        let types = payload.types().map(|()| ((), Seen::Text("every claim is of its type")));
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
        // A number beyond a float is noticed only when every member is looked at, after the issuer.
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
        let text = Text::new(bytes);
        let part = "header";
        let members = match text.members() {
            Err(Malformed::Syntax) => Err(Fault::Json { part }),
            Err(Malformed::Depth) => Err(Fault::Depth { part }),
            Ok(_) if text.overflows() => Err(Fault::NumberTooLarge { part }),
            Ok(Ok(members)) => Ok(members),
            Ok(Err(value)) if value.is_null() => Ok(Vec::new()),
            Ok(Err(value)) => Err(Fault::NoObject { part, found: value.kind() }),
        };
        let members = match members {
            Ok(members) => members,
            Err(fault) => {
                self.fails(Rule::Header, fault);
                return None;
            }
        };
        if !self.findings.iter().any(|finding| finding.rule == Rule::Header) {
            self.holds(Rule::Header, Seen::Text("a JSON object"));
        }
        self.laxness.extend(payload::repeated(&members, "header"));
        if members.iter().any(|(name, _)| name == "crit") {
            self.laxness.push(Laxness::Crit);
        }
        self.algorithm(members.iter().rev().find(|(name, _)| name == "alg").map(|(_, alg)| *alg))
    }

    fn algorithm(&mut self, alg: Option<Json<'_>>) -> Option<TokenAlgorithm> {
        let known = match alg.and_then(Json::string) {
            None => Err(Fault::NoAlgorithm),
            Some(name) => match name.parse::<TokenAlgorithm>() {
                Err(_) => Err(Fault::UnknownAlgorithm { name }),
                Ok(algorithm) => {
                    if let Some(allowed) = self.conditions.algorithm.filter(|it| *it != algorithm) {
                        self.laxness.push(Laxness::Algorithm { algorithm, allowed });
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
            self.laxness.push(Laxness::NoExpiry);
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
            return self.fails(Rule::Signature, Fault::Signature { algorithm });
        }
        match key {
            Key::Ec(algorithm, key) if algorithm.key_kind() != key.kind() => {
                self.laxness.push(Laxness::Curve { algorithm, kind: key.kind() });
                self.holds(Rule::Signature, Seen::Text("it is the key's, though on another curve"));
            }
            _ => self.holds(Rule::Signature, Seen::Text("it is the key's over these bytes")),
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

    /// Decodes base64url as the server does, and notes where it is careless.
    fn decode(&mut self, segment: &str, part: &'static str) -> Option<Vec<u8>> {
        if let Some(bytes) = text::base64url(segment) {
            return Some(bytes);
        }
        let bytes = match self.server.generation {
            Generation::Current => text::base64url_of_go(segment),
            Generation::Older => text::padded_base64url_of_go(segment),
        }?;
        if !segment.contains(['\r', '\n']) {
            self.laxness.push(Laxness::Base64 { part });
        }
        Some(bytes)
    }
}
