//! Faults of the network and the server.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use step_ca_client::{Budget, Client, Error, Options, RequestFault, fetch_root};
use step_claims::CaUrl;

use crate::server::{Authority, Server, answer};
use crate::{client, fault, impatient, run};

/// A server without TLS that does this with its first client.
fn plain(handler: impl FnOnce(std::net::TcpStream) -> io::Result<()> + Send + 'static) -> CaUrl {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || handler(listener.accept()?.0));
    format!("127.0.0.1:{port}").parse().unwrap()
}

fn refusal(url: &CaUrl, options: &Options) -> Error {
    let client = Client::new(url, &Authority::new().roots(), options).unwrap();
    run(client.health()).unwrap_err()
}

#[test]
fn a_port_nobody_listens_at_refuses_the_connection() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url: CaUrl =
        format!("127.0.0.1:{}", listener.local_addr().unwrap().port()).parse().unwrap();
    drop(listener);
    let error = refusal(&url, &Options::default());
    assert_eq!(fault(&error).to_string(), "connection refused");
    assert_eq!(error.to_string(), format!("request to {url}/health failed"));
}

#[test]
fn a_name_without_address_is_called_that() {
    let proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    if proxies.iter().any(|name| std::env::var_os(name).is_some()) {
        return; // Then the proxy resolves the name.
    }
    // RFC 2606 §2 keeps this name from ever having an address.
    let error = refusal(&"ca.invalid".parse().unwrap(), &Options::default());
    assert_eq!(fault(&error).to_string(), "the name `ca.invalid` cannot be resolved");
}

#[test]
fn a_server_without_tls_is_called_that() {
    let url = plain(|mut stream| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
        stream.read_exact(&mut [0; 64])
    });
    assert!(matches!(fault(&refusal(&url, &Options::default())), RequestFault::NotTls));
}

#[test]
fn a_server_that_hangs_up_closes_the_connection() {
    let url = plain(|mut stream| stream.read_exact(&mut [0; 64]));
    let error = refusal(&url, &Options::default());
    assert!(matches!(fault(&error), RequestFault::Closed { .. }), "{error:?}");

    let authority = Authority::new();
    for beginning in ["", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"] {
        let server = Server::start(&authority, move |_, out| {
            out.write_all(beginning.as_bytes())?;
            out.flush()?;
            Err(io::ErrorKind::Other.into())
        });
        let error = run(client(&authority, &server).health()).unwrap_err();
        assert!(matches!(fault(&error), RequestFault::Closed { .. }), "{error:?}");
    }
}

#[test]
fn a_handshake_that_never_ends_is_cut_off() {
    let url = plain(|stream| {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
        Ok(())
    });
    let options = Options { connect_timeout: Duration::from_millis(300), ..Options::default() };
    let error = refusal(&url, &options);
    assert_eq!(fault(&error).to_string(), "no connection within 0.3 s");
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    let authority = Authority::new();
    let sleepy = Server::start(&authority, |_, _| {
        thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let dripping = Server::start(&authority, |_, out| {
        out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
        loop {
            out.write_all(b" ")?;
            out.flush()?;
            thread::sleep(Duration::from_millis(50));
        }
    });
    for server in [sleepy, dripping] {
        let start = Instant::now();
        let client = Client::new(&server.url(), &authority.roots(), &impatient()).unwrap();
        let error = run(client.health()).unwrap_err();
        assert_eq!(fault(&error).to_string(), "no complete answer within 0.4 s");

        let fingerprint = authority.roots().fingerprint();
        let error = run(fetch_root(&server.url(), fingerprint, &impatient())).unwrap_err();
        assert!(matches!(fault(&error), RequestFault::Timeout { .. }), "{error:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn all_requests_together_have_a_deadline() {
    let authority = Authority::new();
    let page = r#"{"provisioners":[],"nextCursor":"PAGE"}"#;
    let pages = Arc::new(AtomicUsize::new(0));
    let server = Server::start(&authority, move |_, out| {
        thread::sleep(Duration::from_millis(150));
        let number = pages.fetch_add(1, Ordering::Relaxed).to_string();
        answer(out, 200, &page.replace("PAGE", &number))
    });
    let budget = Some(Budget::new(Duration::from_millis(500)));
    let options = Options { budget, ..Options::default() };
    let client = Client::new(&server.url(), &authority.roots(), &options).unwrap();
    let start = Instant::now();
    let error = run(client.provisioners()).unwrap_err();
    let expected = "the requests to the CA took longer than 0.5 s together";
    assert_eq!(fault(&error).to_string(), expected);
    assert!(start.elapsed() < Duration::from_secs(3));
    // Nothing is left, for another client either.
    let sent = server.requests().len();
    let fingerprint = authority.roots().fingerprint();
    let error = run(fetch_root(&server.url(), fingerprint, &options)).unwrap_err();
    assert_eq!(fault(&error).to_string(), expected);
    assert_eq!(server.requests().len(), sent);
}

#[test]
fn a_single_request_keeps_its_own_deadline() {
    let authority = Authority::new();
    let server = Server::start(&authority, |_, _| {
        thread::sleep(Duration::from_secs(30));
        Ok(())
    });
    let budget = Some(Budget::new(Duration::from_secs(20)));
    let options = Options { budget, ..impatient() };
    let client = Client::new(&server.url(), &authority.roots(), &options).unwrap();
    let error = run(client.health()).unwrap_err();
    assert_eq!(fault(&error).to_string(), "no complete answer within 0.4 s");
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    const MEGABYTE: usize = 1 << 20;
    let authority = Authority::new();
    for header in ["Content-Length: 104857600", "Connection: close"] {
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let server = Server::start(&authority, move |_, out| {
            write!(out, "HTTP/1.1 200 OK\r\n{header}\r\n\r\n")?;
            for _ in 0..100 {
                out.write_all(&vec![b' '; MEGABYTE])?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let error = run(client(&authority, &server).health()).unwrap_err();
        assert_eq!(fault(&error).to_string(), "answered more than 10 MiB");
        assert!(sent.load(Ordering::Relaxed) < 40, "{header}: {sent:?} MiB sent");
    }
}

#[test]
fn a_body_of_the_longest_length_is_read() {
    let authority = Authority::new();
    let answer = r#"{"status":"ok"}"#;
    let blanks = " ".repeat((10 << 20) - answer.len());
    let server = Server::fixed(&authority, 200, format!("{blanks}{answer}"));
    assert_eq!(run(client(&authority, &server).health()).unwrap(), "ok");
}
