//! Headers with unusual spelling.

use super::draft::Draft;
use super::mutation::{Mutation, Step};
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation { name: "an odd alg", weight: 4, step: Step::Draft(odd_algorithm) },
    Mutation { name: "an alg of another key", weight: 3, step: Step::Draft(signed_otherwise) },
    Mutation { name: "an alg of the family", weight: 2, step: Step::Draft(of_the_family) },
    Mutation { name: "no alg", weight: 2, step: Step::Draft(no_algorithm) },
    Mutation { name: "alg twice", weight: 3, step: Step::Draft(algorithm_twice) },
    Mutation { name: "more in the header", weight: 6, step: Step::Draft(more) },
    Mutation { name: "no JSON in the header", weight: 3, step: Step::Draft(no_json) },
    Mutation { name: "blanks in the header", weight: 2, step: Step::Draft(blanks) },
    Mutation { name: "no object in the header", weight: 2, step: Step::Draft(no_object) },
    Mutation { name: "a deep header", weight: 2, step: Step::Draft(deep) },
];

/// Writes a header with a value of `alg`, and what belongs after it.
pub(super) fn write(draft: &mut Draft, alg: &str, more: &[u8]) {
    draft.header = [br#"{"alg":"#, alg.as_bytes(), more, br#","typ":"JWT"}"#].concat();
}

fn odd_algorithm(draft: &mut Draft, random: &mut Random) {
    let alg = draft.alg;
    let lower = alg.to_lowercase();
    let odd = match random.below(8) {
        0 => format!("\"{lower}\""),
        1 => format!("\" {alg}\""),
        2 => format!("\"{alg} \""),
        3 => format!("\"{alg}\\u0000\""),
        4 => format!("[\"{alg}\"]"),
        // The same name with JSON escapes.
        5 => format!("\"\\u{:04x}{}\"", u32::from(alg.chars().next().unwrap()), &alg[1..]),
        _ => random.pick(&ODD).to_owned(),
    };
    write(draft, &odd, b"");
}

/// Signs with an algorithm that the server does not accept, but others do.
fn signed_otherwise(draft: &mut Draft, random: &mut Random) {
    draft.alg = random.pick(&["PS256", "PS384", "PS512", "EdDSA"]);
    let alg = format!("\"{}\"", draft.alg);
    write(draft, &alg, b"");
}

/// Names another algorithm of the same family than the one used.
fn of_the_family(draft: &mut Draft, random: &mut Random) {
    let size = random.pick(&["256", "384", "512"]);
    let alg = format!("\"{}{size}\"", &draft.alg[..2]);
    write(draft, &alg, b"");
}

fn no_algorithm(draft: &mut Draft, random: &mut Random) {
    let alg = draft.alg;
    draft.header = match random.below(4) {
        0 => r#"{"typ":"JWT"}"#.to_owned(),
        1 => "{}".to_owned(),
        2 => format!(r#"{{"ALG":"{alg}"}}"#),
        _ => format!(r#"{{"alg ":"{alg}"}}"#),
    }
    .into_bytes();
}

fn algorithm_twice(draft: &mut Draft, random: &mut Random) {
    let good = format!("\"{}\"", draft.alg);
    let other = random.pick(&["\"none\"", "\"HS999\"", "null", "7", "\"HS256\"", "\"ES256\""]);
    let name = random.pick(&["alg", "alg", "ALG", "\\u0061lg"]);
    let (first, last) = if random.percent(50) { (&*good, other) } else { (other, &*good) };
    write(draft, first, format!(",\"{name}\":{last}").as_bytes());
}

fn more(draft: &mut Draft, random: &mut Random) {
    let alg = format!("\"{}\"", draft.alg);
    write(draft, &alg, random.pick(MORE));
}

fn no_json(draft: &mut Draft, random: &mut Random) {
    let good = draft.header.clone();
    draft.header = match random.below(6) {
        0 => Vec::new(),
        1 => good[..good.len() - 1].to_vec(),
        2 => [&good[..], random.pick(&[&b"x"[..], b"{}", b",", b"\0", b"null"])].concat(),
        3 => [random.pick(&[&b"\xef\xbb\xbf"[..], b"\xff", b"//\n", b","]), &good].concat(),
        4 => [&good[..good.len() - 1], b",}"].concat(),
        _ => random.pick(&[&b"JWT"[..], b"{alg:1}", b"{'alg':'HS256'}", b"nul"]).to_vec(),
    };
}

fn blanks(draft: &mut Draft, random: &mut Random) {
    let blank = random.pick(&[" ", "\t\n", "\r\n ", "\u{b}", "\u{a0}", "\u{c}"]).as_bytes();
    let good = draft.header.clone();
    let at = random.pick(&[0, 1, good.len() - 1, good.len()]);
    draft.header = [&good[..at], blank, &good[at..]].concat();
}

fn no_object(draft: &mut Draft, random: &mut Random) {
    let values: [&[u8]; 6] = [b"null", b"[]", b"\"HS256\"", b"256", b"true", b"[{\"alg\":1}]"];
    draft.header = random.pick(&values).to_vec();
}

/// The object around it adds one level.
fn deep(draft: &mut Draft, random: &mut Random) {
    let alg = format!("\"{}\"", draft.alg);
    let depth = random.pick(&[100, 9_999, 10_000]);
    let nested = format!(",\"x\":{}{}", "[".repeat(depth), "]".repeat(depth));
    write(draft, &alg, nested.as_bytes());
}

pub(super) const ODD: [&str; 22] = [
    "\"none\"",
    "\"None\"",
    "\"NONE\"",
    "\"\"",
    "\"HS255\"",
    "\"HS1\"",
    "\"RS1\"",
    "\"RS\"",
    "\"ES\"",
    "\"HS\"",
    "\"ES256K\"",
    "\"PS256\"",
    "\"PS384\"",
    "\"EdDSA\"",
    "\"dir\"",
    "\"A128KW\"",
    "null",
    "256",
    "true",
    "{}",
    "[]",
    "1e400",
];

pub(super) const MORE: &[&[u8]] = &[
    br#","kid":"k""#,
    br#","kid":7"#,
    br#","crit":["exp"]"#,
    br#","crit":["exp"],"exp":1"#,
    br#","b64":false,"crit":["b64"]"#,
    br#","jku":"http://127.0.0.1/""#,
    br#","jwk":{"kty":"oct","k":"AA"}"#,
    br#","cty":"JWT","zip":"DEF""#,
    br#","typ":7"#,
    br#","n":1e400"#,
    br#","n":-1e400"#,
    br#","n":[1,{"n":1e309}]"#,
    br#","n":1e300"#,
    br#","n":1e-400"#,
    br#","n":-0"#,
    br#","n":"1e400""#,
    br#","n":01"#,
    br#","n":.5"#,
    br#","n":+1"#,
    br#","n":NaN"#,
    br#","n":0x10"#,
    br#","s":"\ud800""#,
    br#","s":"\udc00\ud800""#,
    br#","s":"\ud83d\ude00""#,
    br#","s":"\x""#,
    br#","s":"\u12""#,
    b",\"s\":\"\xff\xfe\"",
    b",\"\xff\":1,\"\xfe\":2",
    b",\"s\":\"\xc3\"",
    b",\"s\":\"\n\"",
    b",\"s\":\"\0\"",
    b",\"s\":\"\x7f\"",
    "\u{2028},\"s\":1".as_bytes(),
    ",\"s\":\"\u{2028}é\u{feff}\"".as_bytes(),
];
