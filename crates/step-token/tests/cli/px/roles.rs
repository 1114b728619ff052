//! `px can` and `px roles`, where a transcript does not reach: silence, and roles from a stream.

use std::fs;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

#[test]
fn quiet_leaves_the_status_alone() {
    let sandbox = Sandbox::of("px");
    for (line, status, stdout) in [
        ("px can system.user volume/create --quiet", 0, ""),
        ("px can system.view volume/create --quiet", 1, ""),
        ("px --quiet can system.view volume/create", 1, ""),
        ("px can system.view volume/create --raw", 1, "no\n"),
    ] {
        let run = sandbox.run(line);
        let seen = (run.status, run.stdout.as_str(), run.stderr.as_str());
        assert_eq!(seen, (status, stdout, ""), "{line}");
    }
    let run = sandbox.run("px can system.view volume/create --quiet --json");
    let object: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(run.status == 1 && object["granted"] == false, "{run:?}");
}

#[test]
fn a_role_may_come_from_a_stream_but_two_may_not() {
    let sandbox = Sandbox::of("px");
    let line = "px can test.view node/inspect --role-config";
    let script = r#""$0" "$@" <role/unfit.yaml"#;
    let run = Run::of(sandbox.shell(script, &format!("{line} -")).output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (0, "yes\n"), "{run:?}");
    assert!(run.stderr.starts_with("warning: standard input (--role-config): role"), "{run:?}");
    let line = format!("{line} - --role-config /dev/stdin");
    let run = Run::of(sandbox.shell(script, &line).output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains("both read standard input"), "{run:?}");
}

#[test]
fn what_px_roles_prints_is_what_px_can_answers() {
    let sandbox = Sandbox::of("px");
    let all = sandbox.run("px roles system.admin --json");
    let all: Value = serde_json::from_str(&all.stdout).unwrap();
    let run = sandbox.run("px roles system.view --json");
    let role: Value = serde_json::from_str(&run.stdout).unwrap();
    let methods = role["methods"].as_array().unwrap();
    for method in all["methods"].as_array().unwrap().iter().step_by(9) {
        let line = format!("px can system.view {} --quiet", method.as_str().unwrap());
        assert_eq!(sandbox.run(&line).status, i32::from(!methods.contains(method)), "{method}");
    }
}

/// What a token or a file has thousands of is told ten times, and what is long is cut.
#[test]
fn a_report_is_no_longer_than_a_screen() {
    let sandbox = Sandbox::of("px");
    let roles: Vec<String> = (0..6_000).map(|n| format!("system user{n:04}/")).collect();
    let subject = "x".repeat(40_000);
    let account = serde_json::json!({ "sub": subject, "name": "n", "email": "e", "roles": roles });
    fs::write(sandbox.path("many.json"), account.to_string()).unwrap();
    let run = sandbox.run(
        "px token --issuer i --shared-secret-file secret/good --auth-config many.json --output t",
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("warning: there are 5990 more such warnings\n"), "{}", run.stderr);
    assert!(run.stderr.lines().count() < 15, "{}", run.stderr);

    let verify =
        "px verify --issuer i --shared-secret-file secret/good --token-file t --can volume/create";
    let run = sandbox.run(verify);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stdout.contains(" and 5990 more roles\n"), "{}", run.stdout);
    assert!(run.stdout.contains("warn  advice     there are 5990 more such warnings\n"));
    assert!(run.stdout.lines().count() < 40, "{}", run.stdout);
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 2_001), "{}", run.stdout);

    let run = sandbox.run(&format!("{verify} --json"));
    let object: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(object["identity"]["subject"], subject);
    assert_eq!(object["identity"]["roles"].as_array().unwrap().len(), 6_000);
    assert_eq!(object["advice"].as_array().unwrap().len(), 6_000);
    assert_eq!(object["can"][0]["roles"].as_array().unwrap().len(), 6_000);
}
