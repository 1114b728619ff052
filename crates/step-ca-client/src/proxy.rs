//! The proxy variables of the environment, which the HTTP library reads itself.
//!
//! It connects directly if it cannot parse one. Whoever names a proxy does not expect that, so such
//! a variable is an error here.

use std::env::VarError;
use std::net::IpAddr;

use http::Uri;

use crate::error::Error;

/// The variables with the address of a proxy.
const ADDRESSES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/// The variables with the hosts that need none.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Checks the proxy variables. An empty one counts as absent.
pub(crate) fn check(
    variable: impl Fn(&'static str) -> Result<String, VarError>,
) -> Result<(), Error> {
    for (names, fault) in [
        (&ADDRESSES[..], fault_of_address as fn(&str) -> Option<&'static str>),
        (&EXCEPTIONS[..], fault_of_exceptions),
    ] {
        for name in names {
            let reason = match variable(name) {
                Ok(text) if text.is_empty() => None,
                Ok(text) => fault(&text),
                Err(VarError::NotPresent) => None,
                Err(VarError::NotUnicode(_)) => Some("it is not UTF-8"),
            };
            if let Some(reason) = reason {
                return Err(Error::Proxy { variable: name, reason });
            }
        }
    }
    Ok(())
}

/// The rules of the HTTP library, and a port that can be one. No message quotes the address,
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
        !mask.parse::<u8>().is_ok_and(|bits| bits <= longest)
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
        check(read).err().map(|error| error.to_string())
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

    #[test]
    fn exceptions_are_names_addresses_and_masks() {
        for name in EXCEPTIONS {
            for good in ["*", ".internal, 10.0.0.0/8,fd00::/8, x/y", "", "10.0.0.1"] {
                assert_eq!(with(name, good), None, "{name}={good}");
            }
            for bad in ["a, 10.0.0.0/33", "fd00::/129", "10.0.0.0/x", "10.0.0.0/255.0.0.0"] {
                let message = with(name, bad).unwrap();
                assert!(message.starts_with(&format!("{name} is not usable: ")), "{message}");
            }
        }
    }

    #[test]
    fn a_variable_that_is_no_text_is_an_error() {
        let bytes = std::ffi::OsString::from_vec(vec![b'x', 0xff]);
        let read = |_| Err(VarError::NotUnicode(bytes.clone()));
        assert_eq!(
            check(read).unwrap_err().to_string(),
            "HTTPS_PROXY is not usable: it is not UTF-8"
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,60}") {
            let _ = (fault_of_address(&text), fault_of_exceptions(&text));
        }
    }
}
