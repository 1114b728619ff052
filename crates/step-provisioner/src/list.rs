//! Lists of provisioners, as a CA sends them and as in a ca.json.

use std::sync::Arc;

use go_json::Value;

use crate::claims::ProvisionerClaims;
use crate::disabled::Disabled;
use crate::error::Error;
use crate::initialise;
use crate::kind::{Kind, KindName};
use crate::object::{Fault, Object, document};
use crate::provisioner::Provisioner;
use crate::raw::Raw;

/// One page of a CA's answer to `GET /provisioners`.
#[derive(Clone, Debug)]
pub struct Page {
    /// The provisioners, in the order they were registered.
    pub provisioners: Vec<Provisioner>,
    /// The entries whose type is unknown here.
    pub skipped: Vec<Skipped>,
    /// The cursor of the next page; `None` on the last one.
    ///
    /// It is opaque, and a CA may repeat the requested one (Q60): stop when it does
    /// not advance.
    pub next_cursor: Option<String>,
}

/// An entry of unknown type, for which no token can be minted.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Its place in the list, from 0.
    pub index: usize,
    /// The entry as the CA sent it.
    pub raw: Raw,
}

impl Skipped {
    /// Returns its name; empty if it has none.
    #[must_use]
    pub fn name(&self) -> String {
        self.string("name")
    }

    /// Returns its type, as written; empty if it has none.
    #[must_use]
    pub fn kind(&self) -> String {
        self.string("type")
    }

    fn string(&self, member: &str) -> String {
        let Ok(document) = document(self.raw.get().as_bytes()) else { return String::new() };
        let entry = Object::value(document.value());
        entry.and_then(|entry| entry.string(member).ok()).unwrap_or_default()
    }
}

/// Parses the body of an answer to `GET /provisioners`.
///
/// # Errors
///
/// - [`Error::Json`] or [`Error::NotAnObject`] if it is not a JSON object.
/// - [`Error::Member`], [`Error::Entry`] or [`Error::Provisioner`] if a member that matters has
///   the wrong type. A public key that cannot be read is not an error: see
///   [`JwkProvisioner::key`](crate::JwkProvisioner::key).
pub fn provisioners_page(json: &[u8]) -> Result<Page, Error> {
    let document = document(json)?;
    let body = Object::outermost(&document)?;
    let list = body.array("provisioners").map_err(Fault::of_document)?;
    let (provisioners, skipped) = parse_entries(list, Place::Page)?;
    let next_cursor = body.non_empty("nextCursor").map_err(Fault::of_document)?;
    Ok(Page { provisioners, skipped, next_cursor })
}

/// Where a list stands, which decides what an entry is disabled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a CA's answer, which says so itself.
    Page,
    /// In a ca.json: by its members.
    File,
}

/// Sorts the entries of a list into those of a known type and the others.
pub(crate) fn parse_entries(
    list: Option<Value<'_>>,
    place: Place,
) -> Result<(Vec<Provisioner>, Vec<Skipped>), Error> {
    let (mut provisioners, mut skipped) = (Vec::new(), Vec::new());
    let Some((list, elements)) = list.and_then(|list| Some((list, list.elements()?))) else {
        return Ok((provisioners, skipped));
    };
    let text = Arc::new(list.text().to_owned());
    let none = Arc::new(ProvisionerClaims::default());
    for (index, (at, entry)) in elements.placed().enumerate() {
        let raw = Raw::of(&text, at, entry.text().len()).ok_or(Error::Entry { index })?;
        match parse_entry(index, entry, raw, place, &none)? {
            Ok(provisioner) => push(&mut provisioners, provisioner),
            Err(unknown) => push(&mut skipped, unknown),
        }
    }
    provisioners.shrink_to_fit();
    skipped.shrink_to_fit();
    Ok((provisioners, skipped))
}

/// Appends to a list that may become long: it grows by a quarter, where [`Vec::push`] doubles it.
fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 4 + 8);
    }
    list.push(item);
}

/// `none` are the claims of an entry that sets none.
fn parse_entry(
    index: usize,
    value: Value<'_>,
    raw: Raw,
    place: Place,
    none: &Arc<ProvisionerClaims>,
) -> Result<Result<Provisioner, Skipped>, Error> {
    if value.is_null() {
        return Ok(Err(Skipped { index, raw }));
    }
    let entry = Object::value(value).ok_or(Error::Entry { index })?;
    let fault = |fault: Fault| Error::Provisioner {
        index,
        name: entry.string("name").unwrap_or_default(),
        member: fault.member,
        expected: fault.expected,
    };
    let kind = entry.string("type").map_err(fault)?;
    let Some(known) = KindName::from_type(&kind) else {
        return Ok(Err(Skipped { index, raw }));
    };
    let mut name = entry.string("name").map_err(fault)?;
    name.shrink_to_fit();
    let kind = Kind::read(known, &entry).map_err(fault)?;
    let claims = entry.object("claims").and_then(|c| ProvisionerClaims::read(&c)).map_err(fault)?;
    let of_members = initialise::fault(&name, &kind, &entry).map_err(fault)?;
    let reported = disabled(&entry).map_err(fault)?;
    let disabled = match place {
        Place::Page => reported,
        Place::File => of_members,
    };
    Ok(Ok(Provisioner {
        name,
        kind,
        claims: if claims == **none { Arc::clone(none) } else { Arc::new(claims) },
        disabled: disabled.map(Box::new),
        raw,
    }))
}

/// Why the CA disabled the entry, from `state` and `stateReason`.
fn disabled(entry: &Object<'_>) -> Result<Option<Disabled>, Fault> {
    let Some(state) = entry.non_empty("state")? else {
        return Ok(None);
    };
    if !state.eq_ignore_ascii_case("uninitialized") {
        return Ok(None);
    }
    let reason = entry.non_empty("stateReason")?.unwrap_or(state);
    Ok(Some(Disabled::Reported { reason }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::testing;

    use super::*;

    fn page(entries: &str) -> Result<Page, Error> {
        provisioners_page(format!(r#"{{"provisioners":[{entries}],"nextCursor":""}}"#).as_bytes())
    }

    #[test]
    fn a_page_keeps_the_order_and_the_cursor() {
        let json = format!(
            r#"{{"provisioners":[{},{{"type":"acme","name":"acme"}}],"nextCursor":"1f"}}"#,
            testing::JWK
        );
        let page = provisioners_page(json.as_bytes()).unwrap();
        assert_eq!(page.next_cursor.as_deref(), Some("1f"));
        let names: Vec<_> = page.provisioners.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["admin@example.com", "acme"]);
        assert_eq!(page.provisioners[0].raw.get(), testing::JWK);
        let jwk = page.provisioners[0].jwk().unwrap();
        assert_eq!(jwk.key_id.as_ref().unwrap().as_str(), testing::JWK_KEY_ID);
        assert_eq!(jwk.key.as_ref().unwrap().thumbprint().to_string(), testing::JWK_KEY_ID);
        assert_eq!(jwk.encrypted_key.as_deref(), Some("e30.AA.AA.AA.AA"));
        assert_eq!(page.provisioners[0].claims.enable_ssh_ca, Some(true));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        assert_eq!(page("").unwrap().next_cursor, None);
        let page = provisioners_page(br#"{"provisioners":null}"#).unwrap();
        assert!(page.provisioners.is_empty() && page.next_cursor.is_none());
    }

    #[test]
    fn an_unknown_type_is_skipped_and_named() {
        let page = page(r#"{"type":"EST","name":"new"},null,{},{"type":"SCEP","name":"s"}"#);
        let page = page.unwrap();
        assert_eq!(page.provisioners.len(), 1);
        let skipped: Vec<_> = page.skipped.iter().map(|s| (s.index, s.name(), s.kind())).collect();
        let expected = [(0, "new", "EST"), (1, "", ""), (2, "", "")];
        assert_eq!(
            skipped,
            expected.map(|(at, name, kind)| (at, name.to_owned(), kind.to_owned()))
        );
    }

    #[test]
    fn a_malformed_entry_is_named_with_its_place() {
        for (entry, message) in [
            ("7", "provisioners[1] is not an object"),
            (r#"{"type":5}"#, "provisioners[1] (``): `type` is not a string"),
            (
                r#"{"type":"X5C","name":"devices","roots":"%%"}"#,
                "provisioners[1] (`devices`): `roots` is not a string of base64",
            ),
            (
                r#"{"type":"ACME","name":"a","claims":{"enableSSHCA":1}}"#,
                "provisioners[1] (`a`): `claims.enableSSHCA` is not a boolean",
            ),
            (
                r#"{"type":"OIDC","name":"o","admins":"x"}"#,
                "provisioners[1] (`o`): `admins` is not an array of strings",
            ),
        ] {
            let error = page(&format!("{},{entry}", testing::JWK)).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let error = provisioners_page(br#"{"provisioners":{}}"#).unwrap_err();
        assert_eq!(error.to_string(), "`provisioners` is not an array");
    }

    #[test]
    fn an_unreadable_key_leaves_the_other_entries_usable() {
        for key in [r#"{"kty":"XX","kid":"odd"}"#, "5", "null", r#"{"kid":5}"#] {
            let entry = format!(r#"{{"type":"JWK","name":"odd","key":{key}}}"#);
            let page = page(&format!("{entry},{}", testing::JWK)).unwrap();
            let odd = page.provisioners[0].jwk().unwrap();
            assert!(odd.key.as_ref().is_err_and(|reason| !reason.is_empty()), "{key}");
            assert!(page.provisioners[1].jwk().unwrap().key.is_ok());
        }
    }

    #[test]
    fn a_key_id_survives_a_key_that_does_not() {
        let page = page(r#"{"type":"JWK","name":"odd","key":{"kty":"XX","kid":"odd-1"}}"#).unwrap();
        let key_id = page.provisioners[0].jwk().unwrap().key_id.clone().unwrap();
        assert_eq!(key_id.as_str(), "odd-1");
    }

    #[test]
    fn a_disabled_provisioner_carries_the_reason() {
        let page = page(
            r#"{"type":"ACME","name":"a","state":"Uninitialized","stateReason":"bad claims"},
               {"type":"ACME","name":"b","state":"Uninitialized"},{"type":"ACME","name":"c"}"#,
        )
        .unwrap();
        let reason = |p: &Provisioner| p.disabled.as_ref().map(ToString::to_string);
        let disabled: Vec<_> = page.provisioners.iter().map(reason).collect();
        let reasons = ["bad claims", "Uninitialized"].map(|reason| Some(reason.to_owned()));
        assert_eq!(disabled, [reasons.as_slice(), &[None]].concat());
    }

    #[test]
    fn a_thousand_entries_are_no_matter() {
        let entries: Vec<String> = (0..1000)
            .map(|n| testing::JWK.replace("admin@example.com", &format!("admin-{n}")))
            .collect();
        let page = page(&entries.join(",")).unwrap();
        assert_eq!(page.provisioners.len(), 1000);
        assert_eq!(page.provisioners[999].name, "admin-999");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(json in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = provisioners_page(&json);
        }

        #[test]
        fn arbitrary_entries_never_panic(entry in testing::json(), kind in testing::kind()) {
            let _ = page(&entry);
            let entry = format!(r#"{{"type":"{kind}","name":{entry},"key":{entry}}}"#);
            let _ = page(&entry);
        }

        #[test]
        fn arbitrary_members_never_panic(members in testing::members(), kind in testing::kind()) {
            if let Ok(page) = page(&format!(r#"{{{members}"type":"{kind}"}}"#)) {
                for provisioner in &page.provisioners {
                    let _ = (provisioner.label(), provisioner.token_id(), provisioner.fragment());
                    let _ = format!("{provisioner:?}");
                }
            }
        }
    }
}
