//! An object as `encoding/json` fills a struct.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use crate::error::{Expected, Mismatch};
use crate::fold::folds_to;
use crate::value::{Kind, Value};

/// Go's `base64.StdEncoding`, which ignores the unused bits of the last character.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The members that are listed once; an object with more of them is walked for each field.
const LISTED: usize = 128;

/// An object read by `encoding/json`'s rules for a struct.
///
/// A field is found under its name in any letter case, and unknown members are ignored. Where a
/// field occurs more than once, each occurrence is stored over the one before: a scalar replaces it, an
/// object merges into it, and the wrong type in any of them is an error. `null` empties what is a
/// pointer, a slice or a map in Go, and leaves everything else as it was.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    path: String,
    is_nil: bool,
    members: Listed<'a>,
}

#[derive(Clone, Debug)]
enum Listed<'a> {
    Members(Vec<(Cow<'a, str>, Occurrence<'a>)>),
    Objects(Vec<Occurrence<'a>>),
}

/// One of the values of a field.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Occurrence<'a> {
    /// The value.
    pub value: Value<'a>,
    /// Whether it was emptied by a `null` after it. Go has still decoded it, so the wrong type is
    /// an error here too.
    pub is_discarded: bool,
}

impl<'a> Occurrence<'a> {
    /// The members of an object, which are discarded with it.
    fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> {
        let members = self.value.members().into_iter().flatten();
        members.map(move |(name, value)| (name, Self { value, ..self }))
    }
}

impl<'a> Fields<'a> {
    /// Reads an object; `None` if the value is something else.
    #[must_use]
    pub fn of(value: Value<'a>) -> Option<Self> {
        let object = Occurrence { value, is_discarded: false };
        (value.kind() == Kind::Object).then(|| Self::merged(String::new(), vec![object]))
    }

    fn merged(path: String, objects: Vec<Occurrence<'a>>) -> Self {
        let all = objects.iter().flat_map(|object| object.members());
        let members: Vec<_> = all.take(LISTED + 1).collect();
        let members = match members.len() > LISTED {
            true => Listed::Objects(objects),
            false => Listed::Members(members),
        };
        Self { path, is_nil: false, members }
    }

    /// Returns whether this is a pointer that is missing or `null`. It then has no members, except
    /// for discarded ones.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }

    /// Returns every value of a field in the order of the text.
    #[must_use]
    pub fn occurrences(&self, field: &str) -> Vec<Occurrence<'a>> {
        match &self.members {
            Listed::Members(members) => {
                let of_field = members.iter().filter(|(name, _)| folds_to(name, field));
                of_field.map(|&(_, occurrence)| occurrence).collect()
            }
            Listed::Objects(objects) => {
                let all = objects.iter().flat_map(|object| object.members());
                all.filter(|(name, _)| folds_to(name, field)).map(|(_, found)| found).collect()
            }
        }
    }

    /// Returns every value of a field that is a pointer, slice or map in Go, without the `null`s,
    /// which discard what is before them.
    #[must_use]
    pub fn pointed(&self, field: &str) -> Vec<Occurrence<'a>> {
        let mut found = self.occurrences(field);
        let null = found.iter().rposition(|occurrence| occurrence.value.is_null());
        for occurrence in found.iter_mut().take(null.unwrap_or(0)) {
            occurrence.is_discarded = true;
        }
        found.retain(|occurrence| !occurrence.value.is_null());
        found
    }

    /// Reads a `string`; empty if missing.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn string(&self, field: &str) -> Result<String, Mismatch> {
        let found = self.occurrences(field);
        let read = self.last(&found, field, Expected::String, Value::string)?;
        Ok(read.map(Cow::into_owned).unwrap_or_default())
    }

    /// Reads a `bool`; false if missing.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn boolean(&self, field: &str) -> Result<bool, Mismatch> {
        let found = self.occurrences(field);
        Ok(self.last(&found, field, Expected::Boolean, Value::boolean)?.unwrap_or(false))
    }

    /// Reads a `*bool`; `None` if missing.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn optional_boolean(&self, field: &str) -> Result<Option<bool>, Mismatch> {
        self.last(&self.pointed(field), field, Expected::Boolean, Value::boolean)
    }

    /// Reads a `[]string`; `None` if missing.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn strings(&self, field: &str) -> Result<Option<Vec<String>>, Mismatch> {
        self.slice(field, Expected::Strings, |slice, value| {
            slice.store(value, |item| item.string().map(Cow::into_owned))
        })
    }

    /// Reads a `[]byte`, which is a string of padded standard base64 (RFC 4648 §4) with line breaks
    /// anywhere, or an array of numbers; `None` if missing.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn bytes(&self, field: &str) -> Result<Option<Vec<u8>>, Mismatch> {
        self.slice(field, Expected::Base64, |slice, value| match value.string() {
            Some(text) => decoded(&text).map(|bytes| slice.replace(bytes)),
            None => slice.store(value, |item| item.text().parse().ok()),
        })
    }

    /// Reads a `[]json.RawMessage`; `None` if missing.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn elements(&self, field: &str) -> Result<Option<Vec<Value<'a>>>, Mismatch> {
        Ok(self.array(field)?.and_then(Value::elements).map(Iterator::collect))
    }

    /// Returns the array that [`elements`](Self::elements) reads, to be read bit by bit.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn array(&self, field: &str) -> Result<Option<Value<'a>>, Mismatch> {
        let array = |value: Value<'a>| (value.kind() == Kind::Array).then_some(value);
        self.last(&self.pointed(field), field, Expected::Array, array)
    }

    /// Reads a `*struct`; see [`is_nil`](Self::is_nil).
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn object(&self, field: &str) -> Result<Self, Mismatch> {
        let objects = self.pointed(field);
        let is_nil = objects.iter().all(|object| object.is_discarded);
        Ok(Self { is_nil, ..self.nested(field, objects)? })
    }

    /// Reads a `struct`; without members if missing.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it is something else.
    pub fn structure(&self, field: &str) -> Result<Self, Mismatch> {
        let mut objects = self.occurrences(field);
        objects.retain(|object| !object.value.is_null());
        self.nested(field, objects)
    }

    /// Returns the error that a field, which may be read by other means, has the wrong type.
    #[must_use]
    pub fn mismatch(&self, field: &str, expected: Expected) -> Mismatch {
        Mismatch { member: self.path_of(field), expected }
    }

    /// Returns a field with its path from the outermost object.
    #[must_use]
    pub fn path_of(&self, field: &str) -> String {
        format!("{}{field}", self.path)
    }

    fn nested(&self, field: &str, objects: Vec<Occurrence<'a>>) -> Result<Self, Mismatch> {
        if objects.iter().any(|object| object.value.kind() != Kind::Object) {
            return Err(self.mismatch(field, Expected::Object));
        }
        Ok(Self::merged(format!("{}.", self.path_of(field)), objects))
    }

    /// Reads every value but `null`, and returns the last one that is not discarded.
    fn last<T>(
        &self,
        found: &[Occurrence<'a>],
        field: &str,
        expected: Expected,
        read: impl Fn(Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, Mismatch> {
        let mut last = None;
        for occurrence in found.iter().filter(|occurrence| !occurrence.value.is_null()) {
            let read = read(occurrence.value).ok_or_else(|| self.mismatch(field, expected))?;
            last = if occurrence.is_discarded { last } else { Some(read) };
        }
        Ok(last)
    }

    /// Stores every value in a slice, in turn.
    fn slice<T: Default>(
        &self,
        field: &str,
        expected: Expected,
        store: impl Fn(&mut Slice<T>, Value<'a>) -> Option<()>,
    ) -> Result<Option<Vec<T>>, Mismatch> {
        let (mut slice, mut discarded) = (Slice::default(), Slice::default());
        for Occurrence { value, is_discarded } in self.occurrences(field) {
            let slice = if is_discarded { &mut discarded } else { &mut slice };
            store(slice, value).ok_or_else(|| self.mismatch(field, expected))?;
        }
        Ok(slice.into_items())
    }
}

/// A slice as Go stores arrays in it one after another.
///
/// Storing an array keeps the memory of the one before, so a `null` in it leaves the element that
/// was in its place.
#[derive(Debug)]
struct Slice<T> {
    stored: Vec<T>,
    length: Option<usize>,
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Self { stored: Vec::new(), length: None }
    }
}

impl<T: Default> Slice<T> {
    /// Stores an array or `null`; `None` if the value, or an item, is something else.
    fn store(&mut self, value: Value<'_>, read: impl Fn(Value<'_>) -> Option<T>) -> Option<()> {
        if value.is_null() {
            *self = Self::default();
            return Some(());
        }
        let mut length = 0;
        for item in value.elements()? {
            if length == self.stored.len() {
                self.stored.push(T::default());
            }
            if !item.is_null() {
                *self.stored.get_mut(length)? = read(item)?;
            }
            length += 1;
        }
        if length == 0 {
            self.stored.clear();
        }
        self.length = Some(length);
        Some(())
    }

    fn replace(&mut self, items: Vec<T>) {
        self.length = Some(items.len());
        self.stored = items;
    }

    fn into_items(mut self) -> Option<Vec<T>> {
        self.stored.truncate(self.length?);
        Some(self.stored)
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    if !text.contains(['\r', '\n']) {
        return STANDARD.decode(text).ok();
    }
    STANDARD.decode(text.replace(['\r', '\n'], "")).ok()
}

#[cfg(test)]
mod tests;
