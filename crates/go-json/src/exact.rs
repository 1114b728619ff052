//! An object as go-jose reads it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::value::Value;

/// An object read by go-jose's rules: the names of members are exact, and none is repeated.
///
/// go-jose looks for repeats in each object that it stores member by member. The objects inside a
/// member that it skips or keeps as text are not looked into, and neither are they here.
#[derive(Clone, Debug)]
pub struct Exact<'a> {
    members: Vec<(Cow<'a, str>, Value<'a>)>,
}

/// A member of this name occurs more than once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the member `{}` is repeated", name.escape_debug())]
#[non_exhaustive]
pub struct Repeated {
    /// The name of the member.
    pub name: String,
}

impl<'a> Exact<'a> {
    /// Reads an object; `None` if the value is something else.
    ///
    /// # Errors
    ///
    /// [`Repeated`] if a name occurs twice.
    pub fn of(value: Value<'a>) -> Option<Result<Self, Repeated>> {
        let members: Vec<_> = value.members()?.collect();
        let mut names = BTreeSet::new();
        let repeated = members.iter().find(|(name, _)| !names.insert(name.as_ref()));
        if let Some((name, _)) = repeated {
            return Some(Err(Repeated { name: name.clone().into_owned() }));
        }
        Some(Ok(Self { members }))
    }

    /// Returns the member of exactly this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.members.iter().find(|(given, _)| given == name).map(|&(_, value)| value)
    }

    /// Returns the members in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, Value<'a>)> {
        self.members.iter().map(|(name, value)| (name.as_ref(), *value))
    }
}

#[cfg(test)]
mod tests {
    use crate::document::Document;

    use super::*;

    #[test]
    fn names_are_exact_and_never_repeated() {
        let document = Document::jose(br#"{"sub":"a","SUB":"b","x":{"y":1,"y":2}}"#).unwrap();
        let members = Exact::of(document.value()).unwrap().unwrap();
        assert_eq!(members.get("sub").and_then(Value::string).as_deref(), Some("a"));
        assert!(members.get("Sub").is_none());
        let document = Document::jose(br#"{"sub":"a","s\u0075b":"b"}"#).unwrap();
        let error = Exact::of(document.value()).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the member `sub` is repeated");
        assert!(Exact::of(Document::jose(b"[]").unwrap().value()).is_none());
    }
}
