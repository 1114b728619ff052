//! The claims of a token as a server reads them.

use std::borrow::Cow;
use std::collections::HashSet;

use go_json::{Document, Malformed, Syntax, Value, folds_to};

use super::fault::{Fault, StrictWarning, json_kind};
use super::times::Time;
use crate::server::{Generation, UsernameClaim};

/// Who the holder of a token is, as a server reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The unique ID: the claim that the server is set up to use.
    pub username: String,
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `name`.
    pub name: String,
    /// `email`.
    pub email: String,
    /// `roles`, in their order.
    pub roles: Vec<String>,
    /// `groups`, in their order.
    pub groups: Vec<String>,
    /// `exp`, as a current server reads it.
    pub expires: Expiry,
    /// `iat` in whole seconds since the Unix epoch, if it is a number other than 0.
    pub issued_at: Option<i64>,
}

/// The end of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// There is no `exp`; a server refuses that.
    #[default]
    Absent,
    /// `exp` is not a time; a current server refuses that, to an older one the token never expires.
    NoTime,
    /// `exp` is 0, so the token never expires.
    Never,
    /// A second, counted from the Unix epoch.
    At(i64),
}

impl Expiry {
    /// Returns the second, if there is one.
    #[must_use]
    pub fn second(self) -> Option<i64> {
        match self {
            Self::At(second) => Some(second),
            _ => None,
        }
    }
}

impl Identity {
    /// Returns how long the token lives in seconds, if it has a beginning and an end.
    #[must_use]
    pub fn lifetime(&self) -> Option<u64> {
        let end = self.expires.second()?;
        u64::try_from(end.saturating_sub(self.issued_at?)).ok()
    }
}

/// The second part of a token, read.
#[derive(Debug)]
pub(crate) struct Payload {
    /// How many members there are.
    count: usize,
    /// The first required claim that is missing.
    missing: Option<&'static str>,
    overflows: bool,
    fields: Fields,
    wrong: Option<Fault>,
    times: (Time, Time, Time),
    strict_warnings: Vec<StrictWarning>,
}

/// What a server decodes into its own structure.
#[derive(Debug, Default)]
struct Fields {
    issuer: String,
    subject: String,
    name: String,
    email: String,
    roles: List,
    groups: List,
}

impl Payload {
    pub(super) fn read(json: &[u8]) -> Result<Self, Fault> {
        let part = "payload";
        let document = Document::whole(json).map_err(|malformed| not_json(malformed, part))?;
        let value = document.value();
        let members: Vec<Member<'_>> = match value.members() {
            Some(members) => members.collect(),
            None if value.is_null() => return Err(Fault::Null),
            None => return Err(Fault::NoObject { part, found: json_kind(value) }),
        };
        let mut strict_warnings = repeated(&members, part);
        let (mut fields, mut wrong) = (Fields::default(), None);
        let mut times = (Time::Absent, Time::Absent, Time::Absent);
        let mut there = 0_u16;
        for (name, value) in &members {
            let exact = CLAIMS.iter().position(|claim| claim == name);
            // Other spellings are rare, so look for the exact name first.
            let claim = exact.or_else(|| CLAIMS.iter().position(|claim| folds_to(name, claim)));
            let Some(claim) = claim else { continue };
            if exact.is_none() {
                let field = CLAIMS[claim];
                strict_warnings.push(StrictWarning::Cased { name: name.to_string(), field });
            } else {
                there |= 1 << claim;
            }
            match (CLAIMS[claim], exact) {
                ("exp", Some(_)) => times.0 = Time::of(Some(*value)),
                ("iat", Some(_)) => times.1 = Time::of(Some(*value)),
                ("nbf", Some(_)) => times.2 = Time::of(Some(*value)),
                ("exp" | "iat" | "nbf", None) => {}
                (field, _) => {
                    if let Err(fault) = fields.take(field, *value) {
                        wrong.get_or_insert(fault);
                    }
                }
            }
        }
        let missing = REQUIRED.into_iter().find(|name| {
            let claim = CLAIMS.iter().position(|claim| claim == name);
            claim.is_none_or(|claim| there & 1 << claim == 0)
        });
        let count = members.len();
        Ok(Self {
            count,
            missing,
            overflows: document.overflows(),
            fields,
            wrong,
            times,
            strict_warnings,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn overflows(&self) -> bool {
        self.overflows
    }

    pub(super) fn take_strict_warnings(&mut self) -> Vec<StrictWarning> {
        std::mem::take(&mut self.strict_warnings)
    }

    pub(super) fn types(&self) -> Result<(), Fault> {
        self.wrong.clone().map_or(Ok(()), Err)
    }

    pub(super) fn issuer(&self) -> &str {
        &self.fields.issuer
    }

    /// Returns `exp`, `iat` and `nbf`.
    pub(super) fn times(&self) -> (Time, Time, Time) {
        self.times
    }

    /// Returns the first required claim that is missing.
    pub(super) fn missing(&self) -> Option<&'static str> {
        self.missing
    }

    pub(super) fn username(&self, claim: UsernameClaim) -> &str {
        match claim {
            UsernameClaim::Subject => &self.fields.subject,
            UsernameClaim::Email => &self.fields.email,
            UsernameClaim::Name => &self.fields.name,
        }
    }

    /// Returns who the holder is, if every claim has the right type.
    pub(super) fn identity(self, claim: UsernameClaim) -> Option<Identity> {
        if self.wrong.is_some() {
            return None;
        }
        let (expires, issued_at, _) = self.times;
        let second = |time: Time| time.second(Generation::Current).filter(|second| *second != 0);
        Some(Identity {
            username: self.username(claim).to_owned(),
            issuer: self.fields.issuer,
            subject: self.fields.subject,
            name: self.fields.name,
            email: self.fields.email,
            roles: self.fields.roles.items(),
            groups: self.fields.groups.items(),
            expires: match expires {
                Time::Absent => Expiry::Absent,
                Time::NoNumber { .. } => Expiry::NoTime,
                time if time.is_zero(Generation::Current) => Expiry::Never,
                time => time.second(Generation::Current).map_or(Expiry::NoTime, Expiry::At),
            },
            issued_at: second(issued_at),
        })
    }
}

impl Fields {
    fn take(&mut self, field: &'static str, value: Value<'_>) -> Result<(), Fault> {
        let text = match field {
            "iss" => &mut self.issuer,
            "sub" => &mut self.subject,
            "name" => &mut self.name,
            "email" => &mut self.email,
            "roles" => return self.roles.take(field, value),
            _ => return self.groups.take(field, value),
        };
        // A null leaves the string unchanged.
        if !value.is_null() {
            let wrong = Fault::Type { name: field, found: json_kind(value), due: "a string" };
            *text = value.string().map(Cow::into_owned).ok_or(wrong)?;
        }
        Ok(())
    }
}

/// A list that Go decodes into, perhaps more than once: a null item keeps its earlier value.
#[derive(Debug, Default)]
struct List {
    memory: Vec<String>,
    len: usize,
}

impl List {
    fn take(&mut self, name: &'static str, value: Value<'_>) -> Result<(), Fault> {
        let due = "a list of strings";
        if value.is_null() {
            *self = Self::default();
            return Ok(());
        }
        let Some(items) = value.elements() else {
            return Err(Fault::Type { name, found: json_kind(value), due });
        };
        let mut wrong = None;
        self.len = 0;
        for item in items {
            if self.len == self.memory.len() {
                self.memory.push(String::new());
            }
            let slot = self.memory.get_mut(self.len);
            self.len += 1;
            match item.string() {
                Some(text) => slot.into_iter().for_each(|slot| *slot = text.clone().into_owned()),
                None if item.is_null() => {}
                None => {
                    wrong = wrong.or(Some(Fault::Type {
                        name,
                        found: "a list with something else in it",
                        due,
                    }))
                }
            }
        }
        if self.len == 0 {
            *self = Self::default();
        }
        wrong.map_or(Ok(()), Err)
    }

    fn items(mut self) -> Vec<String> {
        self.memory.truncate(self.len);
        self.memory
    }
}

/// A member with its name.
pub(super) type Member<'a> = (Cow<'a, str>, Value<'a>);

/// The fault of a part that is not JSON as Go reads it.
pub(super) fn not_json(malformed: Malformed, part: &'static str) -> Fault {
    match malformed.fault {
        Syntax::Depth => Fault::Depth { part },
        _ => Fault::Json { part },
    }
}

/// Returns the members that appear more than once, each one time.
pub(super) fn repeated(members: &[Member<'_>], part: &'static str) -> Vec<StrictWarning> {
    // A few members are compared one by one; a hostile token may have many, which need a set.
    let mut seen = HashSet::new();
    let is_few = members.len() <= 16;
    let mut found: Vec<&str> = Vec::new();
    for (at, (name, _)) in members.iter().enumerate() {
        let before = match is_few {
            true => members.iter().take(at).any(|(earlier, _)| earlier == name),
            false => !seen.insert(name.as_ref()),
        };
        if before && !found.contains(&name.as_ref()) && found.len() < MOST_TOLD {
            found.push(name);
        }
    }
    found.into_iter().map(|name| StrictWarning::Repeated { part, name: name.to_owned() }).collect()
}

/// How many repeated members are reported.
const MOST_TOLD: usize = 8;

/// The members that a server decodes regardless of letter case, and those it finds only by their
/// exact names.
const CLAIMS: [&str; 9] = ["email", "exp", "groups", "iat", "iss", "name", "roles", "sub", "nbf"];

/// The members that must be there, in the order in which a server looks.
const REQUIRED: [&str; 6] = ["iss", "sub", "exp", "iat", "name", "email"];
