//! Completion in bash: the script asks the program for names, and bash's answers are looked at.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;
use crate::under_test::program;

/// Names that a shell could take for something else.
const ODD: [&str; 12] = [
    "a b",
    "it's",
    "say \"hi\"",
    "ns:one",
    "ns:two",
    "$x `id`",
    "back\\slash",
    "*",
    "~home",
    "a=b",
    "esc\u{1b}[31m",
    "new\nline",
];

/// Prints what bash makes of each candidate, as an array in JSON: the word as typed so far, without
/// the part that bash replaces, and the candidate, read again by the shell.
const ANSWERS: &str = r#"
    eval "$("$0" completion bash)"
    compopt() { :; } # bash has it only while it completes
    COMP_LINE=$1 COMP_POINT=${#1}
    read -ra COMP_WORDS <<< "$1"
    COMP_WORDS[0]=$0
    [[ -n $2 ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _step_token "$0" "$2" "${COMP_WORDS[COMP_CWORD - 1]}"
    head=${3%"$2"}
    for answer in "${COMPREPLY[@]}"; do eval "word=$head$answer"; printf '%s\0' "$word"; done
"#;

/// Completes a command line in the sandbox. `last` is its last word as typed, of which bash hands
/// `replaced` to the script: what follows the last `:` or `=`.
fn completed(sandbox: &Sandbox, line: &str, replaced: &str, last: &str) -> Vec<String> {
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", ANSWERS]).arg(program());
    bash.args([format!("step-token {line}{last}").as_str(), replaced, last]);
    let output = bash
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", sandbox.path("home"))
        .output()
        .expect("bash is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{line}{last}: {stderr}");
    let answers = String::from_utf8(output.stdout).expect("names are text");
    answers.split_terminator('\0').map(str::to_owned).collect()
}

/// Writes a ca.json whose provisioners have these names.
fn with_provisioners(sandbox: &Sandbox, names: &[&str]) {
    let mut config: Value = serde_json::from_str(&sandbox.read("ca.json")).expect("JSON");
    let entry = config["authority"]["provisioners"][0].clone();
    let entries = names.iter().map(|name| {
        let mut entry = entry.clone();
        entry["name"] = json!(name);
        entry
    });
    config["authority"]["provisioners"] = entries.collect();
    fs::write(sandbox.path("names.json"), config.to_string()).expect("written");
}

#[test]
fn names_survive_the_shell() {
    let sandbox = Sandbox::of("token");
    with_provisioners(&sandbox, &ODD);
    let line = "token x --offline --ca-config names.json --provisioner ";
    let mut expected: Vec<&str> = ODD.to_vec();
    expected.sort_unstable();
    assert_eq!(completed(&sandbox, line, "", ""), expected);
    assert_eq!(completed(&sandbox, line, "one", "ns:one"), ["ns:one"]);
    assert_eq!(completed(&sandbox, line, "", "ns:"), ["ns:one", "ns:two"]);
    assert_eq!(completed(&sandbox, line, "\\*", "\\*"), ["*"]);
    assert_eq!(completed(&sandbox, line, "z", "z"), [""; 0]);
}

#[test]
fn a_name_is_completed_after_an_equals_sign() {
    let sandbox = Sandbox::of("token");
    with_provisioners(&sandbox, &ODD);
    let line = "token x --offline --ca-config names.json ";
    let answers = completed(&sandbox, line, "ns", "--provisioner=ns");
    assert_eq!(answers, ["--provisioner=ns:one", "--provisioner=ns:two"]);
}

#[test]
fn a_file_below_the_home_directory_is_read() {
    let sandbox = Sandbox::of("token");
    with_provisioners(&sandbox, &["only"]);
    fs::create_dir_all(sandbox.path("home")).unwrap();
    fs::rename(sandbox.path("names.json"), sandbox.path("home/names.json")).unwrap();
    let line = "token x --offline --ca-config ~/names.json --provisioner ";
    assert_eq!(completed(&sandbox, line, "", ""), ["only"]);
}

#[test]
fn a_broken_file_or_an_unknown_place_is_no_error() {
    let sandbox = Sandbox::of("token");
    fs::write(sandbox.path("broken.json"), "{").unwrap();
    for line in [
        "token x --offline --ca-config broken.json --provisioner ",
        "token x --ca-config /nonexistent --kid ",
        "context select ",
        "px context set ",
        "token x --san ",
    ] {
        assert_eq!(completed(&sandbox, line, "", ""), [""; 0], "{line}");
    }
}

#[test]
fn files_and_directories_are_offered_where_one_is_due() {
    let sandbox = Sandbox::of("token");
    fs::create_dir(sandbox.path("bent-folder")).unwrap();
    fs::write(sandbox.path("bent-file"), "").unwrap();
    let line = "token x --key ";
    let files = completed(&sandbox, line, "bent-", "bent-");
    assert!(files.contains(&"bent-file".to_owned()), "{files:?}");
    assert_eq!(completed(&sandbox, "man ", "bent-", "bent-"), ["bent-folder"]);
}

/// Runs a shell's script in the sandbox, with the program as `$0` or its first argument, and returns
/// the lines that it printed.
fn printed(sandbox: &Sandbox, mut shell: Command) -> Vec<String> {
    let directory = program().parent().expect("the program is in a directory").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([directory].into_iter().chain(std::env::split_paths(&path)));
    let output = shell
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("PATH", path.expect("no colon in it"))
        .env("HOME", sandbox.path("home"))
        .output()
        .expect("scripts/peers installs zsh and fish");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{stderr}");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// Completes in zsh: these are the words of the line, the last one as typed so far.
fn in_zsh(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    const ANSWERS: &str = r#"
        autoload -U compinit; compinit -u -D
        eval "$(step-token completion zsh)"
        # zsh has them only while it completes.
        compset() { [[ "$*" == '-P *=' ]] || print -u2 "compset $*"; }
        compadd() { shift; print -rl -- "${(@q+)@}"; }
        words=(step-token "$@") CURRENT=$(($# + 1)) PREFIX=$argv[-1]
        $_comps[step-token] || true
    "#;
    let mut zsh = Command::new("zsh");
    zsh.args(["-f", "-c", ANSWERS, "zsh"]).args(words);
    printed(sandbox, zsh)
}

#[test]
fn zsh_is_told_the_names_as_they_are() {
    let sandbox = Sandbox::of("token");
    with_provisioners(&sandbox, &ODD);
    fs::create_dir_all(sandbox.path("home")).unwrap();
    fs::copy(sandbox.path("names.json"), sandbox.path("home/names.json")).unwrap();
    let provisioner = ["token", "x", "--offline", "--ca-config", "~/names.json", "--provisioner"];
    let answers = in_zsh(&sandbox, &[&provisioner[..], &["n"]].concat());
    assert_eq!(answers, ["$'new\\nline'", "ns:one", "ns:two"]);
    assert_eq!(in_zsh(&sandbox, &[&provisioner[..], &["\\$x\\ "]].concat()), ["'$x `id`'"]);
    assert_eq!(in_zsh(&sandbox, &[&provisioner[..], &[""]].concat()).len(), ODD.len());
    let joined = ["token", "x", "--offline", "--ca-config=names.json", "--provisioner=ns:t"];
    assert_eq!(in_zsh(&sandbox, &joined), ["ns:two"]);
    assert_eq!(in_zsh(&sandbox, &["px", "can", "system.v"]), ["system.view"]);
    assert_eq!(in_zsh(&sandbox, &["completion", "f"]), ["fish"]);
}

#[test]
fn fish_offers_names_where_they_are_known() {
    let sandbox = Sandbox::of("token");
    with_provisioners(&sandbox, &ODD);
    let in_fish = |line: &str| {
        let mut fish = Command::new("fish");
        fish.args(["--no-config", "-c"]);
        fish.arg("step-token completion fish | source; complete --do-complete $argv[1]");
        printed(&sandbox, {
            fish.arg(format!("step-token {line}"));
            fish
        })
    };
    let line = "token x --offline --ca-config names.json --provisioner";
    assert_eq!(in_fish(&format!("{line} ns")), ["ns:one", "ns:two"]);
    assert_eq!(in_fish(&format!("{line}=ns:t")), ["--provisioner=ns:two"]);
    assert_eq!(in_fish(&format!("{line} a")), ["a b", "a=b"]);
    // A line break would end the name.
    assert_eq!(in_fish(&format!("{line} ''")).len(), ODD.len() - 1);
    assert_eq!(in_fish("px can system.v"), ["system.view"]);
    assert_eq!(in_fish("token x --san "), [""; 0]);
    // A switch takes no word.
    for line in ["--quiet tok", "-v tok"] {
        assert!(in_fish(line)[0].starts_with("token\t"), "{line}");
    }
    assert!(in_fish("--no-prompt token --provis")[0].starts_with("--provisioner\t"));
    assert!(in_fish("ca provisioner list --tab")[0].starts_with("--table\t"));
    assert_eq!(in_fish("px keygen r"), ["rsa"]);
    assert_eq!(in_fish("--color n"), ["never"]);
}
