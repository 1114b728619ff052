//! What a subject alternative name becomes in a certificate.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::error::Error;
use crate::go_url::GoUrl;
use crate::names::San;

/// The kind of a subject alternative name (RFC 5280 §4.2.1.6), as a CA tells them apart.
///
/// Source: smallstep/crypto, `x509util/utils.go` (`SplitSANs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SanKind {
    /// An IP address, without zone, brackets or leading zeros.
    IpAddress,
    /// A URL with a scheme. `localhost:8080` is one, with the scheme `localhost`.
    Uri,
    /// Any other text with an `@`.
    Email,
    /// Any other text.
    DnsName,
}

impl SanKind {
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::IpAddress => "IP addresses",
            Self::Uri => "URIs",
            Self::Email => "e-mail addresses",
            Self::DnsName => "DNS names",
        }
    }
}

impl fmt::Display for SanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::IpAddress => "IP address",
            Self::Uri => "URI",
            Self::Email => "e-mail address",
            Self::DnsName => "DNS name",
        })
    }
}

impl San {
    /// Returns what the name becomes in a certificate.
    #[must_use]
    pub fn kind(&self) -> SanKind {
        let text = self.as_str();
        if text.parse::<IpAddr>().is_ok() {
            SanKind::IpAddress
        } else if url_of(text).is_some() {
            SanKind::Uri
        } else if text.contains('@') {
            SanKind::Email
        } else {
            SanKind::DnsName
        }
    }

    /// Checks that a certificate can carry the name. With one that it cannot, the CA answers 500,
    /// after it has used up the token.
    ///
    /// The names are ASCII there (RFC 5280 §4.2.1.6); Go encodes the path of a URI itself.
    ///
    /// # Errors
    ///
    /// - [`Error::NotAsciiSan`], with the form in ASCII if there is one.
    /// - [`Error::UriHost`] if a URI has a host with an empty label.
    pub fn check(&self) -> Result<(), Error> {
        let (name, kind) = (self.as_str(), self.kind());
        let url = url_of(name).filter(|_| kind == SanKind::Uri);
        let is_written_in_ascii = match &url {
            Some(url) => url.to_string().is_ascii() && url.host().is_ascii(),
            None => name.is_ascii(),
        };
        if !is_written_in_ascii {
            let ascii = in_ascii(name, kind);
            return Err(Error::NotAsciiSan { name: name.to_owned(), kind, ascii });
        }
        match url {
            Some(url) if !url.has_usable_host() => Err(Error::UriHost {
                name: name.to_owned(),
                host: String::from_utf8_lossy(url.host()).into_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns what was probably meant, if the name is almost something else than it becomes: an
    /// IP address with a mask, for example, which becomes a DNS name.
    #[must_use]
    pub fn almost(&self) -> Option<(SanKind, Option<String>)> {
        let (text, kind) = (self.as_str(), self.kind());
        if matches!(kind, SanKind::IpAddress | SanKind::Email) {
            return None;
        }
        if let Some(address) = almost_an_address(text) {
            return Some((SanKind::IpAddress, Some(address.to_string())));
        }
        if kind == SanKind::Uri {
            let (host, port) = text.split_once(':')?;
            let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            return is_port.then(|| (SanKind::DnsName, Some(host.to_owned())));
        }
        let trimmed = text.trim();
        if text.contains("://") {
            return Some((SanKind::Uri, None));
        }
        if ["%40", " at ", "(at)", "[at]"].iter().any(|at| text.contains(at)) {
            return Some((SanKind::Email, None));
        }
        (trimmed != text && !trimmed.is_empty())
            .then(|| (SanKind::DnsName, Some(trimmed.to_owned())))
    }
}

/// Returns a URL with a scheme.
fn url_of(text: &str) -> Option<GoUrl> {
    GoUrl::parse(text).filter(|url| !url.scheme().is_empty())
}

/// Reads an address with blanks or brackets around it, a mask, a port or a zone behind it, or
/// leading zeros.
fn almost_an_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = match text.rsplit_once('/') {
        Some((address, mask)) if is_number(mask) || mask.parse::<IpAddr>().is_ok() => address,
        _ => text,
    };
    let text = match text.rsplit_once(':') {
        Some((address, port))
            if is_number(port) && (!address.contains(':') || address.ends_with(']')) =>
        {
            address
        }
        _ => text,
    };
    let text = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let decimal = |part: &&str| is_number(part).then(|| part.parse::<u8>().ok()).flatten();
    let numbers: Vec<u8> = parts.iter().map(decimal).collect::<Option<_>>()?;
    <[u8; 4]>::try_from(numbers).ok().map(IpAddr::from)
}

/// Returns the name with the A-labels of its domain (RFC 5890 §2.3.2.1), if it has such a form.
fn in_ascii(name: &str, kind: SanKind) -> Option<String> {
    let domain = |text: &str| Host::parse(text).ok().map(|host| host.to_string());
    let ascii = match kind {
        SanKind::IpAddress => None,
        SanKind::DnsName => domain(name),
        SanKind::Email => {
            let (local, host) = name.rsplit_once('@')?;
            domain(host).map(|host| format!("{local}@{host}"))
        }
        SanKind::Uri => Url::parse(name).ok().map(String::from),
    };
    ascii.filter(|ascii| ascii.is_ascii())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn san(text: &str) -> San {
        text.parse().unwrap()
    }

    /// What step-ca 0.30.2 made of these.
    #[test]
    fn names_are_told_apart_as_the_ca_does() {
        for (kind, names) in [
            (SanKind::IpAddress, &["10.0.0.5", "::1", "::ffff:1.2.3.4"][..]),
            (
                SanKind::Uri,
                &[
                    "https://a.test/",
                    "urn:x:y",
                    "fe80::1%eth0",
                    "mailto:x@y.test",
                    "localhost:8080",
                    "https://",
                    "https:///x",
                    "x:",
                    "https://u:p@a.test/",
                ],
            ),
            (SanKind::Email, &["a@b", "x@y@z", "@", "a@", "\"a b\"@x.test"]),
            (
                SanKind::DnsName,
                &[
                    "a.test",
                    "10.0.0.5/24",
                    "10.0.0.5 ",
                    "010.0.0.1",
                    "[::1]",
                    "1.2.3.4:80",
                    ":x",
                    "spiffe://a b/c",
                    "https://a%20b/",
                    "*.a.test",
                    "a..test",
                    "a.test.",
                    "a\\b",
                ],
            ),
        ] {
            for name in names {
                assert_eq!(san(name).kind(), kind, "{name}");
                assert!(san(name).check().is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn a_name_outside_ascii_is_refused_with_the_form_in_ascii() {
        for (name, expected) in [
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("*.Bücher.example", Some("*.xn--bcher-kva.example")),
            ("a@bücher.example", Some("a@xn--bcher-kva.example")),
            ("jörg@example.com", None),
            ("https://bücher.example/", Some("https://xn--bcher-kva.example/")),
            ("https://a.test/?ü", Some("https://a.test/?%C3%BC")),
            ("urn:bücher", Some("urn:b%C3%BCcher")),
            ("bücher und mehr", None),
        ] {
            match san(name).check().unwrap_err() {
                Error::NotAsciiSan { ascii, .. } => {
                    assert_eq!(ascii.as_deref(), expected, "{name}")
                }
                other => panic!("{name}: {other}"),
            }
        }
        for name in ["https://a.test/ü", "https://a.test/#ü"] {
            assert!(san(name).check().is_ok(), "{name}");
        }
    }

    #[test]
    fn a_uri_with_an_empty_label_is_refused() {
        for name in ["https://a..test/", "https://a.test./", "https://.a.test:1/"] {
            assert!(matches!(san(name).check(), Err(Error::UriHost { .. })), "{name}");
        }
    }

    #[test]
    fn what_is_almost_something_else_is_suspected() {
        let address = |text: &str| Some((SanKind::IpAddress, Some(text.to_owned())));
        let dns = |text: &str| Some((SanKind::DnsName, Some(text.to_owned())));
        for (name, expected) in [
            ("10.0.0.5/24", address("10.0.0.5")),
            ("10.0.0.5/255.255.255.0", address("10.0.0.5")),
            ("fd00::1/64", address("fd00::1")),
            ("10.0.0.5 ", address("10.0.0.5")),
            ("010.0.0.1", address("10.0.0.1")),
            ("1.2.3.4:80", address("1.2.3.4")),
            ("[::1]", address("::1")),
            ("[::1]:443", address("::1")),
            ("fe80::1%eth0", address("fe80::1")),
            ("localhost:8080", dns("localhost")),
            (" a.test", dns("a.test")),
            ("spiffe://a b/c", Some((SanKind::Uri, None))),
            ("jane%40a.test", Some((SanKind::Email, None))),
        ] {
            assert_eq!(san(name).almost(), expected, "{name}");
        }
        for name in [
            "a.test",
            "10.0.0.5",
            "*.a.test",
            "a.test.",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "a@b c",
            "urn:x:y",
            "urn:isbn:123",
            "tel:x",
            " ",
            "host/24",
            "a b",
        ] {
            assert_eq!(san(name).almost(), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_names_never_panic(text in ".{1,40}") {
            let name = san(&text);
            if let Err(Error::NotAsciiSan { ascii: Some(ascii), .. }) = name.check() {
                prop_assert!(ascii.is_ascii());
            }
            let _ = name.almost();
        }
    }
}
