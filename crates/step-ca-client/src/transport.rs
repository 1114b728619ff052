//! One request and its answer: deadlines, size limits and errors.

use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Method, Response};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use step_claims::CaUrl;
use url::{Host, Url};
use uuid::Uuid;

use crate::diagnosis::Context;
use crate::error::Error;
use crate::fault::request::RequestFault;
use crate::identity::Identity;
use crate::redirect;
use crate::roots::Roots;

/// The longest answer that is read: 10 MiB.
pub(crate) const MAX_BODY: usize = 10 << 20;

/// All but the unreserved characters of RFC 3986 §2.3, so that a text stays one segment of a
/// path, or one value of a query.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct Options {
    /// The timeout of a request with its complete answer; by default 15 s, as in `step`.
    pub timeout: Duration,
    /// The timeout of a connection, including the TLS handshake; by default 10 s.
    pub connect_timeout: Duration,
    /// The `User-Agent` header (RFC 9110 §10.1.5); by default this crate's name and version.
    pub user_agent: String,
    /// The certificate to present to the CA, if any.
    pub identity: Option<Identity>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(10),
            user_agent: concat!("step-ca-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            identity: None,
        }
    }
}

/// The HTTPS client, for one CA.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    /// `https://`, host and port, without a trailing slash.
    base: String,
    /// The most redirects that are followed.
    redirects: usize,
    context: Context,
}

/// The body that is sent, repeatedly if the CA redirects. It may contain a token.
struct Outgoing {
    method: Method,
    body: Option<Vec<u8>>,
    authorization: Option<HeaderValue>,
}

/// An answer of any status, within the size limit.
pub(crate) struct Answer {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    html: bool,
}

/// The body of a CA's refusal.
#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
}

impl Transport {
    /// Trusts only `roots`.
    pub(crate) fn new(ca: &CaUrl, roots: &Roots, options: &Options) -> Result<Self, Error> {
        let mut builder = builder(ca, options)?.tls_certs_only(anchors(roots)?);
        if let Some(identity) = &options.identity {
            builder = builder.identity(identity.tls());
        }
        let context = Context {
            roots: roots.fingerprints(),
            identity: options.identity.is_some(),
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
        };
        Ok(Self { http: build(builder)?, base: ca.to_string(), redirects: redirect::MOST, context })
    }

    /// Trusts any server, follows no redirect and presents no identity: only for the request whose
    /// answer is checked by its fingerprint.
    pub(crate) fn insecure(ca: &CaUrl, options: &Options) -> Result<Self, Error> {
        let builder = builder(ca, options)?.tls_danger_accept_invalid_certs(true);
        let context = Context {
            roots: Vec::new(),
            identity: false,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
        };
        Ok(Self { http: build(builder)?, base: ca.to_string(), redirects: 0, context })
    }

    /// Sends a GET request for a path, which begins with a slash.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.send(path, Outgoing { method: Method::GET, body: None, authorization: None }).await
    }

    /// Posts JSON to a path.
    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        let body =
            serde_json::to_vec(body).map_err(|error| Error::Setup { source: error.into() })?;
        let outgoing = Outgoing { method: Method::POST, body: Some(body), authorization: None };
        self.send(path, outgoing).await
    }

    /// Posts an empty body to a path, optionally with an `Authorization` header.
    pub(crate) async fn post_nothing(
        &self,
        path: &str,
        authorization: Option<HeaderValue>,
    ) -> Result<Answer, Error> {
        self.send(path, Outgoing { method: Method::POST, body: None, authorization }).await
    }

    async fn send(&self, path: &str, mut outgoing: Outgoing) -> Result<Answer, Error> {
        let asked = format!("{}{path}", self.base);
        let mut url =
            Url::parse(&asked).map_err(|source| Error::Url { url: asked.clone(), source })?;
        let start = Instant::now();
        for _ in 0..=self.redirects {
            let fault = |fault| Error::Request { url: url.to_string(), fault };
            let response = self.ask(&outgoing, &url, start).await.map_err(fault)?;
            let status = response.status().as_u16();
            let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let location = location.filter(|_| self.redirects > 0);
            match redirect::target(status, location, &url).map_err(fault)? {
                None => return self.receive(response).await.map_err(fault),
                Some(to) => {
                    outgoing.follow(status, &url, &to);
                    url = to;
                }
            }
        }
        Err(Error::Request {
            url: asked,
            fault: RequestFault::TooManyRedirects { limit: self.redirects },
        })
    }

    /// Sends one request; the deadline counts from `start`.
    async fn ask(
        &self,
        outgoing: &Outgoing,
        url: &Url,
        start: Instant,
    ) -> Result<Response, RequestFault> {
        let Outgoing { method, body, authorization } = outgoing;
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .timeout(self.context.timeout.saturating_sub(start.elapsed()))
            .header(ACCEPT, "application/json")
            .header("X-Request-Id", Uuid::new_v4().to_string());
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(body) = body {
            request = request.body(body.clone());
        }
        let result =
            request.send().await.map_err(|error| RequestFault::of(error, url, &self.context));
        let milliseconds = start.elapsed().as_millis();
        match &result {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::debug!(%method, %url, status, milliseconds);
            }
            Err(fault) => tracing::debug!(%method, %url, %fault, milliseconds),
        }
        result
    }

    async fn receive(&self, mut response: Response) -> Result<Answer, RequestFault> {
        let url = response.url().clone();
        let (status, html) = (response.status().as_u16(), is_html(&response));
        let too_large = || RequestFault::TooLarge { limit: MAX_BODY };

        let announced = response.content_length().map_or(Ok(0), usize::try_from);
        let announced = announced.ok().filter(|&length| length <= MAX_BODY);
        let mut body = Vec::with_capacity(announced.ok_or_else(too_large)?);
        loop {
            let chunk = response.chunk().await;
            match chunk.map_err(|error| RequestFault::of(error, &url, &self.context))? {
                None => return Ok(Answer { url: url.into(), status, body, html }),
                Some(chunk) if chunk.len() > MAX_BODY - body.len() => return Err(too_large()),
                Some(chunk) => body.extend_from_slice(&chunk),
            }
        }
    }
}

impl Outgoing {
    /// Removes what the target of a redirect must not get.
    fn follow(&mut self, status: u16, from: &Url, to: &Url) {
        if !redirect::keeps_method(status, &self.method) {
            self.method = Method::GET;
            self.body = None;
        }
        if !redirect::same_origin(from, to) {
            self.authorization = None;
        }
    }
}

impl Answer {
    /// Returns the answer if its status is 2xx and it is not an HTML page.
    pub(crate) fn accepted(self) -> Result<Self, Error> {
        let fault = if self.html || self.body.trim_ascii_start().starts_with(b"<") {
            RequestFault::Html { status: self.status }
        } else if (200..300).contains(&self.status) {
            return Ok(self);
        } else {
            let refusal = serde_json::from_slice::<Refusal>(&self.body).ok();
            let message = refusal.and_then(|refusal| refusal.message);
            RequestFault::Status {
                status: self.status,
                message: message.filter(|message| !message.is_empty()),
            }
        };
        Err(self.fault(fault))
    }

    /// Reads the JSON of an accepted answer.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let answer = self.accepted()?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| answer.fault(RequestFault::of_json(&error)))
    }

    pub(crate) fn fault(&self, fault: RequestFault) -> Error {
        Error::Request { url: self.url.clone(), fault }
    }
}

/// Encodes a text as one segment of a path, or one value of a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn builder(ca: &CaUrl, options: &Options) -> Result<reqwest::ClientBuilder, Error> {
    let base = ca.to_string();
    let url = Url::parse(&base).map_err(|source| Error::Url { url: base, source })?;
    let builder = reqwest::Client::builder()
        .https_only(true)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .redirect(Policy::none())
        .user_agent(options.user_agent.as_str())
        .connect_timeout(options.connect_timeout);
    // As in Go programs, a proxy is used for every host but this one.
    Ok(if is_loopback(&url) { builder.no_proxy() } else { builder })
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|error| Error::Setup { source: error.into() })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Turns roots into trust anchors. One that cannot be an anchor is left out, which adds no trust;
/// at least one must remain.
fn anchors(roots: &Roots) -> Result<Vec<reqwest::Certificate>, Error> {
    let mut anchors = Vec::new();
    let mut refusal = None;
    for der in roots.certificates() {
        let usable = RootCertStore::empty()
            .add(CertificateDer::from(der.as_slice()))
            .map_err(|error| error.to_string())
            .and_then(|()| reqwest::Certificate::from_der(der).map_err(|error| error.to_string()));
        match usable {
            Ok(anchor) => anchors.push(anchor),
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
    }
    match refusal {
        Some(reason) if anchors.is_empty() => {
            Err(Error::Anchor { fingerprint: roots.fingerprint(), reason })
        }
        _ => Ok(anchors),
    }
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/html")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let url = "https://ca.test/x".to_owned();
        Answer { url, status, body: body.as_bytes().to_vec(), html: false }
    }

    fn fault(status: u16, body: &str) -> String {
        let error = answer(status, body).json::<Refusal>().map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "request to https://ca.test/x failed");
        error.request_fault().unwrap().to_string()
    }

    #[test]
    fn every_2xx_is_accepted() {
        for status in [200, 201, 299] {
            assert!(answer(status, "{}").accepted().is_ok());
        }
        assert_eq!(fault(199, "{}"), "answered 199");
        assert_eq!(fault(302, "{}"), "answered 302 Found");
    }

    #[test]
    fn a_refusal_carries_the_message_of_the_ca() {
        let body = r#"{"status":401,"message":"The request lacked authorization."}"#;
        assert_eq!(
            fault(401, body),
            "answered 401 Unauthorized: The request lacked authorization."
        );
        assert_eq!(fault(404, "404 page not found\n"), "answered 404 Not Found");
        assert_eq!(fault(500, r#"{"message":""}"#), "answered 500 Internal Server Error");
    }

    #[test]
    fn a_page_for_people_is_called_html() {
        for status in [200, 502] {
            assert!(
                fault(status, "\n<!doctype html>").starts_with("answered HTML instead of JSON")
            );
        }
        let page = Answer { html: true, ..answer(200, "{}") };
        let error = page.accepted().map(|_| ()).unwrap_err();
        assert_eq!(error.status(), Some(200));
    }

    #[test]
    fn an_answer_that_is_no_json_says_where() {
        assert_eq!(
            fault(200, "{\"a\":\n]"),
            "answered something that is not JSON: error at line 2, column 1"
        );
        assert!(fault(200, "[5]").starts_with("answered something unexpected: "));
    }

    #[test]
    fn a_key_id_stays_one_segment_of_the_path() {
        assert_eq!(encoded("a/b c?d%e"), "a%2Fb%20c%3Fd%25e");
        assert_eq!(encoded("A-z0.9_~"), "A-z0.9_~");
        assert_eq!(encoded("é+&=#"), "%C3%A9%2B%26%3D%23");
    }

    #[test]
    fn no_proxy_stands_before_this_host() {
        for (url, expected) in [
            ("https://localhost:9000", true),
            ("https://127.1.2.3", true),
            ("https://[::1]:9000", true),
            ("https://ca.example.com", false),
            ("https://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_port_out_of_range_is_no_address() {
        let ca: CaUrl = "ca.example.com:99999".parse().unwrap();
        let error = builder(&ca, &Options::default()).unwrap_err();
        assert_eq!(error.to_string(), "`https://ca.example.com:99999` is not the address of a CA");
        assert!(!error.is_network());
    }

    #[test]
    fn a_user_agent_that_is_no_header_is_refused() {
        let ca: CaUrl = "ca.example.com".parse().unwrap();
        let options = Options { user_agent: "a\nb".to_owned(), ..Options::default() };
        let error = Transport::insecure(&ca, &options).unwrap_err();
        assert!(matches!(error, Error::Setup { .. }));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_one_segment_and_decodes_to_itself(text in ".{1,40}") {
            let encoded = encoded(&text);
            prop_assert!(!encoded.contains(['/', '?', '#', '&', '=', ' ']));
            let decoded = percent_encoding::percent_decode_str(&encoded).decode_utf8().unwrap();
            prop_assert_eq!(decoded, text);
        }

        #[test]
        fn an_arbitrary_answer_never_panics(status in 100_u16..600, body in ".{0,100}") {
            let _ = answer(status, &body).json::<Refusal>().is_ok();
        }
    }
}
