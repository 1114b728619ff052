//! A fake CA for the online recordings: the recorded bodies over real TLS.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The server; it lives as long as the test process.
pub(crate) struct Recorded {
    port: u16,
}

impl Recorded {
    /// Starts it on a free port of the loopback interface.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let config = Arc::new(config());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                // A client that rejects the certificate disconnects, which some tests expect.
                std::thread::spawn(move || serve(stream, config));
            }
        });
        Self { port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

fn config() -> ServerConfig {
    let chain = CertificateDer::pem_file_iter("server/localhost.crt")
        .expect("a certificate")
        .collect::<Result<_, _>>()
        .expect("a certificate in PEM");
    let key = PrivateKeyDer::from_pem_file("server/localhost.key").expect("its key");
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("certificate and key belong together")
}

/// Answers one request and closes.
fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> Option<()> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).ok()?, stream);
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match tls.read(&mut chunk).ok()? {
            0 => return None,
            n => request.extend_from_slice(chunk.get(..n)?),
        }
    }
    let request = String::from_utf8(request).ok()?;
    let path = request.split(' ').nth(1)?;
    let (status, body) = match path {
        "/provisioners?limit=100" => ("200 OK", std::fs::read("server/provisioners.json").ok()?),
        _ => match path.strip_prefix("/provisioners/")?.strip_suffix("/encrypted-key") {
            Some(key_id) => {
                let file = format!("server/encrypted-key.{key_id}.json");
                ("200 OK", std::fs::read(Path::new(&file)).ok()?)
            }
            None => ("404 Not Found", br#"{"status":404,"message":"not found"}"#.to_vec()),
        },
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    tls.write_all(head.as_bytes()).ok()?;
    tls.write_all(&body).ok()?;
    tls.conn.send_close_notify();
    tls.flush().ok()
}
