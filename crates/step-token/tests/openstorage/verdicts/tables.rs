//! Every row of the tables that the mutations draw from, alone in an ordinary token.

use super::draft::{Case, Draft};
use super::{claims, compare, headers, structure, values};
use crate::keys::{SECRET, mac};
use crate::peers::Flavour;
use crate::random::Random;

/// Makes a token that is accepted, changes one thing, and signs it.
fn with(what: String, change: impl FnOnce(&mut Draft)) -> Case {
    let mut draft = Draft::of("HS256", &mut Random::seeded(7));
    change(&mut draft);
    let parts = draft.encode();
    let message = parts.join(".");
    let signature = mac(draft.alg, SECRET.as_bytes(), message.as_bytes());
    let token = format!("{message}.{}", structure::encoded(&signature));
    Case { made: what, token, server: draft.server, at: draft.at }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Draft)| cases.push(with(what, change));
    for claim in claims::CLAIMS {
        add(format!("no {claim}"), &|draft| draft.remove(claim));
        for value in values::VALUES {
            add(format!("{claim} {value}"), &|draft| draft.set(claim, value));
            add(format!("{claim} and then {value}"), &|draft| draft.claim(claim, value));
        }
    }
    for claim in ["roles", "groups"] {
        for list in values::LISTS {
            add(format!("{claim} {list}"), &|draft| draft.set(claim, list));
            add(format!("{claim} and then {list}"), &|draft| draft.claim(claim, list));
        }
    }
    for claim in ["exp", "iat", "nbf"] {
        for time in values::TIMES {
            add(format!("{claim} {time}"), &|draft| draft.set(claim, time));
        }
    }
    for (name, value) in values::MORE {
        add(format!("{name} {value}"), &|draft| draft.claim(name, value));
    }
    for text in values::TEXTS {
        let shown = text.escape_ascii();
        let quoted = [b"\"", *text, b"\""].concat();
        add(format!("sub {shown}"), &|draft| draft.raw_claim(b"\"sub\"", &quoted));
        add(format!("a member {shown}"), &|draft| draft.raw_claim(&quoted, b"1"));
    }
    for alg in headers::ODD {
        add(format!("alg {alg}"), &|draft| headers::write(draft, alg, b""));
    }
    for more in headers::MORE {
        let shown = more.escape_ascii();
        add(format!("header {shown}"), &|draft| headers::write(draft, "\"HS256\"", more));
    }
    cases
}

#[test]
fn every_row_is_judged_as_a_server_of_today_judges_it() {
    compare(Flavour::Current, &cases());
}

#[test]
fn every_row_is_judged_as_an_older_server_judges_it() {
    compare(Flavour::Older, &cases());
}

/// A server of either generation follows a nil pointer here and crashes, which must not count as accepted.
#[test]
fn a_payload_that_is_null_is_refused_whatever_becomes_of_the_server() {
    let null = with("null".to_owned(), |draft| draft.payload = Some(b"null".to_vec()));
    for flavour in Flavour::ALL {
        let theirs = flavour.ask("verify", &[null.question()]).remove(0);
        assert!(theirs["error"].as_str().unwrap().starts_with("panic: "), "{theirs}");
        let ours = null.px(flavour).answer();
        assert_eq!(ours["accepted"], false, "{ours}");
        assert_eq!(ours["answer"], "Unauthenticated", "{ours}");
    }
}
