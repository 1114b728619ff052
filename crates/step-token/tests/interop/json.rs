//! JSON that Go reads and a strict parser does not, read by the program and by step-ca.

use serde_json::{Value, json};

use crate::provisioners::TEMPLATE;
use crate::spend::{Csr, ssh_request};
use crate::ssh::public_key;
use crate::{Ca, Way, test_key, vector};

/// Spells a ca.json as Go still reads it: names in other letter case, `authority` and `claims` twice,
/// half a surrogate pair in the name of the provisioner, deep nesting, and text after the end.
fn odd(mut config: Value) -> Vec<u8> {
    let key = std::fs::read_to_string(vector("test-keys/p256.pub.jwk.json")).unwrap();
    let key: Value = serde_json::from_str(&key).unwrap();
    config["authority"]["provisioners"] = json!([{ "type": "JWK", "name": "NAME", "key": key }]);
    let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    let text = config
        .to_string()
        .replace("\"dnsNames\":", "\"dnsnames\":[\"replaced.test\"],\"DNSNAMES\":")
        .replace("\"authority\":", "\"Authority\":")
        .replace(
            "\"NAME\"",
            r#""odd \ud800","Claims":{"ENABLESSHCA":false},"claims":{"enablesshca":true}"#,
        );
    let text = text.strip_suffix('}').unwrap();
    format!(r#"{text},"authority":{{"enableadmin":false}},"deep":{deep}}} and more"#).into_bytes()
}

#[test]
fn a_ca_json_that_only_go_reads_is_read_as_the_ca_does() {
    let ca = Ca::spelled(odd);
    for way in [Way::Online, Way::CaJson] {
        let program =
            |subject| ca.token(way, subject).signed_by("odd \u{fffd}", test_key("p256.pkcs8.pem"));
        ca.must_sign(&Csr::for_host("db.test"), &program("db.test").mint());
        let token = program("alice").args(["--ssh", "--principal", "alice"]).mint();
        ca.ssh_sign(&ssh_request(&public_key("ed25519"), &token)).unwrap();
    }
}

#[test]
fn user_data_that_only_go_reads_reaches_the_template() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("user.json");
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let json = [b"{\"team\":\"\xff \\udc00\",\"deep\":".as_slice(), deep.as_bytes(), b"}"].concat();
    std::fs::write(&file, json).unwrap();
    for way in Way::ALL {
        let program = || ca.token(way, "db.test").signed_by(TEMPLATE, test_key("p256.pkcs8.pem"));
        let token = program().flag("--set-file", &file).mint();
        let certificate = ca.must_sign(&Csr::for_host("db.test"), &token);
        assert_eq!(certificate.organizational_units(), ["\u{fffd} \u{fffd}"], "{way:?}");
        let token = program().args(["--set", r#"team="\ud83d-""#]).mint();
        let certificate = ca.must_sign(&Csr::for_host("db.test"), &token);
        assert_eq!(certificate.organizational_units(), ["\u{fffd}-"], "{way:?}");
    }
}
