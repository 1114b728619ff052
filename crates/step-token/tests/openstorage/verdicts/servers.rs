//! Servers configured for other tokens than the one they get.

use super::draft::Draft;
use super::mutation::{Mutation, Step};
use crate::random::Random;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation { name: "another issuer", weight: 4, step: Step::Draft(other_issuer) },
    Mutation { name: "an odd issuer on both sides", weight: 2, step: Step::Draft(odd_issuer) },
    Mutation { name: "every key at once", weight: 4, step: Step::Draft(every_key) },
    Mutation { name: "no key of the family", weight: 4, step: Step::Draft(no_key) },
    Mutation { name: "a key of another curve", weight: 2, step: Step::Draft(other_curve) },
    Mutation { name: "an empty user", weight: 6, step: Step::Draft(empty_user) },
    Mutation { name: "an early or late clock", weight: 4, step: Step::Draft(clock) },
];

fn other_issuer(draft: &mut Draft, random: &mut Random) {
    draft.server.issuer = random.pick(&ISSUERS);
}

fn odd_issuer(draft: &mut Draft, random: &mut Random) {
    let issuer = random.pick(&ISSUERS);
    draft.server.issuer = issuer;
    draft.set("iss", &serde_json::Value::from(issuer).to_string());
}

fn every_key(draft: &mut Draft, random: &mut Random) {
    draft.server.secret = true;
    draft.server.rsa = true;
    let curve = random.pick(&["ES256", "ES384", "ES512"]);
    draft.server.ec.get_or_insert(curve);
}

fn no_key(draft: &mut Draft, random: &mut Random) {
    let server = &mut draft.server;
    match &draft.alg[..2] {
        "HS" => (server.secret, server.rsa) = (false, true),
        "RS" => (server.secret, server.rsa) = (true, false),
        _ => (server.secret, server.ec) = (true, None),
    }
    if random.percent(30) && draft.alg.starts_with("HS") {
        (draft.server.rsa, draft.server.ec) = (false, Some("ES256"));
    }
}

fn other_curve(draft: &mut Draft, random: &mut Random) {
    draft.server.secret = true;
    draft.server.ec = Some(random.pick(&["ES256", "ES384", "ES512"]));
}

fn empty_user(draft: &mut Draft, random: &mut Random) {
    let claim = random.pick(&["sub", "email", "name"]);
    draft.server.username = Some(random.pick(&["sub", "email", "name", claim, claim]));
    draft.set(claim, random.pick(&["\"\"", "null", "\" \"", "\"\\u0000\"", "\"\\ud800\""]));
}

fn clock(draft: &mut Draft, random: &mut Random) {
    let now = draft.at;
    draft.at = random.pick(&[
        now - 3601,
        now - 3600,
        now - 1,
        now + 1,
        now + 2,
        now + 3599,
        now + 86_400,
        0,
        -1,
        4_102_444_800,
        -62_135_596_800,
        253_402_300_799,
    ]);
}

const ISSUERS: [&str; 10] = [
    "OpenStorage.io",
    "openstorage.io ",
    " openstorage.io",
    "openstorage.io/",
    "openstorage",
    "https://openstorage.io",
    "Ünïcode ✓",
    "a\"b\\c",
    "\u{fffd}",
    "\t",
];
