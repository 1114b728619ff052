use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::Ipv6Addr;
use std::str::FromStr;

use crate::error::{CaUrlFault, Error};

/// The address of a CA: `https://`, a host and an optional port, and nothing after them.
///
/// An audience is compared letter for letter, so the text is kept as is: the case of the host, an
/// explicit `:443`, a colon without a port. A missing scheme means `https`. A path, a query,
/// a fragment and a user name are dropped, as `step` drops them; [`CaUrl::dropped`] names them, so
/// that the program can report it (Q21).
///
/// Decisions where `step` is unclear:
///
/// - a bracketed IPv6 address is kept as it is (Q20);
/// - an IPv6 address without brackets is split at its last colon if an address precedes it and
///   digits follow it, so `::1:8080` has the port 8080; otherwise the whole text is the address;
/// - an address without a host and one with two ports are refused (Q61);
/// - a host with non-ASCII letters is refused, because certificates, and so the CA's `dnsNames`,
///   write it as `xn--…`.
///
/// Source: smallstep/cli, `flags/flags.go` (`ParseCaURL`); RFC 3986 §3.2.
///
/// ```
/// use step_claims::CaUrl;
///
/// let ca: CaUrl = "CA.Example.com:443/acme?x".parse()?;
/// assert_eq!(ca.to_string(), "https://CA.Example.com:443");
/// assert_eq!(ca.dropped().len(), 2);
/// # Ok::<(), step_claims::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CaUrl {
    /// An IPv6 address is in brackets.
    host: String,
    /// Digits, or nothing after a colon.
    port: Option<String>,
    dropped: Vec<UrlPart>,
}

/// A part of a URL that does not belong in the address of a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlPart {
    /// A user name, perhaps with a password.
    User,
    /// A path other than a single slash.
    Path,
    /// The query, after a question mark.
    Query,
    /// The fragment, after a number sign.
    Fragment,
}

impl fmt::Display for UrlPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::User => "user name or password",
            Self::Path => "path",
            Self::Query => "query",
            Self::Fragment => "fragment",
        })
    }
}

impl CaUrl {
    /// Returns the address of a CA that has `name` in the `dnsNames` of its `ca.json`.
    ///
    /// A bare IPv6 address gets brackets. A port in `name` is kept; otherwise
    /// `port` is used.
    ///
    /// # Errors
    ///
    /// [`Error::CaUrl`] if `name` is not a host.
    pub fn from_dns_name(name: &str, port: Option<u16>) -> Result<Self, Error> {
        let fault = |fault| Error::CaUrl { text: name.to_owned(), fault };
        check_characters(name).map_err(fault)?;
        let (host, own_port) = if name.parse::<Ipv6Addr>().is_ok() {
            (format!("[{name}]"), None)
        } else {
            let (host, port) = split_authority(name).map_err(fault)?;
            (host, port.map(str::to_owned))
        };
        let port = own_port.or_else(|| port.map(|port| port.to_string()));
        Ok(Self { host, port, dropped: Vec::new() })
    }

    /// Returns the host as it was written, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns whether the host is an IPv4 address in the notation of IPv6 (RFC 4291 §2.5.5.2).
    ///
    /// step-ca accepts no audience with such a host and a fragment: it takes the address for an
    /// IPv4 one, puts no brackets around it, and cannot read the URL.
    #[must_use]
    pub fn is_ipv4_mapped(&self) -> bool {
        let address = self.host.trim_matches(['[', ']']).parse::<Ipv6Addr>();
        address.is_ok_and(|address| address.to_ipv4_mapped().is_some())
    }

    /// Returns whether both have the same host, however it is spelled: letters in either case, a
    /// dot at the end, an IP address in another notation.
    ///
    /// A CA compares the host of an audience letter for letter, so this is for finding the right
    /// spelling.
    #[must_use]
    pub fn is_same_host(&self, other: &Self) -> bool {
        self.plain_host() == other.plain_host()
    }

    /// Returns the same port at the host as `other` spells it.
    #[must_use]
    pub fn spelled_as(&self, other: &Self) -> Self {
        Self { host: other.host.clone(), port: self.port.clone(), dropped: Vec::new() }
    }

    /// Returns the host as a URL of the web spells it, without a dot at the end.
    fn plain_host(&self) -> String {
        let host = self.host.strip_suffix('.').unwrap_or(&self.host);
        url::Host::parse(host).map_or_else(|_| host.to_ascii_lowercase(), |host| host.to_string())
    }

    /// Returns the port as it was written: digits, or nothing if there was only a colon.
    pub fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }

    /// Returns host and port as in a URL: `ca.example.com:9000`.
    pub fn authority(&self) -> String {
        match &self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Returns the parts that were dropped.
    pub fn dropped(&self) -> &[UrlPart] {
        &self.dropped
    }
}

impl fmt::Display for CaUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("https://{}", self.authority()))
    }
}

/// Two addresses are equal if their texts are; dropped parts are ignored.
impl PartialEq for CaUrl {
    fn eq(&self, other: &Self) -> bool {
        (&self.host, &self.port) == (&other.host, &other.port)
    }
}

impl Eq for CaUrl {}

impl Hash for CaUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.host, &self.port).hash(state);
    }
}

impl FromStr for CaUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).map_err(|fault| Error::CaUrl { text: without_password(text), fault })
    }
}

fn parse(text: &str) -> Result<CaUrl, CaUrlFault> {
    if text.is_empty() {
        return Err(CaUrlFault::NoHost);
    }
    check_characters(text)?;
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
        Some(_) => return Err(CaUrlFault::Scheme),
        None if is_cut_scheme(text) => return Err(CaUrlFault::Scheme),
        None => text,
    };

    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, authority) = match authority.rsplit_once('@') {
        Some((_, authority)) => (true, authority),
        None => (false, authority),
    };
    let (host, port) = split_authority(authority)?;

    let parts = [
        (user, UrlPart::User),
        (!path.is_empty(), UrlPart::Path),
        (!query.is_empty(), UrlPart::Query),
        (!fragment.is_empty(), UrlPart::Fragment),
    ];
    let dropped = parts.into_iter().filter_map(|(there, part)| there.then_some(part)).collect();
    Ok(CaUrl { host, port: port.map(str::to_owned), dropped })
}

/// Returns whether text is like `https:/ca` or `http:ca/`, which would name a host `https`.
fn is_cut_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && !rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

fn check_characters(text: &str) -> Result<(), CaUrlFault> {
    match text.chars().find(|c| c.is_control() || c.is_whitespace()) {
        Some(blank) => Err(CaUrlFault::Character(blank)),
        None => Ok(()),
    }
}

/// Splits `host[:port]`; brackets take precedence over colons.
fn split_authority(authority: &str) -> Result<(String, Option<&str>), CaUrlFault> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, behind) = rest.split_once(']').ok_or(CaUrlFault::Brackets)?;
        if address.contains('%') {
            return Err(CaUrlFault::Zone);
        }
        address.parse::<Ipv6Addr>().map_err(|_| CaUrlFault::Brackets)?;
        let port = match behind.strip_prefix(':') {
            Some(port) => Some(check_port(port)?),
            None if behind.is_empty() => None,
            None => return Err(CaUrlFault::Brackets),
        };
        return Ok((format!("[{address}]"), port));
    }
    match authority.rsplit_once(':') {
        None => check_host(authority).map(|host| (host, None)),
        Some((host, port)) if !host.contains(':') => {
            Ok((check_host(host)?, Some(check_port(port)?)))
        }
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() && is_digits(port) => {
            Ok((format!("[{address}]"), Some(port)))
        }
        Some(_) if authority.parse::<Ipv6Addr>().is_ok() => Ok((format!("[{authority}]"), None)),
        Some(_) if authority.contains('%') => Err(CaUrlFault::Zone),
        Some(_) => Err(CaUrlFault::TwoPorts),
    }
}

/// Checks a name or an IPv4 address: the characters of RFC 3986's `reg-name`, unencoded.
fn check_host(host: &str) -> Result<String, CaUrlFault> {
    if host.trim_matches('.').is_empty() {
        return Err(CaUrlFault::NoHost);
    }
    if !host.is_ascii() {
        // The form in the CA's certificate; `None` if no certificate can have such a name.
        let ascii = url::Host::parse(host).ok().map(|host| host.to_string());
        return Err(CaUrlFault::NotAscii { ascii });
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c);
    match host.chars().find(|&c| !allowed(c)) {
        Some(other) => Err(CaUrlFault::Character(other)),
        None => Ok(host.to_owned()),
    }
}

fn check_port(port: &str) -> Result<&str, CaUrlFault> {
    if is_digits(port) { Ok(port) } else { Err(CaUrlFault::Port) }
}

/// Also true if there are no digits: `ca:` is an address, and its colon is kept.
fn is_digits(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the text for an error message, with the user name and password replaced.
fn without_password(text: &str) -> String {
    // Text after an `@` is not a scheme.
    let scheme_end = text.find("://").map(|at| at + "://".len());
    let scheme_end = scheme_end.filter(|end| text.find('@').is_none_or(|at| at >= *end));
    let (scheme, rest) = text.split_at(scheme_end.unwrap_or_default());
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // An unencoded password may contain a `/`, so the very last `@` is used then.
    match rest.split_at(end).0.rfind('@').or_else(|| rest.rfind('@')) {
        Some(at) => format!("{scheme}…{}", rest.split_at(at).1),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> String {
        text.parse::<CaUrl>().unwrap().to_string()
    }

    fn fault(text: &str) -> CaUrlFault {
        parse(text).unwrap_err()
    }

    #[test]
    fn a_host_may_be_spelled_in_several_ways() {
        let ca = |text: &str| text.parse::<CaUrl>().unwrap();
        for (one, other) in [
            ("LOCALHOST", "localhost"),
            ("localhost.", "localhost:9000"),
            ("127.1", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("[0:0:0:0:0:0:0:1]:9000", "[::1]"),
            ("[FD00::A]", "[fd00::a]"),
            ("[::ffff:1.2.3.4]", "[::ffff:102:304]"),
        ] {
            assert!(ca(one).is_same_host(&ca(other)), "{one} {other}");
        }
        assert!(!ca("a.test").is_same_host(&ca("b.test")));
        assert!(!ca("127.0.0.1").is_same_host(&ca("localhost")));
        assert!(ca("[::ffff:1.2.3.4]").is_ipv4_mapped() && ca("[::FFFF:1:2]:1").is_ipv4_mapped());
        assert!(!ca("[::1]").is_ipv4_mapped() && !ca("1.2.3.4").is_ipv4_mapped());
        assert_eq!(ca("LOCALHOST:9000").spelled_as(&ca("localhost")), ca("localhost:9000"));
    }

    #[test]
    fn an_address_is_reduced_to_host_and_port_and_kept_to_the_letter() {
        for (given, expected) in [
            ("ca.example.com", "https://ca.example.com"),
            ("https://ca.example.com/x?y#z", "https://ca.example.com"),
            ("CA.Example.com:443", "https://CA.Example.com:443"),
            ("HTTPS://ca:", "https://ca:"),
            ("https://u:p@ca:9000", "https://ca:9000"),
            ("u@v@ca", "https://ca"),
            ("127.0.0.1:8080", "https://127.0.0.1:8080"),
            ("::1", "https://[::1]"),
            ("[::1]", "https://[::1]"),
            ("https://::1", "https://[::1]"),
            ("::1:8080", "https://[::1]:8080"),
            ("[::1]:8080", "https://[::1]:8080"),
            ("[::1]:", "https://[::1]:"),
            ("[fe80::1:2]", "https://[fe80::1:2]"),
            ("fe80::1:2", "https://[fe80::1]:2"),
            ("2001:db8::abcd", "https://[2001:db8::abcd]"),
            ("2001:db8::1:abcd", "https://[2001:db8::1:abcd]"),
            ("2001:db8:0:0:0:0:0:1", "https://[2001:db8:0:0:0:0:0:1]"),
            ("::ffff:1.2.3.4", "https://[::ffff:1.2.3.4]"),
            ("[2001:db8::abcd]", "https://[2001:db8::abcd]"),
            ("[2001:DB8::abcd]:9000", "https://[2001:DB8::abcd]:9000"),
            ("[::ffff:1.2.3.4]:9000", "https://[::ffff:1.2.3.4]:9000"),
            ("ca:", "https://ca:"),
            ("ca.example.com.", "https://ca.example.com."),
            ("ca:99999", "https://ca:99999"),
            ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("ca_1.example", "https://ca_1.example"),
            ("https:9000", "https://https:9000"),
        ] {
            assert_eq!(url(given), expected, "{given}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_ca_is_refused() {
        for (given, expected) in [
            ("", CaUrlFault::NoHost),
            ("/path", CaUrlFault::NoHost),
            ("//host", CaUrlFault::NoHost),
            ("https://", CaUrlFault::NoHost),
            (":9000", CaUrlFault::NoHost),
            ("https://u@", CaUrlFault::NoHost),
            (".", CaUrlFault::NoHost),
            ("http://ca", CaUrlFault::Scheme),
            ("git://x", CaUrlFault::Scheme),
            ("://x", CaUrlFault::Scheme),
            ("https:/ca", CaUrlFault::Scheme),
            ("http:", CaUrlFault::Scheme),
            ("https://ca:abc", CaUrlFault::Port),
            ("ca:-1", CaUrlFault::Port),
            ("[::1]:abc", CaUrlFault::Port),
            ("https://ca:9000:9001", CaUrlFault::TwoPorts),
            ("1.2.3.4:80:90", CaUrlFault::TwoPorts),
            ("::1::", CaUrlFault::TwoPorts),
            ("[::1", CaUrlFault::Brackets),
            ("[::1]x", CaUrlFault::Brackets),
            ("[1.2.3.4]", CaUrlFault::Brackets),
            ("[ca]", CaUrlFault::Brackets),
            ("[fe80::1%25eth0]", CaUrlFault::Zone),
            ("fe80::1%eth0", CaUrlFault::Zone),
            ("ca .example.com", CaUrlFault::Character(' ')),
            ("https://ca/a b", CaUrlFault::Character(' ')),
            ("ca\t", CaUrlFault::Character('\t')),
            ("ca\u{a0}", CaUrlFault::Character('\u{a0}')),
            ("ca\u{7f}", CaUrlFault::Character('\u{7f}')),
            ("ca\\x", CaUrlFault::Character('\\')),
            ("ca%41", CaUrlFault::Character('%')),
            ("ca]", CaUrlFault::Character(']')),
            (
                "bücher.example",
                CaUrlFault::NotAscii { ascii: Some("xn--bcher-kva.example".into()) },
            ),
        ] {
            assert_eq!(fault(given), expected, "{given:?}");
        }
    }

    #[test]
    fn the_dropped_parts_are_named() {
        let dropped = |text: &str| text.parse::<CaUrl>().unwrap().dropped().to_vec();
        assert_eq!(dropped("ca:9000"), []);
        assert_eq!(dropped("https://ca/"), []);
        assert_eq!(dropped("https://ca?#"), []);
        assert_eq!(
            dropped("https://u:p@ca/x?y#z"),
            [UrlPart::User, UrlPart::Path, UrlPart::Query, UrlPart::Fragment]
        );
        assert_eq!(dropped("ca?a/b@c#d?e"), [UrlPart::Query, UrlPart::Fragment]);
        assert_eq!("ca/x".parse::<CaUrl>().unwrap(), "https://ca".parse().unwrap());
    }

    #[test]
    fn a_refusal_does_not_repeat_a_password() {
        for text in ["https://jane:secret@ca:abc", "jane:secret@ca:abc", "http://jane:sec/ret@ca"] {
            let message = text.parse::<CaUrl>().unwrap_err().to_string();
            assert!(!message.contains("sec") && message.contains("…@ca"), "{message}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_write() {
        let message = |text: &str| text.parse::<CaUrl>().unwrap_err().to_string();
        assert_eq!(
            message("http://ca"),
            "\"http://ca\" is not the address of a CA: it must begin with https://"
        );
        assert_eq!(
            message("bücher.example"),
            "\"bücher.example\" is not the address of a CA: its host is not ASCII; write it as \
             xn--bcher-kva.example"
        );
    }

    #[test]
    fn a_dns_name_becomes_an_address() {
        for (name, port, expected) in [
            ("ca.example.test", None, "https://ca.example.test"),
            ("ca.example.test", Some(9000), "https://ca.example.test:9000"),
            ("fe80::1:2", None, "https://[fe80::1:2]"),
            ("::1", Some(443), "https://[::1]:443"),
            ("[::1]", None, "https://[::1]"),
            ("[::1]", Some(9000), "https://[::1]:9000"),
            ("localhost:8443", Some(9000), "https://localhost:8443"),
            ("10.0.0.1", Some(9000), "https://10.0.0.1:9000"),
        ] {
            assert_eq!(CaUrl::from_dns_name(name, port).unwrap().to_string(), expected);
        }
        for name in ["", "a b", "https://ca", "ca/x", "bücher.example", "u@ca"] {
            assert!(CaUrl::from_dns_name(name, None).is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<CaUrl>();
            let _ = CaUrl::from_dns_name(&text, Some(1));
        }

        #[test]
        fn what_was_read_once_stays_the_same(
            text in "(https://)?(a@)?(\\[[0-9a-f:.]{0,12}\\]|[a-zA-Z0-9.:]{0,16}|[:0-9a-f]{0,16})(:[0-9]{0,5})?(/x)?",
        ) {
            if let Ok(url) = text.parse::<CaUrl>() {
                let again: CaUrl = url.to_string().parse().unwrap();
                prop_assert_eq!(again.to_string(), url.to_string());
                prop_assert!(again.dropped().is_empty());
            }
        }
    }
}
