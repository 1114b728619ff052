//! JSON as `ca provisioner list` prints it, without a copy of the list in memory.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::io::{self, Write as _};

use go_json::{Document, Kind, Value};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::ser::PrettyFormatter;
use token_text::printable_json;

/// Writes a list, indented with three spaces and one member a line, as step does and as scripts
/// expect.
pub(super) fn write<'a, I: Iterator<Item = Cow<'a, str>>>(
    out: &mut dyn io::Write,
    entries: impl Fn() -> I,
) -> io::Result<()> {
    let mut out = Escaped(out);
    // Print the list even if a number in it is too large to parse.
    if entries().all(|entry| serde_json::from_str::<Readable>(&entry).is_ok()) {
        let formatter = PrettyFormatter::with_indent(b"   ");
        let mut list = serde_json::Serializer::with_formatter(&mut out, formatter);
        list.collect_seq(entries().map(Entry))?;
        return writeln!(out);
    }
    write!(out, "[")?;
    for (position, entry) in entries().enumerate() {
        write!(out, "{}{entry}", if position == 0 { "" } else { "," })?;
    }
    writeln!(out, "]")
}

/// A value that serde_json reads: it is not nested too deeply, and its numbers fit.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self, A::Error> {
        while array.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, Self>()?.is_some() {}
        Ok(self)
    }
}

/// An entry of the list.
struct Entry<'a>(Cow<'a, str>);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = Document::whole(self.0.as_bytes()).map_err(S::Error::custom)?;
        Part(document.value()).serialize(serializer)
    }
}

/// A value in it, of which only a part is in memory at a time.
struct Part<'a>(Value<'a>);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0;
        match value.kind() {
            Kind::Array => serializer.collect_seq(value.elements().into_iter().flatten().map(Part)),
            Kind::Object => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in members(value) {
                    map.serialize_entry(&name, &Part(value))?;
                }
                map.end()
            }
            Kind::String => value.string().serialize(serializer),
            Kind::Null | Kind::Boolean | Kind::Number => {
                let value: serde_json::Value =
                    serde_json::from_str(value.text()).map_err(S::Error::custom)?;
                value.serialize(serializer)
            }
        }
    }
}

/// Returns the members of an object in their order. A repeated one has its first place and its last
/// value.
fn members(object: Value<'_>) -> impl Iterator<Item = (Cow<'_, str>, Value<'_>)> {
    let mut members: Vec<_> = object.members().into_iter().flatten().collect();
    let mut by_name: Vec<usize> = (0..members.len()).collect();
    let name = |at: usize| members.get(at).map(|(name, _): &(Cow<'_, str>, _)| name);
    // Equal names stay in their order.
    by_name.sort_by(|&one, &other| name(one).cmp(&name(other)));
    let repeated = by_name.windows(2).filter_map(|pair| match pair {
        &[one, other] if name(one) == name(other) => Some((one, other)),
        _ => None,
    });
    let repeated: Vec<(usize, usize)> = repeated.collect();
    let mut dropped = HashSet::new();
    for (one, other) in repeated.into_iter().rev() {
        if let Some(&(_, value)) = members.get(other)
            && let Some(member) = members.get_mut(one)
        {
            member.1 = value;
            dropped.insert(other);
        }
    }
    let kept = move |(at, member)| (!dropped.contains(&at)).then_some(member);
    members.into_iter().enumerate().filter_map(kept)
}

/// A writer of text in which whatever a terminal would obey is escaped.
struct Escaped<'w>(&'w mut dyn io::Write);

impl io::Write for Escaped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_all(printable_json(text).as_bytes()).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(entries: &[&str]) -> String {
        let mut text = Vec::new();
        write(&mut text, || entries.iter().map(|&entry| Cow::Borrowed(entry))).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_list_is_indented_and_no_member_is_repeated() {
        assert_eq!(written(&[]), "[]\n");
        assert_eq!(
            written(&[
                r#"{"b":1,"a":[],"b":{"x":"\u001b","y":[true,null]},"c":{},"b":2.50}"#,
                "null"
            ]),
            "[\n   {\n      \"b\": 2.5,\n      \"a\": [],\n      \"c\": {}\n   },\n   null\n]\n"
        );
        assert_eq!(
            written(&[r#"{"a":{"x":"\u001b\u202e","y":[true]}}"#]),
            "[\n   {\n      \"a\": {\n         \"x\": \"\\u001b\\u202e\",\n         \"y\": [\n            true\n         ]\n      }\n   }\n]\n"
        );
    }

    #[test]
    fn what_cannot_be_read_is_printed_as_it_is() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for entry in ["1e999", deep.as_str()] {
            assert_eq!(written(&["{}", entry]), format!("[{{}},{entry}]\n"));
        }
    }
}
