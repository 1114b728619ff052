use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// What a CA takes a subject alternative name for.
///
/// The CA looks at the text alone, in this order: an IP address; a URL with a scheme; a text with an
/// `@`, which is an e-mail address; a DNS name. So `a.example.com:8080` is a URI, whose scheme is
/// `a.example.com`, while `10.0.0.0/8`, `010.0.0.1` and `[::1]` are DNS names.
///
/// Source: smallstep/crypto, `x509util/utils.go` (`SplitSANs`), which asks Go's `net.ParseIP` and
/// `url.Parse`; RFC 5280 §4.2.1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SanKind {
    /// A DNS name, or what is none of the others.
    Dns,
    /// An IPv4 or IPv6 address.
    Ip,
    /// An e-mail address.
    Email,
    /// A URI.
    Uri,
}

impl SanKind {
    pub(crate) fn of(name: &str) -> Self {
        if name.parse::<IpAddr>().is_ok() {
            Self::Ip
        } else if is_url_with_scheme(name) {
            Self::Uri
        } else if name.contains('@') {
            Self::Email
        } else {
            Self::Dns
        }
    }
}

impl fmt::Display for SanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dns => "DNS name",
            Self::Ip => "IP address",
            Self::Email => "e-mail address",
            Self::Uri => "URI",
        })
    }
}

/// Tells whether Go's `url.Parse` accepts the text and finds a scheme in it.
///
/// Go checks little: after the scheme, only a text that goes on with a slash is looked at, and then
/// for its escapes and its host.
fn is_url_with_scheme(text: &str) -> bool {
    let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
    if url.bytes().any(|byte| byte.is_ascii_control()) {
        return false;
    }
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(in_scheme) {
        return false;
    }
    if !has_good_escapes(fragment) {
        return false;
    }
    let (rest, _query) = rest.split_once('?').unwrap_or((rest, ""));
    match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            is_authority(authority) && has_good_escapes(path)
        }
        // Without a slash in front the rest is opaque, and never looked at.
        None => !rest.starts_with('/') || has_good_escapes(rest),
    }
}

fn is_authority(authority: &str) -> bool {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    let in_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    user.chars().all(in_user) && has_good_escapes(user) && is_host(host)
}

fn is_host(host: &str) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        let Some((address, port)) = rest.rsplit_once(']') else { return false };
        let (address, zone) = address.split_once("%25").unwrap_or((address, ""));
        return address.parse::<Ipv6Addr>().is_ok() && has_good_escapes(zone) && is_port(port);
    }
    let (name, port) = host.split_at(host.rfind(':').unwrap_or(host.len()));
    let in_name =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:<>\"%".contains(c);
    // In a host only `%25` and bytes beyond ASCII may be escaped.
    let good_escape = |rest: &str| {
        rest.starts_with("25")
            || rest.as_bytes().first().is_some_and(|c| b"89abcdefABCDEF".contains(c))
    };
    is_port(port)
        && name.chars().all(in_name)
        && has_good_escapes(name)
        && name.split('%').skip(1).all(good_escape)
}

/// An empty text, or a colon and any number of digits.
fn is_port(port: &str) -> bool {
    port.strip_prefix(':').unwrap_or(port).bytes().all(|byte| byte.is_ascii_digit())
        && (port.is_empty() || port.starts_with(':'))
}

/// Tells whether two hexadecimal digits stand behind every `%`.
fn has_good_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        rest.as_bytes().get(..2).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_classified_as_the_ca_classifies_it() {
        for (name, kind) in [
            ("host.example.test", SanKind::Dns),
            ("*.example.test", SanKind::Dns),
            ("localhost", SanKind::Dns),
            (" ", SanKind::Dns),
            ("10.0.0.0/8", SanKind::Dns),
            ("010.0.0.1", SanKind::Dns),
            ("[::1]", SanKind::Dns),
            ("fe80::1%eth0", SanKind::Uri),
            ("::1%lo", SanKind::Dns),
            ("0a:1b:2c", SanKind::Dns),
            (":8080", SanKind::Dns),
            ("/a:b", SanKind::Dns),
            ("bücher.example:80", SanKind::Dns),
            ("10.0.0.1:80", SanKind::Dns),
            ("10.0.0.1", SanKind::Ip),
            ("2001:db8::1", SanKind::Ip),
            ("::ffff:10.0.0.1", SanKind::Ip),
            ("jane@example.test", SanKind::Email),
            ("@", SanKind::Email),
            ("1a:jane@example.test", SanKind::Email),
            ("spiffe://example.test/ns/x?a=1&b=<2>", SanKind::Uri),
            ("a.test:8080", SanKind::Uri),
            ("mailto:jane@example.test", SanKind::Uri),
            ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", SanKind::Uri),
            ("urn:", SanKind::Uri),
            ("https://[::1]:443/x", SanKind::Uri),
            ("https://jane@host/", SanKind::Uri),
            ("https://bücher.example/", SanKind::Uri),
            ("file:///etc/hosts", SanKind::Uri),
            ("urn:%zz", SanKind::Uri),
        ] {
            assert_eq!(SanKind::of(name), kind, "{name:?}");
        }
    }

    #[test]
    fn a_url_that_go_cannot_parse_is_a_dns_name_or_an_e_mail_address() {
        for (name, kind) in [
            ("https://host:abc/", SanKind::Dns),
            ("https://host/%zz", SanKind::Dns),
            ("https://host/%4", SanKind::Dns),
            ("https://host#%zz", SanKind::Dns),
            ("https://ho st/", SanKind::Dns),
            ("https://%41/", SanKind::Dns),
            ("https://[::1/", SanKind::Dns),
            ("https://[1.2.3.4]/", SanKind::Dns),
            ("https://[::1]x/", SanKind::Dns),
            ("https://host\u{1}/", SanKind::Dns),
            ("https://ja ne@host/", SanKind::Email),
            ("file:/%", SanKind::Dns),
        ] {
            assert_eq!(SanKind::of(name), kind, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_has_a_kind(text in ".*") {
            let _ = SanKind::of(&text);
        }

        #[test]
        fn every_near_url_has_a_kind(text in "[a-z]{1,3}:(//)?[\\[\\]a-z0-9%:@/?#é.]{0,20}") {
            let _ = SanKind::of(&text);
        }
    }
}
