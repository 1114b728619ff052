//! Errors in a list of provisioners or a ca.json.

use std::fmt;

use go_json::{Malformed, Syntax};
use token_text::{Excerpt, Several};

/// Why a list of provisioners or a ca.json cannot be used.
///
/// Messages name the place of the fault and never quote the value there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The document is not JSON as step-ca reads it (RFC 8259).
    #[error("not JSON: {0}")]
    Json(Malformed),

    /// The document is JSON, but not an object.
    #[error("the document is not a JSON object")]
    NotAnObject,

    /// A member of the document has the wrong type.
    #[error("`{member}` is not {expected}")]
    Member {
        /// The member with its path, such as `authority.provisioners`.
        member: String,
        /// What it should be.
        expected: Expected,
    },

    /// An entry of the list of provisioners is not an object.
    #[error("provisioners[{index}] is not an object")]
    Entry {
        /// Its place in the list, from 0.
        index: usize,
    },

    /// A member of a provisioner has the wrong type.
    #[error("provisioners[{index}] (`{}`): `{member}` is not {expected}", Excerpt(name))]
    Provisioner {
        /// Its place in the list, from 0.
        index: usize,
        /// Its name, as far as it could be read.
        name: String,
        /// The member with its path inside the provisioner.
        member: String,
        /// What it should be.
        expected: Expected,
    },

    /// The ca.json lists no usable provisioner.
    ///
    /// With `enable_admin` they are in the CA's database and only the CA itself can list them.
    #[error("{}", no_provisioners(*enable_admin, unknown_types))]
    NoProvisioners {
        /// Whether `authority.enableAdmin` is on.
        enable_admin: bool,
        /// The types of the entries that this crate does not know.
        unknown_types: Vec<String>,
    },

    /// The ca.json has no `dnsNames`.
    ///
    /// step-ca then uses the name localhost, so the file does not determine an audience.
    #[error("`dnsNames` is missing or empty, so there is no CA name to address a token to")]
    NoDnsNames,

    /// The first of `dnsNames` is not a host.
    #[error("`dnsNames` begins with `{}`, which is not a host", Excerpt(name))]
    DnsName {
        /// The name.
        name: String,
        /// Why it cannot be part of a URL.
        source: step_claims::Error,
    },
}

impl Error {
    /// Returns whether the document is UTF-16.
    #[must_use]
    pub fn is_utf_16(&self) -> bool {
        matches!(self, Self::Json(Malformed { fault: Syntax::Utf16, .. }))
    }
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Self::Json(malformed)
    }
}

fn no_provisioners(enable_admin: bool, unknown_types: &[String]) -> String {
    match (unknown_types.is_empty(), enable_admin) {
        (false, _) => {
            format!("`authority.provisioners` lists only unknown types: {}", Several(unknown_types))
        }
        (true, true) => "`authority.provisioners` is empty: with `enableAdmin` the CA keeps its \
                         provisioners in its database"
            .to_owned(),
        (true, false) => "`authority.provisioners` is missing or empty".to_owned(),
    }
}

/// What a member must be, to be read after "is not".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A string.
    String,
    /// An array of strings.
    Strings,
    /// A string or an array of strings.
    OneOrMore,
    /// `true` or `false`.
    Boolean,
    /// An object.
    Object,
    /// An array.
    Array,
    /// A string of padded standard base64 (RFC 4648 §4).
    Base64,
    /// A duration in Go's syntax, such as `24h` or `1h30m`.
    Duration,
}

impl From<go_json::Expected> for Expected {
    fn from(expected: go_json::Expected) -> Self {
        match expected {
            go_json::Expected::Strings => Self::Strings,
            go_json::Expected::Boolean => Self::Boolean,
            go_json::Expected::Object => Self::Object,
            go_json::Expected::Array => Self::Array,
            go_json::Expected::Base64 => Self::Base64,
            _ => Self::String,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "a string",
            Self::Strings => "an array of strings",
            Self::OneOrMore => "a string or an array of strings",
            Self::Boolean => "a boolean",
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Base64 => "a string of base64",
            Self::Duration => "a duration such as `24h`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_says_where_the_provisioners_are() {
        let error = |enable_admin, types: &[&str]| {
            let unknown_types = types.iter().map(|&kind| kind.to_owned()).collect();
            Error::NoProvisioners { enable_admin, unknown_types }.to_string()
        };
        assert_eq!(error(false, &[]), "`authority.provisioners` is missing or empty");
        assert!(error(true, &[]).contains("`enableAdmin`"));
        assert_eq!(
            error(false, &["EST"]),
            "`authority.provisioners` lists only unknown types: `EST`"
        );
    }
}
