//! What can go wrong with a request, told apart by what the person reading it would do.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError};
use step_claims::RootFingerprint;
use token_text::Excerpt;
use token_time::Timestamp;
use url::Url;

use crate::roots::{RootsFault, list};

/// What went wrong with a request to a CA.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// Nothing listens at the address.
    #[error("connection refused")]
    ConnectionRefused,

    /// The host's name has no address.
    #[error("the name `{host}` cannot be resolved")]
    NameNotResolved {
        /// The name.
        host: String,
    },

    /// The host or its network cannot be reached.
    #[error("the host cannot be reached")]
    Unreachable,

    /// No connection came about in time, TLS handshake included.
    #[error("no connection within {} s", after.as_secs_f64())]
    ConnectTimeout {
        /// The time that was allowed.
        after: Duration,
    },

    /// The answer was not complete in time.
    #[error("no complete answer within {} s", after.as_secs_f64())]
    Timeout {
        /// The time that was allowed.
        after: Duration,
    },

    /// The connection ended before the answer did.
    ///
    /// In TLS 1.3 the alert about a client certificate can lose the race against the end of the
    /// connection, so the certificate is mentioned if one was shown.
    #[error("the connection was closed before the answer was complete{}", if *shown {
        ", which a CA does that does not accept the client certificate it was shown"
    } else {
        ""
    })]
    Closed {
        /// Whether a client certificate was shown.
        shown: bool,
    },

    /// The proxy, named by an environment variable such as `HTTPS_PROXY`, is at fault.
    #[error("the proxy makes no connection: {}", Excerpt(reason))]
    Proxy {
        /// What is known about it.
        reason: String,
    },

    /// What answered speaks something else than TLS: plain HTTP, for example.
    #[error("the answer is not TLS")]
    NotTls,

    /// The server's certificate does not lead to any of the given roots.
    #[error("the server's certificate is not signed by the given root, {}", list(roots))]
    Untrusted {
        /// The given roots.
        roots: Vec<RootFingerprint>,
    },

    /// The server's certificate, or one above it, has expired.
    #[error("the server's certificate expired at {not_after}")]
    Expired {
        /// Its last second.
        not_after: Timestamp,
    },

    /// The server's certificate, or one above it, is not valid yet.
    #[error("the server's certificate is not valid before {not_before}")]
    NotYetValid {
        /// Its first second.
        not_before: Timestamp,
    },

    /// The server's certificate is for other names.
    #[error(
        "the server's certificate is not for `{}`, but for {}",
        Excerpt(host),
        names(presented)
    )]
    WrongName {
        /// The host that was asked for.
        host: String,
        /// The names in the certificate.
        presented: Vec<String>,
    },

    /// The server's certificate is bad in another way.
    #[error("the server's certificate is not accepted: {reason}")]
    Certificate {
        /// What the TLS library says.
        reason: String,
    },

    /// The CA demands a client certificate, or does not accept the one it was shown.
    #[error("the CA {} ({alert})", if *shown {
        "does not accept the client certificate"
    } else {
        "demands a client certificate"
    })]
    ClientCertificate {
        /// Whether one was shown.
        shown: bool,
        /// The TLS alert (RFC 8446 §6.2).
        alert: String,
    },

    /// The TLS connection failed in another way.
    #[error("no TLS connection: {reason}")]
    Tls {
        /// What the TLS library says.
        reason: String,
    },

    /// The CA redirects to an address that is not `https`.
    #[error("redirected to {to}, which is not https")]
    InsecureRedirect {
        /// Where to.
        to: String,
    },

    /// One redirect led to the next, too often.
    #[error("redirected more than {limit} times")]
    TooManyRedirects {
        /// How many are followed.
        limit: usize,
    },

    /// The CA refused, with an HTTP status other than 2xx.
    #[error("answered {}{}", status_line(*status), with_message(message.as_deref()))]
    Status {
        /// The HTTP status (RFC 9110 §15).
        status: u16,
        /// The CA's own words, if there were any.
        message: Option<String>,
    },

    /// The answer is a page for people; whatever answered is hardly a CA.
    #[error("answered HTML instead of JSON, with status {}", status_line(*status))]
    Html {
        /// The HTTP status.
        status: u16,
    },

    /// The answer is not JSON (RFC 8259).
    #[error("answered something that is not JSON, seen at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, in bytes from 1; 0 at the end of the line before.
        column: usize,
    },

    /// The answer is JSON, but not what a CA sends.
    #[error("answered something unexpected: {}", Excerpt(reason))]
    Unexpected {
        /// What is missing or wrong.
        reason: String,
    },

    /// The answer, or the whole list of provisioners, is longer than anything a CA sends.
    #[error("answered more than {} MiB", limit >> 20)]
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },

    /// The list of provisioners never ends, because a cursor comes again (Q60).
    #[error("the list of provisioners does not end: page {page} names `{}` again", Excerpt(cursor))]
    RepeatedCursor {
        /// The cursor.
        cursor: String,
        /// The page that names it again, from 1.
        page: usize,
    },

    /// The list of provisioners has too many pages.
    #[error("the list of provisioners does not end after {limit} pages")]
    TooManyPages {
        /// The most that are read.
        limit: usize,
    },

    /// The list of provisioners is too long.
    #[error("the list of provisioners does not end after {limit} provisioners")]
    TooManyProvisioners {
        /// The most that are read.
        limit: usize,
    },

    /// The list of provisioners cannot be read.
    #[error("the list of provisioners cannot be read")]
    Provisioners {
        /// What is wrong with it.
        source: Box<step_provisioner::Error>,
    },

    /// The certificate in the answer is of no use.
    #[error("the root certificate in the answer cannot be used")]
    Roots {
        /// What is wrong with it.
        source: RootsFault,
    },

    /// Whoever answered sent another root certificate than the one asked for.
    #[error("asked for root {asked}, but the answer is {}", list(answered))]
    WrongRoot {
        /// The fingerprint asked for.
        asked: RootFingerprint,
        /// The fingerprints of what came.
        answered: Vec<RootFingerprint>,
    },

    /// Something else.
    #[error("the request could not be made")]
    Other {
        /// What the HTTP library says.
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// What a fault's message needs to know of the client.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) roots: Vec<RootFingerprint>,
    /// Whether a client certificate is shown to who asks for one.
    pub(crate) identity: bool,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
}

impl RequestFault {
    /// Tells what became of a request for `url`.
    pub(crate) fn of(error: reqwest::Error, url: &Url, context: &Context) -> Self {
        let closed = || Self::Closed { shown: context.identity };
        for cause in causes(&error) {
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls, context);
            }
            // Over HTTP/2 only the text of the TLS library's error arrives.
            if let Some(alert) = alert_about_our_certificate(&cause.to_string(), context.identity) {
                return Self::ClientCertificate { shown: context.identity, alert };
            }
            if let Some(reason) = cause.to_string().strip_prefix("tunnel error: ") {
                return Self::Proxy { reason: reason.to_owned() };
            }
        }
        if error.is_timeout() {
            return if error.is_connect() {
                Self::ConnectTimeout { after: context.connect_timeout.min(context.timeout) }
            } else {
                Self::Timeout { after: context.timeout }
            };
        }
        if error.is_dns() {
            return Self::NameNotResolved { host: url.host_str().unwrap_or_default().to_owned() };
        }
        let kinds = causes(&error).filter_map(|cause| cause.downcast_ref::<io::Error>());
        for kind in kinds.map(io::Error::kind) {
            match kind {
                io::ErrorKind::ConnectionRefused => return Self::ConnectionRefused,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    return Self::Unreachable;
                }
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return closed(),
                _ => {}
            }
        }
        // hyper's own kind for this has no public type here.
        if causes(&error).any(|cause| cause.to_string().contains("connection closed")) {
            return closed();
        }
        Self::Other { source: innermost(error) }
    }

    fn of_tls(error: &rustls::Error, context: &Context) -> Self {
        let seconds = |time: &rustls::pki_types::UnixTime| {
            Timestamp::from_unix_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
        };
        match error {
            // `BadSignature` is what a root with the right name and another key leads to.
            rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            ) => Self::Untrusted { roots: context.roots.clone() },
            rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after,
                ..
            }) => Self::Expired { not_after: seconds(not_after) },
            rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
                not_before,
                ..
            }) => Self::NotYetValid { not_before: seconds(not_before) },
            rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                expected,
                presented,
            }) => Self::WrongName {
                host: expected.to_str().into_owned(),
                presented: presented.iter().map(|name| bare_name(name).to_owned()).collect(),
            },
            rustls::Error::InvalidCertificate(reason) => {
                Self::Certificate { reason: reason.to_string() }
            }
            rustls::Error::AlertReceived(alert)
                if is_about_our_certificate(*alert, context.identity) =>
            {
                Self::ClientCertificate { shown: context.identity, alert: format!("{alert:?}") }
            }
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
                Self::NotTls
            }
            other => Self::Tls { reason: other.to_string() },
        }
    }

    pub(crate) fn of_json(error: &serde_json::Error) -> Self {
        if error.is_data() {
            return Self::Unexpected { reason: error.to_string() };
        }
        Self::NotJson { line: error.line(), column: error.column() }
    }
}

/// Walks from an error to its cause; an `io::Error` does not name what it wraps as its source.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn StdError + 'static)| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// The last cause says what happened, and those before it only where.
fn innermost(error: reqwest::Error) -> Box<dyn StdError + Send + Sync> {
    match causes(&error).last() {
        Some(last) if causes(&error).count() > 1 => last.to_string().into(),
        _ => Box::new(error.without_url()),
    }
}

/// Tells whether an alert is about the client's certificate. One alert is about any signature, and
/// a client that shows a certificate makes one with it.
fn is_about_our_certificate(alert: AlertDescription, shown: bool) -> bool {
    (shown && alert == AlertDescription::DecryptError) || ABOUT_A_CERTIFICATE.contains(&alert)
}

/// Finds such an alert by its name in the text of an error.
fn alert_about_our_certificate(text: &str, shown: bool) -> Option<String> {
    let (_, name) = text.split_once("received fatal alert: ")?;
    ABOUT_A_CERTIFICATE
        .into_iter()
        .chain([AlertDescription::DecryptError])
        .filter(|alert| is_about_our_certificate(*alert, shown))
        .map(|alert| format!("{alert:?}"))
        .find(|known| name.trim_end() == known)
}

/// The alerts a server sends about a client's certificate (RFC 8446 §6.2).
const ABOUT_A_CERTIFICATE: [AlertDescription; 8] = [
    AlertDescription::AccessDenied,
    AlertDescription::BadCertificate,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRequired,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::UnsupportedCertificate,
];

/// Takes `localhost` out of `DnsName("localhost")`, as the TLS library writes it.
fn bare_name(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"')
}

fn names(presented: &[String]) -> String {
    const MOST: usize = 10;
    if presented.is_empty() {
        return "no name at all".to_owned();
    }
    let shown = presented.iter().take(MOST).map(|name| format!("`{}`", Excerpt(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match presented.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn status_line(status: u16) -> String {
    let known = reqwest::StatusCode::from_u16(status).ok();
    match known.and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

fn with_message(message: Option<&str>) -> String {
    message.map(|message| format!(": {}", Excerpt(message))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_the_status_and_the_words_of_the_ca() {
        let fault = |status, message: Option<&str>| {
            RequestFault::Status { status, message: message.map(str::to_owned) }.to_string()
        };
        assert_eq!(fault(401, Some("no\nway")), "answered 401 Unauthorized: no\\u{a}way");
        assert_eq!(fault(503, None), "answered 503 Service Unavailable");
        assert_eq!(fault(599, None), "answered 599");
    }

    #[test]
    fn an_alert_is_found_in_the_text_of_an_error() {
        let found = |text, shown| alert_about_our_certificate(text, shown);
        let text = "stream error: received fatal alert: UnknownCA";
        assert_eq!(found(text, true).as_deref(), Some("UnknownCA"));
        assert_eq!(found("received fatal alert: DecryptError", false), None);
        assert_eq!(found("received fatal alert: ProtocolVersion", true), None);
        assert_eq!(found("", true), None);
    }

    #[test]
    fn seconds_are_written_as_given() {
        let fault = RequestFault::Timeout { after: Duration::from_secs(15) };
        assert_eq!(fault.to_string(), "no complete answer within 15 s");
        let fault = RequestFault::ConnectTimeout { after: Duration::from_millis(300) };
        assert_eq!(fault.to_string(), "no connection within 0.3 s");
    }

    #[test]
    fn names_in_a_certificate_are_written_bare() {
        assert_eq!(bare_name("DnsName(\"localhost\")"), "localhost");
        assert_eq!(bare_name("IpAddress(::1)"), "::1");
        assert_eq!(bare_name("localhost"), "localhost");
        assert_eq!(names(&[]), "no name at all");
        let many: Vec<_> = (0..12).map(|n| format!("h{n}")).collect();
        assert!(names(&many).ends_with("`h9` and 2 more"));
    }

    #[test]
    fn what_an_io_error_wraps_is_among_the_causes() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        assert!(causes(&error).any(|cause| cause.is::<rustls::Error>()));
    }
}
