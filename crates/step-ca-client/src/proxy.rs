//! Which addresses are asked through a proxy, as the environment says.
//!
//! The rules are those of Go programs, so that `step` and this client reach a CA in the same way:
//! Go's package `golang.org/x/net/http/httpproxy`, for URLs with `https`. `HTTP_PROXY` is for other
//! URLs, and so is what Go does in a CGI program. Two things differ: `ALL_PROXY` is used where
//! `HTTPS_PROXY` is not set, as by curl, while Go ignores it; and a variable that cannot be parsed is an
//! error, because whoever names a proxy does not expect a direct connection.

use std::env::VarError;
use std::net::IpAddr;

use http::Uri;
use url::{Host, Url};

use crate::error::Error;
use crate::exceptions::Exceptions;
use crate::server_name::is_loopback;

/// The variables with the address of a proxy. The first that is not empty counts.
const ADDRESSES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The variables with the hosts that need none. The first that is not empty counts.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxy of the environment, and the addresses that are asked directly.
#[derive(Default)]
pub(crate) struct Proxies {
    /// Its URL, which may contain a password.
    address: Option<String>,
    exceptions: Exceptions,
    /// A variable that cannot be parsed, and why.
    fault: Option<(&'static str, &'static str)>,
}

impl Proxies {
    /// Reads the variables.
    pub(crate) fn read(variable: impl Fn(&'static str) -> Result<String, VarError>) -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|&name| match variable(name) {
                Ok(text) if text.is_empty() => None,
                Ok(text) => Some(Ok((name, text))),
                Err(VarError::NotPresent) => None,
                Err(VarError::NotUnicode(_)) => Some(Err((name, "it is not UTF-8"))),
            })
        };
        let address = first(&ADDRESSES).map(|found| {
            let (name, text) = found?;
            url_of(&text).map_err(|reason| (name, reason))
        });
        let exceptions = first(&EXCEPTIONS).map(|found| {
            let (name, text) = found?;
            match fault_of_exceptions(&text) {
                Some(reason) => Err((name, reason)),
                None => Ok(Exceptions::parse(&text)),
            }
        });
        match (address.transpose(), exceptions.transpose()) {
            (Ok(address), Ok(exceptions)) => {
                Self { address, exceptions: exceptions.unwrap_or_default(), fault: None }
            }
            (Err(fault), _) | (_, Err(fault)) => Self { fault: Some(fault), ..Self::default() },
        }
    }

    /// Returns the proxy to ask an address through. This host is always asked directly.
    pub(crate) fn address_for(&self, url: &Url) -> Option<&str> {
        let (host, port) = (url.host()?, url.port_or_known_default()?);
        let ip = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        let is_direct = is_loopback(url) || self.exceptions.have(url.host_str()?, ip, port);
        self.address.as_deref().filter(|_| !is_direct)
    }

    /// Refuses to ask an address if a variable that decides about it cannot be parsed.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Error> {
        match self.fault {
            Some((variable, reason)) if !is_loopback(url) => Err(Error::Proxy { variable, reason }),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Proxies {
    /// Leaves out the address, which may contain a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxies").field("exceptions", &self.exceptions).finish_non_exhaustive()
    }
}

/// Returns the URL of a proxy; without a scheme it is one for `http`.
fn url_of(text: &str) -> Result<String, &'static str> {
    if let Some(reason) = fault_of_address(text) {
        return Err(reason);
    }
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&url).map_err(|_| "it is not a URL")?;
    fault_of_address(url.as_str()).map_or(Ok(url.into()), Err)
}

/// What the HTTP library can use, and a port that can be one. No message quotes the address,
/// because it may contain a password.
fn fault_of_address(text: &str) -> Option<&'static str> {
    let Ok(uri) = text.parse::<Uri>() else { return Some("it is not a URL") };
    match uri.scheme_str() {
        None | Some("http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") => {}
        Some(_) => return Some("its scheme is not that of a proxy"),
    }
    let Some(authority) = uri.authority() else { return Some("it names no host") };
    if authority.host().is_empty() {
        return Some("it names no host");
    }
    let address = authority.as_str().rsplit('@').next().unwrap_or_default();
    let behind = address.strip_prefix(authority.host()).unwrap_or_default();
    match behind.strip_prefix(':') {
        Some("") | None => None,
        Some(port) if port.parse::<u16>().is_ok() => None,
        Some(_) => Some("its port is not a number from 0 to 65535"),
    }
}

/// Names are not checked. An address with a mask that is none would be taken for a name.
fn fault_of_exceptions(text: &str) -> Option<&'static str> {
    let is_wrong = |entry: &str| {
        let Some((address, mask)) = entry.trim().split_once('/') else { return false };
        let longest = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        !mask.parse::<u8>().is_ok_and(|bits| bits <= longest && !mask.starts_with('+'))
    };
    text.split(',').any(is_wrong).then_some("an address in it has an impossible mask")
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use proptest::prelude::*;

    use super::*;

    fn with(name: &'static str, value: &str) -> Option<String> {
        let value = value.to_owned();
        let read = move |asked| match asked == name {
            true => Ok(value.clone()),
            false => Err(VarError::NotPresent),
        };
        let url = Url::parse("https://ca.example.test:9000").unwrap();
        Proxies::read(read).check(&url).err().map(|error| error.to_string())
    }

    #[test]
    fn a_variable_that_is_no_proxy_is_named_and_not_quoted() {
        for name in ADDRESSES {
            for good in [
                "",
                "proxy",
                "proxy:3128",
                "http://proxy:3128",
                "https://u:s3cret@proxy:3128/x",
                "http://[::1]:3128",
                "socks5h://proxy:1080",
                "http://proxy:",
            ] {
                assert_eq!(with(name, good), None, "{name}={good}");
            }
            for bad in [
                "http://u:s3cret@proxy:99999",
                "http://u:s3cret@proxy:abc",
                "http://u:s3 cret@proxy",
                "ftp://u:s3cret@proxy",
                "http://u:s3cret@",
                "/s3cret",
                "http://u:s3cret@[::1",
                " ",
                "http://prоxy:3128",
            ] {
                let message = with(name, bad).unwrap_or_else(|| panic!("{name}={bad}"));
                assert!(message.starts_with(&format!("{name} is not usable: ")), "{message}");
                assert!(!message.contains("s3cret"), "{message}");
            }
        }
    }

    /// The proxy for an address, with these variables.
    fn proxy(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let read = |asked: &'static str| {
            let found = variables.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        };
        Proxies::read(read).address_for(&Url::parse(url).unwrap()).map(str::to_owned)
    }

    #[test]
    fn the_first_variable_that_is_not_empty_counts() {
        let url = "https://ca.example.test";
        for (variables, expected) in [
            (&[("HTTPS_PROXY", "a:1"), ("https_proxy", "b:1"), ("ALL_PROXY", "c:1")][..], "a"),
            (&[("HTTPS_PROXY", ""), ("https_proxy", "b:1"), ("ALL_PROXY", "c:1")], "b"),
            (&[("ALL_PROXY", "c:1"), ("all_proxy", "d:1")], "c"),
            (&[("all_proxy", "d:1"), ("HTTP_PROXY", "e:1")], "d"),
        ] {
            assert_eq!(proxy(variables, url), Some(format!("http://{expected}:1/")));
        }
        for variables in [
            &[("HTTP_PROXY", "e:1"), ("http_proxy", "not a proxy"), ("REQUEST_METHOD", "GET")][..],
            &[("HTTPS_PROXY", "a:1"), ("NO_PROXY", "ca.example.test"), ("no_proxy", "x")],
            &[("HTTPS_PROXY", "a:1"), ("NO_PROXY", ""), ("no_proxy", "ca.example.test")],
        ] {
            assert_eq!(proxy(variables, url), None, "{variables:?}");
        }
        let other = [("HTTPS_PROXY", "a:1"), ("NO_PROXY", "x"), ("no_proxy", "ca.example.test")];
        assert!(proxy(&other, url).is_some());
    }

    #[test]
    fn each_address_is_decided_about_on_its_own() {
        let variables = [("HTTPS_PROXY", "socks5h://u:p%40@proxy:1080"), ("NO_PROXY", ".internal")];
        let through = Some("socks5h://u:p%40@proxy:1080".to_owned());
        for (url, expected) in [
            ("https://ca.example.test:9000/health", through.clone()),
            ("https://0.0.0.0:9000", through),
            ("https://ca.internal", None),
            ("https://localhost:9000", None),
            ("https://127.8.9.1:9000", None),
            ("https://[::1]:9000", None),
        ] {
            assert_eq!(proxy(&variables, url), expected, "{url}");
        }
    }

    #[test]
    fn exceptions_are_names_addresses_and_masks() {
        for name in EXCEPTIONS {
            for good in ["*", ".internal, 10.0.0.0/8,fd00::/8, x/y", "", "10.0.0.1"] {
                assert_eq!(with(name, good), None, "{name}={good}");
            }
            for bad in
                ["a, 10.0.0.0/33", "fd00::/129", "10.0.0.0/x", "10.0.0.0/255.0.0.0", "10.0.0.0/+8"]
            {
                let message = with(name, bad).unwrap();
                assert!(message.starts_with(&format!("{name} is not usable: ")), "{message}");
            }
        }
    }

    #[test]
    fn a_variable_that_is_no_text_is_an_error() {
        let bytes = std::ffi::OsString::from_vec(vec![b'x', 0xff]);
        let read = |_| Err(VarError::NotUnicode(bytes.clone()));
        let proxies = Proxies::read(read);
        let check = |url| proxies.check(&Url::parse(url).unwrap()).map_err(|it| it.to_string());
        let message = "HTTPS_PROXY is not usable: it is not UTF-8";
        assert_eq!(check("https://ca.example.test"), Err(message.to_owned()));
        assert_eq!(check("https://localhost:9000"), Ok(()));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,60}") {
            let _ = (url_of(&text), fault_of_exceptions(&text));
            if let Ok(url) = url_of(&text) {
                // The HTTP library connects directly if it cannot parse it.
                prop_assert!(url.parse::<Uri>().is_ok() && Url::parse(&url).is_ok(), "{}", url);
            }
        }
    }
}
