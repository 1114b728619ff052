//! The data of `--set` and `--set-file`, as seen by the CA's templates.

use crate::program::Program;
use crate::provisioners::TEMPLATE;
use crate::spend::{Csr, ssh_request};
use crate::ssh::public_key;
use crate::{Ca, Way, test_key};

fn token(ca: &Ca, way: Way, subject: &str) -> Program {
    ca.token(way, subject).signed_by(TEMPLATE, test_key("p256.pkcs8.pem"))
}

#[test]
fn a_value_reaches_the_certificate_through_the_template() {
    let ca = Ca::shared();
    for way in Way::ALL {
        for team in ["storage", "R&D <\"é\">", "a=b"] {
            let token = token(ca, way, "db.test").flag("--set", format!("team={team}")).mint();
            let certificate = ca.must_sign(&Csr::for_host("db.test"), &token);
            assert_eq!(certificate.organizational_units(), [team], "{way:?}");
        }
    }
}

#[test]
fn values_from_a_file_reach_it_too_and_a_flag_wins() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("user.json");
    std::fs::write(&file, r#"{ "team": "storage", "floor": { "number": 3 } }"#).unwrap();
    for way in Way::ALL {
        let from_file = token(ca, way, "db.test").flag("--set-file", &file).mint();
        let certificate = ca.must_sign(&Csr::for_host("db.test"), &from_file);
        assert_eq!(certificate.organizational_units(), ["storage"], "{way:?}");

        let program = token(ca, way, "db.test").flag("--set-file", &file);
        let certificate =
            ca.must_sign(&Csr::for_host("db.test"), &program.args(["--set", "team=ops"]).mint());
        assert_eq!(certificate.organizational_units(), ["ops"], "{way:?}");
    }
}

#[test]
fn a_value_reaches_an_ssh_certificate() {
    let ca = Ca::shared();
    for way in Way::ALL {
        let token = token(ca, way, "alice").args(["--ssh", "--set", "team=storage"]).mint();
        let certificate = ca.ssh_sign(&ssh_request(&public_key("ed25519"), &token)).unwrap();
        assert_eq!(certificate.extension("login@example.test"), Some("storage"), "{way:?}");
    }
}
