//! Random auth-config files, made of things that people write.

use crate::random::Random;

/// Draws a file; about one in four cannot be read.
pub(super) fn draw(random: &mut Random) -> String {
    let prologue =
        random.pick(&["", "", "", "# c\n", "---\n", "--- # c\n", "\n", "%YAML 1.1\n---\n"]);
    let epilogue = random.pick(&["", "", "", "...\n", "---\nname: z\n", "# c\n", "\n\n"]);
    let body = if random.percent(25) { flow(random) } else { block(random) };
    // YAML 1.2 allows a stream without documents, the vendor's reader does not.
    let epilogue = if body.is_empty() && epilogue == "...\n" { "" } else { epilogue };
    let text = format!("{prologue}{body}{epilogue}");
    if random.percent(20) { text.replace('\n', "\r\n") } else { text }
}

fn block(random: &mut Random) -> String {
    let mut text = String::new();
    let mut anchors = Vec::new();
    for _ in 0..random.below(7) {
        let name = random.pick(&NAMES);
        let is_list = ["roles", "groups"].contains(&name) != random.percent(5);
        let name = key(name, random);
        let colon = random.pick(&[":", ":", ":", ":", " :", "  :"]);
        let anchor = ["a", "b", "c", "d", "e", "f", "g"][anchors.len()];
        let value = if !anchors.is_empty() && random.percent(10) {
            format!(" *{}", random.pick(&anchors))
        } else if is_list {
            list(random)
        } else {
            value(random)
        };
        let is_alias = value.starts_with(" *");
        let tag = random.pick(&["", "", "", "", "", "", "", "", " !!str", " !x"]);
        let mark = if random.percent(15) { format!(" &{anchor}") } else { String::new() };
        if is_alias {
            text += &format!("{name}{colon}{value}");
        } else {
            if !mark.is_empty() {
                anchors.push(anchor);
            }
            text += &format!("{name}{colon}{tag}{mark}{value}");
        }
        let is_inline = value.lines().count() == 1;
        if is_inline && random.percent(15) {
            text += random.pick(&[" # c", "  ", "\t", "\t# c", " #"]);
        }
        text += random.pick(&["\n", "\n", "\n", "\n", "\n\n", "\n# c\n"]);
    }
    text
}

fn flow(random: &mut Random) -> String {
    let mut members = Vec::new();
    for _ in 0..random.below(6) {
        let name = random.pick(&NAMES);
        let quoted = random.percent(60);
        let name = if quoted { format!("\"{name}\"") } else { name.to_owned() };
        let colon = random.pick(&[": ", ": ", ":\t", " : "]);
        let colon = if quoted && random.percent(30) { ":" } else { colon };
        let is_list = name.contains("roles") || name.contains("groups");
        let value = if is_list { flow_list(random) } else { word(random) };
        members.push(format!("{name}{colon}{value}"));
    }
    let comma = random.pick(&[",", ", ", ",\n  ", " ,", " , "]);
    let end = random.pick(&["}\n", "}\n", " }\n", "\n}\n", ",}\n", " # c\n}\n"]);
    let start = random.pick(&["{", "{ ", "{\n  "]);
    format!("{start}{}{end}", members.join(comma))
}

fn key(name: &str, random: &mut Random) -> String {
    match random.below(20) {
        0 => format!("'{name}'"),
        1 => format!("\"{name}\""),
        2 => format!("!!str {name}"),
        3 => format!("? {name}\n"),
        4 => name.to_uppercase(),
        _ => name.to_owned(),
    }
}

/// Draws what comes after the colon of a string, including the blank.
fn value(random: &mut Random) -> String {
    match random.below(10) {
        0 | 1 => scalar_block(random, "  "),
        2 => format!("\n  {}", word(random)),
        3 => format!(" {}\n   {}", random.pick(&WORDS[..8]), random.pick(&WORDS[..8])),
        4 => String::new(),
        _ => format!(" {}", word(random)),
    }
}

/// Draws a scalar in one line.
fn word(random: &mut Random) -> String {
    let word = random.pick(&WORDS);
    match random.below(8) {
        0 => format!("'{}'", word.replace('\'', "''")),
        1 => format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")),
        2 => format!("\"{}\"", random.pick(&ESCAPED)),
        3 => random
            .pick(&["~", "null", "Null", "12", "true", "0x1F", "2.50", "''", "\"\""])
            .to_owned(),
        _ => word.to_owned(),
    }
}

fn list(random: &mut Random) -> String {
    if random.percent(40) {
        return format!(" {}", flow_list(random));
    }
    let indent = random.pick(&["", "", "  ", " ", "    "]);
    let items = (0..=random.below(4)).map(|_| match random.below(12) {
        0 => format!("\n{indent}-{}", scalar_block(random, &format!("{indent}  "))),
        1 => format!("\n{indent}-"),
        2 => format!("\n{indent}-   {} # c", random.pick(&WORDS[..8])),
        _ => format!("\n{indent}- {}", word(random)),
    });
    items.collect()
}

fn flow_list(random: &mut Random) -> String {
    let items: Vec<String> = (0..random.below(4)).map(|_| word(random)).collect();
    let comma = random.pick(&[", ", ",", " ,", ",\n   "]);
    format!("[{}{}]", items.join(comma), random.pick(&["", "", " ", ","]))
}

/// Draws a literal or folded scalar whose lines have at least this indentation.
fn scalar_block(random: &mut Random, indent: &str) -> String {
    let header = random.pick(&["|", "|", ">", ">", "|-", ">-", "|+", ">+", "| # c", "|2", "|-1"]);
    let mut text = format!(" {header}");
    for _ in 0..=random.below(4) {
        let more = random.pick(&["", "", "", " ", "  "]);
        let line = random.pick(&WORDS);
        text += random.pick(&["\n", "\n", "\n", "\n\n"]);
        text += &format!("{indent}{more}{line}");
    }
    text + random.pick(&["", "", "", "\n", "\n\n"])
}

const NAMES: [&str; 12] = [
    "name", "sub", "email", "roles", "groups", "name", "sub", "roles", "groups", "color", "issuer",
    "iss",
];

/// The first eight may be used anywhere.
const WORDS: [&str; 25] = [
    "a",
    "system.admin",
    "j@example.com/j",
    "two words",
    "Jürgen",
    "http://x/y",
    "x#y",
    "0010",
    "*",
    "a: b",
    "- a",
    "-a",
    "? a",
    "[a]",
    "{a: b}",
    "a, b",
    "a # b",
    "it's",
    "say \"a\"",
    "'a'",
    "back\\slash",
    "<>&",
    "%a",
    "@a",
    "&a b",
];

const ESCAPED: [&str; 7] = ["\\n", "\\t\\\\", "\\x41", "\\u00e9", "\\U0001F600", "\\e[0m", "\\0"];
