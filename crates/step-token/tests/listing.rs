//! Lists of provisioners whose names have any length and content: in the listing, and in the
//! messages of a command that selects one of them.

mod common;

use std::io;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use step_token::{Exit, World};
use token_time::Timestamp;

/// Of the root, which is not read.
const FINGERPRINT: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_list_makes_a_panic_or_a_flood(entries in vec(entry(), 1..40)) {
        let config = ca_json(&entries);
        for form in [&["--table"][..], &["--can"], &[]] {
            let (exit, out, err) = run(&[&["ca", "provisioner", "list"], form].concat(), &config);
            prop_assert_eq!(exit, Exit::Done, "{}", err);
            prop_assert!(is_safe(&out) && is_safe(&err));
            if form.is_empty() {
                let listed: Value = serde_json::from_str(&out).expect("it is JSON");
                let listed = listed.as_array().expect("a list");
                let names = |list: &[Value]| list.iter().map(|it| it["name"].clone()).collect::<Vec<_>>();
                prop_assert_eq!(names(listed), names(&entries));
            }
        }
        for choice in [
            &["--kid", "nope"][..],
            &["--provisioner", "nope"],
            &["--provisioner", "nope", "--kid", "nope"],
            &["--k8ssa-token-path", "/nonexistent/token"],
            &["--key", "/nonexistent/key"],
            &[],
        ] {
            let argv = [&["token", "db.internal", "--fingerprint", FINGERPRINT], choice].concat();
            let (exit, out, err) = run(&argv, &config);
            prop_assert!(exit != Exit::Done && out.is_empty(), "{}", err);
            prop_assert!(is_safe(&err), "{err}");
            // A list of ten, or a line for each of ten, in which a name is cut.
            prop_assert!(err.len() < 250_000, "{} bytes", err.len());
        }
    }
}

#[test]
fn a_table_is_no_larger_than_the_list() {
    let entry = |name: String| json!({ "type": "SCEP", "name": name, "challenge": "x" });
    let short = (0..2_000).map(|n| entry(format!("scep-{n}")));
    let list: Vec<_> = short.chain([entry("x".repeat(1 << 20))]).collect();
    let config = ca_json(&list);
    for form in ["--table", "--can"] {
        let (exit, out, err) = run(&["ca", "provisioner", "list", form], &config);
        assert_eq!(exit, Exit::Done, "{err}");
        assert!(out.len() < 1 << 20, "{form}: {} bytes", out.len());
        assert_eq!(out.lines().take_while(|line| !line.is_empty()).count(), list.len() + 1);
    }
    let (_, out, _) = run(&["ca", "provisioner", "list"], &config);
    assert!(out.contains(&"x".repeat(1 << 20)), "JSON keeps all");
}

#[test]
fn ten_of_many_are_named() {
    let list = (0..12).map(|n| {
        let mut entry = recorded();
        entry["name"] = json!(format!("jwk-{n}"));
        entry["key"]["kid"] = json!(format!("key-{n}"));
        entry
    });
    let list: Vec<_> = list.collect();
    for (choice, told) in [
        (&[][..], "hint: there are 2 more choices\n"),
        (&["--kid", "nope"], "`key-9` and 2 more"),
        (&["--provisioner", "nope"], "`jwk-9` and 2 more"),
    ] {
        let (exit, _, err) = run(
            &[&["token", "db.internal", "--fingerprint", FINGERPRINT], choice].concat(),
            &ca_json(&list),
        );
        assert_eq!(exit, Exit::Settings, "{err}");
        assert!(err.contains(told), "{err}");
        assert!(!err.contains("jwk-10") && !err.contains("key-10"), "{err}");
    }
}

#[test]
fn the_list_is_written_as_step_indents_it() {
    let entries =
        [json!({ "type": "ACME", "name": "a", "empty": [], "none": {}, "b": [1, { "c": "d" }] })];
    let listed = |list: &[Value]| run(&["ca", "provisioner", "list"], &ca_json(list)).1;
    let [entry] = &entries;
    for count in [1, 3] {
        let list = vec![entry.clone(); count].into_iter().enumerate().map(|(n, mut entry)| {
            entry["name"] = json!(format!("a{n}"));
            entry
        });
        let list: Vec<_> = list.collect();
        let mut expected = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"   ");
        let mut writer = serde_json::Serializer::with_formatter(&mut expected, formatter);
        serde::Serialize::serialize(&list, &mut writer).expect("it can be written");
        assert_eq!(listed(&list), format!("{}\n", String::from_utf8_lossy(&expected)));
    }
    // A number that is too large for us: nothing is indented, and nothing is lost.
    let huge = r#"{"type":"ACME","name":"b","n":1e999}"#;
    let config = ca_json(&entries)
        .to_string()
        .replace(r#""provisioners":["#, &format!(r#""provisioners":[{huge},"#));
    let (exit, out, err) = run_with(&["ca", "provisioner", "list"], &config);
    assert_eq!((exit, out), (Exit::Done, format!("[{huge},{entry}]\n")), "{err}");
}

/// A provisioner of some type with texts of any length and content.
fn entry() -> impl Strategy<Value = Value> {
    let texts = (text(), text());
    (texts, 0..6).prop_map(|((name, other), kind)| match kind {
        0 => {
            let mut entry = recorded();
            entry["name"] = json!(name);
            entry["key"]["kid"] = json!(other);
            entry
        }
        1 => json!({ "type": "OIDC", "name": name, "clientID": other }),
        2 => json!({ "type": "Azure", "name": name, "tenantID": other }),
        3 => json!({ "type": "ACME", "name": name }),
        4 => json!({ "type": "K8sSA", "name": name }),
        _ => json!({ "type": "X5C", "name": name, "roots": "AAAA" }),
    })
}

/// The JWK provisioner of the recordings.
fn recorded() -> Value {
    let path = common::vectors().join("ca-one.json");
    let config = std::fs::read(path).expect("a ca.json");
    let config: Value = serde_json::from_slice(&config).expect("it is JSON");
    config["authority"]["provisioners"][0].clone()
}

fn text() -> impl Strategy<Value = String> {
    let any = ".{0,40}";
    let hostile = "[\\x00-\\x1f\u{7f}-\u{9f}\u{61c}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{e0001}`\"a]{0,20}";
    let long =
        (any, 1..70_000_usize).prop_map(|(part, times)| part.chars().cycle().take(times).collect());
    prop_oneof![4 => any.boxed(), 2 => hostile.boxed(), 1 => long.boxed()]
}

fn ca_json(entries: &[Value]) -> Value {
    json!({
        "root": "/nonexistent/root_ca.crt",
        "address": ":443",
        "dnsNames": ["ca.example.test"],
        "authority": { "provisioners": entries },
    })
}

fn is_safe(text: &str) -> bool {
    !text.chars().any(|c| {
        c != '\n' && (c.is_control() || "\u{61c}\u{200b}\u{202e}\u{2066}\u{e0001}".contains(c))
    })
}

fn run(argv: &[&str], config: &Value) -> (Exit, String, String) {
    run_with(argv, &config.to_string())
}

/// Runs the program in memory; returns its exit status and what it printed.
fn run_with(argv: &[&str], config: &str) -> (Exit, String, String) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("ca.json");
    std::fs::write(&path, config).expect("room for a file");
    let (out, err) = (common::Sink::default(), common::Sink::default());
    let world = World::still(Timestamp::from_unix_seconds(1_800_000_000))
        .with_home("/nonexistent")
        .with_streams(io::Cursor::new(""), out.clone(), err.clone());
    let path = path.to_str().expect("a path in UTF-8");
    let argv = [&["step-token"], argv, &["--offline", "--ca-config", path]].concat();
    let exit = step_token::run(argv.into_iter().map(Into::into), &world);
    (exit, out.text(), err.text())
}
