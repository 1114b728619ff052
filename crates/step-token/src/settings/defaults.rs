//! A defaults file: `defaults.json` of a step directory, an authority or a profile.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use go_json::{Kind, Value};
use token_cli::Error;
use token_text::ShownPath;

use crate::settings::step_path::{Unreadable, read_json};

/// One defaults file; its values are not converted yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults {
    file: PathBuf,
    /// By their exact names: step reads this file into a map, and not into a struct.
    members: BTreeMap<String, Member>,
}

/// A member's value as text: one for a scalar, any number for an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Texts {
    One(String),
    Many(Vec<String>),
}

/// A member that may be no setting; only one that is asked for must be.
#[derive(Clone, Debug)]
enum Member {
    Absent,
    Texts(Texts),
    Other(&'static str),
}

impl Defaults {
    /// Reads the file; a missing one has no members.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not a JSON object.
    pub(crate) fn read(file: &Path) -> Result<Self, Error> {
        let members = read_json(file, members)?.unwrap_or_default();
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
                None | Some(Member::Absent) => {}
                Some(Member::Texts(texts)) => return Ok(Some((*spelling, texts.clone()))),
                Some(Member::Other(what)) => {
                    let message = format!("`{spelling}` in {} is {what}", ShownPath(&self.file));
                    let hint = "use a string, a number, `true` or `false`";
                    return Err(Error::settings(message).hint(hint));
                }
            }
        }
        Ok(None)
    }
}

fn members(value: Value<'_>) -> Result<BTreeMap<String, Member>, Unreadable> {
    let members = value.members().ok_or(Unreadable::NotAnObject)?;
    Ok(members.map(|(name, value)| (name.into_owned(), member(value))).collect())
}

fn member(value: Value<'_>) -> Member {
    match value.kind() {
        Kind::Null => Member::Absent,
        Kind::Object => Member::Other("an object"),
        _ => match value.elements() {
            None => scalar(value).map_or(Member::Absent, |text| Member::Texts(Texts::One(text))),
            Some(mut items) => {
                let items = items.by_ref().map(scalar).collect::<Option<Vec<_>>>();
                let texts = items.map(|items| Member::Texts(Texts::Many(items)));
                texts.unwrap_or(Member::Other("an array with items other than text"))
            }
        },
    }
}

/// Numbers stay as they were written (Q26).
fn scalar(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String => value.string().map(Cow::into_owned),
        Kind::Boolean | Kind::Number => Some(value.text().to_owned()),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

#[cfg(test)]
mod tests {
    use go_json::Document;

    use super::*;

    fn defaults(json: &str) -> Defaults {
        Defaults {
            file: PathBuf::from("defaults.json"),
            members: members(Document::whole(json.as_bytes()).unwrap().value()).unwrap(),
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
