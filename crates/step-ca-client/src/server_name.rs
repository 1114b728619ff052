//! The CA's names: the one in its address, and those in its TLS certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use step_claims::CaUrl;
use url::{Host, Url};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// Returns the start of every URL. A dot at the end of the host is only for resolving the name: TLS
/// certificates are for the name without it (RFC 6066 §3), and Go drops it too.
pub(crate) fn base_of(ca: &CaUrl) -> String {
    let host = match ca.host().strip_suffix('.') {
        Some(host) if !host.ends_with('.') => host,
        _ => ca.host(),
    };
    match ca.port() {
        Some(port) => format!("https://{host}:{port}"),
        None => format!("https://{host}"),
    }
}

/// Returns the DNS names and IP addresses of a certificate.
pub(crate) fn names_of(der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = parse_x509_certificate(der) else { return Vec::new() };
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|it| IpAddr::from(Ipv4Addr::from(it)));
            let v6 = || <[u8; 16]>::try_from(*bytes).map(|it| IpAddr::from(Ipv6Addr::from(it)));
            v4.or_else(|_| v6()).ok().map(|address| address.to_string())
        }
        _ => None,
    };
    names.iter().filter_map(text).collect()
}

/// Returns whether a server is on this host.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_dot_at_the_end_of_a_name_is_not_part_of_it() {
        for (url, base) in [
            ("ca.test.:9000", "https://ca.test:9000"),
            ("ca.test", "https://ca.test"),
            ("[::1]:9000", "https://[::1]:9000"),
        ] {
            assert_eq!(base_of(&url.parse().unwrap()), base);
        }
    }
}
