//! The provisioners of the CAs here: a key of every type, every proof, templates, and a second page.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::peers::step;
use crate::{hierarchy, nebula, test_key};

/// A provisioner whose key is of one type.
#[derive(Debug)]
pub(crate) struct KeyType {
    /// The provisioner's name.
    pub(crate) name: &'static str,
    /// The prefix of its key files.
    pub(crate) file: &'static str,
    /// The plain JWK of its key.
    pub(crate) jwk: &'static str,
    /// The key ID, if it is not the thumbprint.
    pub(crate) key_id: Option<&'static str>,
    /// The algorithm named in its JWK; PEM keys name none.
    pub(crate) algorithm: &'static str,
    /// The algorithm if the key names none.
    pub(crate) default_algorithm: &'static str,
}

const fn key_type(name: &'static str, jwk: &'static str, algorithm: &'static str) -> KeyType {
    KeyType { name, file: name, jwk, key_id: None, algorithm, default_algorithm: algorithm }
}

pub(crate) const P256: KeyType = key_type("p256", "p256.jwk.json", "ES256");
pub(crate) const P384: KeyType = key_type("p384", "p384.jwk.json", "ES384");
pub(crate) const P521: KeyType = key_type("p521", "p521.jwk.json", "ES512");
pub(crate) const ED25519: KeyType = key_type("ed25519", "ed25519.jwk.json", "EdDSA");
pub(crate) const RSA: KeyType = key_type("rsa2048", "rsa2048.jwk.json", "RS256");
/// The same RSA key under another key ID, for another padding.
pub(crate) const RSA_PSS: KeyType = KeyType {
    name: "rsa2048-pss",
    file: "rsa2048",
    jwk: "rsa2048.ps256.jwk.json",
    key_id: Some("ps256-key"),
    algorithm: "PS256",
    default_algorithm: "RS256",
};

/// The provisioner whose X.509 and SSH templates read `.Token.user`; its key is the P-256 one.
pub(crate) const TEMPLATE: &str = "template";

/// The provisioner whose certificates live two seconds and may always be renewed; its key is the
/// P-256 one.
pub(crate) const BRIEF: &str = "brief";

/// Provisioners whose certificates live two seconds: of one none is renewed, of the other none
/// that has expired. Their key is the P-256 one.
pub(crate) const FIXED: &str = "fixed";
pub(crate) const STRICT: &str = "strict";

/// The provisioner that trusts the root of [`hierarchy::FIRST`].
pub(crate) const X5C: &str = "devices";

/// The provisioner that trusts the root of [`hierarchy::SECOND`], with a name that a URL must
/// encode.
pub(crate) const X5C_ODD: &str = "50% of the devices, é #2";

/// The provisioner for hosts with an SSH certificate, which `step ca init --ssh` makes.
pub(crate) const SSHPOP: &str = "sshpop";

/// The provisioner that trusts every Nebula CA here.
pub(crate) const NEBULA: &str = "overlay";

/// The provisioner that trusts service account tokens signed with the RSA key.
pub(crate) const K8SSA: &str = "cluster";

/// The last provisioner, on the second page of the list; its key is the P-256 one.
pub(crate) const LAST: &str = "last";

/// The most provisioners that a CA lists on one page.
pub(crate) const PAGE: usize = 100;

/// Adds them all to the ca.json of a step directory, and keeps the encrypted keys in `keys`.
pub(crate) fn add(step_path: &Path) -> Result<(), String> {
    let path = step_path.join("config/ca.json");
    let mut config: Value = read_json(&path)?;
    let list = config["authority"]["provisioners"].as_array_mut();
    let list = list.ok_or("ca.json has no provisioners")?;

    fs::create_dir(step_path.join("keys")).map_err(|error| error.to_string())?;
    for key in [&P256, &P384, &P521, &ED25519, &RSA, &RSA_PSS] {
        list.push(entry(step_path, key)?);
    }
    for number in 0..PAGE {
        list.push(json!({ "type": "ACME", "name": format!("acme-{number:03}") }));
    }
    let p256 = entry_named(list, P256.name)?;
    list.push(with(p256.clone(), json!({ "name": TEMPLATE, "options": options() })));
    list.push(with(p256.clone(), json!({ "name": BRIEF, "claims": brief() })));
    for (name, extra) in [(FIXED, json!({ "disableRenewal": true })), (STRICT, json!({}))] {
        let lifetimes = json!({ "minTLSCertDuration": "1s", "defaultTLSCertDuration": "2s" });
        let claims = with(lifetimes, extra);
        list.push(with(p256.clone(), json!({ "name": name, "claims": claims })));
    }
    for (name, trusted) in [(X5C, &hierarchy::FIRST), (X5C_ODD, &hierarchy::SECOND)] {
        list.push(trusting("X5C", name, "roots", trusted.root_pem().as_bytes()));
    }
    list.push(trusting("Nebula", NEBULA, "roots", &nebula::make_authorities(step_path)?));
    let key = fs::read(test_key("rsa2048.pub.pem")).map_err(|error| error.to_string())?;
    list.push(trusting("K8sSA", K8SSA, "publicKeys", &key));
    list.push(with(p256, json!({ "name": LAST })));

    let text = serde_json::to_string_pretty(&config).map_err(|error| error.to_string())?;
    fs::write(&path, text).map_err(|error| error.to_string())
}

/// Creates the entry as `step ca provisioner add` would, and the two encrypted forms of its key.
fn entry(step_path: &Path, key: &KeyType) -> Result<Value, String> {
    let pem = test_key(&format!("{}.pkcs8.pem", key.file)).display().to_string();
    let file = |end: &str| step_path.join(format!("keys/{}.{end}", key.name));
    let (public, sealed) = (file("pub.json"), file("jwe.json"));
    let password = step_path.join("password").display().to_string();

    let (public_text, sealed_text) = (public.display().to_string(), sealed.display().to_string());
    let mut create = vec!["crypto", "jwk", "create", &public_text, &sealed_text];
    create.extend(["--from-pem", &pem, "--alg", key.algorithm, "--password-file", &password]);
    create.extend(key.key_id.iter().flat_map(|kid| ["--kid", kid]));
    step(step_path, create)?;

    let out = file("sealed.pem").display().to_string();
    step(
        step_path,
        ["crypto", "change-pass", &pem, "--new-password-file", &password, "--out", &out],
    )?;

    // The file has the JSON serialization (RFC 7516 §7.2.2), an entry the compact one (§7.1).
    let jwe = read_json(&sealed)?;
    let parts = ["protected", "encrypted_key", "iv", "ciphertext", "tag"];
    let parts: Vec<&str> = parts.iter().filter_map(|part| jwe[part].as_str()).collect();
    Ok(json!({
        "type": "JWK",
        "name": key.name,
        "key": read_json(&public)?,
        "encryptedKey": parts.join("."),
        "claims": { "enableSSHCA": true },
    }))
}

/// Creates the entry of a provisioner that trusts the given certificates or keys, and signs SSH
/// certificates too.
fn trusting(kind: &str, name: &str, member: &str, pem: &[u8]) -> Value {
    json!({
        "type": kind,
        "name": name,
        member: STANDARD.encode(pem),
        "claims": { "enableSSHCA": true },
    })
}

fn brief() -> Value {
    json!({
        "minTLSCertDuration": "1s",
        "defaultTLSCertDuration": "2s",
        "allowRenewalAfterExpiry": true,
    })
}

/// Templates that copy the token's user data into the certificate.
fn options() -> Value {
    let x509 = r#"{
        "subject": {
            "commonName": {{ toJson .Subject.CommonName }},
            "organizationalUnit": {{ toJson .Token.user.team }}
        },
        "sans": {{ toJson .SANs }},
        "keyUsage": ["digitalSignature"],
        "extKeyUsage": ["serverAuth", "clientAuth"]
    }"#;
    let ssh = r#"{
        "type": {{ toJson .Type }},
        "keyId": {{ toJson .KeyID }},
        "principals": {{ toJson .Principals }},
        "extensions": { "login@example.test": {{ toJson .Token.user.team }} }
    }"#;
    json!({ "x509": { "template": x509 }, "ssh": { "template": ssh } })
}

fn entry_named(list: &[Value], name: &str) -> Result<Value, String> {
    let found = list.iter().find(|entry| entry["name"] == name);
    found.cloned().ok_or_else(|| format!("there is no provisioner {name}"))
}

fn with(mut entry: Value, members: Value) -> Value {
    if let (Value::Object(entry), Value::Object(members)) = (&mut entry, members) {
        entry.extend(members);
    }
    entry
}

fn read_json(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}
