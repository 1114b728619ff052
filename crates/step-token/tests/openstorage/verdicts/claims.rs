//! Payloads with unusual spelling.

use super::draft::Draft;
use super::mutation::{Mutation, Step};
use super::values;
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation { name: "a claim of another type", weight: 12, step: Step::Draft(other_type) },
    Mutation { name: "claims missing", weight: 5, step: Step::Draft(missing) },
    Mutation { name: "odd lists", weight: 6, step: Step::Draft(odd_list) },
    Mutation { name: "a claim twice", weight: 10, step: Step::Draft(twice) },
    Mutation { name: "a list more than once", weight: 5, step: Step::Draft(list_again) },
    Mutation { name: "a name in other letters", weight: 8, step: Step::Draft(cased) },
    Mutation { name: "a time near now", weight: 12, step: Step::Draft(near) },
    Mutation { name: "an odd time", weight: 10, step: Step::Draft(odd_time) },
    Mutation { name: "times in all places", weight: 4, step: Step::Draft(all_times) },
    Mutation { name: "more claims", weight: 6, step: Step::Draft(more) },
    Mutation { name: "odd text", weight: 6, step: Step::Draft(odd_text) },
    Mutation { name: "text around the payload", weight: 5, step: Step::Draft(around) },
    Mutation { name: "a deep payload", weight: 2, step: Step::Draft(deep) },
    Mutation { name: "no object in the payload", weight: 3, step: Step::Draft(no_object) },
    Mutation { name: "another order", weight: 2, step: Step::Draft(order) },
];

pub(super) const CLAIMS: [&str; 9] =
    ["iss", "sub", "exp", "iat", "name", "email", "roles", "groups", "nbf"];

fn other_type(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&CLAIMS);
    draft.set(claim, random.pick(&values::VALUES));
}

fn missing(draft: &mut Draft, random: &mut Random) {
    for claim in random.some(&CLAIMS, 3) {
        draft.remove(claim);
    }
}

fn odd_list(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&["roles", "groups"]);
    draft.set(claim, random.pick(&values::LISTS));
}

/// Both the first and the last may be valid or not.
fn twice(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&CLAIMS);
    let value = random.pick(&values::VALUES);
    let name = random.pick(&[claim, claim, claim, &claim.to_uppercase()]).to_owned();
    let at = random.below(draft.members.len() + 1);
    let member = (format!("\"{name}\"").into_bytes(), value.as_bytes().to_vec());
    draft.members.insert(at, member);
    if random.percent(30) {
        let value = random.pick(&values::VALUES);
        draft.claim(&name, value);
    }
}

/// A list is decoded over the values of the previous one.
fn list_again(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&["roles", "groups"]);
    for _ in 0..=random.below(3) {
        let name = random.pick(&[claim, claim, &claim.to_uppercase()]).to_owned();
        draft.claim(&name, random.pick(&values::LISTS[..12]));
    }
}

fn cased(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&CLAIMS);
    let quoted = format!("\"{claim}\"");
    let value = match draft.members.iter().find(|(name, _)| *name == quoted.as_bytes()) {
        Some((_, value)) if random.percent(50) => String::from_utf8(value.clone()).unwrap(),
        _ => random.pick(&values::VALUES).to_owned(),
    };
    if random.percent(50) {
        draft.remove(claim);
    }
    let first = &claim[..1];
    let other = match random.below(7) {
        0 => claim.to_uppercase(),
        1 => claim.replacen(first, &first.to_uppercase(), 1),
        // The long s folds to s, raw or escaped; the dotless i folds to no letter in our names.
        2 => claim.replace('s', "ſ"),
        3 => claim.replace('s', "\\u017f"),
        4 => claim.replace('i', "ı").replace('k', "\u{212a}"),
        5 => claim.replacen(first, &format!("\\u{:04x}", u32::from(first.as_bytes()[0])), 1),
        _ => random
            .pick(&["İss", "ISſ", "\\u0053ub", "rôles", "nAme", "eMail", " sub", "sub\\u0000"])
            .to_owned(),
    };
    draft.claim(&other, &value);
}

fn near(draft: &mut Draft, random: &mut Random) {
    let offset = random.pick(&[-2, -1, 0, 0, 1, 2]);
    let fraction = random.pick(&["", "", ".0", ".5", ".999", ".9999999999", "e0", ".000e0"]);
    let claim = random.pick(&["exp", "exp", "iat", "nbf"]);
    draft.set(claim, &format!("{}{fraction}", draft.at + offset));
}

fn odd_time(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&["exp", "iat", "nbf"]);
    draft.set(claim, random.pick(&values::TIMES));
}

fn all_times(draft: &mut Draft, random: &mut Random) {
    draft.at = random.pick(&[0, 1, -1, 2, 1_699_999_999, 4_102_444_800, -62_135_596_801]);
    for claim in ["exp", "iat", "nbf"] {
        let near = (draft.at + random.pick(&[-1, 0, 1])).to_string();
        let odd = random.pick(&values::TIMES);
        draft.set(claim, random.pick(&[&near, odd]));
    }
}

fn more(draft: &mut Draft, random: &mut Random) {
    let (name, value) = random.pick(&values::MORE);
    draft.claim(name, value);
}

fn odd_text(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&["sub", "name", "email", "iss", "x"]);
    draft.remove(claim);
    let text = random.pick(values::TEXTS);
    let value = [b"\"", text, b"\""].concat();
    if random.percent(25) {
        draft.raw_claim(&value, b"1");
        draft.claim(claim, "\"openstorage.io\"");
    } else {
        draft.raw_claim(format!("\"{claim}\"").as_bytes(), &value);
    }
}

fn around(draft: &mut Draft, random: &mut Random) {
    let blanks = [" ", "\n", "\t\r\n  ", "\u{feff}", "\0", "\u{a0}", "\u{c}", "//"];
    let behind = ["x", "{}", ",", "}", "null", "]", "\n\n{}", "\"", "0"];
    match random.below(4) {
        0 | 1 => draft.around.0 = random.pick(&blanks),
        2 => draft.around.1 = random.pick(&blanks),
        _ => draft.around.1 = random.pick(&behind),
    }
}

/// The object around it adds one level; an object in each list adds another.
fn deep(draft: &mut Draft, random: &mut Random) {
    let depth = random.pick(&[9_999, 10_000, 10_001, 100]);
    let value = match random.below(3) {
        0 => format!("{}{}", r#"{"a":"#.repeat(depth - 1) + "{}", "}".repeat(depth - 1)),
        // Unclosed lists are refused for another reason.
        1 => "[".repeat(depth),
        _ => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
    };
    let claim = random.pick(&["x", "x", "x", "roles", "exp"]);
    draft.set(claim, &value);
}

fn no_object(draft: &mut Draft, random: &mut Random) {
    let payloads: [&[u8]; 12] = [
        b"",
        b"[]",
        b"\"iss\"",
        b"7",
        b"true",
        b"{",
        b"{}",
        b"[{\"iss\":\"openstorage.io\"}]",
        b"{'iss':'openstorage.io'}",
        b"{\"iss\":\"openstorage.io\",}",
        b"{\"iss\" \"openstorage.io\"}",
        b"{\"iss\":\"openstorage.io\"}",
    ];
    draft.payload = Some(random.pick(&payloads).to_vec());
}

fn order(draft: &mut Draft, random: &mut Random) {
    for end in (1..draft.members.len()).rev() {
        draft.members.swap(end, random.below(end + 1));
    }
}
