//! What can go wrong with a request, told apart by what the person reading it would do.

use std::error::Error as StdError;
use std::time::Duration;

use step_claims::RootFingerprint;
use token_text::Excerpt;
use token_time::Timestamp;

use super::roots::{RootsFault, list};

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
        "; the CA may have refused the client certificate"
    } else {
        ""
    })]
    Closed {
        /// Whether a client certificate was shown.
        shown: bool,
    },

    /// The proxy, named by an environment variable such as `HTTPS_PROXY`, is at fault.
    #[error("the proxy did not connect: {}", Excerpt(reason))]
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

    /// The CA requires a client certificate, or does not accept the one it was shown.
    #[error("the CA {} ({alert})", if *shown {
        "does not accept the client certificate"
    } else {
        "requires a client certificate"
    })]
    ClientCertificate {
        /// Whether one was shown.
        shown: bool,
        /// The TLS alert (RFC 8446 §6.2).
        alert: String,
    },

    /// The TLS connection failed in another way.
    #[error("the TLS connection failed: {reason}")]
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
    #[error("asked for root {asked}, but the CA answered with {}", list(answered))]
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

fn names(presented: &[String]) -> String {
    const MOST: usize = 10;
    if presented.is_empty() {
        return "no names".to_owned();
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
