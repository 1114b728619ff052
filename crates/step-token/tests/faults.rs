//! A CA that misbehaves, as the user sees it: exit status 5, one message, and what to do.
//!
//! A real step-ca does none of this, so a fake server with real TLS does. The errors themselves are
//! tested in `step-ca-client`, which makes the requests.

mod common;
#[path = "../../step-ca-client/tests/https/server.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "its own crate uses the rest, in tests only")]
mod server;

use std::ffi::OsString;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::{Sink, vectors};
use server::{Authority, Out, Request, Server, answer, answer_with, redirect};
use step_token::{Exit, World};
use token_time::Timestamp;

/// Asks the server for a token's provisioners; returns what the user reads, without the port.
fn complaint(authority: &Authority, server: &Server, more: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    let root = folder.path().join("root.crt");
    std::fs::write(&root, authority.pem()).expect("written");
    let file = folder.path().join("token");
    let key = vectors().join("test-keys/p256.trad.pem");

    let (out, err) = (Sink::default(), Sink::default());
    let world = World::still(Timestamp::from_unix_seconds(1_795_385_137))
        .with_variable("STEPPATH", folder.path())
        .with_streams(io::empty(), out.clone(), err.clone());
    let mut argv: Vec<OsString> =
        ["step-token", "token", "db.internal", "--quiet", "--ca-url"].map(OsString::from).into();
    argv.push(server.url().to_string().into());
    for (flag, path) in [("--root", &root), ("--key", &key), ("--output-file", &file)] {
        argv.extend([flag.into(), path.clone().into_os_string()]);
    }
    argv.extend(more.iter().map(OsString::from));

    let exit = step_token::run(argv, &world);
    assert_eq!(exit, Exit::Ca, "{}", err.text());
    assert_eq!(out.text(), "");
    assert!(!file.exists(), "nothing is written");
    let port = server.url().port().unwrap_or_default().to_owned();
    // The key file of the fixture is readable by all users; its warning does not matter here.
    let lines: Vec<String> = err
        .text()
        .lines()
        .filter(|line| !line.starts_with("warning: "))
        .map(|line| line.replace(&port, "PORT"))
        .collect();
    lines.join("\n")
}

/// A server that answers the list of provisioners with `handler`.
fn says(handler: impl Fn(&Request, Out<'_>) -> io::Result<()> + Send + Sync + 'static) -> String {
    let authority = Authority::new();
    let server = Server::start(&authority, handler);
    complaint(&authority, &server, &[])
}

const LIST: &str = "error: request to https://127.0.0.1:PORT/provisioners?limit=100 failed: ";
const LOG: &str = "\nhint: check --ca-url, and read the CA's log";

#[test]
fn a_page_of_html_is_called_that() {
    let shown = says(|_, out| answer_with(out, 200, "Content-Type: text/html", "<html>hi</html>"));
    assert!(shown.starts_with(LIST) && shown.contains("HTML") && shown.ends_with(LOG), "{shown}");
}

#[test]
fn a_fault_of_the_server_is_told_with_its_words() {
    let shown = says(|_, out| answer(out, 500, r#"{"status":500,"message":"no database"}"#));
    let expected = format!("{LIST}answered 500 Internal Server Error: no database{LOG}");
    assert_eq!(shown, expected);
}

#[test]
fn text_that_is_no_json_is_called_that() {
    let shown = says(|_, out| answer(out, 200, "hello"));
    assert!(shown.starts_with(LIST) && shown.contains("JSON"), "{shown}");
}

#[test]
fn a_cursor_that_repeats_ends_the_list() {
    // Q60.
    let shown = says(|_, out| answer(out, 200, r#"{"provisioners":[],"nextCursor":"again"}"#));
    assert!(shown.contains("again") && shown.ends_with(LOG), "{shown}");
}

#[test]
fn a_list_without_end_ends() {
    let shown = says(|request, out| {
        assert!(request.path.starts_with("/provisioners?"));
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        answer(out, 200, &format!(r#"{{"provisioners":[],"nextCursor":"c{next}"}}"#))
    });
    assert!(shown.starts_with("error: request to https://127.0.0.1:PORT/provisioners"), "{shown}");
    assert!(shown.contains("1000"), "{shown}");
}

#[test]
fn a_hundred_megabytes_are_not_read() {
    let shown = says(|_, out| {
        let mega = vec![b' '; 1 << 20];
        write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 100 << 20)?;
        (0..100).try_for_each(|_| out.write_all(&mega))
    });
    assert!(shown.starts_with(LIST) && shown.contains("MiB"), "{shown}");
}

#[test]
fn a_redirect_to_http_is_refused() {
    let shown = says(|_, out| redirect(out, 302, "http://127.0.0.1:1/"));
    assert!(shown.contains("http://127.0.0.1:1"), "{shown}");
}

#[test]
fn a_slow_server_is_not_waited_for() {
    let authority = Authority::new();
    let server = Server::start(&authority, |_, _| {
        thread::sleep(Duration::from_secs(30));
        Ok(())
    });
    let shown = complaint(&authority, &server, &["--timeout", "300ms"]);
    let expected =
        format!("{LIST}no complete answer within 0.3 s\nhint: use --timeout to wait longer");
    assert_eq!(shown, expected);
}

#[test]
fn an_expired_certificate_is_called_that() {
    let authority = Authority::new();
    let leaf = authority.leaf(&["127.0.0.1"], |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 2);
    });
    let server = Server::with(leaf, None, |_, out| answer(out, 200, "{}"));
    let shown = complaint(&authority, &server, &[]);
    assert!(shown.contains("expired at 2020-01-02T00:00:00Z"), "{shown}");
}

#[test]
fn a_certificate_below_another_root_is_not_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::fixed(&other, 200, "{}");
    let shown = complaint(&authority, &server, &[]);
    assert!(shown.contains("not signed by the given root"), "{shown}");
    assert!(
        shown.ends_with("hint: use --root or --fingerprint with the root of the CA's certificate"),
        "{shown}"
    );
}

#[test]
fn a_certificate_for_another_host_is_not_believed() {
    let authority = Authority::new();
    let leaf = authority.leaf(&["ca.internal"], |_| {});
    let server = Server::with(leaf, None, |_, out| answer(out, 200, "{}"));
    let shown = complaint(&authority, &server, &[]);
    assert!(shown.contains("ca.internal"), "{shown}");
}

/// The cursor of the next page; each is different.
static NEXT: AtomicUsize = AtomicUsize::new(0);
