//! What the papers show is true: their console blocks run, and the samples are what they say.

use std::path::{Path, PathBuf};

use step_provisioner::CaConfig;
use token_jose::KeyFile;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn console_blocks_come_out_as_they_are_written() {
    std::env::set_current_dir(root()).expect("the top of the tree");
    let home = tempfile::tempdir().expect("a directory");
    let cases = trycmd::TestCases::new();
    cases
        .case("README.md")
        .case("docs/cli.md")
        .register_bin("step-token", Path::new(env!("CARGO_BIN_EXE_step-token")))
        .env("HOME", home.path().display().to_string());
    cases.run();
}

#[test]
fn the_sample_ca_is_one() {
    let config = std::fs::read(root().join("config/ca.json")).expect("config/ca.json");
    let config = CaConfig::parse(&config).expect("a ca.json");
    let sealed = config.provisioners.iter().find_map(|provisioner| match &provisioner.kind {
        step_provisioner::Kind::Jwk(jwk) => jwk.encrypted_key.clone(),
        _ => None,
    });
    let key = KeyFile::parse(sealed.expect("a sealed key").as_bytes()).expect("a key");
    assert!(matches!(key, KeyFile::Sealed(_)));

    let root_file = root().join("config/root_ca.crt");
    let fingerprint = step_ca_client::Roots::load(&root_file).expect("a root").fingerprint();
    let defaults = std::fs::read(root().join("config/defaults.json")).expect("defaults.json");
    let defaults: serde_json::Value = serde_json::from_slice(&defaults).expect("JSON");
    assert_eq!(defaults["fingerprint"], fingerprint.to_string());
}
