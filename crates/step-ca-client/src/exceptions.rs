//! The addresses that need no proxy, the value of `NO_PROXY`.
//!
//! Source: `golang.org/x/net/http/httpproxy` 0.55.0 (`config.init`, `useProxy`).

use std::net::{IpAddr, Ipv6Addr};

use step_claims::split_host_port;
use url::Host;

/// The addresses that are asked directly.
#[derive(Debug, Default)]
pub(crate) struct Exceptions(Vec<Exception>);

#[derive(Debug)]
enum Exception {
    /// `*`.
    Everything,
    /// `10.0.0.0/8`.
    Network { address: IpAddr, bits: u32 },
    /// `10.0.0.1`, `10.0.0.1:443` or `[fd00::1]:443`.
    Address { address: IpAddr, port: String },
    /// `example.test`, `.example.test` or `*.example.test`, with or without a port.
    Name {
        /// The name with a dot before it.
        suffix: String,
        /// Whether it is for the name itself too.
        itself: bool,
        port: String,
    },
}

impl Exceptions {
    /// Parses entries that are separated by commas. One that is malformed never matches.
    pub(crate) fn parse(text: &str) -> Self {
        let entries = text.split(',').map(|entry| entry.trim().to_lowercase());
        Self(entries.filter_map(|entry| Exception::parse(&entry)).collect())
    }

    /// Returns whether they have an address: a name in lower case, or an IP address.
    pub(crate) fn have(&self, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
        let (ip, port) = (ip.map(|ip| ip.to_canonical()), port.to_string());
        let at = |wanted: &str| wanted.is_empty() || wanted == port;
        self.0.iter().any(|exception| match (exception, ip) {
            (Exception::Everything, _) => true,
            (Exception::Network { address, bits }, Some(ip)) => {
                masked(ip, *bits).is_some_and(|it| Some(it) == masked(*address, *bits))
            }
            (Exception::Address { address, port }, Some(ip)) => *address == ip && at(port),
            (Exception::Name { suffix, itself, port }, None) => {
                let is_name = suffix.strip_prefix('.').is_some_and(|name| name == host);
                (host.ends_with(suffix.as_str()) || *itself && is_name) && at(port)
            }
            _ => false,
        })
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Some(network) = network(entry) {
            return Some(network);
        }
        let (host, port) = split_host_port(entry).unwrap_or((entry, ""));
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some(Self::Address { address: address.to_canonical(), port: port.to_owned() });
        }
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let name = host.strip_prefix('.').unwrap_or(host);
        if host.is_empty() {
            return None;
        }
        let ascii = match Host::parse(name) {
            Ok(Host::Domain(ascii)) if !name.is_ascii() => ascii,
            _ => name.to_owned(),
        };
        let itself = !host.starts_with('.');
        Some(Self::Name { suffix: format!(".{ascii}"), itself, port: port.to_owned() })
    }
}

/// Parses an address with a mask. Go takes an IPv4-mapped one for an IPv4 network.
fn network(entry: &str) -> Option<Exception> {
    let (address, mask) = entry.split_once('/')?;
    let (address, bits) = (address.parse::<IpAddr>().ok()?, mask.parse::<u32>().ok()?);
    match masked(address, bits)?.to_canonical() {
        IpAddr::V4(v4) if address.is_ipv6() => {
            Some(Exception::Network { address: v4.into(), bits: bits.saturating_sub(96) })
        }
        address => Some(Exception::Network { address, bits }),
    }
}

/// Returns the first bits of an address; `None` if it does not have as many.
fn masked(address: IpAddr, bits: u32) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            Some(std::net::Ipv4Addr::from(u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
            Some(Ipv6Addr::from(u128::from(v6) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn have(exceptions: &str, url: &str) -> bool {
        let url = Url::parse(url).unwrap();
        let ip = match url.host().unwrap() {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        let host = url.host_str().unwrap();
        Exceptions::parse(exceptions).have(host, ip, url.port_or_known_default().unwrap())
    }

    /// What Go's httpproxy 0.55.0 decided: entries, addresses they have, and others.
    const TABLE: [(&str, &[&str], &[&str]); 18] = [
        ("*", &["https://a.test", "https://10.0.0.1:9", "https://[fd00::1]"], &[]),
        ("x, * ", &["https://a.test"], &[]),
        ("foo.vm", &["https://foo.vm", "https://FOO.vm:9", "https://a.foo.vm"], &["https://vm"]),
        (".vm", &["https://foo.vm", "https://a.foo.vm"], &["https://vm", "https://foovm"]),
        ("*.vm", &["https://foo.vm"], &["https://vm"]),
        ("*vm", &[], &["https://foo.vm", "https://vm"]),
        ("FOO.VM:1", &["https://foo.vm:1", "https://a.foo.vm:1"], &["https://foo.vm"]),
        ("foo.vm:443", &["https://foo.vm"], &["https://foo.vm:444"]),
        ("foo.vm:0443", &[], &["https://foo.vm"]),
        ("foo.vm:", &["https://foo.vm", "https://foo.vm:9"], &[]),
        ("a:b:c,:443, ,[::1", &[], &["https://a", "https://b.test", "https://[fd00::1]"]),
        ("bücher.test", &["https://bücher.test", "https://a.bücher.test"], &["https://b.test"]),
        ("10.0.0.1", &["https://10.0.0.1:9", "https://[::ffff:10.0.0.1]"], &["https://10.0.0.11"]),
        ("10.0.0.1:9", &["https://10.0.0.1:9"], &["https://10.0.0.1"]),
        ("10.0.0.0/8", &["https://10.9.8.7", "https://[::ffff:10.1.1.1]"], &["https://11.0.0.1"]),
        ("::ffff:10.0.0.0/104", &["https://10.9.8.7"], &["https://11.0.0.1", "https://[fd00::1]"]),
        ("fd00::/8", &["https://[fd00::1]:9"], &["https://[fe80::1]", "https://10.0.0.1"]),
        (
            "[fd00::1]:9,fd00::2",
            &["https://[fd00::1]:9", "https://[fd00::2]"],
            &["https://[fd00::1]"],
        ),
    ];

    #[test]
    fn an_entry_has_the_addresses_that_it_has_in_go() {
        for (exceptions, those, others) in TABLE {
            for url in those {
                assert!(have(exceptions, url), "{exceptions}: {url}");
            }
            for url in others {
                assert!(!have(exceptions, url), "{exceptions}: {url}");
            }
        }
        assert!(have("0.0.0.0/0", "https://9.9.9.9") && !have("0.0.0.0/0", "https://[fd00::1]"));
        assert!(have("::/0", "https://[fd00::1]") && !have("::/0", "https://9.9.9.9"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,40}", odd in "[0-9a-f:.,/*\\[\\] ]{0,40}") {
            for text in [text, odd] {
                let _ = (have(&text, "https://a.test"), have(&text, "https://[fd00::1]:9"));
            }
        }
    }
}
