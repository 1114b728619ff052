//! How the program establishes trust in a CA, and its errors if it cannot.

use std::fs;

use crate::hierarchy::FIRST;
use crate::peers::step;
use crate::program::Program;
use crate::program::Ran;
use crate::provisioners::X5C;
use crate::spend::Csr;
use crate::{Ca, Way, test_key, vector};

/// An online command line without a root.
fn token(ca: &Ca) -> Program {
    let program = Program::new().args(["token", "db.test", "--ca-url", ca.url()]);
    program.signed_by("p384", test_key("p384.pkcs8.pem"))
}

#[track_caller]
fn spend(ca: &Ca, token: &str) {
    ca.must_sign(&Csr::for_host("db.test"), token);
}

#[test]
fn a_fingerprint_is_enough() {
    let ca = Ca::shared();
    let fingerprint = ca.roots().fingerprint().to_string();
    let spaced: Vec<&str> =
        fingerprint.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
    for spelling in [fingerprint.clone(), fingerprint.to_uppercase(), spaced.join(":")] {
        spend(ca, &token(ca).flag("--fingerprint", spelling).mint());
    }
}

#[test]
fn a_fingerprint_of_another_root_is_not() {
    let ca = Ca::shared();
    let complaint = token(ca).flag("--fingerprint", "00".repeat(32)).fail(5);
    assert!(complaint.starts_with("error: request to https://"), "{complaint}");
    assert!(complaint.contains("404 Not Found"), "{complaint}");
    assert!(complaint.contains(&format!("/root/{}", "00".repeat(32))), "{complaint}");
}

#[test]
fn a_bundle_with_the_root_in_it_is_a_root() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let own = fs::read_to_string(ca.root()).unwrap();
    let other = fs::read_to_string(vector("certs/root_ca.crt")).unwrap();
    for (name, bundle) in [("first", format!("{own}{other}")), ("second", format!("{other}{own}"))]
    {
        let file = directory.path().join(name);
        fs::write(&file, bundle).unwrap();
        spend(ca, &token(ca).flag("--root", &file).mint());
        let fingerprint = ca.roots().fingerprint().to_string();
        let program = token(ca).flag("--root", &file).flag("--fingerprint", &fingerprint);
        spend(ca, &program.mint());
    }
}

#[test]
fn a_root_in_der_is_a_root() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("root.der");
    fs::write(&file, &ca.roots().certificates()[0]).unwrap();
    spend(ca, &token(ca).flag("--root", &file).mint());
}

#[test]
fn another_root_is_not_trusted() {
    let ca = Ca::shared();
    let complaint = token(ca).flag("--root", vector("certs/root_ca.crt")).fail(5);
    assert!(complaint.contains("is not signed by the given root"), "{complaint}");
    assert!(complaint.contains(&format!("{}/provisioners", ca.url())), "{complaint}");
}

#[test]
fn a_step_directory_that_step_made_is_enough() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let fingerprint = ca.roots().fingerprint().to_string();
    let bootstrap = ["ca", "bootstrap", "--ca-url", ca.url(), "--fingerprint", &fingerprint];
    step(directory.path(), bootstrap).unwrap();
    let program = Program::new().args(["token", "db.test"]).step_path(directory.path());
    spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
}

#[test]
fn a_context_that_step_made_is_enough() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let fingerprint = ca.roots().fingerprint().to_string();
    let mut bootstrap = vec!["ca", "bootstrap", "--ca-url", ca.url()];
    bootstrap.extend(["--fingerprint", &fingerprint, "--context", "interop"]);
    step(directory.path(), bootstrap).unwrap();
    for context in [&[][..], &["--context", "interop"]] {
        let program = Program::new().args(["token", "db.test"]).args(context);
        let program = program.step_path(directory.path());
        spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
    }
}

#[test]
fn the_step_directory_of_the_ca_itself_is_enough() {
    let ca = Ca::shared();
    let program = Program::new().args(["token", "db.test", "--offline"]).step_path(&ca.path(""));
    spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
}

#[test]
fn a_token_for_another_host_is_refused_by_the_ca() {
    let ca = Ca::shared();
    let program = Program::new().args(["token", "db.test", "--offline"]);
    let program = program.args(["--ca-config", "/nonexistent", "--ca-url", "https://other.test"]);
    let program = program.flag("--root", ca.root());
    let token = program.signed_by("p384", test_key("p384.pkcs8.pem")).mint();
    let refusal = ca.sign(&Csr::for_host("db.test"), &token).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}

#[test]
fn any_of_the_names_of_the_ca_will_do() {
    let ca = Ca::shared();
    for url in ["https://ca.example.test", "https://localhost:1", "ca.example.test:8443"] {
        let program = ca.token(Way::CaJson, "db.test").args(["--ca-url", url]);
        spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
    }
}

/// Returns a member of a token's claims.
fn claim(token: &str, member: &str) -> Option<String> {
    let payload = token_jose::compact::decode_unverified(token).unwrap().payload;
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    claims.get(member).map(|value| value.as_str().unwrap().to_owned())
}

#[test]
fn a_stale_fingerprint_in_a_defaults_file_does_no_harm() {
    let ca = Ca::shared();
    let own = ca.roots().fingerprint().to_string();
    for with_member in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        fs::create_dir_all(file("config")).unwrap();
        fs::create_dir_all(file("certs")).unwrap();
        fs::copy(ca.root(), file("certs/root_ca.crt")).unwrap();
        let mut defaults = serde_json::json!({"ca-url": ca.url(), "fingerprint": "00".repeat(32)});
        if with_member {
            defaults["root"] = file("certs/root_ca.crt").display().to_string().into();
        }
        fs::write(file("config/defaults.json"), defaults.to_string()).unwrap();
        let program = |line: &[&str]| Program::new().args(line).step_path(directory.path());
        let signed = |line: &[&str]| program(line).signed_by("p384", test_key("p384.pkcs8.pem"));

        for line in [&["token", "db.test"][..], &["token", "db.test", "--offline"]] {
            let ran = signed(line).run();
            let token = ran.stdout.trim_end();
            assert_eq!(claim(token, "sha").as_deref(), Some(own.as_str()), "{line:?}");
            assert!(warns_once(&ran), "{line:?} {}", ran.stderr);
            spend(ca, token);
        }
        let token = signed(&["token", "db.test", "--offline"]).flag("--ca-config", ca.config());
        spend(ca, &token.mint());
        let ran = program(&["ca", "provisioner", "list"]).run();
        assert!(ran.code == Some(0) && warns_once(&ran), "{}", ran.stderr);
        // One that is typed decides.
        let typed = signed(&["token", "db.test"]).flag("--fingerprint", &own).mint();
        spend(ca, &typed);
        signed(&["token", "db.test", "--fingerprint", &"11".repeat(32)]).fail(5);
    }
}

fn warns_once(ran: &Ran) -> bool {
    let about = |line: &&str| line.starts_with("warning: `fingerprint` in ");
    ran.stderr.lines().filter(about).count() == 1
}

#[test]
fn a_root_given_serves_in_place_of_one_on_another_machine() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let mut config: serde_json::Value =
        serde_json::from_slice(&fs::read(ca.config()).unwrap()).unwrap();
    config["root"] = "/nonexistent/certs/root_ca.crt".into();
    let file = directory.path().join("ca.json");
    fs::write(&file, config.to_string()).unwrap();
    let own = ca.roots().fingerprint().to_string();
    let program = || {
        let program = Program::new().args(["token", "db.test", "--offline"]);
        program.flag("--ca-config", &file).signed_by("p384", test_key("p384.pkcs8.pem"))
    };
    let complaint = program().fail(3);
    assert!(complaint.contains("--root") && complaint.contains("--fingerprint"), "{complaint}");
    let given = [
        program().flag("--root", ca.root()),
        program().flag("--fingerprint", &own),
        program().variable("STEP_ROOT", ca.root()),
        program().variable("STEP_FINGERPRINT", &own),
    ];
    for program in given {
        let token = program.mint();
        assert_eq!(claim(&token, "sha").as_deref(), Some(own.as_str()));
        spend(ca, &token);
    }
}

#[test]
fn a_registration_authority_takes_tokens_with_and_without_the_root_behind_it() {
    let (behind, ca) = (Ca::shared(), Ca::registration());
    let own = behind.roots().fingerprint().to_string();
    let program = || {
        let program = Program::new().args(["token", "db.test", "--offline"]);
        program.signed_by("p384", test_key("p384.pkcs8.pem"))
    };
    let token = program().flag("--ca-config", ca.config()).mint();
    assert_eq!(claim(&token, "sha").as_deref(), Some(own.as_str()));
    spend(ca, &token);

    let directory = tempfile::tempdir().unwrap();
    let mut config: serde_json::Value =
        serde_json::from_slice(&fs::read(ca.config()).unwrap()).unwrap();
    let authority = config["authority"].as_object_mut().unwrap();
    authority.remove("certificateAuthorityFingerprint");
    let file = directory.path().join("ra.json");
    fs::write(&file, config.to_string()).unwrap();
    let token = program().flag("--ca-config", &file).mint();
    assert_eq!(claim(&token, "sha"), None);
    spend(ca, &token);
    let token = program().flag("--ca-config", &file).flag("--root", behind.root()).mint();
    assert_eq!(claim(&token, "sha").as_deref(), Some(own.as_str()));
    spend(ca, &token);
}

#[test]
fn the_name_of_the_ca_may_be_spelled_in_other_ways() {
    let ca = Ca::shared();
    let port = ca.url().rsplit_once(':').unwrap().1;
    for host in ["LOCALHOST", "localhost.", "127.1", "0x7f.1", "LocalHost."] {
        let url = format!("https://{host}:{port}");
        let program = Program::new().args(["token", "db.test", "--ca-url", &url]);
        let program = program.flag("--root", ca.root());
        spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
        let program = ca.token(Way::CaJson, "db.test").args(["--ca-url", &url]);
        spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
    }
    let ca = Ca::on_ipv6();
    let port = ca.url().rsplit_once(':').unwrap().1;
    let url = format!("https://[0:0:0:0:0:0:0:1]:{port}");
    let program = Program::new().args(["token", "db.test", "--ca-url", &url]);
    let program = program.flag("--root", ca.root());
    spend(ca, &program.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
}

#[test]
fn an_ipv4_mapped_name_is_not_used_with_a_proof() {
    let ca = Ca::on_a_mapped_name();
    let chain = FIRST.leaf("p256");
    let proof = |program: Program| {
        let program = program.flag("--provisioner", X5C).flag("--x5c-cert", chain.pem());
        program.flag("--x5c-key", test_key("p256.pkcs8.pem"))
    };
    let token = ca.token(Way::CaJson, "db.test");
    spend(ca, &token.signed_by("p384", test_key("p384.pkcs8.pem")).mint());
    let token = proof(ca.token(Way::CaJson, "db.test")).mint();
    assert!(claim(&token, "aud").unwrap().starts_with("https://localhost:"), "{token}");
    spend(ca, &token);
    let token = proof(ca.token(Way::Address, "db.test"));
    let complaint = token.args(["--ca-url", "https://[::ffff:127.0.0.1]"]).fail(3);
    assert!(complaint.contains("under [::ffff:127.0.0.1]"), "{complaint}");
}

#[test]
fn a_name_of_the_ca_may_end_with_a_dot() {
    let ca = Ca::on_a_dotted_name();
    assert!(ca.url().starts_with("https://localhost.:"), "{}", ca.url());
    for way in Way::ALL {
        let token = ca.token(way, "db.test").signed_by("p384", test_key("p384.pkcs8.pem")).mint();
        assert!(claim(&token, "aud").unwrap().starts_with("https://localhost.:"), "{way:?}");
        spend(ca, &token);
    }
}
