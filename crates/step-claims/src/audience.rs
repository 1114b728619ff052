use std::fmt;

use serde::{Serialize, Serializer};

use crate::ca_url::CaUrl;
use crate::operation::Operation;

/// The endpoint a token is spent at: the claim `aud` (RFC 7519 §4.1.3).
///
/// A CA accepts a token only at the endpoint named here. It compares the texts letter for
/// letter, but ignores ports.
///
/// ```
/// use step_claims::{Audience, CaUrl, Operation, Prefix};
///
/// let ca: CaUrl = "ca.example.com:9000".parse()?;
/// let audience = Audience::new(&ca, Prefix::Versioned, Operation::SshHost);
/// assert_eq!(audience.as_str(), "https://ca.example.com:9000/1.0/ssh/sign");
///
/// let audience = audience.of_provisioner("x5c", "My Prov");
/// assert_eq!(audience.as_str(), "https://ca.example.com:9000/1.0/ssh/sign#x5c/My%20Prov");
/// # Ok::<(), step_claims::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience {
    text: String,
    operation: Operation,
}

/// The start of the endpoint's path; a CA accepts both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `/1.0/sign`, which `step` writes for a CA given by its URL.
    Versioned,
    /// `/sign`, which `step` writes for a CA given by its `ca.json`.
    Bare,
}

impl Audience {
    /// Returns the audience of an operation at a CA.
    pub fn new(ca: &CaUrl, prefix: Prefix, operation: Operation) -> Self {
        let version = match prefix {
            Prefix::Versioned => "1.0/",
            Prefix::Bare => "",
        };
        Self { text: format!("{ca}/{version}{}", operation.path()), operation }
    }

    /// Returns the same audience with the fragment that names a provisioner: `#x5c/NAME`.
    ///
    /// A CA finds `x5c`, `sshpop` and `nebula` provisioners by this fragment, and the other
    /// types that mint locally by `iss` and `kid`. A fragment that is already there is
    /// replaced.
    ///
    /// [`encode_fragment`] percent-encodes the name. `step` writes it raw, which no CA
    /// can match if the name contains a `%` (Q22).
    #[must_use]
    pub fn of_provisioner(mut self, kind: &str, name: &str) -> Self {
        let end = self.text.find('#').unwrap_or(self.text.len());
        self.text.truncate(end);
        self.text.push('#');
        self.text.push_str(&encode_fragment(&format!("{kind}/{name}")));
        self
    }

    /// Returns the text of the claim.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the operation that the token can be spent on.
    pub fn operation(&self) -> Operation {
        self.operation
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl AsRef<str> for Audience {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Percent-encodes the text of a URL fragment as step-ca does before it compares.
///
/// ASCII letters and digits and `-_.~$&+,/:;=?@!()*` stay; every other byte becomes `%XX` in upper
/// case. This matters, because the CA compares only this spelling: `%2F` for a slash
/// or a lower-case `%c3` does not match.
///
/// Source: Go, `src/net/url/url.go` (`URL.EscapedFragment`).
pub fn encode_fragment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=?@!()*".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Tells whether an audience is one of the CA's own under that name; ports do not count.
///
/// The CA has an audience for each operation, with `/1.0/` in front of its path and without. An
/// audience without a scheme or with a fragment is not one of them.
pub fn is_audience_of(audience: &str, name: &str) -> bool {
    let (Ok(asked), Ok(own)) = (audience.parse::<CaUrl>(), name.parse::<CaUrl>()) else {
        return false;
    };
    let path = audience.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let Some((_, path)) = path else { return false };
    let path = path.strip_prefix("1.0/").unwrap_or(path);
    asked.host() == own.host() && Operation::ALL.iter().any(|operation| operation.path() == path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ca() -> CaUrl {
        "ca.example.test".parse().unwrap()
    }

    #[test]
    fn every_operation_has_its_endpoint() {
        let audience =
            |prefix, operation| Audience::new(&ca(), prefix, operation).as_str().to_owned();
        assert_eq!(
            audience(Prefix::Versioned, Operation::Sign),
            "https://ca.example.test/1.0/sign"
        );
        assert_eq!(audience(Prefix::Bare, Operation::Revoke), "https://ca.example.test/revoke");
        assert_eq!(
            audience(Prefix::Versioned, Operation::SshRekey),
            "https://ca.example.test/1.0/ssh/rekey"
        );
        assert_eq!(audience(Prefix::Bare, Operation::SshUser), "https://ca.example.test/ssh/sign");
    }

    #[test]
    fn a_fragment_is_spelled_as_the_ca_spells_it() {
        for (text, encoded) in [
            ("x5c/My Prov", "x5c/My%20Prov"),
            ("x5c/a%b", "x5c/a%25b"),
            ("x5c/é", "x5c/%C3%A9"),
            ("x5c/(a)!*'", "x5c/(a)!*%27"),
            ("x5c/a+b,c;d:e~f_g-h$", "x5c/a+b,c;d:e~f_g-h$"),
            ("a#b\"[c]\u{7f}<>", "a%23b%22%5Bc%5D%7F%3C%3E"),
        ] {
            assert_eq!(encode_fragment(text), encoded);
        }
    }

    #[test]
    fn a_provisioner_is_named_once() {
        let audience = Audience::new(&ca(), Prefix::Bare, Operation::Sign)
            .of_provisioner("x5c", "first")
            .of_provisioner("x5c", "My Prov/é%1");
        assert_eq!(audience.as_str(), "https://ca.example.test/sign#x5c/My%20Prov/%C3%A9%251");
        assert_eq!(serde_json::to_value(&audience).unwrap(), audience.as_str());
    }

    #[test]
    fn an_audience_is_the_cas_under_one_of_its_names_and_for_an_operation() {
        for (audience, name, is_own) in [
            ("https://ca.example.test/1.0/sign", "ca.example.test", true),
            ("https://ca.example.test:9000/ssh/sign", "https://ca.example.test", true),
            ("https://ca.example.test/1.0/sign", "other.example.test", false),
            ("https://ca.example.test/1.0/version", "ca.example.test", false),
            ("https://ca.example.test/2.0/sign", "ca.example.test", false),
            ("https://ca.example.test", "ca.example.test", false),
            ("ca.example.test/1.0/sign", "ca.example.test", false),
            ("https://ca.example.test/1.0/sign#x5c/devices", "ca.example.test", false),
            ("https://kubernetes.default.svc", "ca.example.test", false),
            ("", "", false),
        ] {
            assert_eq!(is_audience_of(audience, name), is_own, "{audience} {name}");
        }
    }

    proptest! {
        #[test]
        fn an_encoded_fragment_is_ascii_and_decodes_to_the_text(text in ".*") {
            let encoded = encode_fragment(&text);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
            let mut bytes = Vec::new();
            let mut rest = encoded.as_bytes();
            while let Some((&first, tail)) = rest.split_first() {
                if first == b'%' {
                    let digits = std::str::from_utf8(&tail[..2]).unwrap();
                    bytes.push(u8::from_str_radix(digits, 16).unwrap());
                    rest = &tail[2..];
                } else {
                    bytes.push(first);
                    rest = tail;
                }
            }
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
    }
}
