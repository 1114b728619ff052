//! JSON values with sorted members, as `step` writes them.

use std::borrow::Cow;

use go_json::{Kind, Token, Tokens, Value};

/// A number that does not fit the 64-bit float in which a CA stores it.
#[derive(Debug)]
pub(crate) struct TooLarge<'a> {
    /// The number as it was written.
    pub(crate) number: &'a str,
}

/// Returns a value as one line of JSON.
///
/// Members are sorted by their bytes, and the last of several with the same name counts. Numbers stay
/// as they were written: a float would change those beyond 2⁵³. No depth overflows the stack, or
/// has the text read again for each level.
pub(crate) fn canonical(value: Value<'_>) -> Result<String, TooLarge<'_>> {
    let ends = Ends::of(value);
    let mut text = String::with_capacity(value.text().len());
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut tokens = Tokens::of(value);
    loop {
        match tokens.next() {
            Some(Token::Array) => {
                push_comma(&mut text, &open);
                text.push('[');
                open.push(Open::Array);
            }
            Some(Token::Object) => {
                push_comma(&mut text, &open);
                text.push('{');
                open.push(Open::Object(Object::read(&mut tokens, &ends)));
            }
            Some(Token::Scalar(scalar)) => {
                push_comma(&mut text, &open);
                push_scalar(&mut text, scalar)?;
            }
            // The names of an object, and its end, have been read with its beginning.
            Some(Token::Close) => {
                text.push(']');
                open.pop();
            }
            Some(Token::Name(_)) | None => {}
        }
        while let Some(Open::Object(object)) = open.last_mut() {
            if object.goes_on(&mut tokens, &mut text) {
                break;
            }
            text.push('}');
            open.pop();
        }
        if open.is_empty() {
            return Ok(text);
        }
    }
}

/// An array or object of which some elements have been written.
enum Open<'a> {
    Array,
    Object(Object<'a>),
}

struct Object<'a> {
    /// The members that are left, each with its name and the offset of its value.
    rest: std::vec::IntoIter<Member<'a>>,
    /// The offset after the object.
    end: usize,
}

type Member<'a> = (Cow<'a, str>, usize);

impl<'a> Object<'a> {
    /// Reads the names of an object that has been opened.
    fn read(tokens: &mut Tokens<'a>, ends: &Ends) -> Self {
        let mut members = Vec::new();
        while let Some(Token::Name(name)) = tokens.next() {
            members.push((name, tokens.offset()));
            if let Some(Token::Array | Token::Object) = tokens.next() {
                tokens.seek(ends.after(tokens.offset()));
            }
        }
        Self { rest: sorted(members).into_iter(), end: tokens.offset() }
    }

    /// Writes the next name and goes to its value, or to the end after the last one.
    fn goes_on(&mut self, tokens: &mut Tokens<'_>, text: &mut String) -> bool {
        let Some((name, value)) = self.rest.next() else {
            tokens.seek(self.end);
            return false;
        };
        if !text.ends_with('{') {
            text.push(',');
        }
        text.push_str(&quoted(&name));
        text.push(':');
        tokens.seek(value);
        true
    }
}

/// Where the arrays and objects end that are members of objects, which are written in another order.
struct Ends(
    /// The offsets after the opening and the closing bracket, in the order of the former.
    Vec<(usize, usize)>,
);

impl Ends {
    fn of(value: Value<'_>) -> Self {
        let (mut ends, mut open) = (Vec::new(), Vec::new());
        let (mut tokens, mut is_member) = (Tokens::of(value), false);
        while let Some(token) = tokens.next() {
            match token {
                Token::Array | Token::Object => {
                    open.push(is_member.then_some(ends.len()));
                    ends.extend(is_member.then_some((tokens.offset(), 0)));
                }
                Token::Close => {
                    let place = open.pop().flatten();
                    if let Some((_, end)) = place.and_then(|place| ends.get_mut(place)) {
                        *end = tokens.offset();
                    }
                }
                Token::Name(_) | Token::Scalar(_) => {}
            }
            is_member = matches!(token, Token::Name(_));
        }
        Self(ends)
    }

    /// Returns the offset after a member whose opening bracket is before this offset.
    fn after(&self, offset: usize) -> usize {
        let found = self.0.binary_search_by_key(&offset, |&(start, _)| start);
        found.ok().and_then(|place| self.0.get(place)).map_or(offset, |&(_, end)| end)
    }
}

/// Separates an element of an array from the one before it.
fn push_comma(text: &mut String, open: &[Open<'_>]) {
    if matches!(open.last(), Some(Open::Array)) && !text.ends_with('[') {
        text.push(',');
    }
}

/// Sorts members by name, and keeps the last of several with the same one.
fn sorted(mut members: Vec<Member<'_>>) -> Vec<Member<'_>> {
    // Equal names stay in their order, so the last of them comes first in reverse.
    members.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
    members.reverse();
    members.dedup_by(|(earlier, _), (later, _)| earlier == later);
    members.reverse();
    members
}

fn push_scalar<'a>(text: &mut String, value: Value<'a>) -> Result<(), TooLarge<'a>> {
    match value.string() {
        Some(string) => text.push_str(&quoted(&string)),
        None if value.kind() == Kind::Number && value.number().is_none() => {
            return Err(TooLarge { number: value.text() });
        }
        None => text.push_str(value.text()),
    }
    Ok(())
}

/// Returns a text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let json = token_jose::json::to_vec(text).ok().and_then(|json| String::from_utf8(json).ok());
    json.expect("a string can be written as JSON, which is UTF-8")
}

#[cfg(test)]
mod tests {
    use go_json::Document;
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> String {
        canonical(Document::whole(json.as_bytes()).unwrap().value()).unwrap()
    }

    #[test]
    fn blanks_and_escapes_are_read_past() {
        let json = "\t{ \"a\\\\\" : [ ] , \"b\\\"}\" : { } ,\r\n\"c\":[ -1.5e3 , \"]\" , true ] } ";
        assert_eq!(read(json), r#"{"a\\":[],"b\"}":{},"c":[-1.5e3,"]",true]}"#);
    }

    #[test]
    fn members_are_written_in_another_order_than_they_are_read() {
        let json = r#"{"b":[{"z":[1],"y":{}},2],"a":{"d":[[]],"c":"]"},"b":[3,{"x":[4]}]}"#;
        assert_eq!(read(json), r#"{"a":{"c":"]","d":[[]]},"b":[3,{"x":[4]}]}"#);
        assert_eq!(read(r#"[[],[[1],{}],{"a":[]}]"#), r#"[[],[[1],{}],{"a":[]}]"#);
    }

    /// The fastest of several runs.
    fn seconds(json: &str) -> f64 {
        let document = Document::whole(json.as_bytes()).unwrap();
        let run = |_| {
            let start = std::time::Instant::now();
            canonical(document.value()).unwrap();
            start.elapsed().as_secs_f64()
        };
        (0..5).map(run).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn no_depth_has_the_text_read_again() {
        let text = format!("\"{}\"", "x".repeat(200_000));
        for (open, close) in [("[", "]"), ("{\"b\":", ",\"a\":0}"), ("[{\"a\":", "}]")] {
            let nested = |depth| format!("{}{text}{}", open.repeat(depth), close.repeat(depth));
            let (flat, deep) = (seconds(&nested(1)), seconds(&nested(4_900)));
            // Each level on its own may cost something, but not another look at the text below.
            let levels = seconds(&nested(4_900).replace(&text, "0"));
            assert!(deep < 20.0 * (flat + levels), "{open}: {flat} s, {deep} s, {levels} s");
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            (-1e300..1e300_f64).prop_map(serde_json::Value::from),
            ".*".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::vec((".*", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(value in any_json()) {
            for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let again: serde_json::Value = serde_json::from_str(&read(&json)).unwrap();
                prop_assert_eq!(again, serde_json::from_str::<serde_json::Value>(&json).unwrap());
            }
        }
    }
}
