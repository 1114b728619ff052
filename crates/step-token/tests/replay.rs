//! The 231 recorded runs of the real `step ca token`, replayed.
//!
//! With the recorded time and token ID a token's header and claims must be byte for byte what the
//! real program wrote, and its signature must verify. Where a run is marked
//! `differs_by_design`, a row here says how the answer differs.
//!
//! Online runs use a fake server that sends the recorded bodies.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

mod common;
#[path = "replay/differences.rs"]
mod differences;
#[path = "replay/recording.rs"]
mod recording;
#[path = "replay/server.rs"]
mod server;

use differences::Expected;
use recording::{Outcome, Run};

#[test]
fn every_recorded_run_is_answered_as_the_real_program_did_or_better() {
    std::env::set_current_dir(common::vectors()).expect("the recordings are there");
    let server = server::Recorded::start();
    let runs = recording::runs();
    assert_eq!(runs.len(), 231);

    let mut failures = Vec::new();
    let mut tally = std::collections::BTreeMap::<&str, usize>::new();
    for run in &runs {
        let expected = differences::of(run);
        *tally.entry(expected.class()).or_default() += 1;
        let outcome = run.replay(server.port());
        if let Err(why) = check(run, &expected, &outcome) {
            failures.push(format!("{} [{}]: {why}", run.name, run.group));
        }
    }
    println!("{tally:?}");
    assert!(failures.is_empty(), "{} runs differ:\n{}", failures.len(), failures.join("\n"));
    let sum: usize = tally.values().sum();
    assert_eq!(sum, 231);
}

/// step mints the token even if the ca.json forbids it. Where it is allowed, it is the same.
#[test]
fn what_the_ca_json_forbids_is_the_same_where_it_is_allowed() {
    std::env::set_current_dir(common::vectors()).expect("the recordings are there");
    let text = std::fs::read("ca.json").expect("a ca.json");
    let mut config: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
    config["authority"]["claims"] = serde_json::json!({
        "enableSSHCA": true, "minUserSSHCertDuration": "1s", "maxHostSSHCertDuration": "900000h",
    });
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("ca.json");
    std::fs::write(&path, config.to_string()).expect("room for a file");
    let path = path.to_str().expect("a path in UTF-8");

    for name in differences::FORBIDDEN {
        let run = recording::runs().into_iter().find(|run| run.name == name);
        let run = run.expect("it was recorded").with_argument("ca.json", path);
        let outcome = run.replay(0);
        if let Err(why) = check(&run, &Expected::Same, &outcome) {
            panic!("{}: {why}", run.name);
        }
    }
}

fn check(run: &Run, expected: &Expected, outcome: &Outcome) -> Result<(), String> {
    match expected {
        Expected::Same => match &run.token {
            Some(_) => token(run, outcome, |text| text.to_owned(), |text| text.to_owned()),
            None => refused(outcome),
        },
        Expected::Changed { header, claims } => token(run, outcome, header, claims),
        Expected::Refused => refused(outcome),
        Expected::Line(line) => same("stdout", line, outcome.stdout.as_bytes()),
        Expected::Succeeds => {
            let token = outcome.token()?;
            recording::verify(&token, run.public_key_of_key_flag())
        }
    }
}

/// Compares a token with the recorded one.
fn token(
    run: &Run,
    outcome: &Outcome,
    header: impl Fn(&str) -> String,
    claims: impl Fn(&str) -> String,
) -> Result<(), String> {
    let recorded = run.token.as_ref().ok_or("no token was recorded")?;
    let token = outcome.token()?;
    let parts = token_jose::compact::decode_unverified(&token).map_err(|e| e.to_string())?;
    same("header", &header(&recorded.header), &parts.header)?;
    // The fake server has its own port.
    let payload = String::from_utf8_lossy(&parts.payload).replace(&outcome.port, ":19700");
    same("claims", &claims(&recorded.claims), payload.as_bytes())?;
    recording::verify(&token, run.public_key())
}

fn same(what: &str, expected: &str, got: &[u8]) -> Result<(), String> {
    let got = String::from_utf8_lossy(got);
    if got == expected { Ok(()) } else { Err(format!("{what}\n  want {expected}\n  got  {got}")) }
}

/// A refusal has an exit status, a message and nothing on standard output.
fn refused(outcome: &Outcome) -> Result<(), String> {
    if outcome.exit == step_token::Exit::Done {
        return Err(format!("should be refused, yet: {}", outcome.stdout));
    }
    if !outcome.stdout.is_empty() {
        return Err(format!("stdout has {:?}", outcome.stdout));
    }
    if !outcome.stderr.lines().any(|line| line.starts_with("error: ")) {
        return Err(format!("stderr has no error: {:?}", outcome.stderr));
    }
    Ok(())
}
