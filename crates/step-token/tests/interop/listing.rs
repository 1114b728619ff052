//! More provisioners than a CA lists on one page.

use serde_json::Value;

use crate::peers::step;
use crate::program::Program;
use crate::provisioners::{LAST, PAGE};
use crate::spend::Csr;
use crate::{Ca, Way, test_key};

/// Returns the names of the provisioners in the CA's ca.json, in its order.
fn configured(ca: &Ca) -> Vec<String> {
    let config: Value = serde_json::from_slice(&std::fs::read(ca.config()).unwrap()).unwrap();
    names(&config["authority"]["provisioners"])
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap();
    list.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

fn ours(ca: &Ca) -> String {
    let program = Program::new().args(["ca", "provisioner", "list", "--ca-url", ca.url()]);
    program.flag("--root", ca.root()).succeed()
}

#[test]
fn a_provisioner_on_the_second_page_is_found_by_name() {
    let ca = Ca::shared();
    let position = configured(ca).iter().position(|name| name == LAST).unwrap();
    assert!(position >= PAGE, "it is number {position}");
    let token = ca.token(Way::Online, "db.test").signed_by(LAST, test_key("p256.jwk.json")).mint();
    let certificate = ca.must_sign(&Csr::for_host("db.test"), &token);
    let key_id = "yxAzcITTb5t6yyJp-ytR9rZPp0_CpbZdMDZY7LhKKhQ";
    assert!(certificate.is_vouched_by(LAST, key_id));
}

#[test]
fn every_page_is_listed_once_and_in_order() {
    let ca = Ca::shared();
    let listed: Value = serde_json::from_str(&ours(ca)).unwrap();
    assert_eq!(names(&listed), configured(ca));
}

#[test]
fn the_list_is_what_step_prints() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let root = ca.root().display().to_string();
    let arguments = ["ca", "provisioner", "list", "--ca-url", ca.url(), "--root", &root];
    let theirs = String::from_utf8(step(directory.path(), arguments).unwrap()).unwrap();
    let ours = ours(ca);
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parse(&ours), parse(&theirs));
    assert_eq!(ours, theirs);
}

#[test]
fn each_request_and_each_provisioner_is_told() {
    let ca = Ca::shared();
    let program = Program::new().args(["token", "db.test", "--verbose", "--ca-url", ca.url()]);
    let key = test_key("p256.jwk.json");
    let ran = program.flag("--root", ca.root()).signed_by(LAST, key).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told = |text: &str| ran.stderr.lines().filter(|line| line.contains(text)).count();
    let host = ca.url();
    assert!(
        told(&format!("debug: GET {host}/provisioners?limit=100: status 200 after ")) == 1,
        "{ran:?}"
    );
    assert!(told("/provisioners?cursor=") >= 1, "{ran:?}");
    assert_eq!(told(" is left out: its name is not the given one"), 10, "{ran:?}");
    assert_eq!(told(" more are left out"), 1, "{ran:?}");
    assert_eq!(told(" is selected: its name was given"), 1, "{ran:?}");
    assert!(!ran.stderr.contains(ran.stdout.trim()) && !ran.stderr.contains("eyJ"), "{ran:?}");
}
