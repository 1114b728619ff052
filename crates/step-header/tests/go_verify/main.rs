//! Random certificate chains, judged by `verify` and by Go's `crypto/x509`.
//!
//! Each chain begins as a good one and then gets up to three faults, some of which do no harm. Both
//! sides must agree on which certificates can be read, and on which chains lead to a root.
#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]
#![expect(clippy::unwrap_used, reason = "a test says by a panic that something is wrong")]

mod chains;
mod der;
mod random;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use step_header::{CertificatePurpose, WhyNot, X509Certificate, verify};
use token_time::Timestamp;

use crate::chains::{Chain, NOW};
use crate::random::Random;

/// The answer of either side.
#[derive(Debug, PartialEq)]
enum Answer {
    /// A certificate cannot be read.
    Unreadable,
    Refused,
    Accepted,
}

#[test]
fn random_chains_are_judged_as_go_judges_them() {
    let (mut differ, mut undecided) = (Vec::new(), 0);
    let mut counts = [0_usize; 3];
    let chains: Vec<Chain> =
        (0..CHAINS).map(|seed| Chain::random(&mut Random::new(seed))).collect();
    for (seed, (chain, (theirs, said, version))) in chains.iter().zip(ask(&chains)).enumerate() {
        let (ours, why) = judge(chain);
        counts[match theirs {
            Answer::Unreadable => 0,
            Answer::Refused => 1,
            Answer::Accepted => 2,
        }] += 1;
        if why.as_ref().is_some_and(|why| !why.is_certain()) {
            undecided += 1;
        } else if ours != theirs {
            differ.push(format!(
                "{seed}: ours {ours:?} ({}), {version}'s {theirs:?} ({said}); {:?}",
                why.map_or_else(String::new, |why| why.to_string()),
                chain.faults
            ));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    // The chains must be of all sorts, or the comparison says little.
    assert!(counts.iter().all(|count| *count > chains.len() / 20), "{counts:?}");
    assert!(undecided < chains.len() / 20, "{undecided}");
}

/// Judges a chain with this crate.
fn judge(chain: &Chain) -> (Answer, Option<WhyNot>) {
    let read = |ders: &[Vec<u8>]| -> Option<Vec<X509Certificate>> {
        ders.iter().map(|der| X509Certificate::parse(der).ok()).collect()
    };
    let (Some(given), Some(roots)) = (read(&chain.certificates), read(&chain.roots)) else {
        return (Answer::Unreadable, None);
    };
    let (leaf, others) = given.split_first().unwrap();
    let now = Timestamp::from_unix_seconds(NOW);
    match verify(leaf, others, &roots, now, CertificatePurpose::Client) {
        Ok(_) => (Answer::Accepted, None),
        Err(why) => (Answer::Refused, Some(why)),
    }
}

/// Asks Go about every chain; returns its answer, what it said, and its version.
fn ask(chains: &[Chain]) -> Vec<(Answer, String, String)> {
    let lines: String = chains.iter().map(question).collect();
    let mut peer = Command::new(peer())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("x509-peer starts");
    let mut stdin = peer.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = peer.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = answers.lines().map(answer).collect();
    assert_eq!(answers.len(), chains.len());
    answers
}

fn question(chain: &Chain) -> String {
    let list = |ders: &[Vec<u8>]| {
        let texts: Vec<String> =
            ders.iter().map(|der| format!("\"{}\"", STANDARD.encode(der))).collect();
        format!("[{}]", texts.join(","))
    };
    format!(
        "{{\"certificates\":{},\"roots\":{},\"at\":{NOW}}}\n",
        list(&chain.certificates),
        list(&chain.roots)
    )
}

fn answer(line: &str) -> (Answer, String, String) {
    let has = |member: &str| line.contains(member);
    let text = |member: &str| {
        let start = line.split_once(&format!("\"{member}\":\"")).map_or("", |(_, rest)| rest);
        start.split("\",\"").next().unwrap_or_default().trim_end_matches("\"}").to_owned()
    };
    let answer = if has("\"ok\":true") {
        Answer::Accepted
    } else if has("\"parsed\":true") {
        Answer::Refused
    } else {
        Answer::Unreadable
    };
    (answer, text("error"), text("go"))
}

fn peer() -> PathBuf {
    let directory = std::env::var_os("STEP_TOKEN_PEERS").map_or_else(
        || {
            let home = std::env::var_os("HOME").expect("HOME is set");
            PathBuf::from(home).join(".cache/step-token-peers/bin")
        },
        PathBuf::from,
    );
    let path = directory.join("x509-peer");
    assert!(path.exists(), "there is no {}: run scripts/peers", path.display());
    path
}

/// How many chains are compared; each number is a seed.
const CHAINS: u64 = 6000;
