//! The parts of Go's URL parser that decide what a name becomes in a certificate.
//!
//! Source: Go, `src/net/url/url.go` (`Parse`).

use std::net::Ipv6Addr;

/// A text that Go reads as a URL with a scheme.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GoUrl {
    /// The host with its port, decoded; empty if there is none.
    pub(crate) host: Vec<u8>,
    /// Whether Go writes the URL in ASCII: it encodes user, host, path and fragment, but neither a
    /// query nor what follows the scheme without a slash.
    pub(crate) is_written_in_ascii: bool,
}

impl GoUrl {
    /// Returns the URL, or `None` if Go finds a mistake or no scheme.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return None;
        }
        let (scheme, rest) = text.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
        if !is_scheme {
            return None;
        }
        unescaped(fragment, Part::Other)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !rest.starts_with('/') {
            let is_written_in_ascii = rest.is_ascii() && query.is_ascii();
            return Some(Self { host: Vec::new(), is_written_in_ascii });
        }
        let (host, path) = match rest.strip_prefix("//") {
            None => (Vec::new(), rest),
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (host_of(authority)?, path)
            }
        };
        unescaped(path, Part::Other)?;
        Some(Self { host, is_written_in_ascii: query.is_ascii() })
    }

    /// Returns whether Go can read a certificate with this URL: a host must consist of labels.
    ///
    /// Source: Go, `src/crypto/x509/parser.go` (`parseSANExtension`), `verify.go`
    /// (`domainToReverseLabels`).
    pub(crate) fn has_usable_host(&self) -> bool {
        self.host.is_empty()
            || self.host.split(|&byte| byte == b'.').all(|label| {
                !label.is_empty() && label.iter().all(|byte| (33..=126).contains(byte))
            })
    }
}

fn host_of(authority: &str) -> Option<Vec<u8>> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if let Some(user) = user {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
        if !user.chars().all(allowed) {
            return None;
        }
        unescaped(user, Part::Other)?;
    }
    let is_port = |text: &str| {
        text.is_empty()
            || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
    };
    if let Some(open) = host.rfind('[') {
        let close = host.rfind(']').filter(|close| *close > open)?;
        let (inner, port) = (host.get(open + 1..close)?, host.get(close + 1..)?);
        let (address, zone) = inner.split_once("%25").unwrap_or((inner, ""));
        unescaped(zone, Part::Other)?;
        return (is_port(port) && address.parse::<Ipv6Addr>().is_ok())
            .then(|| host.as_bytes().to_vec());
    }
    if let Some(colon) = host.rfind(':')
        && !is_port(host.get(colon..)?)
    {
        return None;
    }
    unescaped(host, Part::Host)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Other,
}

/// Decodes `%XX`. In a host only bytes outside ASCII may be encoded, and few may be raw.
fn unescaped(text: &str, part: Part) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let raw = byte.is_ascii_alphanumeric() || b"!$&'()*+,;=:[]<>\"-_.~".contains(&byte);
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
            let value = digit(bytes.next()?)? << 4 | digit(bytes.next()?)?;
            if part == Part::Host && value.is_ascii() && value != b'%' {
                return None;
            }
            decoded.push(value);
        } else if part == Part::Host && byte.is_ascii() && !raw {
            return None;
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(text: &str) -> Option<String> {
        GoUrl::parse(text).map(|url| String::from_utf8_lossy(&url.host).into_owned())
    }

    #[test]
    fn a_scheme_makes_a_url_unless_the_rest_is_wrong() {
        for (text, expected) in [
            ("https://a.test:8443/x?y#z", "a.test:8443"),
            ("https://u:p@a.test", "a.test"),
            ("https://b%C3%BCcher.test/", "bücher.test"),
            ("https://[fe80::1%25eth0]:1/", "[fe80::1%25eth0]:1"),
            ("localhost:8080", ""),
            ("fe80::1%eth0", ""),
            ("urn:x:y", ""),
            ("https:///x", ""),
            ("x:", ""),
        ] {
            assert_eq!(host(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "a.test",
            "1.2.3.4:80",
            ":x",
            "ü:x",
            "spiffe://a b/c",
            "https://a%20b/",
            "https://a:x/",
            "https://[::1",
            "https://a.test/%zz",
            "https://ü@a.test/",
            "https://a.test/#%",
            "a\tb:c",
            "https://[a.test]/",
        ] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    #[test]
    fn go_cannot_read_a_host_with_an_empty_label() {
        let usable = |text| GoUrl::parse(text).unwrap().has_usable_host();
        for text in ["https://a.test/", "https://[::1]/", "https://a_b/", "https://-a:99999/", "x:"]
        {
            assert!(usable(text), "{text}");
        }
        for text in ["https://a..test/", "https://a.test./", "https://.a/", "https://ü.test/"] {
            assert!(!usable(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,40}", url in "[a-z%0-9:/@\\[\\]?#.ü]{0,30}") {
            let _ = (GoUrl::parse(&text), GoUrl::parse(&format!("https://{url}")));
        }
    }
}
