//! X.509 certificates renewed by a token that their own key signed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::certificate::{Certificate, DAY};
use crate::hierarchy::key_pair;
use crate::keys::header;
use crate::program::Program;
use crate::provisioners::{BRIEF, FIXED, STRICT};
use crate::spend::{Csr, dns};
use crate::{Ca, Way, test_key, vector};

/// The key ID of the provisioners whose key is the P-256 one.
const KEY_ID: &str = "yxAzcITTb5t6yyJp-ytR9rZPp0_CpbZdMDZY7LhKKhQ";

/// A certificate that the CA issued, with its key.
struct Held {
    directory: TempDir,
    key: String,
    csr: Csr,
    certificate: Certificate,
}

impl Held {
    /// Has a certificate issued for a key of the recorded test data.
    #[track_caller]
    fn issued(ca: &Ca, provisioner: &str, key: &str) -> Self {
        let token = ca.token(Way::CaJson, "db.test");
        let token = token.signed_by(provisioner, test_key("p256.pkcs8.pem")).mint();
        let csr = Csr::with_key("db.test", vec![dns("db.test")], key_pair(key));
        let certificate = ca.sign(&csr, &token).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let intermediate = fs::read_to_string(ca.path("certs/intermediate_ca.crt")).unwrap();
        let chain = format!("{}{intermediate}", certificate.pem);
        fs::write(directory.path().join("db.crt"), chain).unwrap();
        Self { directory, key: key.to_owned(), csr, certificate }
    }

    fn chain(&self) -> PathBuf {
        self.directory.path().join("db.crt")
    }

    /// Adds the certificate, and its key in a file of the recorded test data.
    fn prove(&self, program: Program, form: &str) -> Program {
        let key = test_key(&format!("{}.{form}", self.key));
        program.args(["--renew"]).flag("--x5c-cert", self.chain()).flag("--x5c-key", key)
    }

    /// Starts a command line that takes the subject from the certificate.
    fn token(&self, ca: &Ca, way: Way) -> Program {
        self.prove(ca.token_without_subject(way), "pkcs8.pem")
    }

    /// Waits until it has expired.
    fn expires(&self) {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        while i64::try_from(now()).unwrap() <= self.certificate.validity().1 {
            sleep(Duration::from_millis(200));
        }
    }

    /// Checks that the CA refuses a token that the program mints without the ca.json, and that
    /// with it the program refuses, and says why.
    #[track_caller]
    fn is_not_renewed(&self, ca: &Ca, reason: &str) {
        let said = self.token(ca, Way::CaJson).fail(3);
        assert!(said.contains(reason), "{said}");
        let ran = self.token(ca, Way::Address).run();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let refusal = ca.renew(&self.csr, ran.stdout.trim_end()).unwrap_err();
        assert_eq!(refusal.status, 401, "{refusal}");
    }

    #[track_caller]
    fn renews(&self, ca: &Ca, token: &str) -> Certificate {
        let answer = ca.renew(&self.csr, token);
        let renewed =
            answer.unwrap_or_else(|refusal| panic!("{refusal}; the CA's log ends:\n{}", ca.log()));
        assert_ne!(renewed.serial(), self.certificate.serial());
        assert_eq!(renewed.common_name(), "db.test");
        assert_eq!(renewed.names(), self.certificate.names());
        assert_eq!(renewed.lifetime(), self.certificate.lifetime());
        renewed
    }
}

#[test]
fn a_certificate_for_every_key_type_is_renewed_by_every_way() {
    let ca = Ca::shared();
    for (key, algorithm) in [
        ("p256", "ES256"),
        ("p384", "ES384"),
        ("p521", "ES512"),
        ("ed25519", "EdDSA"),
        ("rsa2048", "RS256"),
    ] {
        let held = Held::issued(ca, "p256", key);
        for way in Way::ALL {
            let token = held.token(ca, way).mint();
            let header = header(&token);
            assert_eq!(header["alg"], algorithm);
            assert_eq!(header["x5cInsecure"].as_array().unwrap().len(), 2);
            let renewed = held.renews(ca, &token);
            assert_eq!(renewed.lifetime(), DAY);
            assert!(renewed.is_vouched_by("p256", KEY_ID), "{key}, {way:?}");
        }
    }
}

#[test]
fn curl_spends_a_token_as_the_help_says() {
    let ca = Ca::shared();
    let held = Held::issued(ca, "p256", "p256");
    let token = held.token(ca, Way::Address).mint();
    let curl = || {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--cacert"]).arg(ca.root());
        curl.args(["-X", "POST", "-H", &format!("Authorization: Bearer {token}")]);
        curl.arg(format!("{}/renew", ca.url())).output().expect("curl is there")
    };
    let output = curl();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let renewed = Certificate::from_pem(answer["crt"].as_str().unwrap());
    assert_ne!(renewed.serial(), held.certificate.serial());
    assert_eq!(renewed.names(), held.certificate.names());
    assert_eq!(answer["certChain"].as_array().unwrap().len(), 2);
    assert!(!curl().status.success(), "a token is spent once");
}

#[test]
fn the_subject_may_be_given() {
    let ca = Ca::shared();
    let held = Held::issued(ca, "p256", "p256");
    for way in Way::ALL {
        held.renews(ca, &held.prove(ca.token(way, "db.test"), "pkcs8.pem").mint());
    }
}

#[test]
fn a_key_is_read_in_every_form() {
    let ca = Ca::shared();
    let held = Held::issued(ca, "p256", "p256");
    for form in ["trad.pem", "pkcs8-enc.pem", "jwk.json", "openssh", "openssh-enc"] {
        let program = held.prove(ca.token_without_subject(Way::CaJson), form);
        let sealed = form.ends_with("-enc") || form.contains("-enc.");
        let password = vector("test-passwords/key");
        let program = if sealed { program.flag("--password-file", password) } else { program };
        held.renews(ca, &program.mint());
    }
}

#[test]
fn a_certificate_that_expired_is_renewed_where_the_provisioner_allows_it() {
    let ca = Ca::shared();
    let held = Held::issued(ca, BRIEF, "p256");
    held.expires();
    for way in Way::ALL {
        let ran = held.token(ca, way).run();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let warned = ran
            .stderr
            .lines()
            .any(|line| line.starts_with("warning: ") && line.contains("expired"));
        // The ca.json says that it may be renewed.
        assert_eq!(warned, way != Way::CaJson, "{way:?}: {}", ran.stderr);
        let renewed = held.renews(ca, ran.stdout.trim_end());
        assert!(renewed.is_vouched_by(BRIEF, KEY_ID), "{way:?}");
    }
}

#[test]
fn what_the_ca_json_rules_out_is_refused_as_the_ca_does() {
    let ca = Ca::shared();
    let fixed = Held::issued(ca, FIXED, "p256");
    fixed.is_not_renewed(ca, "provisioner fixed (JWK) [kid: ");
    let strict = Held::issued(ca, STRICT, "p256");
    strict.expires();
    strict.is_not_renewed(ca, "provisioner strict (JWK)");

    let alone = Held::issued(ca, "p256", "p256");
    fs::write(alone.chain(), &alone.certificate.pem).unwrap();
    alone.is_not_renewed(ca, "which is neither in the file nor one of the roots");
}

#[test]
fn a_token_is_spent_once_however_it_is_spelled() {
    let ca = Ca::shared();
    let held = Held::issued(ca, "p256", "p256");
    let token = held.token(ca, Way::CaJson).mint();
    held.renews(ca, &token);
    // The CA ignores padding. It identifies a token without an ID by its text, so with padding it
    // is another token.
    for again in [token.clone(), format!("{token}="), format!("{token}==")] {
        let refusal = ca.renew(&held.csr, &again).unwrap_err();
        assert_eq!(refusal.status, 401, "{refusal}");
    }
}

#[test]
fn a_certificate_that_was_revoked_is_renewed_no_more() {
    let ca = Ca::shared();
    let held = Held::issued(ca, "p256", "p256");
    let serial = held.certificate.serial();
    let revoke = ca.token(Way::CaJson, &serial).args(["--revoke"]);
    ca.revoke(&serial, &revoke.signed_by("p256", test_key("p256.pkcs8.pem")).mint()).unwrap();
    let refusal = ca.renew(&held.csr, &held.token(ca, Way::CaJson).mint()).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}
