//! A small HTTPS server: threads, HTTP/1.1, and the answers that a test needs.

use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use step_ca_client::{Identity, Roots};
use step_claims::CaUrl;

/// A root certificate and its key.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key.
pub(crate) struct Leaf {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "Test Root");
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::parse(self.issuer.der()).unwrap()
    }

    /// Issues a certificate for the names, after `change` modified its parameters.
    pub(crate) fn leaf(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Leaf { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }
}

impl Leaf {
    pub(crate) fn identity(&self) -> Identity {
        let (certificate, key) = (self.certificate.pem(), self.key.serialize_pem());
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap()
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Header names are in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) has_client_certificate: bool,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Where a handler writes its answer.
pub(crate) type Out<'a> = &'a mut dyn Write;

type Handler = dyn Fn(&Request, Out<'_>) -> io::Result<()> + Send + Sync;

/// A server that lives as long as the test.
pub(crate) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Starts one with a valid certificate from `authority`.
    pub(crate) fn start(
        authority: &Authority,
        handler: impl Fn(&Request, Out<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::with(authority.leaf(&["localhost", "127.0.0.1"], |_| {}), None, handler)
    }

    /// Starts one that answers everything with the same status and body.
    pub(crate) fn fixed(authority: &Authority, status: u16, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::start(authority, move |_, out| answer(out, status, &body))
    }

    /// Starts one with the certificate `leaf`, which requires a client certificate from `clients`
    /// if that is given.
    pub(crate) fn with(
        leaf: Leaf,
        clients: Option<&Authority>,
        handler: impl Fn(&Request, Out<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(config(&leaf, clients));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (handler, log): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&requests));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::Relaxed);
                let (config, handler, log) =
                    (Arc::clone(&config), Arc::clone(&handler), Arc::clone(&log));
                // The server ignores clients that disconnect, as some tests need.
                thread::spawn(move || serve(stream?, config, &*handler, &log));
            }
        });
        Self { port, requests, connections }
    }

    pub(crate) fn url(&self) -> CaUrl {
        format!("127.0.0.1:{}", self.port).parse().unwrap()
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The only request there was.
    pub(crate) fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

/// Writes a complete answer in JSON.
pub(crate) fn answer(out: Out<'_>, status: u16, body: &str) -> io::Result<()> {
    answer_with(out, status, "Content-Type: application/json", body)
}

/// Writes a complete answer with one more header.
pub(crate) fn answer_with(out: Out<'_>, status: u16, header: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    write!(out, "HTTP/1.1 {status} X\r\n{header}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// Writes a redirect.
pub(crate) fn redirect(out: Out<'_>, status: u16, to: &str) -> io::Result<()> {
    answer_with(out, status, &format!("Location: {to}"), "")
}

fn config(leaf: &Leaf, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut store = RootCertStore::empty();
            store.add(authority.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain: Vec<CertificateDer<'static>> = vec![leaf.certificate.der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf.key.serialize_der()));
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Answers one request after the other until the client disconnects.
fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    handler: &Handler,
    log: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(mut request) = read(&mut reader)? {
        let stream = reader.get_mut();
        request.has_client_certificate = stream.conn.peer_certificates().is_some();
        log.lock().unwrap().push(request.clone());
        handler(&request, stream)?;
        stream.flush()?;
    }
    Ok(())
}

fn read(
    reader: &mut BufReader<StreamOwned<ServerConnection, TcpStream>>,
) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let mut request =
        Request { method, path, headers, body: String::new(), has_client_certificate: false };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut request.body)?;
    Ok(Some(request))
}
