//! Where results are written, and what remains if that fails.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::symlink;
use std::process::Stdio;

use crate::sandbox::{MINT, Run, Sandbox, is_token};
use crate::under_test::program;

#[test]
fn a_token_file_is_private_and_has_no_line_feed() {
    let sandbox = Sandbox::of("token");
    let run = sandbox.run(&format!("{MINT} --output-file token.jwt"));
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    assert!(is_token(&sandbox.read("token.jwt")));
    assert_eq!(sandbox.mode("token.jwt"), 0o600);
}

#[test]
fn a_token_file_that_others_could_read_becomes_private() {
    let sandbox = Sandbox::of("token");
    sandbox.set_mode("taken.jwt", 0o644);
    let run = sandbox.run(&format!("{MINT} --force --output-file taken.jwt"));
    assert_eq!(run.status, 0, "{run:?}");
    assert!(is_token(&sandbox.read("taken.jwt")));
    assert_eq!(sandbox.mode("taken.jwt"), 0o600);
}

#[test]
fn the_file_behind_a_link_is_replaced_and_the_link_stays() {
    let sandbox = Sandbox::of("token");
    symlink("folder/token.jwt", sandbox.path("link")).unwrap();
    for force in ["", "--force"] {
        let run = sandbox.run(&format!("{MINT} {force} --output-file link"));
        assert_eq!(run.status, 0, "{run:?}");
        assert!(is_token(&sandbox.read("folder/token.jwt")));
        assert!(sandbox.path("link").is_symlink());
    }
}

#[test]
fn a_run_that_fails_leaves_every_file_as_it_was() {
    let sandbox = Sandbox::of("token");
    let before = sandbox.names(".");
    for output in ["--force --output-file taken.jwt", "--output-file token.jwt"] {
        let line = "token db.internal --offline --ca-config one.json --password-file";
        let run = sandbox.run(&format!("{line} password.wrong {output}"));
        assert_eq!((run.status, run.stdout.as_str()), (4, ""), "{run:?}");
        assert_eq!(sandbox.names("."), before);
        assert_eq!(sandbox.read("taken.jwt"), "not overwritten");
    }
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let sandbox = Sandbox::of("token");
    let run = sandbox.run(&format!("{MINT} --output-file /dev/stdout"));
    assert_eq!(run.status, 0, "{run:?}");
    assert!(is_token(&run.stdout), "{run:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_output_is_noticed() {
    let sandbox = Sandbox::of("token");
    for line in [MINT, "version", "--help", "completion bash", "context list"] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = sandbox.command(line);
        command.env("STEPPATH", "contexts").stdout(full);
        let run = Run::of(command.output().unwrap());
        assert_eq!(run.status, 3, "{line}: {run:?}");
        let message = "error: cannot write to standard output: No space left on device";
        assert!(run.stderr.contains(message), "{line}: {run:?}");
    }
}

#[test]
fn a_reader_that_went_away_is_noticed() {
    let sandbox = Sandbox::of("token");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = Run::of(sandbox.command(MINT).stdout(writer).output().unwrap());
    assert_eq!(run.status, 3, "{run:?}");
    let message = "error: cannot write to standard output: Broken pipe";
    assert!(run.stderr.contains(message), "{run:?}");
}

#[test]
fn the_null_device_takes_the_output_however_it_was_opened() {
    // Python's `subprocess.DEVNULL` and most daemons open it for reading and writing.
    let sandbox = Sandbox::of("token");
    for read in [false, true] {
        let null = OpenOptions::new().read(read).write(true).open("/dev/null").unwrap();
        let run = Run::of(sandbox.command(MINT).stdout(null).output().unwrap());
        assert_eq!((run.status, run.stderr.contains("error")), (0, false), "{run:?}");
    }
}

#[test]
fn the_token_comes_out_even_if_nobody_hears_the_notes() {
    let sandbox = Sandbox::of("token");
    let mut command = sandbox.command(MINT);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(writer).spawn();
    let run = Run::of(output.unwrap().wait_with_output().unwrap());
    assert!(is_token(run.token()));
}

#[test]
fn removing_a_context_keeps_the_profile_that_another_one_uses() {
    let sandbox = Sandbox::of("token");
    let mut command = sandbox.command("context remove --force site");
    let run = Run::of(command.env("STEPPATH", "contexts").output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    assert!(!sandbox.path("contexts/authorities/site").exists());
    assert!(sandbox.path("contexts/authorities/lab").exists());
    assert!(sandbox.path("contexts/profiles/ada").exists());
}

#[test]
fn bash_completes_flags_of_commands() {
    let script = "source <(\"$0\" completion bash)
        complete=$(complete -p step-token | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        COMP_WORDS=(step-token token --pas) COMP_CWORD=2
        $complete step-token --pas token && echo \"${COMPREPLY[@]}\"
        COMP_WORDS=(step-token ca provisioner list --ta) COMP_CWORD=4
        $complete step-token --ta list && echo \"${COMPREPLY[@]}\"";
    let mut command = std::process::Command::new("bash");
    command.args(["--norc", "-c", script]).arg(program());
    let run = Run::of(command.output().expect("bash is there"));
    assert_eq!(run.stdout, "--password-file\n--table\n", "{run:?}");
}

#[test]
fn every_manual_page_has_a_title() {
    let sandbox = Sandbox::of("token");
    fs::create_dir(sandbox.path("man")).unwrap();
    let run = sandbox.run("man man");
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    assert!(sandbox.path("man/step-token-ca-token.1").exists(), "{run:?}");
    for page in run.stderr.lines() {
        let text = sandbox.read(page);
        assert!(text.lines().any(|line| line.starts_with(".TH ")), "{page}: {text}");
    }
    assert!(File::open(sandbox.path("man/step-token.1")).is_ok());
}
