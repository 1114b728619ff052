//! How much memory a large input takes: at most six times its size more than a small one.
//!
//! The limit is on data (`ulimit -d`), which counts what a program asks for, used or not.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use crate::sandbox::Sandbox;
use crate::under_test::program;

/// How many times its size an input may take.
const FACTOR: u64 = 6;

/// A command line that reads `FILE`, an input of a few bytes for it, and a large one.
struct Reader {
    family: &'static str,
    line: &'static str,
    small: String,
    large: String,
}

/// Returns whether a run ends as it should within so many KiB of data.
fn fits(sandbox: &Sandbox, reader: &Reader, input: &str, kib: u64) -> bool {
    let path = sandbox.path("input-of-this-run");
    fs::write(&path, input).expect("written");
    sandbox.set_mode("input-of-this-run", 0o600);
    let line = reader.line.replace("FILE", "input-of-this-run");
    let mut command: Command = sandbox.shell(&format!(r#"ulimit -d {kib}; exec "$0" "$@""#), &line);
    command.stdout(Stdio::null()).stdin(fs::File::open(path).expect("the input"));
    command.output().expect("the shell starts").status.code() == Some(0)
}

/// Returns the least limit in KiB at which the small input is read, to 64 KiB.
fn base(sandbox: &Sandbox, reader: &Reader) -> u64 {
    let (mut too_little, mut enough) = (0, 64 << 10);
    assert!(
        fits(sandbox, reader, &reader.small, enough),
        "{} {}",
        program().display(),
        reader.line
    );
    while enough - too_little > 64 {
        let middle = u64::midpoint(too_little, enough);
        match fits(sandbox, reader, &reader.small, middle) {
            true => enough = middle,
            false => too_little = middle,
        }
    }
    enough
}

/// Returns a ca.json with more provisioners.
fn ca_json(more: &[String]) -> String {
    let config = Sandbox::of("token").read("one.json");
    let (before, after) = config.split_once("\"provisioners\": [").expect("a list");
    let more: String = more.iter().map(|entry| format!("{entry},")).collect();
    format!("{before}\"provisioners\": [{more}{after}")
}

/// Lists of provisioners: tiny entries, ordinary ones, one with much in it.
fn lists() -> [String; 3] {
    let tiny = |n| format!(r#"{{"type":"ACME","name":"acme-{n:06}"}}"#);
    let sealed = "a".repeat(600);
    let usual = |n| {
        format!(
            r#"{{"type":"JWK","name":"jwk-{n}","key":{{"use":"sig","kty":"EC","kid":"kid-{n:039}","crv":"P-256","alg":"ES256","x":"7ZdAAMZCFU4XwgblI5RfZouBi8lYmF6DlZusNNnsbm8","y":"sQr2JdzwD2fgyrymBEXWsxDxFNjjqN64qLLSbLdLZ9Y"}},"encryptedKey":"{sealed}"}}"#
        )
    };
    let numbers = vec!["1"; 400_000].join(",");
    let much = format!(r#"{{"type":"ACME","name":"much","more":[{numbers}]}}"#);
    [
        ca_json(&(0..30_000).map(tiny).collect::<Vec<_>>()),
        ca_json(&(0..1_200).map(usual).collect::<Vec<_>>()),
        ca_json(&[much]),
    ]
}

fn readers() -> Vec<Reader> {
    let mut readers = Vec::new();
    for large in lists() {
        for line in [
            "ca provisioner list --offline --ca-config FILE",
            "ca provisioner list --table --offline --ca-config FILE",
            "ca provisioner list --can --offline --ca-config FILE",
            "token db.internal --provisioner admin --quiet --offline --ca-config FILE --password-file password",
        ] {
            readers.push(Reader {
                family: "token",
                line,
                small: ca_json(&[]),
                large: large.clone(),
            });
        }
    }
    let members = |count: u32| -> String {
        let members: Vec<_> = (0..count).map(|n| format!(r#""member-{n}":"value-{n}""#)).collect();
        format!("{{{}}}", members.join(","))
    };
    readers.push(Reader {
        family: "token",
        line: "token db.internal --quiet --offline --ca-config one.json --password-file password --set-file FILE",
        small: members(1),
        large: members(40_000),
    });
    let root = Sandbox::of("token").read("root.crt");
    readers.push(Reader {
        family: "token",
        line: "token db.internal --quiet --offline --ca-config one.json --password-file password --root FILE",
        small: root.clone(),
        large: root.repeat(2_000),
    });
    let fleet = |rows: u32| -> String {
        let rows = (0..rows).map(|n| format!("user-{n:06},system.user\n"));
        format!("subject,roles\n{}", rows.collect::<String>())
    };
    for line in [
        "px token --issuer i --shared-secret-file secret/good --quiet --fleet FILE",
        "px token --issuer i --shared-secret-file secret/good --quiet --fleet - --output tokens",
    ] {
        readers.push(Reader { family: "px", line, small: fleet(1), large: fleet(20_000) });
    }
    readers
}

#[test]
fn a_large_input_takes_at_most_six_times_its_size() {
    let (mut faults, mut bases) = (Vec::new(), BTreeMap::new());
    for reader in readers() {
        let sandbox = Sandbox::of(reader.family);
        let base = *bases.entry(reader.line).or_insert_with(|| base(&sandbox, &reader));
        let allowed = base + FACTOR * (reader.large.len() as u64 >> 10);
        if !fits(&sandbox, &reader, &reader.large, allowed) {
            faults.push(format!("{} on {} bytes", reader.line, reader.large.len()));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
