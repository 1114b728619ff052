//! Damaged signatures, and signatures by other keys.

use super::draft::{ALGORITHMS, Draft, Signer};
use super::mutation::{Mutation, Step};
use super::structure;
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation { name: "a flipped bit", weight: 4, step: Step::Signature(flipped) },
    Mutation { name: "another length", weight: 4, step: Step::Signature(other_length) },
    Mutation { name: "numbers swapped or changed", weight: 4, step: Step::Signature(numbers) },
    Mutation { name: "a signature of nothing", weight: 2, step: Step::Signature(nothing) },
    Mutation { name: "stray bits in the signature", weight: 3, step: Step::Encoded(stray_bits) },
    Mutation { name: "padding of the signature", weight: 3, step: Step::Encoded(padding) },
    Mutation { name: "breaks in the signature", weight: 5, step: Step::Encoded(line_breaks) },
    Mutation { name: "odd text in the signature", weight: 3, step: Step::Encoded(odd_text) },
    Mutation { name: "another key", weight: 3, step: Step::Draft(other_key) },
    Mutation { name: "another family", weight: 3, step: Step::Draft(other_family) },
    Mutation { name: "a public key as a secret", weight: 3, step: Step::Draft(public_text) },
];

fn flipped(signature: &mut Vec<u8>, random: &mut Random) {
    let bit = random.pick(&[1, 2, 4, 8, 16, 32, 64, 128]);
    match signature.len() {
        0 => signature.push(bit),
        length => signature[random.below(length)] ^= bit,
    }
}

fn other_length(signature: &mut Vec<u8>, random: &mut Random) {
    match random.below(6) {
        0 => signature.truncate(signature.len().saturating_sub(1)),
        1 => signature.truncate(signature.len() / 2),
        2 => signature.push(0),
        3 => signature.insert(0, 0),
        4 => signature.extend_from_within(..),
        _ => signature.clear(),
    }
}

/// Swaps the halves, or subtracts the second from the order of P-256: a verifier that
/// does not require the smaller of the two accepts both.
fn numbers(signature: &mut Vec<u8>, random: &mut Random) {
    let half = signature.len() / 2;
    match random.below(4) {
        0 => signature.rotate_left(half),
        1 => signature[half..].fill(0),
        2 => signature[..half].fill(0),
        _ if signature.len() == 64 => {
            let other = minus(&ORDER_OF_P256, &signature[half..]);
            signature.truncate(half);
            signature.extend(other);
        }
        _ => signature.reverse(),
    }
}

/// Subtracts one number from another, the highest byte first.
fn minus(from: &[u8], what: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut digits: Vec<u8> = from
        .iter()
        .zip(what)
        .rev()
        .map(|(from, what)| {
            let (digit, first) = from.overflowing_sub(*what);
            let (digit, second) = digit.overflowing_sub(u8::from(borrow));
            borrow = first || second;
            digit
        })
        .collect();
    digits.reverse();
    digits
}

fn nothing(signature: &mut Vec<u8>, random: &mut Random) {
    let byte = random.pick(&[0, 1, 0xff]);
    *signature = vec![byte; signature.len()];
}

fn stray_bits(signature: &mut String, random: &mut Random) {
    *signature = structure::with_stray_bits(signature, random);
}

fn padding(signature: &mut String, random: &mut Random) {
    *signature = structure::padded(signature, random);
}

fn line_breaks(signature: &mut String, random: &mut Random) {
    *signature = structure::broken(signature, random);
}

fn odd_text(signature: &mut String, random: &mut Random) {
    match random.below(4) {
        0 => signature.push_str(random.pick(&["%", " ", "é", "=A", "\0"])),
        1 => *signature = signature.replace('-', "+").replace('_', "/"),
        2 => {
            let at = structure::boundary(signature, signature.len().min(1));
            signature.insert_str(at, random.pick(&["=", " ", "\t", "."]));
        }
        _ => *signature = signature.chars().rev().collect(),
    }
}

fn other_key(draft: &mut Draft, _random: &mut Random) {
    draft.signer = Signer::Other;
}

/// Signs with any algorithm, and names it.
fn other_family(draft: &mut Draft, random: &mut Random) {
    draft.alg = random.pick(&ALGORITHMS);
}

/// A MAC with the text of a public key passes if a server uses any key for any algorithm.
fn public_text(draft: &mut Draft, random: &mut Random) {
    draft.header = br#"{"alg":"HS256","typ":"JWT"}"#.to_vec();
    draft.signer = Signer::PublicText;
    draft.server.secret = random.percent(50);
}

/// SEC 2 version 2, section 2.4.2.
const ORDER_OF_P256: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
