//! What each rule does to a member; `tests/go.rs` compares them with Go itself.

use crate::document::Document;

use super::*;

/// Reads an object and hands its fields on.
fn read<T>(json: &str, read: impl FnOnce(Fields<'_>) -> T) -> T {
    let document = Document::whole(json.as_bytes()).unwrap();
    read(Fields::of(document.value()).unwrap())
}

fn string(json: &str) -> Result<String, String> {
    read(json, |fields| fields.string("a").map_err(|error| error.to_string()))
}

#[test]
fn a_name_is_found_in_any_letter_case() {
    for json in [r#"{"dnsNames":["x"]}"#, r#"{"DNSNAMES":["x"]}"#, r#"{"dn\u017fnames":["x"]}"#] {
        assert_eq!(read(json, |fields| fields.strings("dnsNames")).unwrap().unwrap(), ["x"]);
    }
}

#[test]
fn the_last_scalar_counts_and_null_leaves_it() {
    assert_eq!(string(r#"{"a":"1","A":"2"}"#).unwrap(), "2");
    assert_eq!(string(r#"{"a":"1","a":null}"#).unwrap(), "1");
    assert_eq!(string("{}").unwrap(), "");
    let discarded = |json| {
        read(json, |fields| {
            fields.pointed("a").iter().map(|it| it.is_discarded).collect::<Vec<_>>()
        })
    };
    assert_eq!(discarded(r#"{"a":"1","a":null}"#), [true]);
    assert_eq!(discarded(r#"{"a":null,"a":"1"}"#), [false]);
    let flag = |json| read(json, |fields| (fields.boolean("a"), fields.optional_boolean("a")));
    assert_eq!(flag(r#"{"a":true,"a":null}"#), (Ok(true), Ok(None)));
    assert_eq!(flag(r#"{"a":true,"a":false}"#), (Ok(false), Ok(Some(false))));
}

#[test]
fn the_wrong_type_is_an_error_wherever_it_is() {
    for json in [r#"{"a":1}"#, r#"{"a":1,"a":"x"}"#, r#"{"a":"x","A":[]}"#] {
        assert_eq!(string(json).unwrap_err(), "`a` is not a string");
    }
    for nested in [
        r#"{"claims":{"enableSSHCA":1}}"#,
        r#"{"claims":{"enableSSHCA":1},"claims":null}"#,
        r#"{"claims":{"enableSSHCA":1},"claims":null,"Claims":{}}"#,
    ] {
        read(nested, |fields| {
            let claims = fields.object("claims").unwrap();
            let error = claims.optional_boolean("enableSSHCA").unwrap_err();
            assert_eq!(error.to_string(), "`claims.enableSSHCA` is not a boolean");
        });
    }
}

#[test]
fn repeated_objects_merge() {
    let json = r#"{"o":{"a":"1","b":"2"},"O":{"A":"3"},"o":{"c":{"d":"4"}}}"#;
    read(json, |fields| {
        let object = fields.object("o").unwrap();
        assert_eq!(object.string("a").unwrap(), "3");
        assert_eq!(object.string("b").unwrap(), "2");
        assert_eq!(object.object("c").unwrap().string("d").unwrap(), "4");
    });
    assert!(read(r#"{"o":{},"o":null}"#, |fields| fields.object("o").unwrap().is_nil()));
    assert!(read("{}", |fields| fields.object("o").unwrap().is_nil()));
    let json = r#"{"o":{"a":"1"},"o":null,"o":{"b":"2"}}"#;
    read(json, |fields| {
        let pointer = fields.object("o").unwrap();
        assert_eq!(
            (pointer.string("a").unwrap(), pointer.string("b").unwrap()),
            (String::new(), "2".into())
        );
        assert_eq!(fields.structure("o").unwrap().string("a").unwrap(), "1");
    });
}

#[test]
fn null_in_a_repeated_array_is_the_element_that_was_there() {
    let strings = |json| read(json, |fields| fields.strings("a").unwrap());
    for (json, expected) in [
        (r#"{"a":["x","y"],"a":[null]}"#, Some(vec!["x"])),
        (r#"{"a":["x","y"],"a":["z"],"a":[null,null,null]}"#, Some(vec!["z", "y", ""])),
        (r#"{"a":["x"],"a":[],"a":[null]}"#, Some(vec![""])),
        (r#"{"a":["x"],"a":null}"#, None),
        (r#"{"a":[]}"#, Some(vec![])),
        (r#"{"a":[null]}"#, Some(vec![""])),
    ] {
        let expected: Option<Vec<String>> =
            expected.map(|items| items.into_iter().map(str::to_owned).collect());
        assert_eq!(strings(json), expected, "{json}");
    }
    assert!(read(r#"{"a":[1]}"#, |fields| fields.strings("a").is_err()));
}

#[test]
fn bytes_are_base64_or_numbers() {
    let bytes = |json| read(json, |fields| fields.bytes("a").ok().flatten());
    assert_eq!(bytes(r#"{"a":"AQ\n\r\nID"}"#).unwrap(), [1, 2, 3]);
    assert_eq!(bytes(r#"{"a":"AR=="}"#).unwrap(), [1]);
    assert_eq!(bytes(r#"{"a":[1,255,null]}"#).unwrap(), [1, 255, 0]);
    assert_eq!(bytes(r#"{"a":"AQID","a":[null,9]}"#).unwrap(), [1, 9]);
    for refused in [r#"{"a":"AQ"}"#, r#"{"a":"A-=="}"#, r#"{"a":[256]}"#, r#"{"a":[1.0]}"#] {
        assert!(read(refused, |fields| fields.bytes("a").is_err()), "{refused}");
    }
}

#[test]
fn many_members_are_walked() {
    let members: Vec<_> = (0..500).map(|n| format!(r#""m{n}":{n},"A":"{n}""#)).collect();
    let json = format!("{{{}}}", members.join(","));
    assert_eq!(string(&json).unwrap(), "499");
    assert_eq!(read(&json, |fields| fields.occurrences("a").len()), 500);
}
