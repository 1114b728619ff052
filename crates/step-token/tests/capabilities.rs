//! The capability table in the program: each type of provisioner with each purpose is accepted,
//! or refused before any key is opened, with the reason and what to use instead.

mod common;

use std::io;
use std::path::Path;

use serde_json::{Value, json};
use step_claims::Operation;
use step_provisioner::{Capability, KindName, Provisioner, provisioners_page};
use step_token::{Exit, World};
use token_time::Timestamp;

/// A key, or a token, that does not exist.
const NOWHERE: &str = "/nonexistent/key";

#[test]
fn every_type_is_honoured_or_refused_for_every_purpose_before_a_key_is_opened() {
    std::env::set_current_dir(common::vectors()).expect("the recordings are there");
    let entries = entries();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("ca.json");
    std::fs::write(&path, ca_json(&entries).to_string()).expect("room for a file");

    let mut cells = 0;
    for entry in &entries {
        for operation in Operation::ALL {
            let (exit, stderr) = run(entry, operation, &path);
            let cell = format!("{} {operation}: {exit:?} {stderr}", entry["type"]);
            match expected(entry, operation) {
                Answer::Refused { reason, instead } => {
                    assert_eq!(exit, Exit::Usage, "{cell}");
                    assert!(stderr.contains(reason) && stderr.contains(instead), "{cell}");
                }
                // It got as far as the key, which does not exist.
                Answer::Honoured => {
                    assert_eq!(exit, Exit::Settings, "{cell}");
                    assert!(stderr.contains(&format!("cannot read {NOWHERE}")), "{cell}");
                }
                Answer::NotBuilt => {
                    assert_eq!(exit, Exit::Usage, "{cell}");
                    assert!(stderr.contains("are not supported by this version"), "{cell}");
                }
                Answer::NoTokens => {
                    assert_eq!(exit, Exit::Settings, "{cell}");
                    assert!(stderr.contains("which does not use tokens"), "{cell}");
                }
            }
            cells += 1;
        }
    }
    assert_eq!(cells, KindName::ALL.len() * Operation::ALL.len());
}

/// What the program must do.
enum Answer {
    Honoured,
    Refused { reason: &'static str, instead: &'static str },
    NotBuilt,
    NoTokens,
}

fn expected(entry: &Value, operation: Operation) -> Answer {
    let provisioner = parsed(entry);
    let kind = provisioner.kind.name();
    if operation == Operation::Renew {
        // The provisioner does not matter: the certificate requests its own renewal.
        return match kind {
            KindName::X5c => Answer::Honoured,
            KindName::SshPop | KindName::Nebula | KindName::K8sSa => Answer::Refused {
                reason: "cannot be combined",
                instead: "--x5c-cert and --x5c-key",
            },
            _ => Answer::Refused {
                reason: "the certificate to renew and its key",
                instead: "--x5c-cert and --x5c-key",
            },
        };
    }
    let brings_a_certificate = matches!(kind, KindName::X5c | KindName::SshPop | KindName::Nebula);
    if matches!(operation, Operation::SshRenew | Operation::SshRekey)
        && !(brings_a_certificate || kind == KindName::K8sSa)
        && let Capability::Refused { reason, instead } = Capability::of(KindName::Jwk, operation)
    {
        // It needs an SSH certificate, whichever provisioner is named.
        return Answer::Refused { reason, instead };
    }
    if !kind.has_tokens() {
        return Answer::NoTokens;
    }
    match (provisioner.capability(operation), kind) {
        (Capability::Refused { reason, instead }, _) => Answer::Refused { reason, instead },
        (_, KindName::Oidc | KindName::Aws | KindName::Gcp | KindName::Azure) => Answer::NotBuilt,
        _ => Answer::Honoured,
    }
}

/// Runs the program in memory; returns its exit status and its messages.
fn run(entry: &Value, operation: Operation, config: &Path) -> (Exit, String) {
    let (out, err) = (common::Sink::default(), common::Sink::default());
    let world = World::still(Timestamp::from_unix_seconds(1_800_000_000))
        .with_home("/nonexistent")
        .with_streams(io::Cursor::new(""), out.clone(), err.clone());
    let config = config.to_str().expect("a path in UTF-8");
    let mut argv = vec!["step-token", "token", "--offline", "--ca-config", config];
    argv.extend(match operation {
        Operation::Sign => &["host-1.example.test"][..],
        Operation::Revoke => &["4660", "--revoke"],
        Operation::Renew => &["device-1.example.test", "--renew"],
        Operation::SshUser => &["host-1.example.test", "--ssh"],
        Operation::SshHost => &["host-1.example.test", "--ssh", "--host"],
        Operation::SshRevoke => &["4660", "--ssh", "--revoke"],
        Operation::SshRenew => &["4660", "--ssh", "--renew"],
        Operation::SshRekey => &["4660", "--ssh", "--rekey"],
        other => panic!("no flags for {other}"),
    });
    let x5c = ["--x5c-cert", "x5c/p256.chain.crt", "--x5c-key", NOWHERE];
    let sshpop = ["--sshpop-cert", "ssh/p256-host-cert.pub", "--sshpop-key", NOWHERE];
    let nebula = ["--nebula-cert", "nebula/host-v1.crt", "--nebula-key", NOWHERE];
    argv.extend(match parsed(entry).kind.name() {
        KindName::X5c => &x5c[..],
        KindName::SshPop => &sshpop,
        KindName::Nebula => &nebula,
        KindName::K8sSa => &["--k8ssa-token-path", NOWHERE],
        KindName::Jwk => &["--key", NOWHERE],
        _ => &[],
    });
    if operation != Operation::Renew {
        argv.extend(["--provisioner", entry["name"].as_str().expect("a name")]);
    }
    let exit = step_token::run(argv.into_iter().map(Into::into), &world);
    assert_eq!(out.text(), "", "{operation} {entry}");
    (exit, err.text())
}

fn parsed(entry: &Value) -> Provisioner {
    let page = json!({ "provisioners": [entry] }).to_string();
    let page = provisioners_page(page.as_bytes()).expect("an entry");
    page.provisioners.into_iter().next().expect("a known type")
}

/// One provisioner of each type, each under the name of its type.
fn entries() -> Vec<Value> {
    let recorded: Value =
        serde_json::from_slice(&std::fs::read("ca.json").expect("a ca.json")).expect("it is JSON");
    let recorded = recorded["authority"]["provisioners"].as_array().expect("a list");
    KindName::ALL
        .into_iter()
        .map(|kind| {
            let known = recorded.iter().find(|entry| entry["type"] == kind.as_str());
            let mut entry = known.cloned().unwrap_or_else(|| required(kind));
            entry["name"] = json!(kind.as_str().to_lowercase());
            entry["claims"] = json!({ "enableSSHCA": true });
            entry
        })
        .collect()
}

/// What step-ca needs to initialise a provisioner of a type that is not recorded.
fn required(kind: KindName) -> Value {
    let mut entry = match kind {
        KindName::Oidc => {
            json!({ "clientID": "c", "configurationEndpoint": "https://idp.example.test" })
        }
        KindName::Azure => json!({ "tenantID": "t" }),
        _ => json!({}),
    };
    entry["type"] = json!(kind.as_str());
    entry
}

fn ca_json(entries: &[Value]) -> Value {
    json!({
        "root": "certs/root_ca.crt",
        "address": ":443",
        "dnsNames": ["ca.example.test"],
        "ssh": { "hostKey": "ssh_host_ca_key", "userKey": "ssh_user_ca_key" },
        "authority": {
            "provisioners": entries,
            "claims": { "maxHostSSHCertDuration": "900000h" },
        },
    })
}
