//! A thousand tokens, good and spoilt, checked by both servers and by the program.

mod claims;
mod draft;
mod headers;
mod mutation;
mod servers;
mod signatures;
mod structure;
mod tables;
mod times;
mod values;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::peers::Flavour;
use draft::Case;
use mutation::Maker;

#[test]
fn a_thousand_tokens_are_judged_as_a_server_of_today_judges_them() {
    a_thousand_tokens(Flavour::Current);
}

#[test]
fn a_thousand_tokens_are_judged_as_an_older_server_judges_them() {
    a_thousand_tokens(Flavour::Older);
}

/// Draws the same thousand for every server, with enough tokens of either answer.
#[track_caller]
fn a_thousand_tokens(flavour: Flavour) {
    let mut maker = Maker::new(SEED);
    let cases: Vec<Case> = (0..1000).map(|_| maker.draw()).collect();
    for name in maker.names() {
        let count =
            cases.iter().filter(|case| case.made.split(" + ").any(|made| made == name)).count();
        assert!(count > 1, "{name:?} was drawn {count} times");
    }
    let tally = compare(flavour, &cases);
    assert!((250..=750).contains(&tally["OK"]), "{flavour:?} {tally:?}");
    assert!(tally.values().all(|count| *count > 100), "{flavour:?} {tally:?}");
}

/// Gives the cases to a server and to the program; returns how often each code was answered.
#[track_caller]
fn compare(flavour: Flavour, cases: &[Case]) -> BTreeMap<String, usize> {
    let questions: Vec<Value> = cases.iter().map(Case::question).collect();
    let (mut tally, mut differences) = (BTreeMap::new(), Vec::new());
    for (case, theirs) in cases.iter().zip(flavour.ask("verify", &questions)) {
        let ours = case.px(flavour).answer();
        if let Err(what) = agree(&ours, &theirs) {
            differences.push(format!("{what}\n  {case:?}\n  ours   {ours}\n  theirs {theirs}"));
        }
        let code = theirs["code"].as_str().unwrap_or_default();
        *tally.entry(code.to_owned()).or_default() += 1;
    }
    let count = differences.len();
    assert!(count == 0, "{flavour:?} differs {count} times:\n{}", differences.join("\n"));
    tally
}

/// Compares the answers and, for an accepted token, its user.
fn agree(ours: &Value, theirs: &Value) -> Result<(), String> {
    let same = |ours: &Value, theirs: &Value, what: &str| {
        if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours} and {theirs}")) }
    };
    same(&ours["accepted"], &theirs["accepted"], "accepted")?;
    same(&ours["answer"], &theirs["code"], "answer")?;
    if let Some(check) = named(theirs) {
        same(&ours["refusedBy"], &Value::from(check), "the check that is named")?;
    } else if ["exp", "iat", "nbf"].iter().any(|time| ours["refusedBy"] == *time) {
        return Err(format!("the server names no time: {}", theirs["error"]));
    }
    if theirs["accepted"] == true {
        let identity = &ours["identity"];
        for name in ["username", "name", "email"] {
            same(&identity[name], &theirs[name], name)?;
        }
        let empty = Value::Array(Vec::new());
        for name in ["roles", "groups"] {
            let list = if theirs[name].is_null() { &empty } else { &theirs[name] };
            same(&identity[name], list, name)?;
        }
    }
    Ok(())
}

/// Returns the check that the server's message names, if it is a time or a signature that fails.
fn named(theirs: &Value) -> Option<&'static str> {
    let error = theirs["error"].as_str()?.to_lowercase();
    [
        ("token is expired", "exp"),
        ("token used before issued", "iat"),
        ("token is not valid yet", "nbf"),
        ("signature is invalid", "signature"),
    ]
    .into_iter()
    .find_map(|(text, check)| error.contains(text).then_some(check))
}

const SEED: u64 = 0x6f70_656e_7374_6f72;
