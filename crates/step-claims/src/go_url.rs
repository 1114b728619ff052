//! URLs as Go reads and writes them, which decides what an audience matches and what a name becomes
//! in a certificate.
//!
//! Source: Go, `src/net/url/url.go`, with `urlstrictcolons=0` as step-ca is built.

use std::fmt;
use std::net::Ipv6Addr;

/// A URL in the parts that Go divides it into.
///
/// Decoded parts are bytes, because `%FF` is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoUrl {
    scheme: String,
    opaque: String,
    user: Option<User>,
    host: Vec<u8>,
    path: Part,
    omits_host: bool,
    /// What follows `?`, as written; `None` without a question mark.
    query: Option<String>,
    fragment: Part,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// A decoded part and how it was written, if Go would write it otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Part {
    decoded: Vec<u8>,
    raw: Option<String>,
}

impl GoUrl {
    /// Reads a URL, or `None` if Go finds a mistake in it. Most texts are URLs without a scheme.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return None;
        }
        let mut url = Self { fragment: Part::read(fragment, Mode::Fragment)?, ..Self::default() };
        let (scheme, rest) = scheme_of(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let rest = match rest.split_once('?') {
            Some((rest, query)) => {
                url.query = Some(query.to_owned());
                rest
            }
            None => rest,
        };
        let has_scheme = !url.scheme.is_empty();
        if !rest.starts_with('/') {
            if has_scheme {
                rest.clone_into(&mut url.opaque);
                return Some(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return None;
            }
        }
        let mut path = rest;
        if let Some(rest) = rest.strip_prefix("//").filter(|it| has_scheme || !it.starts_with('/'))
        {
            let (authority, behind) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (url.user, url.host) = authority_of(authority)?;
            path = behind;
        } else if has_scheme {
            url.omits_host = true;
        }
        url.path = Part::read(path, Mode::Path)?;
        Some(url)
    }

    /// Returns the scheme in lower case; empty if there is none.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns whether there is a user name, even an empty one.
    #[must_use]
    pub fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Returns the host with its port, decoded; empty if there is none.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        &self.host
    }

    /// Returns the fragment, decoded; empty if there is none.
    #[must_use]
    pub fn fragment(&self) -> &[u8] {
        &self.fragment.decoded
    }

    /// Removes the port, and the brackets of an IPv6 address.
    pub fn strip_port(&mut self) {
        let colon = self.host.iter().rposition(|&byte| byte == b':');
        if let Some(colon) = colon.filter(|&colon| is_port(self.host.get(colon..).unwrap_or(&[]))) {
            self.host.truncate(colon);
        }
        if let [b'[', inner @ .., b']'] = self.host.as_slice() {
            self.host = inner.to_vec();
        }
    }

    /// Replaces the fragment by a text that is not encoded.
    pub fn set_fragment(&mut self, fragment: &[u8]) {
        self.fragment = Part { decoded: fragment.to_vec(), raw: None };
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

impl fmt::Display for GoUrl {
    /// Writes the URL as Go does, which is not always as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        if !self.scheme.is_empty() {
            text.extend([&self.scheme, ":"]);
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut text);
        } else {
            text.push_str(&self.opaque);
        }
        if let Some(query) = &self.query {
            text.extend(["?", query]);
        }
        if !self.fragment.decoded.is_empty() {
            text.push('#');
            text.push_str(&self.fragment.escaped(Mode::Fragment));
        }
        f.pad(&text)
    }
}

impl GoUrl {
    /// Writes user, host and path.
    fn write_hierarchy(&self, text: &mut String) {
        let has_authority = !self.host.is_empty() || self.user.is_some();
        if has_authority || (!self.scheme.is_empty() && !self.omits_host) {
            if has_authority || !self.path.decoded.is_empty() {
                text.push_str("//");
            }
            if let Some(user) = &self.user {
                text.push_str(&escape(&user.name, Mode::User));
                if let Some(password) = &user.password {
                    text.push(':');
                    text.push_str(&escape(password, Mode::User));
                }
                text.push('@');
            }
            text.push_str(&escape(&self.host, Mode::Host));
        }
        let path = match self.path.decoded.as_slice() {
            b"*" => "*".to_owned(),
            _ => self.path.escaped(Mode::Path),
        };
        if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
            text.push('/');
        }
        let segment = path.split('/').next().unwrap_or_default();
        if text.is_empty() && segment.contains(':') {
            text.push_str("./");
        }
        text.push_str(&path);
    }
}

impl Part {
    fn read(text: &str, mode: Mode) -> Option<Self> {
        let decoded = unescape(text, mode)?;
        let raw = (escape(&decoded, mode) != text).then(|| text.to_owned());
        Some(Self { decoded, raw })
    }

    /// Returns the part as it was written, if its characters may stand there unencoded.
    fn escaped(&self, mode: Mode) -> String {
        let may_stand = |byte: u8| mode.has(byte) || b"!$&'()*+,;=:@[]%".contains(&byte);
        match &self.raw {
            Some(raw) if raw.bytes().all(may_stand) => raw.clone(),
            _ => escape(&self.decoded, mode),
        }
    }
}

/// Splits off the scheme; `None` if the text starts with a colon.
fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    match text.split_once(|c| !is_of_scheme(c)) {
        Some(("", _)) if text.starts_with(':') => None,
        Some((scheme, rest))
            if text.as_bytes().get(scheme.len()) == Some(&b':')
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) =>
        {
            Some((scheme, rest))
        }
        _ => Some(("", text)),
    }
}

fn authority_of(authority: &str) -> Option<(Option<User>, Vec<u8>)> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return Some((None, host_of(authority)?));
    };
    let host = host_of(host)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(allowed) {
        return None;
    }
    let (name, password) = match user.split_once(':') {
        Some((name, password)) => (name, Some(unescape(password, Mode::User)?)),
        None => (user, None),
    };
    Some((Some(User { name: unescape(name, Mode::User)?, password }), host))
}

fn host_of(host: &str) -> Option<Vec<u8>> {
    match host.rfind('[') {
        Some(0) => {
            let (inner, port) = host.get(1..)?.rsplit_once(']')?;
            if !is_port(port.as_bytes()) {
                return None;
            }
            let (address, zone) = inner.split_at(inner.find("%25").unwrap_or(inner.len()));
            let address = [unescape(address, Mode::Host)?, unescape(zone, Mode::Zone)?].concat();
            is_ipv6(&address).then(|| [b"[", address.as_slice(), b"]", port.as_bytes()].concat())
        }
        Some(_) => None,
        None => {
            let port = host.rfind(':').and_then(|colon| host.get(colon..)).unwrap_or_default();
            if !is_port(port.as_bytes()) {
                return None;
            }
            unescape(host, Mode::Host)
        }
    }
}

/// Returns whether this is an IPv6 address, perhaps with a zone.
fn is_ipv6(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    address.parse::<Ipv6Addr>().is_ok() && zone != Some("")
}

/// Returns whether this is nothing, or a colon and any number of digits.
fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((colon, digits)) => *colon == b':' && digits.iter().all(u8::is_ascii_digit),
    }
}

/// Splits an address into its host, without brackets, and its port, which may be empty, as Go's
/// `net.SplitHostPort` does: brackets must be around a host with colons, and may be nowhere else.
#[must_use]
pub fn split_host_port(address: &str) -> Option<(&str, &str)> {
    let (host, port) = address.rsplit_once(':')?;
    let (host, colons) = match host.strip_prefix('[') {
        Some(host) => (host.strip_suffix(']')?, true),
        None => (host, false),
    };
    let is_bare = !host.contains(['[', ']']) && (colons || !host.contains(':'));
    (is_bare && !port.contains(['[', ']'])).then_some((host, port))
}

/// The part of a URL for which a text is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

impl Mode {
    /// Returns whether Go leaves a byte as it is there.
    fn has(self, byte: u8) -> bool {
        let reserved = b"$&+,/:;=?@";
        match byte {
            _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => true,
            _ => match self {
                Self::Path => reserved.contains(&byte) && byte != b'?',
                Self::Host | Self::Zone => b"!$&'()*+,;=:[]<>\"".contains(&byte),
                Self::User => b"$&+,;=".contains(&byte),
                Self::Fragment => reserved.contains(&byte) || b"!()*".contains(&byte),
            },
        }
    }
}

fn escape(bytes: &[u8], mode: Mode) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match mode.has(byte) {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// Decodes `%XX`. In a host only bytes outside ASCII may be encoded, and few may be raw.
fn unescape(text: &str, mode: Mode) -> Option<Vec<u8>> {
    let is_host = matches!(mode, Mode::Host | Mode::Zone);
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
            let value = digit(bytes.next()?)? << 4 | digit(bytes.next()?)?;
            let may_be_encoded = match mode {
                Mode::Host => !value.is_ascii() || value == b'%',
                Mode::Zone => value == b'%' || value == b' ' || mode.has(value),
                _ => true,
            };
            if !may_be_encoded {
                return None;
            }
            decoded.push(value);
        } else if is_host && byte.is_ascii() && !mode.has(byte) {
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
        let url = GoUrl::parse(text).filter(|url| !url.scheme().is_empty())?;
        Some(String::from_utf8_lossy(url.host()).into_owned())
    }

    #[test]
    fn a_scheme_makes_a_url_unless_the_rest_is_wrong() {
        for (text, expected) in [
            ("https://a.test:8443/x?y#z", "a.test:8443"),
            ("https://u:p@a.test", "a.test"),
            ("https://b%C3%BCcher.test/", "bücher.test"),
            ("https://[fe80::1%25eth0]:1/", "[fe80::1%eth0]:1"),
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
