//! Which requests of a conversation go through a proxy.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use step_ca_client::{Client, Options};

use crate::run;
use crate::server::{Authority, Server, answer, redirect};

/// A proxy that connects to this host, whatever it is asked for, and remembers that.
fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let log = Arc::clone(&log);
            thread::spawn(move || tunnel(stream?, &log));
        }
    });
    (port, asked)
}

fn tunnel(stream: TcpStream, log: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") && lines.read_line(&mut request)? > 0 {}
    let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let port = target.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
    log.lock().unwrap().push(target);
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let (mut to_client, mut to_server) = (stream, server.try_clone()?);
    to_client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    thread::spawn(move || io::copy(&mut lines, &mut to_server));
    io::copy(&mut server, &mut to_client).map(drop)
}

/// The variable with the port of the proxy, for a process of its own: the client reads the environment.
const PORT: &str = "STEP_CA_CLIENT_TEST_PROXY";

#[test]
fn each_address_of_a_conversation_is_decided_about() {
    if std::env::var_os(PORT).is_some() {
        return converse();
    }
    let (port, asked) = proxy();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "proxies::each_address_of_a_conversation_is_decided_about"]);
    command.env("HTTPS_PROXY", format!("127.0.0.1:{port}")).env(PORT, port.to_string());
    for name in ["NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    // Once for each conversation: this host is asked directly.
    assert_eq!(asked.lock().unwrap().len(), 2);
    assert!(asked.lock().unwrap().iter().all(|target| target.starts_with("ca.test:")));
}

/// Two CAs that redirect: from this host to another one, and the reverse.
fn converse() {
    let authority = Authority::new();
    let health = |from: &'static str, to: &'static str| {
        let leaf = authority.leaf(&["ca.test", "127.0.0.1"], |_| {});
        let server = Server::with(leaf, None, move |request, out| {
            let host = request.header("host").unwrap_or_default();
            match host.split_once(':') {
                Some((name, port)) if name == from => {
                    redirect(out, 302, &format!("https://{to}:{port}/health"))
                }
                _ => answer(out, 200, "{\"status\":\"ok\"}"),
            }
        });
        let port = server.url().port().unwrap().to_owned();
        let url = format!("{from}:{port}").parse().unwrap();
        let client = Client::new(&url, &authority.roots(), &Options::default()).unwrap();
        run(client.health()).unwrap();
        assert_eq!(server.requests().len(), 2);
    };
    health("127.0.0.1", "ca.test");
    health("ca.test", "127.0.0.1");
}
