//! The names in certificates as the CA reads them: domains, mailboxes, and the hosts of URIs.
//!
//! Source: Go, `crypto/x509/parser.go` and `verify.go`.

use std::net::{Ipv4Addr, Ipv6Addr};

use step_claims::GoUrl;

/// Returns whether text is a domain: labels of printable ASCII characters between dots, or
/// nothing. A constraint may begin with a dot.
pub(crate) fn is_domain(text: &[u8], constraint: bool) -> bool {
    if text.is_empty() {
        return true;
    }
    let labels = match text.strip_prefix(b".") {
        Some(rest) if constraint => rest,
        _ => text,
    };
    // Go tests the last byte before it drops the first dot.
    text.last() != Some(&b'.')
        && labels.split(|byte| *byte == b'.').all(|label| !label.is_empty())
        && labels.iter().all(u8::is_ascii_graphic)
}

/// An e-mail address (RFC 2821 §4.1.2), its domain in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub(crate) local: Vec<u8>,
    pub(crate) domain: String,
}

impl Mailbox {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (local, rest) = match text.as_bytes() {
            [] => return None,
            [b'"', quoted @ ..] => quoted_local(quoted)?,
            plain => plain_local(plain)?,
        };
        let domain = rest.strip_prefix(b"@")?;
        // Without a domain it passes here, and fits no constraint.
        if !is_domain(domain, false) {
            return None;
        }
        let domain = std::str::from_utf8(domain).ok()?.to_ascii_lowercase();
        Some(Self { local, domain })
    }
}

/// Reads a quoted string after its first quote; returns it, and what follows it.
fn quoted_local(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut local = Vec::new();
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((local, rest)),
            b'\\' => {
                let (&escaped, after) = rest.split_first()?;
                rest = after;
                if !matches!(escaped, 1..=9 | 11 | 12 | 14..=127) {
                    return None;
                }
                local.push(escaped);
            }
            11 | 12 | 32 | 33 | 127 | 1..=8 | 14..=31 | 35..=91 | 93..=126 => local.push(byte),
            _ => return None,
        }
    }
}

/// Reads atoms between dots; a backslash may stand before a character, as in RFC 3696.
fn plain_local(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut local = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'\\' => {
                let (&escaped, after) = after.split_first()?;
                local.push(escaped);
                rest = after;
            }
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                local.push(byte);
                rest = after;
            }
            _ if b"!#$%&'*+-/=?^_`{|}~.".contains(&byte) => {
                local.push(byte);
                rest = after;
            }
            _ => break,
        }
    }
    let dots = local.first() == Some(&b'.')
        || local.last() == Some(&b'.')
        || local.windows(2).any(|pair| pair == b"..");
    (!local.is_empty() && !dots).then_some((local, rest))
}

/// Returns the host of a URI with its port, as the CA's URL parser finds it: empty if there is
/// none. `None` if that parser refuses the URI.
pub(crate) fn uri_host(uri: &str) -> Option<Vec<u8>> {
    GoUrl::parse(uri).map(|url| url.host().to_vec())
}

/// Returns the domain of a URI's host, or `None` where it cannot be compared with a domain: it is
/// missing, or is an IP address.
pub(crate) fn domain_of_host(host: &[u8]) -> Option<String> {
    let host = std::str::from_utf8(host).ok()?.to_ascii_lowercase();
    if host.is_empty() || host.starts_with('[') {
        return None;
    }
    let name = match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        Some(_) => return None,
        None => &host,
    };
    if name.parse::<Ipv4Addr>().is_ok() || name.parse::<Ipv6Addr>().is_ok() {
        return None;
    }
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_domain_is_labels_between_dots() {
        for text in ["", "a", "a.b", "*.b", "a_b", "-"] {
            assert!(is_domain(text.as_bytes(), false), "{text}");
        }
        for text in [".", "a.", ".a", "a..b", "a b", "a\u{e4}", "..a"] {
            assert!(!is_domain(text.as_bytes(), false), "{text}");
        }
        assert!(is_domain(b".a", true) && !is_domain(b"..a", true) && !is_domain(b".", true));
    }

    #[test]
    fn mailboxes_are_read_as_go_reads_them() {
        let parts = |text| Mailbox::parse(text).map(|it| (it.local, it.domain));
        let is = |local: &str, domain: &str| Some((local.as_bytes().to_vec(), domain.to_owned()));
        assert_eq!(parts("Jane@Example.TEST"), is("Jane", "example.test"));
        assert_eq!(parts("\"a b\\\"c\"@d"), is("a b\"c", "d"));
        assert_eq!(parts("a\\@b@c"), is("a@b", "c"));
        assert_eq!(parts("a@"), is("a", ""));
        for text in ["", "a", "@b", ".a@b", "a.@b", "a..b@c", "a b@c", "a@b.", "a@b@c ", "\"a@b"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn hosts_of_uris_are_those_of_go() {
        let host = |text| uri_host(text).map(|host| String::from_utf8_lossy(&host).into_owned());
        for (uri, expected) in [
            ("https://a.test/x", Some("a.test")),
            ("https://u:p@a.test:8/x?y#z", Some("a.test:8")),
            ("urn:a:b", Some("")),
            ("spiffe://A/b", Some("A")),
            ("https://[::1]:8/", Some("[::1]:8")),
            ("https://[fe80::1%25eth0]/", Some("[fe80::1%eth0]")),
            ("https://a:b/", None),
            ("https://a:1:2/", Some("a:1:2")),
            ("x://a:1:2/", Some("a:1:2")),
            ("https://a%41/", None),
            ("https://a%25/", Some("a%")),
            ("https://[1.2.3.4]/", None),
            ("https://a b/", None),
            (":a", None),
            ("a:b", Some("")),
            ("1a:b", None),
            ("https://a/%zz", None),
            ("//a/b", Some("a")),
            ("///a", Some("")),
            ("*", Some("")),
        ] {
            assert_eq!(host(uri).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn an_address_is_no_domain() {
        assert_eq!(domain_of_host(b"A.test:8").as_deref(), Some("a.test"));
        for host in ["", "1.2.3.4", "1.2.3.4:5", "[::1]", "a:1:2"] {
            assert_eq!(domain_of_host(host.as_bytes()), None, "{host}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*", bytes: Vec<u8>) {
            let _ = (Mailbox::parse(&text), uri_host(&text), domain_of_host(&bytes));
            let _ = is_domain(&bytes, true);
        }
    }
}
