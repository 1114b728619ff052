//! Tokens with an SSH certificate of the CA as proof.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::certificate::SshCertificate;
use crate::keys::header;
use crate::program::Program;
use crate::provisioners::SSHPOP;
use crate::ssh::public_key;
use crate::{Ca, Way, test_key, vector};

/// The types of keys that hosts have, with the algorithm of their signatures.
const KEYS: [(&str, &str); 3] = [("ed25519", "EdDSA"), ("p256", "ES256"), ("rsa2048", "RS256")];

/// An SSH certificate in a file, for a key of the recorded test data.
pub(crate) struct Held {
    directory: TempDir,
    key: String,
    pub(crate) certificate: SshCertificate,
}

impl Held {
    /// Has a host certificate issued.
    #[track_caller]
    pub(crate) fn host(ca: &Ca, key: &str, principal: &str) -> Self {
        Self::issued(ca, key, &["--host", "--principal", principal])
    }

    #[track_caller]
    pub(crate) fn issued(ca: &Ca, key: &str, extra: &[&str]) -> Self {
        let program = ca.token(Way::CaJson, "db").args(["--ssh"]).args(extra);
        let token = program.signed_by("p384", test_key("p384.pkcs8.pem")).mint();
        let certificate = ca.must_ssh_sign(&public_key(key), &token);
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("id-cert.pub"), certificate.line()).unwrap();
        Self { directory, key: key.to_owned(), certificate }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("id-cert.pub")
    }

    /// Adds the certificate, and its key in a file of the recorded test data.
    fn prove(&self, program: Program, form: &str) -> Program {
        let key = test_key(&format!("{}.{form}", self.key));
        program.flag("--sshpop-cert", self.file()).flag("--sshpop-key", key)
    }

    /// Starts a command line for an action on the certificate, which gives the subject.
    pub(crate) fn token(&self, ca: &Ca, way: Way, action: &str) -> Program {
        let program = ca.token_without_subject(way).args(["--ssh", action]);
        self.prove(program.flag("--provisioner", SSHPOP), "openssh")
    }

    /// Renews it, and checks that only its times have changed.
    #[track_caller]
    pub(crate) fn renews(&self, ca: &Ca, token: &str) -> SshCertificate {
        let answer = ca.ssh_renew(&public_key(&self.key), token);
        let renewed =
            answer.unwrap_or_else(|refusal| panic!("{refusal}; the CA's log ends:\n{}", ca.log()));
        self.is_like(&renewed);
        renewed
    }

    #[track_caller]
    fn is_like(&self, other: &SshCertificate) {
        assert!(other.is_host());
        assert_eq!(other.key_id(), self.certificate.key_id());
        assert_eq!(other.principals(), self.certificate.principals());
        assert_ne!(other.serial(), self.certificate.serial());
        let lifetime = |(from, until): (u64, u64)| until - from;
        assert_eq!(lifetime(other.validity()), lifetime(self.certificate.validity()));
        assert!(other.validity().0 >= self.certificate.validity().0);
    }
}

#[test]
fn the_first_certificate_of_a_file_is_renewed() {
    let ca = Ca::shared();
    let (held, other) = (Held::host(ca, "ed25519", "db.test"), Held::host(ca, "p256", "web.test"));
    let line = |held: &Held| held.certificate.line().trim().to_owned();
    let text = format!("# hosts\r\n\r\n{}\r\n{}\r\n", line(&held), line(&other));
    fs::write(held.file(), text).unwrap();
    held.renews(ca, &held.token(ca, Way::CaJson, "--renew").mint());
}

#[test]
fn a_host_with_a_key_of_every_type_renews_its_certificate_by_every_way() {
    let ca = Ca::shared();
    for (key, algorithm) in KEYS {
        let held = Held::host(ca, key, "db.test");
        for way in Way::ALL {
            let token = held.token(ca, way, "--renew").mint();
            let header = header(&token);
            assert_eq!(header["alg"], algorithm);
            let line = held.certificate.line();
            assert_eq!(header["sshpop"], line.split_whitespace().nth(1).unwrap());
            held.renews(ca, &token);
        }
    }
}

#[test]
fn a_host_takes_another_key() {
    let ca = Ca::shared();
    for ((key, _), (other, _)) in KEYS.iter().zip(KEYS.iter().cycle().skip(1)) {
        let held = Held::host(ca, key, "db.test");
        for way in Way::ALL {
            let token = held.token(ca, way, "--rekey").mint();
            let answer = ca.ssh_rekey(&public_key(other), &token);
            let rekeyed = answer
                .unwrap_or_else(|refusal| panic!("{refusal}; the CA's log ends:\n{}", ca.log()));
            held.is_like(&rekeyed);
        }
    }
}

#[test]
fn a_host_revokes_its_certificate_and_renews_it_no_more() {
    let ca = Ca::shared();
    for (key, _) in KEYS {
        for way in Way::ALL {
            let held = Held::host(ca, key, "db.test");
            let (revoke, again, renew) = (
                held.token(ca, way, "--revoke").mint(),
                held.token(ca, way, "--revoke").mint(),
                held.token(ca, way, "--renew").mint(),
            );
            let serial = held.certificate.serial().to_string();
            ca.ssh_revoke(&serial, &revoke).unwrap();
            let refusal = ca.ssh_revoke(&serial, &again).unwrap_err();
            assert!(refusal.message.contains("already revoked"), "{refusal}");
            let refusal = ca.ssh_renew(&public_key(key), &renew).unwrap_err();
            assert_eq!(refusal.status, 401, "{refusal}");
        }
    }
}

#[test]
fn a_user_revokes_a_certificate() {
    let ca = Ca::shared();
    for (key, _) in KEYS {
        for way in Way::ALL {
            let held = Held::issued(ca, key, &["--principal", "alice"]);
            let token = held.token(ca, way, "--revoke").mint();
            ca.ssh_revoke(&held.certificate.serial().to_string(), &token).unwrap();
        }
    }
}

#[test]
fn the_serial_number_may_be_given() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let held = Held::host(ca, "ed25519", "db.test");
        let serial = held.certificate.serial().to_string();
        let program = ca.token(way, &serial).args(["--ssh", "--revoke"]);
        let token = held.prove(program.flag("--provisioner", SSHPOP), "openssh").mint();
        ca.ssh_revoke(&serial, &token).unwrap();
    }
}

#[test]
fn a_pair_alone_picks_its_provisioner() {
    let ca = Ca::shared();
    let held = Held::host(ca, "ed25519", "db.test");
    for way in [Way::Online, Way::CaJson] {
        let program = ca.token_without_subject(way).args(["--ssh", "--renew"]);
        held.renews(ca, &held.prove(program, "openssh").mint());
    }
}

#[test]
fn a_key_is_read_in_every_form() {
    let ca = Ca::shared();
    let held = Held::host(ca, "p256", "db.test");
    for form in ["pkcs8.pem", "trad.pem", "jwk.json", "pkcs8-enc.pem", "openssh-enc"] {
        let program = ca.token_without_subject(Way::CaJson).args(["--ssh", "--renew"]);
        let program = held.prove(program, form);
        let password = vector("test-passwords/key");
        let sealed = form.contains("-enc");
        let program = if sealed { program.flag("--password-file", password) } else { program };
        held.renews(ca, &program.mint());
    }
}

#[test]
fn a_token_is_spent_once() {
    let ca = Ca::shared();
    let held = Held::host(ca, "ed25519", "db.test");
    let token = held.token(ca, Way::CaJson, "--renew").mint();
    held.renews(ca, &token);
    let refusal = ca.ssh_renew(&public_key("ed25519"), &token).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}
