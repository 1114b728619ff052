//! The file of contexts: its mode, failed writes, and two writers at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use crate::sandbox::{Run, Sandbox};
use crate::under_test::program;

const FILE: &str = "home/.pxctl/contextconfig";

#[test]
fn the_file_of_contexts_is_private_and_so_is_its_directory() {
    let sandbox = Sandbox::of("px");
    let create = "px context create admin --token-file token/vector3";
    let run = sandbox.run(create);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    assert_eq!(sandbox.mode("home/.pxctl"), 0o700);
    assert_eq!(sandbox.mode(FILE), 0o600);
    sandbox.set_mode(FILE, 0o644);
    assert_eq!(sandbox.run(create).status, 0);
    assert_eq!(sandbox.mode(FILE), 0o600);
    assert_eq!(sandbox.left_behind("home/.pxctl"), [""; 0]);
}

#[test]
fn the_file_behind_a_link_is_replaced_and_the_link_stays() {
    let sandbox = Sandbox::of("px");
    symlink("context/outer", sandbox.path("link")).unwrap();
    let run = sandbox.run("px context set admin --contextconfig link");
    assert_eq!(run.status, 0, "{run:?}");
    assert!(sandbox.path("link").is_symlink());
    assert!(sandbox.read("context/outer").contains("  current: admin\n"));
}

#[test]
fn two_that_write_at_once_lose_nothing() {
    const EACH: usize = 200;
    let sandbox = Sandbox::of("px");
    std::thread::scope(|scope| {
        for name in ["a", "b"] {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for number in 0..EACH {
                    let run = sandbox.run(&format!("px context create {name}{number}"));
                    assert_eq!(run.status, 0, "{name}{number}: {run:?}");
                }
            });
        }
    });
    let run = sandbox.run("px context list --json");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    let listing: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let contexts = listing["contextconfig"]["configurations"].as_array().unwrap();
    let mut names: Vec<&str> =
        contexts.iter().map(|context| context["context"].as_str().unwrap()).collect();
    names.sort_unstable();
    let mut expected: Vec<String> =
        ["a", "b"].iter().flat_map(|name| (0..EACH).map(move |n| format!("{name}{n}"))).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
    // The first context written becomes the current one, whichever process wins.
    let current = listing["contextconfig"]["current"].as_str().unwrap();
    assert!(["a0", "b0"].contains(&current), "{current}");
    assert_eq!(sandbox.left_behind("home/.pxctl"), [""; 0]);
}

/// A limit on the file size replaces a full disk, which a test cannot create.
#[test]
fn a_write_that_fails_leaves_the_file_as_it_was() {
    let sandbox = Sandbox::of("px");
    let before = sandbox.read("context/outer");
    let line = "px context create new --token-file token/vector3 --contextconfig context/outer";
    let full = r#"trap "" XFSZ; ulimit -f 0; exec "$0" "$@""#;
    let run = Run::of(sandbox.shell(full, line).output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{run:?}");
    assert!(run.stderr.contains("error: cannot write context/outer: File too large"), "{run:?}");
    assert_eq!(sandbox.read("context/outer"), before);
    assert_eq!(sandbox.left_behind("context"), [""; 0]);

    // Killed in the middle of writing; the next run must find everything intact.
    let killed = sandbox.shell(r#"ulimit -f 0; exec "$0" "$@""#, line).output().unwrap();
    assert!(killed.status.signal().is_some(), "{killed:?}");
    assert_eq!(sandbox.read("context/outer"), before);
    assert_eq!(sandbox.run(line).status, 0);
    assert!(sandbox.read("context/outer").contains("  - context: new\n"));
}

#[test]
fn a_directory_that_is_in_the_way_leaves_the_file_as_it_was() {
    let sandbox = Sandbox::of("px");
    let before = sandbox.read("context/outer");
    // A directory in the place of the lock stops root too.
    fs::create_dir(sandbox.path("context/.outer.lock")).unwrap();
    for line in ["create new", "set admin", "unset", "delete admin"] {
        let run = sandbox.run(&format!("px context {line} --contextconfig context/outer"));
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{line}: {run:?}");
        let message = "error: cannot lock context/.outer.lock: Is a directory";
        assert!(run.stderr.starts_with(message), "{line}: {run:?}");
        assert_eq!(sandbox.read("context/outer"), before, "{line}");
    }
}

#[test]
fn a_directory_that_is_read_only_leaves_the_file_as_it_was() {
    let sandbox = Sandbox::of("px");
    let before = sandbox.read("context/outer");
    // The lock file exists already, so that only the write fails.
    fs::write(sandbox.path("context/.outer.lock"), "").unwrap();
    sandbox.set_mode("context", 0o500);
    for line in ["create new", "set admin", "unset", "delete admin"] {
        let line = format!("px context {line} --contextconfig context/outer");
        let run = Run::of(without_privilege(&sandbox, &line).output().unwrap());
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{line}: {run:?}");
        let message = "error: cannot write context/outer: permission denied";
        assert!(run.stderr.contains(message), "{line}: {run:?}");
        assert_eq!(sandbox.read("context/outer"), before, "{line}");
    }
    sandbox.set_mode("context", 0o700);
}

/// Returns the program, to be run by somebody who cannot write into the read-only directory `context`.
///
/// Root can, so `setpriv` takes that capability away; the program still runs as the owner of the files.
fn without_privilege(sandbox: &Sandbox, line: &str) -> Command {
    let probe = sandbox.path("context/probe");
    if fs::write(&probe, "").is_err() {
        return sandbox.command(line);
    }
    fs::remove_file(probe).expect("it was just written");
    let mut command = sandbox.called("setpriv".as_ref(), "--inh-caps=-all");
    command.arg("--bounding-set=-dac_override,-dac_read_search").arg(program());
    command.args(line.split_whitespace());
    command
}

#[test]
fn another_run_that_holds_the_lock_is_waited_for() {
    let sandbox = Sandbox::of("px");
    let lock = fs::File::create(sandbox.path("context/.outer.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let mut command = sandbox.command("px context set admin --contextconfig context/outer");
    let mut waiting = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(waiting.try_wait().unwrap().is_none(), "it did not wait");
    // Readers do not wait for the lock.
    assert_eq!(sandbox.run("px context list --contextconfig context/outer").status, 0);
    drop(lock);
    assert!(waiting.wait().unwrap().success());
    assert!(sandbox.read("context/outer").contains("  current: admin\n"));
}

#[test]
fn a_run_that_fails_makes_no_directory_and_no_lock() {
    let sandbox = Sandbox::of("px");
    for line in ["set moon", "unset", "delete moon", "delete"] {
        let _ = sandbox.run(&format!("px context {line}"));
        assert!(!sandbox.path("home").exists(), "{line}");
    }
    let run = sandbox.run("px context set moon --contextconfig folder");
    assert_eq!(run.status, 3, "{run:?}");
    assert!(!sandbox.path(".folder.lock").exists());
}
