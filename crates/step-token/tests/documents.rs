//! What the documents show is true: their console blocks run, and the samples are what they say.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

#[path = "common/under_test.rs"]
mod under_test;

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
        .case("docs/openstorage.md")
        .register_bin("step-token", under_test::program().as_path())
        .env("HOME", home.path().display().to_string());
    cases.run();
}

/// Tables, code and link definitions cannot be wrapped; everything else reads better in short lines.
#[test]
fn no_line_of_prose_is_longer_than_120_characters() {
    let mut documents: Vec<PathBuf> =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"]
            .map(|name| root().join(name))
            .into();
    let docs = std::fs::read_dir(root().join("docs")).expect("docs");
    documents.extend(
        docs.map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "md")),
    );

    let mut long = Vec::new();
    for document in &documents {
        let text = std::fs::read_to_string(document).expect("a document");
        for (line, length) in long_prose(&text) {
            let name = document.strip_prefix(root()).expect("below the root").display();
            long.push(format!("{name}:{line} has {length} characters"));
        }
    }
    assert!(long.is_empty(), "wrap these lines at 120 characters:\n{}", long.join("\n"));
}

#[test]
fn tables_code_and_link_definitions_may_be_long() {
    let long = "long ".repeat(30);
    let text = format!(
        "short\n{long}\n| {long}|\n```sh\n{long}\n```\n- {long}\n  ```\n  {long}\n  ```\n[1]: {long}\n[1] {long}\n"
    );
    let lines: Vec<usize> = long_prose(&text).map(|(line, _)| line).collect();
    assert_eq!(lines, [2, 7, 12]);
}

/// The lines of prose that are too long, each with its number and its length in characters.
fn long_prose(markdown: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut is_code = false;
    markdown.lines().enumerate().filter_map(move |(index, line)| {
        let text = line.trim_start();
        if text.starts_with("```") {
            is_code = !is_code;
            return None;
        }
        let is_definition = text.starts_with('[') && text.contains("]: ");
        let length = line.chars().count();
        let is_prose = !is_code && !text.starts_with('|') && !is_definition;
        (is_prose && length > 120).then_some((index + 1, length))
    })
}

/// From nothing to a token in a Kubernetes Secret, with the real kubectl, which is told that there is no
/// cluster.
#[cfg(unix)]
#[test]
fn the_lines_for_a_storage_administrator_run() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let section = readme.split("## OpenStorage and Portworx\n").nth(1).expect("the section");
    let block = section.split("```sh\n").nth(1).and_then(|block| block.split("```").next());
    let block = block.expect("a block");
    let lines = block.lines().filter(|line| !line.starts_with("  ")).count();
    assert_eq!(lines, 5, "{block}");

    let home = tempfile::tempdir().expect("a directory");
    symlink(under_test::program(), home.path().join("step-token")).expect("a link");
    let path = std::env::var("PATH").expect("a PATH");
    let kubectl = format!(
        "#!/bin/sh\ntest \"$1 $2\" = 'apply -f' || exit 1\nPATH={path} exec kubectl annotate --local -f \"$3\" a=b -o name\n"
    );
    let file = home.path().join("kubectl");
    std::fs::write(&file, kubectl).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let run = std::process::Command::new("sh")
        .args(["-e", "-c", block])
        .current_dir(home.path())
        .env("PATH", format!("{}:{path}", home.path().display()))
        .env("HOME", home.path())
        .output()
        .expect("a shell");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
    assert!(
        out.contains("accepted: the server identifies the holder as admin@example.test"),
        "{out}"
    );
    assert!(out.ends_with("secret/px-storage-admin\n"), "{out}{err}");
}

#[test]
fn the_samples_for_storage_are_what_they_say() {
    let read =
        |file: &str| std::fs::read_to_string(root().join("config/px").join(file)).expect(file);
    for (file, role) in [("admin.yaml", "system.admin"), ("kubernetes.yaml", "system.user")] {
        let (account, notices) = openstorage_token::Account::from_yaml(&read(file)).expect(file);
        assert_eq!(account.roles, Some(vec![role.to_owned()]));
        assert!(notices.is_empty() && !account.subject.is_empty(), "{file}");
    }
    assert!(
        !openstorage_token::ServerConfig::parse(&read("server.yaml")).expect("it").roles.is_empty()
    );
    assert!(!openstorage_token::Role::parse(&read("role.yaml")).expect("roles").is_empty());
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
