//! Links that another user put where results are written.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::Path;
use std::process::Command;

use crate::sandbox::{MINT, Run, Sandbox};

/// A command that writes a file, by the family whose files it reads.
const WRITERS: [(&str, &str, &str); 12] = [
    (
        "token",
        "token db.internal --offline --ca-config one.json --password-file password --force --output-file",
        "result",
    ),
    (
        "px",
        "px token --subject s --role system.user --issuer i --shared-secret-file secret/good --output",
        "result",
    ),
    (
        "px",
        "px auth token generate --auth-config account/admin.yaml --issuer i --shared-secret secretsecretsecretsecretsecretsecret --output",
        "result",
    ),
    (
        "px",
        "px token --fleet fleet/good.csv --issuer i --shared-secret-file secret/good --output",
        "result",
    ),
    ("px", "px secret px --shared-secret-file secret/good --output", "result"),
    ("px", "px keygen --force secret", "result"),
    ("px", "px keygen --force ec", "result"),
    ("px", "px keygen --force ec", "result.pub"),
    ("px", "px context create new --token-file token/good --contextconfig", "result"),
    ("px", "px context set admin --contextconfig", "result"),
    ("px", "px context unset --contextconfig", "result"),
    ("px", "px context delete admin --contextconfig", "result"),
];

const NOBODY: u32 = 65534;

/// Makes `/…/shared` with the mode of `/tmp`, and in it a link of another user to a file of ours.
/// Only root can give a link to somebody else.
fn trap(sandbox: &Sandbox, link: &str, content: &[u8]) -> Option<()> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tested: only root can give a link to another user");
        return None;
    }
    let shared = sandbox.path("shared");
    fs::create_dir_all(&shared).expect("a directory");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).expect("a mode");
    fs::write(sandbox.path("ours"), content).expect("a file");
    let link = shared.join(link);
    symlink(sandbox.path("ours"), &link).expect("a link");
    lchown(&link, Some(NOBODY), None).expect("it is given away");
    Some(())
}

fn is_refused(mut command: Command, sandbox: &Sandbox, content: &[u8]) {
    let run = Run::of(command.output().expect("the program starts"));
    let why = "is a link that another user made in a shared directory";
    assert_eq!(run.status, 3, "{command:?} {run:?}");
    assert!(run.stderr.contains(why) && run.stdout.is_empty(), "{command:?} {run:?}");
    assert_eq!(fs::read(sandbox.path("ours")).expect("our file"), content, "{command:?}");
    let left = sandbox.left_behind("shared");
    assert!(left.is_empty(), "{command:?} {left:?}");
}

#[test]
fn no_result_is_written_through_another_users_link() {
    for (family, line, link) in WRITERS {
        let sandbox = Sandbox::of(family);
        // Commands on contexts read the file first.
        let outer = family == "px" && line.contains("context");
        let content =
            if outer { fs::read(sandbox.path("context/outer")).unwrap() } else { b"ours".to_vec() };
        if trap(&sandbox, link, &content).is_none() {
            return;
        }
        is_refused(sandbox.command(&format!("{line} shared/result")), &sandbox, &content);
    }
}

#[test]
fn no_directory_is_entered_through_another_users_link() {
    let sandbox = Sandbox::of("token");
    if trap(&sandbox, "unused", b"ours").is_none() {
        return;
    }
    let link = sandbox.path("shared/directory");
    fs::create_dir(sandbox.path("private")).unwrap();
    symlink(sandbox.path("private"), &link).unwrap();
    lchown(&link, Some(NOBODY), None).unwrap();
    let line = format!("{MINT} --output-file shared/directory/token");
    is_refused(sandbox.command(&line), &sandbox, b"ours");
    is_refused(sandbox.command("man shared/directory"), &sandbox, b"ours");
    assert!(sandbox.names("private").is_empty());
}

#[test]
fn no_file_of_the_step_directory_is_written_through_another_users_link() {
    let contexts = br#"{"lab":{"authority":"lab","profile":"lab"},"site":{"authority":"site","profile":"site"}}"#;
    for (line, link) in [
        ("context select lab", "current-context.json"),
        ("context remove --force lab", "contexts.json"),
    ] {
        let sandbox = Sandbox::of("context");
        let content: &[u8] =
            if link == "contexts.json" { contexts } else { br#"{"context":"site"}"# };
        if trap(&sandbox, link, content).is_none() {
            return;
        }
        if link != "contexts.json" {
            fs::write(sandbox.path("shared/contexts.json"), contexts).unwrap();
        }
        let mut command = sandbox.command(line);
        command.env("STEPPATH", "shared");
        is_refused(command, &sandbox, content);
    }
}

#[test]
fn no_manual_page_is_written_through_another_users_link() {
    let sandbox = Sandbox::of("man");
    if trap(&sandbox, "step-token.1", b"ours").is_none() {
        return;
    }
    is_refused(sandbox.command("man shared"), &sandbox, b"ours");
}

#[test]
fn our_own_links_are_followed_everywhere() {
    let sandbox = Sandbox::of("man");
    fs::create_dir(sandbox.path("pages")).unwrap();
    fs::write(sandbox.path("ours"), "old").unwrap();
    symlink(Path::new("../ours"), sandbox.path("pages/step-token.1")).unwrap();
    let run = sandbox.run("man pages");
    assert_eq!(run.status, 0, "{run:?}");
    assert!(sandbox.path("pages/step-token.1").is_symlink());
    assert!(sandbox.read("ours").contains(".TH"), "{run:?}");
}
