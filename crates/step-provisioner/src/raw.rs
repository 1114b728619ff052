//! The text of an entry, kept once for the whole list.

use std::fmt;
use std::sync::Arc;

/// An entry as it was written, with all its members.
///
/// It is a part of the text of its list, which all entries share.
#[derive(Clone)]
pub struct Raw {
    list: Arc<String>,
    at: u32,
    length: u32,
}

impl Raw {
    /// `None` if the list is longer than 4 GiB.
    pub(crate) fn of(list: &Arc<String>, at: usize, length: usize) -> Option<Self> {
        let (at, length) = (u32::try_from(at).ok()?, u32::try_from(length).ok()?);
        Some(Self { list: Arc::clone(list), at, length })
    }

    /// Returns the text, which is a JSON value.
    #[must_use]
    pub fn get(&self) -> &str {
        let (at, length) = (self.at as usize, self.length as usize);
        self.list.get(at..at + length).unwrap_or_default()
    }
}

impl fmt::Debug for Raw {
    /// Leaves out the text, which may contain a client secret and an encrypted key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("length", &self.length).finish_non_exhaustive()
    }
}
