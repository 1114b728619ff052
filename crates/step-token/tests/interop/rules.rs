//! What step-ca decides from its ca.json alone: provisioners it disables, files it does not start
//! with, SSH keys it lacks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use step_claims::Operation;

use crate::program::Program;
use crate::provisioners::SSHPOP;
use crate::spend::{Csr, Refusal, ssh_request};
use crate::ssh::public_key;
use crate::sshpop::Held;
use crate::{Ca, Way, test_key, vector};

fn list(config: &mut Value) -> &mut Vec<Value> {
    config["authority"]["provisioners"].as_array_mut().unwrap()
}

/// A JWK provisioner with the P-256 key, its name as key ID, and these members.
fn jwk(name: &str, members: Value) -> Value {
    let key = std::fs::read_to_string(vector("test-keys/p256.pub.jwk.json")).unwrap();
    let mut key: Value = serde_json::from_str(&key).unwrap();
    key["kid"] = name.into();
    let mut entry = json!({ "type": "JWK", "name": name, "key": key });
    entry.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    entry
}

fn other(kind: &str, name: &str, members: Value) -> Value {
    let mut entry = json!({ "type": kind, "name": name });
    entry.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    entry
}

#[test]
fn a_key_without_kid_is_found_by_a_token_without_kid() {
    let ca = Ca::like_shared(|config| {
        let mut empty = jwk("empty", json!({}));
        empty["key"]["kid"] = "".into();
        let mut without = jwk("without", json!({}));
        without["key"].as_object_mut().unwrap().remove("kid");
        *list(config) = vec![empty, without, jwk("with", json!({}))];
    });
    let key = test_key("p256.pkcs8.pem");
    for way in [Way::Online, Way::CaJson] {
        for name in ["empty", "without", "with"] {
            let token = ca.token(way, "db.test").signed_by(name, &key).mint();
            assert_eq!(crate::keys::header(&token).get("kid").is_some(), name == "with");
            ca.must_sign(&Csr::for_host("db.test"), &token);
        }
    }
    // A thumbprint in its place finds nothing.
    let token = ca.token(Way::Address, "db.test").signed_by("without", &key).mint();
    assert_eq!(ca.sign(&Csr::for_host("db.test"), &token).unwrap_err().status, 401);
}

/// Returns a root whose serial number Go refuses, in PEM.
fn with_negative_serial(pem: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(pem);
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = STANDARD.decode(body).unwrap();
    // After the version: INTEGER, its length, its first byte.
    let version = der.windows(5).position(|it| it == [0xa0, 3, 2, 1, 2]).unwrap();
    der[version + 7] |= 0x80;
    let body = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").into_bytes()
}

/// Entries of every type, of which step-ca disables most.
fn entries() -> Vec<Value> {
    let file = |name: &str| std::fs::read(vector(name)).unwrap();
    let text = |bytes: &[u8]| Value::from(STANDARD.encode(bytes));
    let (root, nebula) = (file("certs/root_ca.crt"), file("nebula/ca.crt"));
    let (public, private) = (file("test-keys/p256.pub.pem"), file("test-keys/p256.pkcs8.pem"));
    let claims = |claims: Value| json!({ "claims": claims });
    let hook = |hook: Value| json!({ "options": { "webhooks": [hook] } });
    let roots = |bytes: &[u8]| json!({ "roots": text(bytes) });
    let endpoint = "https://127.0.0.1:1";
    let mut nameless = jwk("nameless", json!({}));
    nameless["name"] = "".into();
    vec![
        jwk("good", json!({})),
        jwk(
            "over",
            claims(json!({ "maxTLSCertDuration": "720h", "defaultTLSCertDuration": "8760h" })),
        ),
        jwk("long", claims(json!({ "minTLSCertDuration": "48h" }))),
        jwk("zero", claims(json!({ "minTLSCertDuration": "0s" }))),
        jwk("moved", claims(json!({ "defaultTLSCertDuration": "8760h" }))),
        jwk("short", claims(json!({ "maxTLSCertDuration": "1h" }))),
        jwk("ssh", claims(json!({ "minUserSSHCertDuration": "48h" }))),
        nameless,
        jwk("hook", hook(json!({ "name": "h", "url": "http://a.test", "kind": "ENRICHING" }))),
        jwk("user", hook(json!({ "name": "h", "url": "https://u:p@a.test", "kind": "ENRICHING" }))),
        jwk("port", hook(json!({ "name": "h", "url": "https://h:abc/", "kind": "ENRICHING" }))),
        jwk("escape", hook(json!({ "name": "h", "url": "https://h/%zz", "kind": "ENRICHING" }))),
        jwk("blank", hook(json!({ "name": "h", "url": "https://h o/", "kind": "ENRICHING" }))),
        jwk("kind", hook(json!({ "name": "h", "url": "https://a.test" }))),
        jwk("hooked", hook(json!({ "name": "h", "url": "https://a.test", "kind": "enriching" }))),
        other("X5C", "x5c-none", json!({})),
        other("X5C", "x5c-text", roots(b"text")),
        other("X5C", "x5c-key", roots(&[public.as_slice(), &root].concat())),
        other(
            "X5C",
            "x5c-negative",
            roots(&[root.as_slice(), &with_negative_serial(&root)].concat()),
        ),
        other("X5C", "x5c-good", roots(&[b"text\n", root.as_slice(), b"text"].concat())),
        other("Nebula", "nebula-none", json!({})),
        other("Nebula", "nebula-host", roots(&file("nebula/host-v1.crt"))),
        other("Nebula", "nebula-text", roots(&[nebula.as_slice(), b"text"].concat())),
        other("Nebula", "nebula-x509", roots(&root)),
        other("Nebula", "nebula-good", roots(&[nebula.as_slice(), b"\n \n"].concat())),
        other("K8sSA", "k8ssa", json!({ "publicKeys": text(&[public, private].concat()) })),
        other("SSHPOP", "sshpop", hook(json!({}))),
        other("SSHPOP", "sshpop-short", claims(json!({ "maxTLSCertDuration": "1h" }))),
        other("ACME", "acme", json!({ "challenges": ["HTTP-01"], "attestationFormats": ["step"] })),
        other("ACME", "acme-odd", json!({ "challenges": ["smtp-01"] })),
        other("SCEP", "scep", json!({ "minimumPublicKeyLength": 2047 })),
        other("OIDC", "oidc", json!({ "clientID": "c1" })),
        other(
            "OIDC",
            "oidc-port",
            json!({ "clientID": "c2", "configurationEndpoint": endpoint, "listenAddress": "h:[8" }),
        ),
        other("GCP", "gcp", json!({ "projectIDs": ["p"], "organizationID": "o" })),
        other("AWS", "aws", json!({ "imdsVersions": ["v3"] })),
        other("AWS", "aws-good", json!({ "imdsVersions": ["v1"] })),
        other("AWS", "aws-age", json!({ "instanceAge": "-1s" })),
        other("Azure", "azure", json!({})),
    ]
}

#[test]
fn the_same_provisioners_are_disabled_as_by_step_ca() {
    let ca = Ca::like_shared(|config| *list(config) = entries());
    let list = || Program::new().args(["ca", "provisioner", "list"]);
    let listed = |program: Program| serde_json::from_str::<Vec<Value>>(&program.succeed()).unwrap();
    let theirs = listed(list().flag("--ca-url", ca.url()).flag("--root", ca.root()));
    let ours = listed(list().args(["--offline"]).flag("--ca-config", ca.config()));
    assert_eq!(theirs.len(), entries().len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours["name"], theirs["name"]);
        assert_eq!(ours["state"], theirs["state"], "{theirs}");
        if theirs["type"] != "JWK" {
            continue;
        }
        // By key ID, because a nameless one has no other.
        let id = theirs["key"]["kid"].as_str().unwrap();
        let key = test_key("p256.pkcs8.pem");
        let program = |way| ca.token(way, "db.test").flag("--kid", id).flag("--key", &key);
        if theirs["state"] == "Uninitialized" {
            assert!(program(Way::CaJson).fail(3).contains("at its start"), "{id}");
            assert!(program(Way::Online).fail(5).contains("has disabled"), "{id}");
        } else if id != "hooked" {
            ca.sign(&Csr::for_host("db.test"), &program(Way::CaJson).mint()).unwrap();
        }
    }
    // The CA does refuse such a token.
    let token = ca.token(Way::Address, "db.test").flag("--kid", "over");
    let token = token.signed_by("over", test_key("p256.pkcs8.pem")).mint();
    let refusal = ca.sign(&Csr::for_host("db.test"), &token).unwrap_err();
    assert!(refusal.status == 401 && refusal.message.contains("disabled"), "{refusal}");
}

#[test]
fn a_private_key_as_the_provisioner_s_verifies_nothing() {
    let ca = Ca::like_shared(|config| {
        let key = std::fs::read_to_string(test_key("p256.jwk.json")).unwrap();
        let mut entry = jwk("private", json!({}));
        entry["key"] = serde_json::from_str(&key).unwrap();
        entry["key"]["kid"] = "private".into();
        *list(config) = vec![entry];
    });
    let token = ca.token(Way::Address, "db.test").flag("--kid", "private");
    let token = token.signed_by("private", test_key("p256.pkcs8.pem")).mint();
    assert_eq!(ca.sign(&Csr::for_host("db.test"), &token).unwrap_err().status, 401);
    for way in [Way::Online, Way::CaJson] {
        let key = test_key("p256.pkcs8.pem");
        let text = ca.token(way, "db.test").signed_by("private", key).fail(4);
        assert!(text.contains("it is a private key"), "{text}");
    }
}

#[test]
fn a_ca_json_that_step_ca_does_not_start_with_is_refused() {
    let k8ssa = |name| other("K8sSA", name, json!({ "publicKeys": "" }));
    let oidc = |name| other("OIDC", name, json!({ "clientID": "good:good" }));
    let good = || jwk("good", json!({}));
    let azure = other("Azure", "b", json!({ "tenantID": "good:good" }));
    let claims = json!({ "claims": { "minTLSCertDuration": "48h" } });
    let none = || json!({});
    // What step-ca says, what the program says, and why.
    let changes: [(&str, &str, Vec<Value>, Value); 7] = [
        ("same name", "have the name", vec![good(), other("ACME", "good", none())], none()),
        ("same id", "the same ID", vec![good(), oidc("idp")], none()),
        ("same id", "the same ID", vec![good(), azure], none()),
        ("more than one", "K8sSA", vec![good(), k8ssa("a"), k8ssa("b")], none()),
        ("nil pointer", "no `key`", vec![good(), other("JWK", "bare", none())], none()),
        ("MaxCertDuration", "is shorter than", vec![good()], claims),
        ("backdate", "backdate", vec![good()], json!({ "backdate": "-1m" })),
    ];
    for (theirs, expected, provisioners, authority) in changes {
        let directory = tempfile::tempdir().unwrap();
        let log = Ca::refuses_to_start(directory.path(), |config| {
            list(config).clone_from(&provisioners);
            let members = authority.as_object().unwrap().clone();
            config["authority"].as_object_mut().unwrap().extend(members);
        });
        assert!(log.contains(theirs), "{log}");
        let config = directory.path().join("config/ca.json");
        let program = Program::new().args(["token", "db.test", "--offline"]);
        let program = program.flag("--ca-config", config);
        let text = program.signed_by("good", test_key("p256.pkcs8.pem")).fail(3);
        assert!(text.contains("does not start") && text.contains(expected), "{text}\n{log}");
    }
}

#[test]
fn a_ca_json_with_an_instance_age_that_go_cannot_read_is_refused() {
    for (kind, age) in [("GCP", Value::Null), ("AWS", Value::Null), ("GCP", "".into())] {
        let directory = tempfile::tempdir().unwrap();
        let log = Ca::refuses_to_start(directory.path(), |config| {
            *list(config) =
                vec![jwk("good", json!({})), other(kind, "cloud", json!({ "instanceAge": age }))];
        });
        assert!(log.contains("as duration"), "{log}");
        let program = Program::new().args(["token", "db.test", "--offline"]);
        let program = program.flag("--ca-config", directory.path().join("config/ca.json"));
        let text = program.signed_by("good", test_key("p256.pkcs8.pem")).fail(3);
        assert!(text.contains("`instanceAge` is not a duration"), "{text}");
    }
}

#[test]
fn a_type_is_put_into_lower_case_as_go_does_it() {
    let ca = Ca::like_shared(|config| {
        let entry = list(config).iter_mut().find(|entry| entry["name"] == "p256").unwrap();
        entry["type"] = "JW\u{212a}".into();
    });
    for way in Way::ALL {
        let program = ca.token(way, "db.test");
        let token = program.signed_by("p256", test_key("p256.pkcs8.pem")).mint();
        ca.must_sign(&Csr::for_host("db.test"), &token);
    }
}

/// The operations that may need an SSH key of the CA, with what step-ca answers at one that has none,
/// only the key for users, or only that for hosts; 0 is a success.
const SSH_KEYS: [(Operation, [u16; 3]); 6] = [
    (Operation::SshUser, [501, 0, 501]),
    (Operation::SshHost, [501, 501, 0]),
    (Operation::SshRenew, [501, 501, 0]),
    (Operation::SshRekey, [501, 501, 0]),
    (Operation::SshRevoke, [401, 0, 0]),
    (Operation::Sign, [0, 0, 0]),
];

#[test]
fn without_an_ssh_key_the_ca_answers_as_predicted() {
    let ssh = Ca::shared().config();
    let ssh: Value = serde_json::from_slice(&std::fs::read(ssh).unwrap()).unwrap();
    let keys = ["", "userKey", "hostKey"];
    for (column, kept) in keys.into_iter().enumerate() {
        let ca = Ca::like_shared(|config| {
            // The public key of hosts stays known, so that their certificates are accepted.
            let host = json!({ "type": "host", "key": host_key() });
            let (key, members) = (config["ssh"][kept].clone(), config.as_object_mut().unwrap());
            match kept {
                "" => members.remove("ssh"),
                _ => members.insert("ssh".to_owned(), json!({ kept: key, "keys": [host] })),
            };
        });
        assert!(ssh["ssh"]["hostKey"].is_string());
        for (operation, answers) in SSH_KEYS {
            let status = answers[column];
            let answer = spend(&ca, operation, Way::Address);
            let found = answer.as_ref().err().map_or(0, |refusal| refusal.status);
            assert_eq!(found, status, "{operation} with {kept}: {:?}", answer.err());
            match status {
                0 => assert!(spend(&ca, operation, Way::CaJson).is_ok(), "{operation} with {kept}"),
                _ => {
                    let text = program(&ca, operation, Way::CaJson).0.run();
                    assert!(text.code == Some(3) || text.code == Some(2), "{text:?}");
                    assert!(text.stderr.contains("the ca.json has no"), "{text:?}");
                }
            }
        }
        // With the provisioner's key a certificate is revoked in any case.
        let revoke = ca.token(Way::CaJson, "4711").args(["--ssh", "--revoke"]);
        let token = revoke.signed_by("p384", test_key("p384.pkcs8.pem")).mint();
        ca.ssh_revoke("4711", &token).unwrap();
    }
}

/// The public key of the shared CA for hosts, as a JWK.
fn host_key() -> Value {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("host.json").display().to_string();
    let key = ca.path("secrets/ssh_host_ca_key").display().to_string();
    let (public, password) = (
        directory.path().join("pub.pem").display().to_string(),
        ca.password().display().to_string(),
    );
    let run = |arguments: &[&str]| crate::peers::step(directory.path(), arguments).unwrap();
    run(&["crypto", "key", "public", &key, "--password-file", &password, "--out", &public]);
    run(&["crypto", "jwk", "create", "--from-pem", &public, &out, "/dev/null", "--force"]);
    serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap()
}

/// A command line for an operation, and the certificate it is about.
fn program(ca: &Ca, operation: Operation, way: Way) -> (Program, Option<Held>) {
    let key = test_key("p384.pkcs8.pem");
    let flags: &[&str] = match operation {
        Operation::SshUser => &["--ssh"],
        Operation::SshHost => &["--ssh", "--host"],
        Operation::Sign => &[],
        _ => {
            let held = Held::host(Ca::shared(), "ed25519", "db.test");
            let action = match operation {
                Operation::SshRenew => "--renew",
                Operation::SshRekey => "--rekey",
                _ => "--revoke",
            };
            return (held.token(ca, way, action), Some(held));
        }
    };
    (ca.token(way, "db.test").args(flags).signed_by("p384", key), None)
}

fn spend(ca: &Ca, operation: Operation, way: Way) -> Result<(), Refusal> {
    let (program, held) = program(ca, operation, way);
    let (token, key) = (program.mint(), public_key("ed25519"));
    match operation {
        Operation::SshRenew => ca.ssh_renew(&key, &token).map(|_| ()),
        Operation::SshRekey => ca.ssh_rekey(&public_key("p256"), &token).map(|_| ()),
        Operation::SshRevoke => {
            ca.ssh_revoke(&held.unwrap().certificate.serial().to_string(), &token)
        }
        Operation::Sign => ca.sign(&Csr::for_host("db.test"), &token).map(|_| ()),
        _ => ca.ssh_sign(&ssh_request(&key, &token)).map(|_| ()),
    }
}

#[test]
fn a_disabled_sshpop_provisioner_renews_nothing() {
    let ca = Ca::like_shared(|config| {
        let own = list(config).iter_mut().find(|entry| entry["name"] == SSHPOP).unwrap();
        own["claims"] = json!({ "maxTLSCertDuration": "1h" });
    });
    let held = Held::host(Ca::shared(), "ed25519", "db.test");
    for action in ["--renew", "--rekey", "--revoke"] {
        assert!(held.token(&ca, Way::CaJson, action).fail(3).contains("at its start"));
        assert!(held.token(&ca, Way::Online, action).fail(5).contains("has disabled"));
    }
    let token = held.token(&ca, Way::Address, "--renew").mint();
    assert_eq!(ca.ssh_renew(&public_key("ed25519"), &token).unwrap_err().status, 401);
}

#[test]
fn whether_the_authority_enables_ssh_is_not_in_its_list() {
    for enabled in [true, false] {
        let ca = Ca::like_shared(|config| {
            let entry = list(config).iter_mut().find(|entry| entry["name"] == "p256").unwrap();
            entry.as_object_mut().unwrap().remove("claims");
            config["authority"]["claims"] = json!({ "enableSSHCA": enabled });
        });
        let can = Program::new().args(["ca", "provisioner", "list", "--can"]);
        let can = can.flag("--ca-url", ca.url()).flag("--root", ca.root()).succeed();
        assert!(can.contains("if the authority enables SSH"), "{can}");
        let program = |way| {
            let program = ca.token(way, "alice").args(["--ssh"]);
            program.signed_by("p256", test_key("p256.pkcs8.pem"))
        };
        let ran = program(Way::Online).run();
        assert!(ran.stderr.contains("only if the authority enables SSH"), "{}", ran.stderr);
        let answer = ca.ssh_sign(&ssh_request(&public_key("ed25519"), ran.stdout.trim_end()));
        assert_eq!(answer.is_ok(), enabled);
        let ran = program(Way::CaJson).run();
        assert_eq!(ran.code == Some(0), enabled, "{}", ran.stderr);
        assert!(!ran.stderr.contains("only if"), "{}", ran.stderr);
    }
}
