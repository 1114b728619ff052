//! Finds out why a request failed, from the errors of the HTTP and TLS libraries.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError};
use step_claims::RootFingerprint;
use token_time::Timestamp;
use url::Url;

use crate::fault::request::RequestFault;

/// What the message of a fault needs to know about the client.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) roots: Vec<RootFingerprint>,
    /// Whether the client presents a certificate if asked for one.
    pub(crate) identity: bool,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
}

impl RequestFault {
    /// Returns why a request for `url` failed.
    pub(crate) fn of(error: reqwest::Error, url: &Url, context: &Context) -> Self {
        let closed = || Self::Closed { shown: context.identity };
        for cause in causes(&error) {
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls, context);
            }
            // Over HTTP/2 only the text of the TLS library's error is available.
            if let Some(alert) = alert_about_our_certificate(&cause.to_string(), context.identity) {
                return Self::ClientCertificate { shown: context.identity, alert };
            }
            if let Some(reason) = cause.to_string().strip_prefix("tunnel error: ") {
                return Self::Proxy { reason: of_tunnel(reason) };
            }
            // reqwest gives the TLS library the address with its brackets, but only behind a proxy.
            if cause.to_string() == "Invalid Server Name" {
                return Self::AddressBehindProxy;
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
        // hyper's own error for this has no public type.
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
            // A root with the right name and another key gives `BadSignature`.
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

/// Words what the HTTP library says of a proxy.
fn of_tunnel(reason: &str) -> String {
    match reason {
        "failed to create underlying connection" => "cannot be reached",
        "proxy authorization required" => "wants a user name and a password",
        "unsuccessful" => "refused to connect to the CA",
        other => return format!("did not connect: {other}"),
    }
    .to_owned()
}

/// Yields an error and its causes; an `io::Error` does not return the error inside it as source.
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

/// The last cause says what happened; the ones before it only say where.
fn innermost(error: reqwest::Error) -> Box<dyn StdError + Send + Sync> {
    match causes(&error).last() {
        Some(last) if causes(&error).count() > 1 => last.to_string().into(),
        _ => Box::new(error.without_url()),
    }
}

/// Returns whether an alert is about the client's certificate. One is for any signature, and
/// a client that shows a certificate makes one with it.
fn is_about_our_certificate(alert: AlertDescription, shown: bool) -> bool {
    (shown && alert == AlertDescription::DecryptError) || ABOUT_A_CERTIFICATE.contains(&alert)
}

/// Finds such an alert by name in the text of an error.
fn alert_about_our_certificate(text: &str, shown: bool) -> Option<String> {
    let (_, name) = text.split_once("received fatal alert: ")?;
    ABOUT_A_CERTIFICATE
        .into_iter()
        .chain([AlertDescription::DecryptError])
        .filter(|alert| is_about_our_certificate(*alert, shown))
        .map(|alert| format!("{alert:?}"))
        .find(|known| name.trim_end() == known)
}

/// The alerts that a server sends about a client's certificate (RFC 8446 §6.2).
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

/// Returns `localhost` for `DnsName("localhost")`, the notation of the TLS library.
fn bare_name(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn names_in_a_certificate_are_written_bare() {
        assert_eq!(bare_name("DnsName(\"localhost\")"), "localhost");
        assert_eq!(bare_name("IpAddress(::1)"), "::1");
        assert_eq!(bare_name("localhost"), "localhost");
    }

    #[test]
    fn what_an_io_error_wraps_is_among_the_causes() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        assert!(causes(&error).any(|cause| cause.is::<rustls::Error>()));
    }
}
