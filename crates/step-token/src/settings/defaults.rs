//! A defaults file: `defaults.json` of a step directory, an authority or a profile.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use token_cli::Error;

use crate::settings::step_path::read_json;

/// One defaults file; its values are not converted yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults {
    file: PathBuf,
    members: Map<String, Value>,
}

/// A member's value as text: one for a scalar, any number for an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Defaults {
    /// Reads the file; a missing one has no members.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not a JSON object.
    pub(crate) fn read(file: &Path) -> Result<Self, Error> {
        let members = read_json::<Map<String, Value>>(file)?.unwrap_or_default();
        Ok(Self { file: file.to_owned(), members })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Drops members that a context's own files may not set; returns those that were there.
    pub(crate) fn without(mut self, keys: &[&'static str]) -> (Self, Vec<&'static str>) {
        let dropped =
            keys.iter().copied().filter(|key| self.members.remove(*key).is_some()).collect();
        (self, dropped)
    }

    /// Returns the first of `spellings` that has a value, with it. `null` counts as absent (Q25).
    ///
    /// # Errors
    ///
    /// If the value is an object, or an array with items other than scalars.
    pub(crate) fn find<'s>(
        &self,
        spellings: &[&'s str],
    ) -> Result<Option<(&'s str, Texts)>, Error> {
        for spelling in spellings {
            match self.members.get(*spelling) {
                None | Some(Value::Null) => {}
                Some(value) => return self.texts(spelling, value).map(|t| Some((*spelling, t))),
            }
        }
        Ok(None)
    }

    fn texts(&self, key: &str, value: &Value) -> Result<Texts, Error> {
        let wrong = |what: &str| {
            let message = format!("`{key}` in {} is {what}", self.file.display());
            Error::settings(message).hint("use a string, a number, `true` or `false`")
        };
        match value {
            Value::Array(items) => {
                let items = items.iter().map(scalar).collect::<Option<Vec<_>>>();
                items.map(Texts::Many).ok_or_else(|| wrong("an array with items other than text"))
            }
            other => scalar(other).map(Texts::One).ok_or_else(|| wrong("an object")),
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(switch) => Some(switch.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(json: &str) -> Defaults {
        Defaults {
            file: PathBuf::from("defaults.json"),
            members: serde_json::from_str(json).unwrap(),
        }
    }

    #[test]
    fn every_spelling_counts() {
        // Q52: upstream reads `issuer` and `f` and does nothing with them.
        let found = defaults(r#"{"issuer":"a"}"#).find(&["provisioner", "issuer"]).unwrap();
        assert_eq!(found, Some(("issuer", Texts::One("a".to_owned()))));
    }

    #[test]
    fn null_is_absent_and_arrays_are_lists() {
        let defaults = defaults(r#"{"kid":null,"san":["a",1,true],"x":{},"y":[[]]}"#);
        assert_eq!(defaults.find(&["kid"]).unwrap(), None);
        let list = ["a", "1", "true"].map(str::to_owned).to_vec();
        assert_eq!(defaults.find(&["san"]).unwrap(), Some(("san", Texts::Many(list))));
        for key in ["x", "y"] {
            let message = defaults.find(&[key]).unwrap_err().report();
            assert!(message.contains("defaults.json"), "{message}");
        }
    }
}
