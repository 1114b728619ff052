//! The claims of a token as a server reads them.

use super::times::Time;
use super::{Fault, Laxness};
use crate::go_json::{Json, Malformed, Text, folds_to};
use crate::server::{Generation, UsernameClaim};

/// Who a token speaks for, as a server makes it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The unique ID: the claim that the server is set up to take.
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
    /// `exp` in whole seconds since the Unix epoch, if it is a number other than 0.
    pub expires: Option<i64>,
    /// `iat`, likewise.
    pub issued_at: Option<i64>,
}

/// The second part of a token, read.
#[derive(Debug)]
pub(crate) struct Payload {
    /// The names of the members as they stand there.
    names: Vec<String>,
    overflows: bool,
    fields: Fields,
    wrong: Option<Fault>,
    times: (Time, Time, Time),
    laxness: Vec<Laxness>,
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
    pub(super) fn read(text: &Text) -> Result<Self, Fault> {
        let part = "payload";
        let value = match text.value() {
            Ok(value) if value.is_null() => return Err(Fault::Null),
            Ok(value) => value,
            Err(Malformed::Syntax) => return Err(Fault::Json { part }),
            Err(Malformed::Depth) => return Err(Fault::Depth { part }),
        };
        let members = value.members().ok_or(Fault::NoObject { part, found: value.kind() })?;
        let last = |name: &str| {
            Time::of(
                members.iter().rev().find(|(member, _)| member == name).map(|(_, value)| *value),
            )
        };
        let times = (last("exp"), last("iat"), last("nbf"));
        let mut laxness = repeated(&members, part);
        laxness.extend(differently_cased(&members));
        let (mut fields, mut wrong) = (Fields::default(), None);
        for (name, value) in &members {
            if let Err(fault) = fields.take(name, *value) {
                wrong.get_or_insert(fault);
            }
        }
        let names = members.into_iter().map(|(name, _)| name).collect();
        Ok(Self { names, overflows: text.overflows(), fields, wrong, times, laxness })
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    pub(super) fn overflows(&self) -> bool {
        self.overflows
    }

    pub(super) fn laxness(&self) -> Vec<Laxness> {
        self.laxness.clone()
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

    /// Returns the first claim that every token must have and this one has not.
    pub(super) fn missing(&self) -> Option<&'static str> {
        REQUIRED.into_iter().find(|name| !self.names.iter().any(|there| there == name))
    }

    pub(super) fn username(&self, claim: UsernameClaim) -> &str {
        match claim {
            UsernameClaim::Subject => &self.fields.subject,
            UsernameClaim::Email => &self.fields.email,
            UsernameClaim::Name => &self.fields.name,
        }
    }

    /// Returns who it speaks for, if every claim is of its type.
    pub(super) fn identity(&self, claim: UsernameClaim) -> Option<Identity> {
        self.types().ok()?;
        let (expires, issued_at, _) = self.times;
        let second = |time: Time| time.second(Generation::Current).filter(|second| *second != 0);
        Some(Identity {
            username: self.username(claim).to_owned(),
            issuer: self.fields.issuer.clone(),
            subject: self.fields.subject.clone(),
            name: self.fields.name.clone(),
            email: self.fields.email.clone(),
            roles: self.fields.roles.items(),
            groups: self.fields.groups.items(),
            expires: second(expires),
            issued_at: second(issued_at),
        })
    }
}

impl Fields {
    fn take(&mut self, name: &str, value: Json<'_>) -> Result<(), Fault> {
        let Some(field) = FIELDS.into_iter().find(|field| folds_to(name, field)) else {
            return Ok(());
        };
        let text = match field {
            "iss" => &mut self.issuer,
            "sub" => &mut self.subject,
            "name" => &mut self.name,
            "email" => &mut self.email,
            "roles" => return self.roles.take(field, value),
            _ => return self.groups.take(field, value),
        };
        // A null leaves a string as it was.
        if !value.is_null() {
            let wrong = Fault::Type { name: field, found: value.kind(), due: "a string" };
            *text = value.string().ok_or(wrong)?;
        }
        Ok(())
    }
}

/// A list that Go decodes into, perhaps more than once: a null in it leaves what was there before.
#[derive(Debug, Default)]
struct List {
    memory: Vec<String>,
    len: usize,
}

impl List {
    fn take(&mut self, name: &'static str, value: Json<'_>) -> Result<(), Fault> {
        let due = "a list of strings";
        if value.is_null() {
            *self = Self::default();
            return Ok(());
        }
        let Some(items) = value.list() else {
            return Err(Fault::Type { name, found: value.kind(), due });
        };
        if items.is_empty() {
            *self = Self::default();
        }
        let mut wrong = None;
        self.len = items.len();
        self.memory.resize(self.memory.len().max(items.len()), String::new());
        for (slot, item) in self.memory.iter_mut().zip(items) {
            match item.string() {
                Some(text) => *slot = text,
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
        wrong.map_or(Ok(()), Err)
    }

    fn items(&self) -> Vec<String> {
        self.memory.iter().take(self.len).cloned().collect()
    }
}

/// Returns the members that stand twice, each once.
pub(super) fn repeated(members: &[(String, Json<'_>)], part: &'static str) -> Vec<Laxness> {
    let mut found: Vec<&str> = Vec::new();
    for (at, (name, _)) in members.iter().enumerate() {
        let before = members.iter().take(at).any(|(earlier, _)| earlier == name);
        if before && !found.contains(&name.as_str()) {
            found.push(name);
        }
    }
    found.into_iter().map(|name| Laxness::Repeated { part, name: name.to_owned() }).collect()
}

fn differently_cased(members: &[(String, Json<'_>)]) -> Vec<Laxness> {
    let fields = FIELDS.into_iter().chain(["exp", "iat", "nbf"]);
    let cased = |field: &'static str| {
        let other = move |name: &&String| folds_to(name, field) && *name != field;
        members
            .iter()
            .map(|(name, _)| name)
            .filter(other)
            .map(move |name| Laxness::Cased { name: name.clone(), field })
    };
    fields.flat_map(cased).collect()
}

/// The members that a server decodes.
const FIELDS: [&str; 6] = ["iss", "sub", "name", "email", "roles", "groups"];

/// The members that must be there, in the order in which a server looks.
const REQUIRED: [&str; 6] = ["iss", "sub", "exp", "iat", "name", "email"];
