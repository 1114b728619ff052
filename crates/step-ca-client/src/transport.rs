//! One request and its answer: deadlines, size limits and errors.

use std::env;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::tls::TlsInfo;
use reqwest::{Method, Proxy, Response};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use step_claims::CaUrl;
use url::Url;
use uuid::Uuid;

use crate::answer::{Answer, is_html};
use crate::budget::Budget;
use crate::diagnosis::Context;
use crate::error::Error;
use crate::fault::request::RequestFault;
use crate::identity::Identity;
use crate::proxy::Proxies;
use crate::roots::Roots;
use crate::server_name::{base_of, names_of};
use crate::{dotted_name, redirect};

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
    /// The time that all requests may take together, if it is limited; by default it is not.
    pub budget: Option<Budget>,
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
            budget: None,
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
    proxies: Arc<Proxies>,
    budget: Option<Budget>,
    context: Context,
    /// The DER of the CA's TLS certificate, once it is known.
    certificate: Arc<OnceLock<Vec<u8>>>,
}

/// The body that is sent, repeatedly if the CA redirects. It may contain a token.
struct Outgoing {
    method: Method,
    body: Option<Vec<u8>>,
    authorization: Option<HeaderValue>,
}

impl Transport {
    /// Trusts only `roots`.
    pub(crate) fn new(ca: &CaUrl, roots: &Roots, options: &Options) -> Result<Self, Error> {
        let anchors = anchors(roots)?;
        let proxies = Arc::new(Proxies::read(env::var));
        let mut builder = builder(ca, options, &proxies)?;
        if ca.host().ends_with('.') {
            let config = dotted_name::config(roots, options.identity.as_ref())
                .map_err(|reason| Error::Setup { source: reason.into() })?;
            builder = builder.tls_backend_preconfigured(config);
        } else {
            builder = builder.tls_certs_only(anchors);
            if let Some(identity) = &options.identity {
                builder = builder.identity(identity.tls());
            }
        }
        let context = Context {
            roots: roots.fingerprints(),
            identity: options.identity.is_some(),
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
        };
        let (base, budget) = (base_of(ca), options.budget.clone());
        let certificate = Arc::default();
        Ok(Self {
            http: build(builder)?,
            base,
            redirects: redirect::MOST,
            proxies,
            budget,
            context,
            certificate,
        })
    }

    /// Trusts any server, follows no redirect and presents no identity: only for the request whose
    /// answer is checked by its fingerprint.
    pub(crate) fn insecure(ca: &CaUrl, options: &Options) -> Result<Self, Error> {
        let proxies = Arc::new(Proxies::read(env::var));
        let builder = builder(ca, options, &proxies)?.tls_danger_accept_invalid_certs(true);
        let context = Context {
            roots: Vec::new(),
            identity: false,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
        };
        let (base, budget) = (base_of(ca), options.budget.clone());
        let certificate = Arc::default();
        let http = build(builder)?;
        Ok(Self { http, base, redirects: 0, proxies, budget, context, certificate })
    }

    /// Returns the names in the CA's TLS certificate, or none if it is not known.
    pub(crate) fn server_names(&self) -> Vec<String> {
        self.certificate.get().map(|der| names_of(der)).unwrap_or_default()
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

    /// Sends a request and receives its answer, within the time of one request and what is left of
    /// the time of all.
    async fn send(&self, path: &str, outgoing: Outgoing) -> Result<Answer, Error> {
        let asked = format!("{}{path}", self.base);
        let url = Url::parse(&asked).map_err(|source| Error::Url { url: asked.clone(), source })?;
        let Some(budget) = &self.budget else {
            return self.converse(asked, url, outgoing, self.context.timeout).await;
        };
        let out_of_time = || RequestFault::OutOfTime { after: budget.allowed() };
        let left = budget.left();
        if left.is_zero() {
            return Err(Error::Request { url: asked, fault: out_of_time() });
        }
        let start = Instant::now();
        let limit = left.min(self.context.timeout);
        let result = self.converse(asked, url, outgoing, limit).await;
        budget.spend(start.elapsed());
        match result {
            Err(Error::Request {
                url,
                fault: RequestFault::Timeout { .. } | RequestFault::ConnectTimeout { .. },
            }) if left < self.context.timeout && budget.left().is_zero() => {
                Err(Error::Request { url, fault: out_of_time() })
            }
            other => other,
        }
    }

    async fn converse(
        &self,
        asked: String,
        mut url: Url,
        mut outgoing: Outgoing,
        limit: Duration,
    ) -> Result<Answer, Error> {
        let start = Instant::now();
        for first in (0..=self.redirects).map(|redirects| redirects == 0) {
            let fault = |fault| Error::Request { url: url.to_string(), fault };
            let left = limit.saturating_sub(start.elapsed());
            let response = self.ask(&outgoing, &url, left).await.map_err(fault)?;
            if first
                && let Some(certificate) =
                    response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate)
            {
                self.certificate.get_or_init(|| certificate.to_vec());
            }
            let status = response.status().as_u16();
            let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let location = location.filter(|_| self.redirects > 0);
            match redirect::target(status, location, &url).map_err(fault)? {
                None => return self.receive(response).await.map_err(fault),
                Some(to) => {
                    outgoing.follow(status, &url, &to).map_err(fault)?;
                    self.proxies.check(&to)?;
                    url = to;
                }
            }
        }
        Err(Error::Request {
            url: asked,
            fault: RequestFault::TooManyRedirects { limit: self.redirects },
        })
    }

    /// Sends one request, whose answer must be complete within `limit`.
    async fn ask(
        &self,
        outgoing: &Outgoing,
        url: &Url,
        limit: Duration,
    ) -> Result<Response, RequestFault> {
        let start = Instant::now();
        let Outgoing { method, body, authorization } = outgoing;
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .timeout(limit)
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
                tracing::debug!("{method} {url}: status {status} after {milliseconds} ms");
            }
            Err(fault) => {
                tracing::debug!("{method} {url}: {fault}, after {milliseconds} ms");
            }
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
    /// Removes what the target of a redirect must not get. A token is not sent to another server,
    /// in a body or a header; a request that would need it there ends.
    fn follow(&mut self, status: u16, from: &Url, to: &Url) -> Result<(), RequestFault> {
        let (keeps_method, same_origin) =
            (redirect::keeps_method(status, &self.method), redirect::same_origin(from, to));
        if keeps_method && !same_origin && (self.body.is_some() || self.authorization.is_some()) {
            return Err(RequestFault::ForeignRedirect { to: to.to_string() });
        }
        if !keeps_method {
            self.method = Method::GET;
            self.body = None;
        }
        if !same_origin {
            self.authorization = None;
        }
        Ok(())
    }
}

/// Encodes a text as one segment of a path, or one value of a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn builder(
    ca: &CaUrl,
    options: &Options,
    proxies: &Arc<Proxies>,
) -> Result<reqwest::ClientBuilder, Error> {
    let base = base_of(ca);
    let url = Url::parse(&base).map_err(|source| Error::Url { url: base, source })?;
    proxies.check(&url)?;
    let proxies = Arc::clone(proxies);
    // Each address is decided about when it is asked: a redirect may lead to another host.
    let proxy = Proxy::custom(move |url| proxies.address_for(url).map(str::to_owned));
    Ok(reqwest::Client::builder()
        .https_only(true)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .redirect(Policy::none())
        .tls_info(true)
        .user_agent(options.user_agent.as_str())
        .connect_timeout(options.connect_timeout)
        // Without the library's own rules.
        .no_proxy()
        .proxy(proxy))
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|error| Error::Setup { source: error.into() })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_id_stays_one_segment_of_the_path() {
        assert_eq!(encoded("a/b c?d%e"), "a%2Fb%20c%3Fd%25e");
        assert_eq!(encoded("A-z0.9_~"), "A-z0.9_~");
        assert_eq!(encoded("é+&=#"), "%C3%A9%2B%26%3D%23");
    }

    #[test]
    fn a_port_out_of_range_is_no_address() {
        let ca: CaUrl = "ca.example.com:99999".parse().unwrap();
        let error = builder(&ca, &Options::default(), &Arc::default()).unwrap_err();
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
    }
}
