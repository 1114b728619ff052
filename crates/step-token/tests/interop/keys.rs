//! Every type of key, in every form, with every source of the CA's data.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::provisioners::{ED25519, KeyType, P256, P384, P521, RSA, RSA_PSS};
use crate::spend::Csr;
use crate::{Ca, Way, test_key, vector};

/// The forms of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// In the provisioner's entry, encrypted with a password.
    Entry,
    /// The text of the entry's `encryptedKey`, saved as a file.
    SavedEntry,
    /// A plain JWK.
    Jwk,
    /// A JWK encrypted with a password, as `step crypto jwk create` writes it.
    SealedJwk,
    /// PKCS#8 in PEM.
    Pem,
    /// PEM encrypted with a password, as `step crypto change-pass` writes it.
    SealedPem,
    /// OpenSSH's own format.
    OpenSsh,
}

impl Form {
    const ALL: [Self; 7] = [
        Self::Entry,
        Self::SavedEntry,
        Self::Jwk,
        Self::SealedJwk,
        Self::Pem,
        Self::SealedPem,
        Self::OpenSsh,
    ];

    fn file(self, ca: &Ca, key: &KeyType) -> Option<PathBuf> {
        match self {
            Self::Entry => None,
            Self::SavedEntry => Some(save_entry(ca, key.name)),
            Self::Jwk => Some(test_key(key.jwk)),
            Self::SealedJwk => Some(ca.path(&format!("keys/{}.jwe.json", key.name))),
            Self::Pem => Some(test_key(&format!("{}.pkcs8.pem", key.file))),
            Self::SealedPem => Some(ca.path(&format!("keys/{}.sealed.pem", key.name))),
            Self::OpenSsh => Some(test_key(&format!("{}.openssh", key.file))),
        }
    }

    fn is_sealed(self) -> bool {
        matches!(self, Self::Entry | Self::SavedEntry | Self::SealedJwk | Self::SealedPem)
    }

    /// Returns whether the key names its algorithm.
    fn names_algorithm(self) -> bool {
        matches!(self, Self::Entry | Self::SavedEntry | Self::Jwk | Self::SealedJwk)
    }
}

/// Saves the encrypted key of an entry, as `jq -r` would.
fn save_entry(ca: &Ca, name: &str) -> PathBuf {
    let config: Value = serde_json::from_slice(&std::fs::read(ca.config()).unwrap()).unwrap();
    let entries = config["authority"]["provisioners"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["name"] == name).unwrap();
    let path = ca.path(&format!("keys/{name}.saved"));
    std::fs::write(&path, format!("{}\n", entry["encryptedKey"].as_str().unwrap())).unwrap();
    path
}

fn every_form_by_every_way(key: &KeyType) {
    let ca = Ca::shared();
    let thumbprints = std::fs::read(test_key("thumbprints.json")).unwrap();
    let thumbprints: Value = serde_json::from_slice(&thumbprints).unwrap();
    let key_id = key.key_id.or_else(|| thumbprints[key.file].as_str()).unwrap();
    for form in Form::ALL {
        for way in Way::ALL {
            if form == Form::Entry && way == Way::Address {
                // Without the CA's list there is no provisioner entry.
                continue;
            }
            let host = format!("{}-{form:?}-{way:?}.test", key.name).to_lowercase();
            let mut program = ca.token(way, &host).flag("--provisioner", key.name);
            if let Some(file) = form.file(ca, key) {
                program = program.flag("--key", file);
            }
            if form.is_sealed() {
                program = program.flag("--password-file", ca.password());
            }
            if let (Way::Address, Some(key_id)) = (way, key.key_id) {
                program = program.flag("--kid", key_id);
            }
            let token = program.mint();
            let algorithm =
                if form.names_algorithm() { key.algorithm } else { key.default_algorithm };
            let header = header(&token);
            assert_eq!(header["alg"], algorithm, "{host}");
            assert_eq!(header["kid"], key_id, "{host}");
            let certificate = ca.must_sign(&Csr::for_host(&host), &token);
            assert_eq!(certificate.common_name(), host);
            assert!(certificate.is_vouched_by(key.name, key_id), "{host}");
        }
    }
}

/// Returns the JOSE header of a token.
pub(crate) fn header(token: &str) -> Value {
    let (header, _) = token.split_once('.').unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[test]
fn a_p256_key_signs_in_every_form_and_by_every_way() {
    every_form_by_every_way(&P256);
}

#[test]
fn a_p384_key_signs_in_every_form_and_by_every_way() {
    every_form_by_every_way(&P384);
}

#[test]
fn a_p521_key_signs_in_every_form_and_by_every_way() {
    every_form_by_every_way(&P521);
}

#[test]
fn an_ed25519_key_signs_in_every_form_and_by_every_way() {
    every_form_by_every_way(&ED25519);
}

#[test]
fn an_rsa_key_signs_in_every_form_and_by_every_way() {
    every_form_by_every_way(&RSA);
}

#[test]
fn an_rsa_key_for_pss_signs_in_every_form_and_by_every_way() {
    every_form_by_every_way(&RSA_PSS);
}

#[test]
fn the_key_that_ca_init_made_signs() {
    let ca = Ca::shared();
    for way in [Way::Online, Way::CaJson] {
        let program = ca.token(way, "first.test").flag("--provisioner", "admin");
        let token = program.flag("--password-file", ca.password()).mint();
        let certificate = ca.must_sign(&Csr::for_host("first.test"), &token);
        assert_eq!(certificate.common_name(), "first.test");
    }
}

#[test]
fn other_encodings_of_a_key_sign_too() {
    let ca = Ca::shared();
    let password = vector("test-passwords/key");
    for (key, file) in [
        (&P256, "p256.trad.pem"),
        (&P384, "p384.trad.pem"),
        (&P521, "p521.trad.pem"),
        (&RSA, "rsa2048.trad.pem"),
        (&RSA, "rsa2048.rs512.jwk.json"),
        (&P256, "p256.pkcs8-enc.pem"),
        (&P256, "p256.pkcs8-enc-scrypt.pem"),
        (&P256, "p256.legacy-enc.pem"),
        (&P256, "p256.openssh-enc"),
        (&RSA, "rsa2048.pkcs8-enc-sha1.pem"),
        (&RSA, "rsa2048.legacy-des3.pem"),
    ] {
        let program = ca.token(Way::CaJson, "db.test").signed_by(key.name, test_key(file));
        let token = program.flag("--password-file", &password).mint();
        ca.must_sign(&Csr::for_host("db.test"), &token);
    }
}

#[test]
fn the_key_alone_picks_its_provisioner() {
    let ca = Ca::shared();
    for way in [Way::Online, Way::CaJson] {
        let token = ca.token(way, "db.test").flag("--key", test_key("p384.pkcs8.pem")).mint();
        let certificate = ca.must_sign(&Csr::for_host("db.test"), &token);
        assert!(certificate.is_vouched_by("p384", header(&token)["kid"].as_str().unwrap()));
    }
}

#[test]
fn a_key_of_no_provisioner_is_refused_by_the_ca() {
    // Offline without a ca.json, a key of another provisioner cannot be detected.
    let ca = Ca::shared();
    let program = ca.token(Way::Address, "db.test").signed_by("p256", test_key("p384.pkcs8.pem"));
    let key_id = "yxAzcITTb5t6yyJp-ytR9rZPp0_CpbZdMDZY7LhKKhQ";
    let token = program.flag("--kid", key_id).mint();
    let refusal = ca.sign(&Csr::for_host("db.test"), &token).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}

/// step encrypts with the bytes of the password's file. With a byte order mark of UTF-16 it would not open the key
/// itself: it reads U+FFFD for each byte of the mark.
#[test]
fn a_password_file_of_utf_16_opens_what_step_encrypted_with_it() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let text = "published sample password\r\n".encode_utf16();
    std::fs::write(at("password"), text.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    let password = at("password");
    for file in ["p256.jwk.json", "p256.pkcs8.pem"] {
        let (plain, out) = (test_key(file).display().to_string(), at(file));
        let new = ["--new-password-file", password.to_str().unwrap()];
        let change = ["crypto", "change-pass", &plain, "--out", out.to_str().unwrap()];
        crate::peers::step(directory.path(), [change.as_slice(), &new].concat()).unwrap();
        let token = ca.token(Way::Online, "db.test").signed_by("p256", &out);
        let token = token.flag("--password-file", &password).mint();
        ca.must_sign(&Csr::for_host("db.test"), &token);
    }
}
