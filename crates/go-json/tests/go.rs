//! The same documents, decoded here and by Go itself: the same structure, or both refuse.
//!
//! `scripts/peers` builds `tests/peer`, whose struct has the fields that are read here.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use go_json::{Document, Exact, Fields, Kind, Value};

/// How many documents each decoder is given.
const COUNT: usize = 5_000;

#[test]
fn json_unmarshal_reads_the_same_structures() {
    compare("unmarshal", |json| folded(&Document::whole(json).ok()?));
}

#[test]
fn a_json_decoder_reads_the_same_structures() {
    compare("decoder", |json| folded(&Document::first(json).ok()?));
}

#[test]
fn go_jose_reads_the_same_structures() {
    compare("go-jose", |json| exact(Document::jose(json).ok()?.value()));
}

fn folded(document: &Document<'_>) -> Option<String> {
    // `null` leaves a struct as it was.
    if document.value().is_null() {
        return folded(&Document::whole(b"{}").ok()?);
    }
    folded_fields(&Fields::of(document.value())?).ok()
}

fn folded_fields(fields: &Fields<'_>) -> Result<String, ()> {
    let name = fields.string("name").map_err(drop)?;
    let text = optional_string(fields, "text")?;
    let flag = fields.boolean("flag").map_err(drop)?;
    let maybe = fields.optional_boolean("maybe").map_err(drop)?;
    let names = fields.strings("dnsNames").map_err(drop)?;
    let bytes = fields.bytes("bytes").map_err(drop)?;
    let items = fields.elements("items").map_err(drop)?;
    let found = fields.occurrences("any");
    let any = found.iter().map(|found| Some((any(found.value)?, found.is_discarded)));
    let any: Vec<_> = any.collect::<Option<_>>().ok_or(())?;
    let any = any.into_iter().rfind(|(_, is_discarded)| !is_discarded);
    let pointer = fields.object("key").map_err(drop)?;
    let inner = folded_or_discarded(&pointer)?;
    let value = fields.structure("value").map_err(drop)?;
    let leaf = (value.string("name"), value.optional_boolean("maybe"));
    Ok(shown(Shown {
        name: &name,
        text: text.as_deref(),
        flag,
        maybe,
        names: names.as_deref(),
        bytes: bytes.as_deref(),
        items: items.as_deref(),
        any: any.map_or("null".to_owned(), |(any, _)| any),
        inner,
        leaf: (&leaf.0.map_err(drop)?, leaf.1.map_err(drop)?),
    }))
}

/// A `*string`.
fn optional_string(fields: &Fields<'_>, field: &str) -> Result<Option<String>, ()> {
    let mut last = None;
    for found in fields.pointed(field) {
        let text = found.value.string().ok_or(())?;
        last = if found.is_discarded { last } else { Some(text.into_owned()) };
    }
    Ok(last)
}

/// What is discarded is decoded too, so that a wrong type in it is an error.
fn folded_or_discarded(pointer: &Fields<'_>) -> Result<String, ()> {
    let has_members = !pointer.occurrences("key").is_empty()
        || ["name", "text", "flag", "maybe", "dnsNames", "bytes", "items", "any", "value"]
            .iter()
            .any(|field| !pointer.occurrences(field).is_empty());
    let inner =
        if has_members || !pointer.is_nil() { folded_fields(pointer)? } else { String::new() };
    Ok(if pointer.is_nil() { "nil".to_owned() } else { inner })
}

fn exact(value: Value<'_>) -> Option<String> {
    if value.is_null() {
        return exact(Document::jose(b"{}").ok()?.value());
    }
    let members = Exact::of(value)?.ok()?;
    let member = |name| members.get(name).filter(|value| !value.is_null());
    let optional = |name| match member(name) {
        None => Some(None),
        Some(value) => value.string().map(Some),
    };
    let flag = |name| match member(name) {
        None => Some(None),
        Some(value) => value.boolean().map(Some),
    };
    let names: Option<Vec<String>> = match member("dnsNames") {
        None => None,
        Some(value) => Some(strings(value)?),
    };
    let bytes = match member("bytes") {
        None => None,
        Some(value) => Some(jose_bytes(value)?),
    };
    let items: Option<Vec<Value<'_>>> = match member("items") {
        None => None,
        Some(value) => Some(value.elements()?.collect()),
    };
    let any = members.get("any").map_or(Some("null".to_owned()), exact_any)?;
    let inner = member("key").map_or(Some("nil".to_owned()), exact)?;
    let leaf = match member("value") {
        None => (String::new(), None),
        Some(value) => {
            let leaf = Exact::of(value)?.ok()?;
            let leaf = |name| leaf.get(name).filter(|value| !value.is_null());
            let name = leaf("name").map_or(Some(String::new()), |value| {
                value.string().map(std::borrow::Cow::into_owned)
            })?;
            (name, leaf("maybe").map_or(Some(None), |value| value.boolean().map(Some))?)
        }
    };
    Some(shown(Shown {
        name: &optional("name")?.unwrap_or_default(),
        text: optional("text")?.as_deref(),
        flag: flag("flag")?.unwrap_or(false),
        maybe: flag("maybe")?,
        names: names.as_deref(),
        bytes: bytes.as_deref(),
        items: items.as_deref(),
        any,
        inner,
        leaf: (&leaf.0, leaf.1),
    }))
}

fn strings(value: Value<'_>) -> Option<Vec<String>> {
    let text = |item: Value<'_>| match item.is_null() {
        true => Some(String::new()),
        false => item.string().map(std::borrow::Cow::into_owned),
    };
    value.elements()?.map(text).collect()
}

/// go-jose's tokens have no such member, so [`Exact`] has no reader for it.
fn jose_bytes(value: Value<'_>) -> Option<Vec<u8>> {
    let json = format!(r#"{{"bytes":{}}}"#, value.text());
    Fields::of(Document::whole(json.as_bytes()).ok()?.value())?.bytes("bytes").ok().flatten()
}

/// The structure in the words of the peer.
struct Shown<'a> {
    name: &'a str,
    text: Option<&'a str>,
    flag: bool,
    maybe: Option<bool>,
    names: Option<&'a [String]>,
    bytes: Option<&'a [u8]>,
    items: Option<&'a [Value<'a>]>,
    any: String,
    inner: String,
    leaf: (&'a str, Option<bool>),
}

fn shown(read: Shown<'_>) -> String {
    let boolean = |maybe: Option<bool>| maybe.map_or("nil".to_owned(), |flag| flag.to_string());
    format!(
        "{{{} {} {} {} {} {} {} {} {} {{{} {}}}}}",
        hex(read.name.as_bytes()),
        read.text.map_or("nil".to_owned(), |text| hex(text.as_bytes())),
        read.flag,
        boolean(read.maybe),
        list(read.names.map(|names| names.iter().map(|name| hex(name.as_bytes())).collect())),
        list(read.bytes.map(|bytes| vec![hex(bytes)])),
        list(read.items.map(|items| {
            items.iter().map(|&item| any(item).unwrap_or_else(|| "unreadable".to_owned())).collect()
        })),
        read.any,
        read.inner,
        hex(read.leaf.0.as_bytes()),
        boolean(read.leaf.1),
    )
}

/// A value of any type, of whose repeated members the last counts.
fn any(value: Value<'_>) -> Option<String> {
    let members = |value: Value<'_>| {
        let mut members = std::collections::BTreeMap::new();
        for (name, value) in value.members()? {
            members.insert(hex(name.as_bytes()), any(value)?);
        }
        Some(members.into_iter().collect())
    };
    any_with(value, any, members)
}

/// The same by go-jose's rules.
fn exact_any(value: Value<'_>) -> Option<String> {
    let members = |value: Value<'_>| {
        let exact = Exact::of(value)?.ok()?;
        let members = exact.members();
        members.map(|(name, value)| Some((hex(name.as_bytes()), exact_any(value)?))).collect()
    };
    any_with(value, exact_any, members)
}

fn any_with(
    value: Value<'_>,
    item: impl Fn(Value<'_>) -> Option<String>,
    members: impl Fn(Value<'_>) -> Option<Vec<(String, String)>>,
) -> Option<String> {
    Some(match value.kind() {
        Kind::Null => "null".to_owned(),
        Kind::Boolean => value.boolean()?.to_string(),
        Kind::Number => format!("#{:x}", value.number()?.to_bits()),
        Kind::String => hex(value.string()?.as_bytes()),
        Kind::Array => list(Some(value.elements()?.map(item).collect::<Option<_>>()?)),
        Kind::Object => {
            let members = members(value)?.into_iter();
            let mut members: Vec<_> =
                members.map(|(name, value)| format!("{name}:{value}")).collect();
            members.sort();
            format!("{{{}}}", members.join(" "))
        }
    })
}

fn list(items: Option<Vec<String>>) -> String {
    items.map_or("nil".to_owned(), |items| format!("[{}]", items.join(" ")))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("'");
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text + "'"
}

/// Compares on a stack that holds ten thousand calls of a function that reads what it is nested in.
fn compare(decoder: &'static str, read: fn(&[u8]) -> Option<String>) {
    let thread = std::thread::Builder::new().stack_size(256 << 20);
    let compared = thread.spawn(move || compare_here(decoder, read)).expect("it starts").join();
    if let Err(panic) = compared {
        std::panic::resume_unwind(panic);
    }
}

fn compare_here(decoder: &str, read: fn(&[u8]) -> Option<String>) {
    let documents: Vec<Vec<u8>> = (0..COUNT).map(|seed| Random(seed as u64).document()).collect();
    let answers = peer(decoder, &documents);
    let (mut refused, mut differing) = (0, Vec::new());
    for (seed, (document, answer)) in documents.iter().zip(&answers).enumerate() {
        let ours = read(document).unwrap_or_else(|| "refused".to_owned());
        refused += usize::from(answer == "refused");
        if &ours != answer {
            let text = String::from_utf8_lossy(document);
            differing.push(format!("seed {seed}: {text:?}\n  Go: {answer}\n  ours: {ours}"));
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), {
        differing.truncate(5);
        differing.join("\n")
    });
    assert_eq!(answers.len(), COUNT);
    assert!((COUNT / 5..COUNT * 4 / 5).contains(&refused), "{refused} of {COUNT} are refused");
}

fn peer(decoder: &str, documents: &[Vec<u8>]) -> Vec<String> {
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let directory = given("STEP_TOKEN_PEERS").or_else(|| {
        let cache =
            given("XDG_CACHE_HOME").or_else(|| given("HOME").map(|home| home.join(".cache")));
        cache.map(|cache| cache.join("step-token-peers/bin"))
    });
    let program = directory.expect("HOME or STEP_TOKEN_PEERS is set").join("go-json-peer");
    assert!(program.is_file(), "there is no {}: run scripts/peers", program.display());
    let mut peer = Command::new(program)
        .arg(decoder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = peer.stdin.take().expect("it is piped");
    let lines: Vec<String> = documents.iter().map(|bytes| STANDARD.encode(bytes) + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.concat().as_bytes()));
    let output = peer.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads all lines");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// The names of the fields, and how they are misspelt.
const NAMES: [&str; 10] =
    ["name", "text", "flag", "maybe", "dnsNames", "bytes", "items", "any", "key", "value"];

/// A generator of documents (SplitMix64), each from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("it is below a usize")
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }

    fn document(&mut self) -> Vec<u8> {
        let mut text = self.object(3);
        match self.below(40) {
            0 => text += self.of(&["x", "}", " 1", "\u{0}", "{}"]),
            1 => text.insert_str(0, self.of(&["\u{feff}", "[", "\u{a0}", "\u{c}"])),
            2 => text = self.of(&["null", "[]", "1", "\"a\"", "", " ", "true"]).to_owned(),
            // Rarely: what is this deep takes time in a comparison that looks at every level.
            3 if self.one_in(20) => {
                let depth = 9_990 + self.below(20);
                text = format!(r#"{{"any":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            }
            _ => {}
        }
        let mut bytes = text.into_bytes();
        if self.one_in(12) && !bytes.is_empty() {
            let (at, byte) = (self.below(bytes.len()), self.below(256));
            bytes[at] = u8::try_from(byte).expect("it is below 256");
        }
        if self.one_in(40) {
            bytes.truncate(self.below(bytes.len() + 1));
        }
        bytes
    }

    fn object(&mut self, depth: usize) -> String {
        let mut members = Vec::new();
        for _ in 0..self.below(7) {
            let field = self.of(&NAMES);
            members.push(format!(
                "{}{}:{}",
                self.name(field),
                self.space(),
                self.value(field, depth)
            ));
        }
        let space = self.space();
        format!("{{{space}{}{space}}}", members.join(","))
    }

    fn name(&mut self, field: &str) -> String {
        let name = match self.below(10) {
            0 => field.to_uppercase(),
            1 => field.to_lowercase(),
            2 => field.replace('k', "\u{212a}").replace('s', "ſ"),
            3 => field.replacen('a', "\\u0061", 1),
            4 => field.replacen('a', "\\u0041", 1),
            5 => format!("{field}{}", self.of(&["", " ", "\\u0000", "é", "\\ud800"])),
            _ => field.to_owned(),
        };
        format!("\"{name}\"")
    }

    fn value(&mut self, field: &str, depth: usize) -> String {
        if self.one_in(8) {
            return "null".to_owned();
        }
        let field = if self.one_in(60) { self.of(&NAMES) } else { field };
        match field {
            "name" | "text" => self.string(),
            "flag" | "maybe" => self.of(&["true", "false"]).to_owned(),
            "dnsNames" => self.array(|random| match random.one_in(5) {
                true => "null".to_owned(),
                false => random.string(),
            }),
            "bytes" => match self.below(4) {
                0 => self.array(|random| random.of(&["1", "255", "null", "0"]).to_owned()),
                1 => self.of(&["\"AR==\"", "\"A\\nQ\\r=\\n=\"", "\"AQ\"", "\"_-==\""]).to_owned(),
                _ => format!("\"{}\"", STANDARD.encode(self.next().to_le_bytes())),
            },
            "items" => self.array(|random| random.any(2)),
            "key" | "value" if depth > 0 => self.object(depth - 1),
            "key" | "value" => "{}".to_owned(),
            _ => self.any(3),
        }
    }

    fn any(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => "null".to_owned(),
            1 => self.of(&["true", "false"]).to_owned(),
            2 | 3 => self.string(),
            4 => self.number(),
            5 => self.array(|random| random.any(depth - 1)),
            _ => {
                let count = self.below(4);
                let members: Vec<_> = (0..count)
                    .map(|_| {
                        format!("{}:{}", self.of(&["\"a\"", "\"A\"", "\"b\""]), self.any(depth - 1))
                    })
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    fn number(&mut self) -> String {
        let odd =
            ["0", "-0", "1e2", "1E+2", "1.5e-3", "9007199254740993", "1e308", "-1.0", "5e-324"];
        let bad = ["1e400", "01", "1.", "+1", ".5", "1e", "-", "0x1", "NaN"];
        if self.one_in(25) { self.of(&bad).to_owned() } else { self.of(&odd).to_owned() }
    }

    fn array(&mut self, item: impl Fn(&mut Self) -> String) -> String {
        let items: Vec<_> = (0..self.below(4)).map(|_| item(self)).collect();
        format!("[{}{}]", items.join(","), self.space())
    }

    fn string(&mut self) -> String {
        let pieces = [
            "a",
            "b",
            "é",
            "\u{1f600}",
            " ",
            "\\n",
            "\\\"",
            "\\\\",
            "\\/",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\\ud800",
            "\\udc00",
            "\\ud800\\u0041",
            "\u{7f}",
            "{",
            "]",
        ];
        let bad = ["\u{1}", "\\x", "\\u12", "\n"];
        let mut text = String::from("\"");
        for _ in 0..self.below(4) {
            text += if self.one_in(80) { self.of(&bad) } else { self.of(&pieces) };
        }
        text + "\""
    }

    fn space(&mut self) -> &'static str {
        self.of(&["", "", "", " ", "\n\t", "\r"])
    }
}
