//! The list of provisioners, which a CA sends in pages.

use std::collections::HashSet;

use step_provisioner::{Provisioner, Raw, Skipped, provisioners_page};

use crate::fault::request::RequestFault;
use crate::transport::encoded;

/// The most provisioners on a page; step-ca sends no more.
const PAGE: usize = 100;

/// The most pages that are read.
const MAX_PAGES: usize = 1_000;

/// The most provisioners that are read.
const MAX_PROVISIONERS: usize = 100_000;

/// The largest size of all pages together: 256 MiB.
const MAX_LIST: usize = 256 << 20;

/// The longest cursor; step-ca's have 40 characters.
const MAX_CURSOR: usize = 1_024;

/// The provisioners of a CA, as [`Client::provisioner_list`](crate::Client::provisioner_list) returns them.
#[derive(Clone, Debug, Default)]
pub struct ProvisionerList {
    /// Those of a known type, in the order they were registered.
    pub provisioners: Vec<Provisioner>,
    /// Those of an unknown type; `index` counts from the start of the whole list.
    pub skipped: Vec<Skipped>,
}

impl ProvisionerList {
    /// Returns every entry as the CA sent it, in the order they were registered.
    pub fn raw(&self) -> impl Iterator<Item = &Raw> {
        let mut known = self.provisioners.iter();
        let mut skipped = self.skipped.iter().peekable();
        (0..self.len()).filter_map(move |index| {
            match skipped.next_if(|entry| entry.index == index) {
                Some(entry) => Some(&entry.raw),
                None => known.next().map(|entry| &entry.raw),
            }
        })
    }

    /// Returns how many entries there are, of known and unknown type.
    #[must_use]
    pub fn len(&self) -> usize {
        self.provisioners.len() + self.skipped.len()
    }

    /// Returns whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The pages read so far.
#[derive(Default)]
pub(crate) struct Pages {
    list: ProvisionerList,
    /// How many pages there were.
    page: usize,
    /// The cursor of the next page.
    cursor: Option<String>,
    /// Every cursor so far.
    seen: HashSet<String>,
    bytes: usize,
}

impl Pages {
    /// The path of the next page, its parameters in the order `step` writes them.
    pub(crate) fn path(&self) -> String {
        match &self.cursor {
            Some(cursor) => format!("/provisioners?cursor={}&limit={PAGE}", encoded(cursor)),
            None => format!("/provisioners?limit={PAGE}"),
        }
    }

    /// Adds a page and returns whether it was the last.
    pub(crate) fn add(&mut self, body: &[u8]) -> Result<bool, RequestFault> {
        self.bytes = self.bytes.saturating_add(body.len());
        if self.bytes > MAX_LIST {
            return Err(RequestFault::TooLarge { limit: MAX_LIST });
        }
        let page = provisioners_page(body)
            .map_err(|source| RequestFault::Provisioners { source: Box::new(source) })?;
        let before = self.list.len();
        self.list.provisioners.extend(page.provisioners);
        self.list.skipped.extend(
            page.skipped.into_iter().map(|entry| Skipped { index: before + entry.index, ..entry }),
        );
        if self.list.len() > MAX_PROVISIONERS {
            return Err(RequestFault::TooManyProvisioners { limit: MAX_PROVISIONERS });
        }

        let Some(cursor) = page.next_cursor else { return Ok(true) };
        self.page += 1;
        let page = self.page;
        if cursor.len() > MAX_CURSOR {
            let reason = format!("`nextCursor` is longer than {MAX_CURSOR} bytes");
            return Err(RequestFault::Unexpected { reason });
        }
        if !self.seen.insert(cursor.clone()) {
            return Err(RequestFault::RepeatedCursor { cursor, page });
        }
        if page >= MAX_PAGES {
            return Err(RequestFault::TooManyPages { limit: MAX_PAGES });
        }
        self.cursor = Some(cursor);
        Ok(false)
    }

    pub(crate) fn into_list(self) -> ProvisionerList {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(entries: &str, next: &str) -> Vec<u8> {
        format!(r#"{{"provisioners":[{entries}],"nextCursor":"{next}"}}"#).into_bytes()
    }

    #[test]
    fn pages_are_asked_for_as_step_asks_until_one_names_no_other() {
        let mut pages = Pages::default();
        assert_eq!(pages.path(), "/provisioners?limit=100");
        assert!(!pages.add(&page(r#"{"type":"ACME","name":"a"}"#, "b&c/d")).unwrap());
        assert_eq!(pages.path(), "/provisioners?cursor=b%26c%2Fd&limit=100");
        assert!(
            pages
                .add(&page(r#"{"type":"EST","name":"b"},{"type":"SCEP","name":"c"}"#, ""))
                .unwrap()
        );

        let list = pages.into_list();
        assert_eq!((list.len(), list.is_empty()), (3, false));
        assert_eq!(list.skipped[0].index, 1);
        let raw: Vec<_> = list.raw().map(Raw::get).collect();
        assert_eq!(
            raw,
            [
                r#"{"type":"ACME","name":"a"}"#,
                r#"{"type":"EST","name":"b"}"#,
                r#"{"type":"SCEP","name":"c"}"#
            ]
        );
    }

    #[test]
    fn a_cursor_that_comes_again_ends_the_list() {
        let mut pages = Pages::default();
        assert!(!pages.add(&page("", "a")).unwrap());
        assert!(!pages.add(&page("", "b")).unwrap());
        let fault = pages.add(&page("", "a")).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the list of provisioners does not end: page 3 names `a` again"
        );
    }

    #[test]
    fn pages_and_provisioners_and_cursors_have_a_bound() {
        let mut pages = Pages::default();
        for number in 1..MAX_PAGES {
            assert!(!pages.add(&page("", &number.to_string())).unwrap());
        }
        let fault = pages.add(&page("", "last")).unwrap_err();
        assert!(matches!(fault, RequestFault::TooManyPages { limit: 1_000 }), "{fault}");

        let mut pages = Pages::default();
        let many = vec!["null"; 60_000].join(",");
        assert!(!pages.add(&page(&many, "1")).unwrap());
        let fault = pages.add(&page(&many, "")).unwrap_err();
        assert!(matches!(fault, RequestFault::TooManyProvisioners { limit: 100_000 }), "{fault}");

        let fault = Pages::default().add(&page("", &"x".repeat(MAX_CURSOR + 1))).unwrap_err();
        assert!(fault.to_string().contains("`nextCursor` is longer than 1024 bytes"), "{fault}");

        let mut pages = Pages { bytes: MAX_LIST, ..Pages::default() };
        let fault = pages.add(&page("", "")).unwrap_err();
        assert_eq!(fault.to_string(), "answered more than 256 MiB");
    }

    #[test]
    fn a_page_that_cannot_be_read_says_why() {
        let fault = Pages::default().add(b"[]").unwrap_err();
        assert!(matches!(fault, RequestFault::Provisioners { .. }));
        assert!(std::error::Error::source(&fault).is_some());
    }

    proptest! {
        #[test]
        fn arbitrary_pages_never_panic(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..4),
            cursors in prop::collection::vec("[a-c]", 0..8),
        ) {
            let mut pages = Pages::default();
            for body in bodies {
                let _ = pages.add(&body);
            }
            for cursor in cursors {
                let _ = pages.add(&page("null", &cursor));
                let _ = pages.path();
            }
            let list = pages.into_list();
            prop_assert_eq!(list.raw().count(), list.len());
        }
    }
}
