//! What can go wrong with a request, with a variant for each remedy.

use std::error::Error as StdError;
use std::time::Duration;

use step_claims::RootFingerprint;
use token_text::{Excerpt, Several};
use token_time::Timestamp;

use super::roots::{RootsFault, list};

/// What went wrong with a request to a CA.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// Nothing listens at the address.
    #[error("connection refused")]
    ConnectionRefused,

    /// The host name cannot be resolved.
    #[error("the name `{}` cannot be resolved", token_text::ShownValue(host))]
    NameNotResolved {
        /// The name.
        host: String,
    },

    /// The host or its network cannot be reached.
    #[error("the host cannot be reached")]
    Unreachable,

    /// The connection was not established in time, including the TLS handshake.
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

    /// The time that all requests may take together ran out.
    #[error("the requests to the CA took longer than {} s together", after.as_secs_f64())]
    OutOfTime {
        /// The time that was allowed.
        after: Duration,
    },

    /// The connection was closed before the answer was complete.
    ///
    /// In TLS 1.3 the connection may close before the alert about a client certificate arrives,
    /// so the message mentions the certificate if one was presented.
    #[error("the connection was closed before the answer was complete{}", if *shown {
        "; the CA may have refused the client certificate"
    } else {
        ""
    })]
    Closed {
        /// Whether a client certificate was presented.
        shown: bool,
    },

    /// The proxy, named by an environment variable such as `HTTPS_PROXY`, is at fault.
    #[error("the proxy {}", Excerpt(reason))]
    Proxy {
        /// What it did, as the end of a sentence.
        reason: String,
    },

    /// The CA has an IPv6 address, and a proxy is used: the HTTP library cannot do that.
    #[error("a CA at an IPv6 address cannot be reached through a proxy")]
    AddressBehindProxy,

    /// The server does not speak TLS, but plain HTTP, for example.
    #[error("the answer is not TLS")]
    NotTls,

    /// The server's certificate is not signed by any of the given roots.
    #[error("the server's certificate is not signed by the given root, {}", list(roots))]
    Untrusted {
        /// The given roots.
        roots: Vec<RootFingerprint>,
    },

    /// The server's certificate, or one of its signers, has expired.
    #[error("the server's certificate expired at {not_after}")]
    Expired {
        /// Its last second.
        not_after: Timestamp,
    },

    /// The server's certificate, or one of its signers, is not valid yet.
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

    /// The server's certificate is invalid for another reason.
    #[error("the server's certificate is not accepted: {reason}")]
    Certificate {
        /// What the TLS library says.
        reason: String,
    },

    /// The CA requires a client certificate, or does not accept the one presented.
    #[error("the CA {} ({alert})", if *shown {
        "does not accept the client certificate"
    } else {
        "requires a client certificate"
    })]
    ClientCertificate {
        /// Whether one was presented.
        shown: bool,
        /// The TLS alert (RFC 8446 §6.2).
        alert: String,
    },

    /// The TLS connection failed for another reason.
    #[error("the TLS connection failed: {reason}")]
    Tls {
        /// What the TLS library says.
        reason: String,
    },

    /// The CA redirects to an address that is not `https`.
    #[error("redirected to {to}, which is not https")]
    InsecureRedirect {
        /// The target.
        to: String,
    },

    /// The CA redirects a request with a token to another server.
    #[error("redirected to {to}, another server, which must not get the token")]
    ForeignRedirect {
        /// The target.
        to: String,
    },

    /// There were too many redirects.
    #[error("redirected more than {limit} times")]
    TooManyRedirects {
        /// The most that are followed.
        limit: usize,
    },

    /// The CA refused, with an HTTP status other than 2xx.
    #[error("answered {}{}", status_line(*status), with_message(message.as_deref()))]
    Status {
        /// The HTTP status (RFC 9110 §15).
        status: u16,
        /// The CA's own message, if there was one.
        message: Option<String>,
    },

    /// The answer is an HTML page, so the server is probably not a CA.
    #[error("answered HTML instead of JSON, with status {}", status_line(*status))]
    Html {
        /// The HTTP status.
        status: u16,
    },

    /// The answer is not JSON (RFC 8259).
    #[error("answered something that is not JSON: error at line {line}, column {column}")]
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

    /// The list of provisioners never ends, because a cursor is repeated (Q60).
    #[error("the list of provisioners does not end: page {page} names `{}` again", Excerpt(cursor))]
    RepeatedCursor {
        /// The cursor.
        cursor: String,
        /// The page that repeats it, from 1.
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

    /// The certificate in the answer cannot be used.
    #[error("the root certificate in the answer cannot be used")]
    Roots {
        /// What is wrong with it.
        source: RootsFault,
    },

    /// The server sent a different root certificate than requested.
    #[error("asked for root {asked}, but the CA answered with {}", list(answered))]
    WrongRoot {
        /// The requested fingerprint.
        asked: RootFingerprint,
        /// The fingerprints of the certificates in the answer.
        answered: Vec<RootFingerprint>,
    },

    /// Something else.
    #[error("the request could not be made")]
    Other {
        /// What the HTTP library says.
        source: Box<dyn StdError + Send + Sync>,
    },
}

fn names(presented: &[String]) -> String {
    if presented.is_empty() { "no names".to_owned() } else { Several(presented).to_string() }
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
    fn seconds_are_written_as_given() {
        let fault = RequestFault::Timeout { after: Duration::from_secs(15) };
        assert_eq!(fault.to_string(), "no complete answer within 15 s");
        let fault = RequestFault::ConnectTimeout { after: Duration::from_millis(300) };
        assert_eq!(fault.to_string(), "no connection within 0.3 s");
    }

    #[test]
    fn a_long_list_of_names_is_cut() {
        assert_eq!(names(&[]), "no names");
        let many: Vec<_> = (0..12).map(|n| format!("h{n}")).collect();
        assert!(names(&many).ends_with("`h9` and 2 more"));
    }
}
