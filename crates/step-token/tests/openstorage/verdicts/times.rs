//! Several faults of time at once: which one the server names.

use super::compare;
use super::draft::{Case, Draft};
use super::structure;
use crate::keys::{SECRET, mac};
use crate::peers::Flavour;
use crate::program::NOW;
use crate::random::Random;

/// Every combination of good and bad times, with a good and with a bad signature.
fn cases() -> Vec<Case> {
    let (past, to_come) = (NOW - 10, NOW + 10);
    let [past, to_come] = [past, to_come].map(|second| second.to_string());
    let ends = [&to_come, &past, "\"soon\"", "null", "0", "1e300"];
    let beginnings = [&past, &to_come, "\"soon\"", "[]", "0"];
    let mut cases = Vec::new();
    for end in ends {
        for issued in beginnings {
            for not_before in beginnings {
                for secret in [SECRET, "another secret"] {
                    let mut draft = Draft::of("HS256", &mut Random::seeded(7));
                    draft.set("exp", end);
                    draft.set("iat", issued);
                    draft.set("nbf", not_before);
                    cases.push(signed(&draft, secret));
                }
            }
        }
    }
    cases
}

fn signed(draft: &Draft, secret: &str) -> Case {
    let message = draft.encode().join(".");
    let signature = mac(draft.alg, secret.as_bytes(), message.as_bytes());
    let token = format!("{message}.{}", structure::encoded(&signature));
    Case { made: message, token, server: draft.server.clone(), at: draft.at }
}

#[test]
fn the_time_that_is_named_is_the_one_a_server_of_today_names() {
    compare(Flavour::Current, &cases());
}

#[test]
fn the_time_that_is_named_is_the_one_an_older_server_names() {
    compare(Flavour::Older, &cases());
}
