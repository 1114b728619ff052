//! Where tokens, keys and manifests are written, and what remains if that fails.

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{KEY, MINT, checked};
use crate::sandbox::{Sandbox, is_token};

#[test]
fn a_token_file_is_private_and_has_no_line_feed() {
    let sandbox = Sandbox::of("px");
    for file in ["token.jwt", "taken"] {
        let run = sandbox.run(&format!("{MINT} --output {file}"));
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
        assert_eq!(run.stderr, format!("Token written to output file: {file}\n"));
        assert!(is_token(&sandbox.read(file)), "{:?}", sandbox.read(file));
        assert_eq!(sandbox.mode(file), 0o600);
    }
}

#[test]
fn every_file_becomes_private_that_others_could_read() {
    let sandbox = Sandbox::of("px");
    for line in [
        format!("{MINT} --output taken"),
        format!("px token {KEY} --fleet fleet/good.csv --output taken"),
        "px secret px --token-file token/vector3 --output taken".to_owned(),
        "px keygen secret taken --force".to_owned(),
        "px keygen ec taken --force".to_owned(),
    ] {
        sandbox.set_mode("taken", 0o644);
        let run = sandbox.run(&line);
        assert_eq!(run.status, 0, "{line}: {run:?}");
        assert_eq!(sandbox.mode("taken"), 0o600, "{line}");
        assert_eq!(sandbox.left_behind("."), [""; 0], "{line}");
    }
}

#[test]
fn the_file_behind_a_link_is_replaced_and_the_link_stays() {
    let sandbox = Sandbox::of("px");
    symlink("folder/token.jwt", sandbox.path("link")).unwrap();
    for time in ["first", "second"] {
        let run = sandbox.run(&format!("{MINT} --output link"));
        assert_eq!(run.status, 0, "{time}: {run:?}");
        assert!(is_token(&sandbox.read("folder/token.jwt")), "{time}");
        assert!(sandbox.path("link").is_symlink(), "{time}");
    }
}

#[test]
fn a_fifo_is_written_to_and_not_replaced() {
    let sandbox = Sandbox::of("px");
    let fifo = sandbox.path("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut child = sandbox.command(&format!("{MINT} --output fifo --quiet")).spawn().unwrap();
    let token = fs::read_to_string(&fifo).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(is_token(&token), "{token:?}");
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
}

#[test]
fn standard_output_under_its_name_is_no_file() {
    let sandbox = Sandbox::of("px");
    let run = sandbox.run(&format!("{MINT} --output /dev/stdout"));
    assert_eq!(run.status, 0, "{run:?}");
    assert!(is_token(&run.stdout), "{run:?}");
}

#[test]
fn a_run_that_fails_leaves_every_file_as_it_was() {
    let sandbox = Sandbox::of("px");
    let token = "px token --auth-config account/kubernetes.yaml --issuer my_issuer --output taken";
    for (line, status) in [
        (format!("{token} --shared-secret-file secret/empty"), 4),
        (format!("{token} --rsa-private-keyfile key/ec.key"), 4),
        (
            format!(
                "{token} --ecdsa-private-keyfile key/ec.sealed --password-file key/password.wrong"
            ),
            4,
        ),
        (format!("px token {KEY} --fleet fleet/twice.csv --output taken"), 3),
        ("px secret px --token-file token/text --output taken".to_owned(), 3),
        ("px keygen secret taken".to_owned(), 3),
        ("px keygen rsa taken --bits 1024 --force".to_owned(), 2),
    ] {
        let run = sandbox.run(&line);
        assert_eq!((run.status, run.stdout.as_str()), (status, ""), "{line}: {run:?}");
        assert_eq!(sandbox.read("taken"), "not kept", "{line}");
        assert_eq!(sandbox.left_behind("."), [""; 0], "{line}");
    }
}

#[test]
fn a_pair_and_a_secret_that_were_made_work() {
    let sandbox = Sandbox::of("px");
    let account = "--auth-config account/kubernetes.yaml --issuer i";
    let verify = "px verify --issuer i --token-file t";
    for (make, mint, judge) in [
        ("secret made", "--shared-secret-file made", "--shared-secret-file made"),
        ("ec made", "--ecdsa-private-keyfile made", "--ecdsa-public-keyfile made.pub"),
        (
            "ec made --curve P-521",
            "--ecdsa-private-keyfile made --alg ES512",
            "--ecdsa-public-keyfile made.pub",
        ),
        ("rsa made --bits 2048", "--rsa-private-keyfile made", "--rsa-public-keyfile made.pub"),
    ] {
        let run = sandbox.run(&format!("px keygen {make}"));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{make}: {run:?}");
        assert_eq!(sandbox.mode("made"), 0o600, "{make}");
        let has_public = !make.starts_with("secret");
        assert_eq!(sandbox.path("made.pub").exists(), has_public, "{make}");
        if has_public {
            assert_eq!(sandbox.mode("made.pub"), 0o600, "{make}");
        } else {
            let secret = sandbox.read("made");
            assert_eq!(secret.len(), 64, "{secret}");
            assert!(!secret.contains('\n'), "{secret}");
        }
        let run = sandbox.run(&format!("px token {account} {mint} --output t --quiet"));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{make}: {run:?}");
        let run = sandbox.run(&format!("{verify} {judge} --strict"));
        assert_eq!(run.status, 0, "{make}: {run:?}");
        // All are different, and none is overwritten without permission.
        let before = sandbox.read("made");
        assert_eq!(sandbox.run(&format!("px keygen {make}")).status, 3, "{make}");
        assert_eq!(sandbox.read("made"), before, "{make}");
        assert_eq!(sandbox.run(&format!("px keygen {make} --force")).status, 0, "{make}");
        assert_ne!(sandbox.read("made"), before, "{make}");
        fs::remove_file(sandbox.path("made")).unwrap();
        let _ = fs::remove_file(sandbox.path("made.pub"));
    }
}

#[test]
fn what_is_far_too_large_is_refused_at_once() {
    let sandbox = Sandbox::of("px");
    // A sparse file: it takes no space on disk.
    let huge = File::create(sandbox.path("huge")).unwrap();
    huge.set_len(100 << 20).unwrap();
    sandbox.set_mode("huge", 0o600);
    let mint = "px token --auth-config account/kubernetes.yaml --issuer i";
    let verify = "px verify --issuer i --token-file token/good";
    for (line, message) in [
        (format!("px token {KEY} --auth-config huge"), "huge (--auth-config) is larger than 1 MiB"),
        (format!("px token {KEY} --fleet huge"), "huge (--fleet) is larger than 32 MiB"),
        (
            format!("{mint} --shared-secret-file huge"),
            "huge (--shared-secret-file) is larger than 256 KiB",
        ),
        (
            format!("{mint} --shared-secret-file k8s:huge"),
            "huge (--shared-secret-file) is larger than 256 KiB",
        ),
        (
            format!("{mint} --rsa-private-keyfile huge"),
            "huge (--rsa-private-keyfile) is larger than 256 KiB",
        ),
        (
            format!("{verify} --rsa-public-keyfile huge"),
            "huge (--rsa-public-keyfile) is larger than 1 MiB",
        ),
        (format!("{verify} --server-config huge"), "huge (--server-config) is larger than 1 MiB"),
        ("px inspect --token-file huge".to_owned(), "huge (--token-file) is larger than 256 KiB"),
        ("px context list --contextconfig huge".to_owned(), "huge is larger than 1 MiB"),
    ] {
        let start = Instant::now();
        let run = sandbox.run(&line);
        assert!(start.elapsed() < Duration::from_secs(5), "{line}: {:?}", start.elapsed());
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{line}: {run:?}");
        assert_eq!(run.stderr.lines().next(), Some(format!("error: {message}").as_str()), "{line}");
    }
}

#[test]
fn a_fleet_of_ten_thousand_is_one_run() {
    const ROWS: usize = 10_000;
    let sandbox = Sandbox::of("px");
    let mut table = String::from("subject,name,roles,duration\n");
    for row in 0..ROWS {
        table.push_str(&format!("user-{row}@example.com,User {row},system.user;storage.app,12h\n"));
    }
    fs::write(sandbox.path("fleet.csv"), table).unwrap();
    let run = sandbox.run(&format!("px token {KEY} --fleet fleet.csv --output tokens"));
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    assert_eq!(run.stderr, "Tokens written to output file: tokens\n");
    assert_eq!(sandbox.mode("tokens"), 0o600);
    let tokens = sandbox.read("tokens");
    assert_eq!(tokens.lines().count(), ROWS);
    let secret = sandbox.read("secret/good");
    for (row, line) in tokens.lines().enumerate() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["subject"], format!("user-{row}@example.com"));
        let (_, claims) = checked(object["token"].as_str().unwrap(), secret.as_bytes());
        assert_eq!(claims["sub"], object["subject"]);
        assert_eq!(claims["exp"], object["exp"]);
        assert_eq!(claims["roles"], serde_json::json!(["system.user", "storage.app"]));
    }
}

#[test]
fn every_output_follows_links_and_replaces_no_fifo() {
    let sandbox = Sandbox::of("px");
    for line in [
        format!("px token {KEY} --fleet fleet/good.csv --output"),
        "px secret px --token-file token/vector3 --output".to_owned(),
        "px keygen --force secret".to_owned(),
    ] {
        symlink("taken", sandbox.path("link")).unwrap();
        let run = sandbox.run(&format!("{line} link"));
        assert_eq!(run.status, 0, "{line}: {run:?}");
        assert!(sandbox.path("link").is_symlink(), "{line}");
        fs::remove_file(sandbox.path("link")).unwrap();

        let fifo = sandbox.path("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        if line.contains("keygen") {
            // A key must go to a file; a reader of the FIFO would wait in vain.
            let run = sandbox.run(&format!("{line} fifo"));
            assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{run:?}");
            continue;
        }
        let mut command = sandbox.command(&format!("{line} fifo --quiet"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let text = fs::read_to_string(&fifo).unwrap();
        assert!(child.wait().unwrap().success(), "{line}");
        assert!(!text.is_empty(), "{line}");
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo(), "{line}");
        fs::remove_file(&fifo).unwrap();
    }
}

#[test]
fn a_group_of_a_fleet_may_have_blanks_in_its_name() {
    let sandbox = Sandbox::of("px");
    let run = sandbox.run(&format!("px token {KEY} --fleet fleet/blank.csv"));
    let line: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let (_, claims) =
        checked(line["token"].as_str().unwrap(), sandbox.read("secret/good").as_bytes());
    assert_eq!(claims["groups"], serde_json::json!(["Domain Users", "team"]));
}
