//! Tokens whose parts are malformed, whatever their contents.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::mutation::{Mutation, Step};
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation { name: "stray bits", weight: 4, step: Step::Parts(stray_bits) },
    Mutation { name: "padding", weight: 4, step: Step::Parts(padding) },
    Mutation { name: "line breaks in a part", weight: 6, step: Step::Parts(line_breaks) },
    Mutation { name: "an odd character", weight: 4, step: Step::Parts(odd_character) },
    Mutation { name: "an empty part", weight: 2, step: Step::Parts(empty) },
    Mutation { name: "a shorter part", weight: 3, step: Step::Parts(shorter) },
    Mutation { name: "more or fewer parts", weight: 4, step: Step::Token(parts) },
    Mutation { name: "something around the token", weight: 4, step: Step::Token(around) },
    Mutation { name: "line breaks in the token", weight: 6, step: Step::Token(breaks_anywhere) },
];

/// Encodes as in every token.
pub(super) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn stray_bits(parts: &mut [String; 2], random: &mut Random) {
    let at = random.below(2);
    parts[at] = with_stray_bits(&parts[at], random);
}

/// Sets the unused bits of the last character; parts of whole groups have none.
pub(super) fn with_stray_bits(part: &str, random: &mut Random) -> String {
    let unused = match part.len() % 4 {
        2 => 16,
        3 => 4,
        _ => return part.to_owned(),
    };
    let (start, last) = part.split_at(boundary(part, part.len() - 1));
    let value = ALPHABET.find(last).unwrap_or_default() / unused * unused;
    let value = value + 1 + random.below(unused - 1);
    format!("{start}{}", &ALPHABET[value..=value])
}

fn padding(parts: &mut [String; 2], random: &mut Random) {
    let at = random.below(2);
    parts[at] = padded(&parts[at], random);
}

/// Adds padding, of the right or the wrong length.
pub(super) fn padded(part: &str, random: &mut Random) -> String {
    let due = (4 - part.len() % 4) % 4;
    let count = random.pick(&[due, due, 1, 2, 3, 4]);
    format!("{part}{}", "=".repeat(count))
}

fn line_breaks(parts: &mut [String; 2], random: &mut Random) {
    let at = random.below(2);
    parts[at] = broken(&parts[at], random);
}

/// Inserts line breaks inside or at an end; some make the length valid again.
pub(super) fn broken(part: &str, random: &mut Random) -> String {
    let breaks = random.pick(&["\n", "\r\n", "\r", "\n\n\n\n", "\r\n\r\n", "\n\n"]);
    let at = random.pick(&[0, part.len(), part.len() / 2, part.len().saturating_sub(1)]);
    let (start, end) = part.split_at(boundary(part, at));
    format!("{start}{breaks}{end}")
}

fn odd_character(parts: &mut [String; 2], random: &mut Random) {
    let odd = ["+", "/", " ", "\t", "é", "\0", "=", "%", "\u{feff}", "\u{b}", "\u{85}", "~"];
    let part = &mut parts[random.below(2)];
    let at = boundary(part, random.below(part.len() + 1));
    let rest = part.split_off(at);
    part.push_str(random.pick(&odd));
    // Instead of a character, or before it.
    part.extend(rest.chars().skip(random.below(2)));
}

fn empty(parts: &mut [String; 2], random: &mut Random) {
    parts[random.below(2)].clear();
}

fn shorter(parts: &mut [String; 2], random: &mut Random) {
    let part = &mut parts[random.below(2)];
    let left = part.len().saturating_sub(random.pick(&[1, 1, 2, 3, 4]));
    part.truncate(boundary(part, left));
}

fn parts(token: &mut String, random: &mut Random) {
    match random.below(7) {
        0 => *token = token.rsplit_once('.').unwrap().0.to_owned(),
        1 => token.push('.'),
        2 => token.push_str(".AAAA"),
        3 => token.insert(0, '.'),
        4 => *token = token.replace('.', ".."),
        5 => *token = token.replace('.', ""),
        _ => *token = format!("{token}.{token}"),
    }
}

fn around(token: &mut String, random: &mut Random) {
    *token = match random.below(9) {
        0 => format!(" {token}"),
        1 => format!("{token} "),
        2 => format!("Bearer {token}"),
        3 => format!("bearer {token}"),
        4 => format!("BEARER  {token}"),
        5 => format!("\"{token}\""),
        6 => format!("\t{token}"),
        7 => format!("{token}\0"),
        _ => format!("\u{feff}{token}"),
    };
}

fn breaks_anywhere(token: &mut String, random: &mut Random) {
    let breaks = random.pick(&["\n", "\r\n", "\n\n\n\n", "\r", "\r\n\r\n"]);
    let at = random.pick(&[token.len(), token.len(), 0, token.find('.').unwrap_or_default()]);
    token.insert_str(at, breaks);
}

/// Returns the position of the character at this place or just before it.
pub(super) fn boundary(part: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| part.is_char_boundary(*at)).unwrap_or_default()
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
