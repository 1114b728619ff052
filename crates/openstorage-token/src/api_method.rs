use std::fmt;
use std::str::FromStr;

use crate::role_error::RoleError;

/// A method of a service, as rules see it: `volume/create`.
///
/// Read from `SERVICE/METHOD` or from gRPC's full name,
/// `/openstorage.api.OpenStorageVolume/Create`; both parts in lowercase, the prefix dropped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiMethod {
    pub(crate) service: String,
    pub(crate) method: String,
}

impl FromStr for ApiMethod {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let bare = text.strip_prefix('/').unwrap_or(text);
        match bare.split_once('/') {
            Some((service, method))
                if !service.is_empty() && !method.is_empty() && !method.contains('/') =>
            {
                let service = service.to_lowercase();
                let service = service.strip_prefix(PREFIX).unwrap_or(&service).to_owned();
                Ok(Self { service, method: method.to_lowercase() })
            }
            _ => Err(RoleError::NoMethod { text: text.to_owned() }),
        }
    }
}

impl ApiMethod {
    /// Returns whether OpenStorage has this service; a mistyped name asks about nothing.
    #[must_use]
    pub fn has_known_service(&self) -> bool {
        SERVICES.contains(&self.service.as_str())
    }

    /// The services of OpenStorage, as rules name them.
    ///
    /// Source: OpenStorage, `api/api.proto`, version 9.4.
    #[must_use]
    pub fn services() -> &'static [&'static str] {
        &SERVICES
    }
}

impl fmt::Display for ApiMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.method)
    }
}

/// What gRPC names begin with.
const PREFIX: &str = "openstorage.api.openstorage";

const SERVICES: [&str; 24] = [
    "alerts",
    "bucket",
    "cloudbackup",
    "cluster",
    "clusterdomains",
    "clusterpair",
    "credentials",
    "diags",
    "filesystemcheck",
    "filesystemtrim",
    "identity",
    "job",
    "migrate",
    "mountattach",
    "node",
    "objectstore",
    "policy",
    "pool",
    "role",
    "schedulepolicy",
    "storagepolicy",
    "verifychecksum",
    "volume",
    "watch",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_mistyped_is_unknown() {
        let known = |text: &str| text.parse::<ApiMethod>().unwrap().has_known_service();
        assert!(known("volume/create") && known("/openstorage.api.OpenStorageRole/Create"));
        assert!(!known("volumes/create") && !known("OpenStorageRole/Create"));
    }

    #[test]
    fn what_names_no_method_is_refused() {
        for text in ["", "volume", "/volume", "a/b/c", "/", "volume/", "//x"] {
            assert!(text.parse::<ApiMethod>().is_err(), "{text}");
        }
    }
}
