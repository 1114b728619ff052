//! Secrets where something else belongs: no message repeats them.
//!
//! Every flag and argument of every command, as `--help` lists them, gets a key, a token, a URL
//! with a password and the like, with a mark in each, in a place where a script puts them by mistake:
//! `--key "$KEY"` instead of `--key env:KEY`.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use crate::sandbox::Sandbox;

const MARK: &str = "S3cr3tM4rk";

/// Secrets by their forms. A short word is not among them: it may be a name or a path.
fn secrets() -> Vec<String> {
    let pem = format!("-----BEGIN EC PRIVATE KEY-----\n{MARK}AA\n-----END EC PRIVATE KEY-----\n");
    let jwk =
        format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"d\":\"{MARK}\"}}");
    vec![
        format!("env:{pem}"),
        format!("k8s:{jwk}"),
        format!("cred:{MARK}{}", "A".repeat(80)),
        format!("https://jane:{MARK}@ca.example.com:abc"),
        format!("pkcs11:token=ca;object=key?pin-value={MARK}"),
        format!("eyJhbGciOiJFUzI1NiJ9.{MARK}.{MARK}"),
        format!("{MARK}{}", "A".repeat(80)),
        format!("{}{MARK}==", "A+/".repeat(80)),
        format!("first\n{MARK}\n"),
        pem,
        jwk,
    ]
}

/// A command of the program, as its help describes it.
#[derive(Debug)]
struct Described {
    path: Vec<String>,
    /// The flags that can have a value.
    flags: Vec<String>,
    arguments: usize,
    help: String,
}

/// Command lines to which a flag is added, so that it is read as far as can be; by the commands that
/// they begin with. The last value of a flag counts.
const LINES: [(&str, &str); 9] = [
    ("token", "token db.internal --offline --ca-config one.json --password-file password"),
    ("token", "token db.internal --ca-url https://127.0.0.1:1 --root root.crt --key admin.pem"),
    ("ca token", "ca token db.internal"),
    ("ca provisioner list", "ca provisioner list --offline --ca-config one.json"),
    ("ca provisioner list", "ca provisioner list --ca-url https://127.0.0.1:1 --root root.crt"),
    (
        "px token",
        "px token --subject s --role system.user --issuer i --shared-secret-file secret/good",
    ),
    ("px token", "px token --fleet fleet/good.csv --issuer i --shared-secret-file secret/good"),
    ("px verify", "px verify --token-file token/good --issuer i --shared-secret-file secret/good"),
    ("px secret", "px secret s --token-file token/good"),
];

/// A run of the program: the family whose files it reads, its arguments and one variable.
struct Case {
    family: &'static str,
    arguments: Vec<String>,
    variable: Option<(String, String)>,
}

impl Case {
    fn new(arguments: Vec<String>) -> Self {
        let family = match arguments.first().map(String::as_str) {
            Some("px") => "px",
            Some("ca") if arguments.get(1).is_some_and(|word| word == "provisioner") => "ca",
            Some("context") => "context",
            _ => "token",
        };
        Self { family, arguments, variable: None }
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Finds the commands below a path by what `--help` prints.
fn commands(sandbox: &Sandbox, path: &[String], found: &mut Vec<Described>) {
    let help = sandbox.run(&format!("{} --help", path.join(" "))).stdout;
    let section = |name: &str| {
        let begin = help.find(&format!("\n{name}:\n")).map(|at| at + name.len() + 3);
        let text = begin.and_then(|at| help.get(at..)).unwrap_or_default();
        text.split("\n\n").next().unwrap_or_default()
    };
    // What is listed is indented by two, and its explanation by more.
    let listed = |name: &str| -> Vec<String> {
        let lines = section(name).lines().filter(|line| line.get(2..3).is_some_and(|c| c != " "));
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let below = listed("Commands");
    if !below.is_empty() {
        for name in below.into_iter().filter(|name| name != "help") {
            commands(sandbox, &[path, &[name]].concat(), found);
        }
        return;
    }
    let with_value = |line: &str| {
        let flag = line.trim_start().split_once("--").filter(|(before, _)| before.len() <= 4)?.1;
        let end = flag.find(|c: char| c != '-' && !c.is_ascii_alphanumeric())?;
        flag.get(end..).filter(|rest| rest.starts_with(" <") || rest.starts_with("[=<"))?;
        flag.get(..end).map(str::to_owned)
    };
    let flags = help.lines().filter(|line| line.trim_start().starts_with('-'));
    found.push(Described {
        path: path.to_vec(),
        flags: flags.filter_map(with_value).collect(),
        arguments: listed("Arguments").len(),
        help: help.clone(),
    });
}

/// Every flag, argument, variable and unknown word of a command with a secret in its place.
fn cases_of(command: &Described, secret: &str) -> Vec<Case> {
    let line = command.path.join(" ");
    let mut lines: Vec<_> =
        LINES.iter().filter(|(begin, _)| *begin == line).map(|(_, line)| words(line)).collect();
    if lines.is_empty() {
        lines.push(command.path.clone());
    }
    let mut cases = Vec::new();
    for line in lines {
        for flag in &command.flags {
            cases.push(Case::new([&line[..], &[format!("--{flag}={secret}")]].concat()));
            let variable = format!("STEP_{}", flag.replace('-', "_").to_uppercase());
            if command.help.contains(&variable) {
                let variable = Some((variable, secret.to_owned()));
                cases.push(Case { variable, ..Case::new(line.clone()) });
            }
        }
        cases.push(Case::new([&line[..], &[format!("--{secret}")]].concat()));
    }
    // With an argument too many.
    for before in 0..=command.arguments {
        let before = vec!["x".to_owned(); before];
        cases.push(Case::new([&command.path[..], &before, &[secret.to_owned()]].concat()));
    }
    let above = command.path.split_last().map_or(&[][..], |(_, above)| above);
    cases.push(Case::new([above, &[secret.to_owned()]].concat()));
    cases
}

/// Runs all cases, and returns what is wrong with those that say too much or end badly.
fn faults(cases: &[Case]) -> Vec<String> {
    let sandboxes = ["token", "ca", "px", "context"].map(|family| (family, Sandbox::of(family)));
    let fault_of = |case: &Case| {
        let (_, sandbox) = sandboxes.iter().find(|(it, _)| *it == case.family).expect("one");
        let mut command = sandbox.command("");
        command.args(&case.arguments).stdin(Stdio::null());
        command.envs(case.variable.iter().map(|(name, value)| (name, value)));
        fault(command, case)
    };
    cases.iter().filter_map(fault_of).collect()
}

fn fault(mut command: Command, case: &Case) -> Option<String> {
    let run = command.output().expect("the program starts");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    let ends_well = run.status.code().is_some_and(|status| (0..=5).contains(&status));
    let told = [out, err]
        .iter()
        .flat_map(|stream| stream.lines().map(str::to_owned))
        .find(|line| line.contains(MARK));
    match (ends_well, told) {
        (true, None) => None,
        (false, _) => Some(format!("{:?} {:?}: {:?}", case.arguments, case.variable, run.status)),
        (true, Some(line)) => Some(format!("{:?} {:?}: {line}", case.arguments, case.variable)),
    }
}

fn described() -> Vec<Described> {
    let mut found = Vec::new();
    commands(&Sandbox::of("man"), &[], &mut found);
    found
}

#[test]
fn the_help_of_every_command_lists_its_flags() {
    let found = described();
    let paths: BTreeSet<String> = found.iter().map(|command| command.path.join(" ")).collect();
    assert!(paths.len() >= 23, "{paths:?}");
    assert!(LINES.iter().all(|(begin, _)| paths.contains(*begin)), "{paths:?}");
    let token = found.iter().find(|command| command.path == ["token"]).expect("it is there");
    assert_eq!(token.arguments, 1);
    for flag in ["san", "key", "ca-url", "not-before", "config", "force", "principal"] {
        assert!(token.flags.iter().any(|it| it == flag), "{flag}: {:?}", token.flags);
    }
    assert!(token.flags.len() >= 45, "{:?}", token.flags);
}

#[test]
fn no_message_repeats_a_secret_in_the_place_of_something_else() {
    let commands = described();
    // A context is stored under the name it is given, and then listed.
    let stores = |case: &Case| case.arguments.join(" ").starts_with("px context create");
    let mut cases: Vec<Case> = Vec::new();
    for secret in secrets() {
        cases.extend(commands.iter().flat_map(|command| cases_of(command, &secret)));
    }
    cases.retain(|case| !stores(case));
    assert!(cases.len() > 5000, "{}", cases.len());
    let faults = faults(&cases);
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

#[test]
fn no_message_repeats_a_secret_that_names_a_context() {
    for secret in secrets() {
        let sandbox = Sandbox::of("px");
        for line in ["px context create", "px context set", "px context delete"] {
            let mut command = sandbox.command(line);
            command.args(["--contextconfig=contexts", &secret]);
            let arguments = vec![line.to_owned(), secret.clone()];
            assert_eq!(fault(command, &Case::new(arguments)), None);
        }
    }
}

#[test]
fn no_message_repeats_a_secret_in_a_defaults_file() {
    let commands = described();
    let token = commands.iter().find(|command| command.path == ["token"]).expect("it is there");
    for secret in secrets() {
        let sandbox = Sandbox::of("token");
        for (at, flag) in token.flags.iter().enumerate() {
            let file = format!("{at}.json");
            let defaults = serde_json::json!({ (flag): secret }).to_string();
            fs::write(sandbox.path(&file), defaults).expect("a file");
            for line in
                ["--offline --ca-config one.json", "--ca-url https://127.0.0.1:1 --root root.crt"]
            {
                // A flag of the line outranks the file, so that the others are reached.
                let mut command = sandbox.command(&format!("token db.internal --config {file}"));
                let given =
                    line.split_whitespace().filter(|_| !line.contains(&format!("--{flag} ")));
                command.args(given).stdin(Stdio::null());
                let case = Case::new(vec![flag.clone(), secret.clone()]);
                assert_eq!(fault(command, &case), None);
            }
        }
    }
}

#[test]
fn no_message_repeats_a_secret_in_a_servers_settings() {
    let sandbox = Sandbox::of("px");
    let told = sandbox.run("px verify --token-file token/good --server-config server/unknown.yaml");
    let members = told.stderr.split("the settings are ").nth(1).expect("a list of the members");
    let members = members.lines().next().expect("a line").split(", ");
    for (at, member) in members.map(|it| it.trim_end_matches(" (--server-config)")).enumerate() {
        for secret in secrets() {
            let file = format!("{at}.yaml");
            let text = format!("{member}: {}\n", serde_json::Value::from(secret.clone()));
            fs::write(sandbox.path(&file), text).expect("a file");
            let line = "px verify --token-file token/good --server-config";
            let command = sandbox.command(&format!("{line} {file}"));
            let case = Case::new(vec![member.to_owned(), secret.clone()]);
            // A server's issuer is public, and the verdict compares it with the token's.
            let told = fault(command, &case);
            assert!(told.is_none() || member == "issuer", "{told:?}");
        }
    }
}

#[test]
fn a_url_is_shown_without_its_password() {
    let url = format!("jane:{MARK}@ca.example.com:abc");
    for flag in ["--ca-url", "--ca-url=", "STEP_CA_URL"] {
        let sandbox = Sandbox::of("token");
        let mut command = sandbox.command("token db.internal");
        match flag {
            "--ca-url" => command.args([flag, &url]),
            "--ca-url=" => command.arg(format!("{flag}{url}")),
            variable => command.env(variable, &url),
        };
        assert_eq!(fault(command, &Case::new(vec![flag.to_owned()])), None);
    }
}
