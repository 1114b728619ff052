//! Input besides arguments: descriptors, variables, files that others can read, the network.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::sandbox::{MINT, Run, Sandbox, is_token};
use crate::under_test::program;

#[test]
fn a_password_is_read_from_a_descriptor_the_caller_opened() {
    let sandbox = Sandbox::of("token");
    let line = "token db.internal --offline --ca-config one.json --password-file fd:3";
    let mut command = sandbox.called(Path::new("/bin/sh"), "");
    command.args(["-c", r#"exec "$0" "$@" 3<password"#]).arg(program());
    let run = Run::of(command.args(line.split(' ')).output().unwrap());
    assert!(is_token(run.token()));
}

#[test]
fn a_key_and_its_password_may_come_from_two_descriptors() {
    let sandbox = Sandbox::of("token");
    let line =
        "token db.internal --offline --ca-config one.json --key fd:4 --password-file fd:3 --quiet";
    let mut command = sandbox.called(Path::new("/bin/sh"), "");
    let script = r#"cat password | "$0" "$@" 3<&0 4<admin.sealed.pem"#;
    command.args(["-c", script]).arg(program());
    let run = Run::of(command.args(line.split(' ')).output().unwrap());
    assert!(is_token(run.token()));
    assert_eq!(run.stderr, "");
}

#[test]
fn a_secret_that_others_can_read_is_warned_about_and_used() {
    let sandbox = Sandbox::of("token");
    sandbox.set_mode("password", 0o644);
    let warning = "warning: password can be read by other users (mode 644); \
                   run `chmod 600` to restrict it\n";
    let run = sandbox.run(MINT);
    assert!(is_token(run.token()));
    assert!(run.stderr.contains(warning), "{run:?}");

    let quiet = sandbox.run(&format!("{MINT} --quiet"));
    assert!(is_token(quiet.token()));
    assert_eq!(quiet.stderr, warning);
}

#[test]
fn a_password_source_for_a_key_that_is_not_sealed_must_be_readable() {
    let sandbox = Sandbox::of("token");
    let line = "token db.internal --offline --ca-config one.json --key admin.pem";
    assert!(is_token(sandbox.run(&format!("{line} --password-file password")).token()));
    let run = sandbox.run(&format!("{line} --password-file nowhere"));
    assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{run:?}");
    assert!(run.stderr.contains("error: cannot read nowhere (--password-file)"), "{run:?}");
}

#[test]
fn a_variable_that_is_no_text_is_named() {
    let sandbox = Sandbox::of("token");
    let mut command = sandbox.command(MINT);
    command.env("STEP_PROVISIONER", OsStr::from_bytes(b"\xff"));
    let run = Run::of(command.output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{run:?}");
    assert_eq!(run.stderr, "error: environment variable STEP_PROVISIONER is not UTF-8\n");
}

#[test]
fn an_argument_that_is_no_text_is_refused() {
    let sandbox = Sandbox::of("token");
    let mut command = sandbox.command(&format!("{MINT} --san"));
    let run = Run::of(command.arg(OsStr::from_bytes(b"\xff")).output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.starts_with("error: invalid UTF-8"), "{run:?}");
}

#[test]
fn a_ca_that_never_answers_is_given_up() {
    let sandbox = Sandbox::of("token");
    // The system accepts the connection, but nothing is ever sent.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let start = Instant::now();
    let run = sandbox.run(&format!("token s --ca-url {url} --root root.crt --timeout 200ms"));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!((run.status, run.stdout.as_str()), (5, ""), "{run:?}");
    assert!(run.stderr.contains(&url) && run.stderr.contains("within 0.2 s"), "{run:?}");
}

#[test]
fn a_ca_that_speaks_no_tls_is_named() {
    use std::io::{Read as _, Write as _};
    let sandbox = Sandbox::of("token");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let run = sandbox.run(&format!("token s --ca-url {url} --root root.crt"));
    server.join().unwrap();
    assert_eq!((run.status, run.stdout.as_str()), (5, ""), "{run:?}");
    assert!(run.stderr.contains(&url) && run.stderr.contains("not TLS"), "{run:?}");
}
