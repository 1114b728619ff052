use std::fmt;
use std::str::FromStr;

use crate::api_table::{LATER, SERVICES};
use crate::nearest::nearest_or_longer;
use crate::role_error::RoleError;

/// A method of a service, as rules see it: `volume/create`.
///
/// Read from `SERVICE/METHOD` or from gRPC's full name,
/// `/openstorage.api.OpenStorageVolume/Create`; both parts in lowercase, the prefix dropped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiMethod {
    pub(crate) service: String,
    pub(crate) method: String,
    is_full: bool,
}

impl FromStr for ApiMethod {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let bare = text.strip_prefix('/').unwrap_or(text);
        match bare.split_once('/') {
            Some((service, method))
                if !service.is_empty() && !method.is_empty() && !method.contains('/') =>
            {
                let is_full = text.starts_with('/') || service.contains('.');
                let service = service.to_lowercase();
                let service = service.strip_prefix(PREFIX).unwrap_or(&service).to_owned();
                Ok(Self { service, method: method.to_lowercase(), is_full })
            }
            _ => Err(RoleError::NoMethod { text: text.to_owned() }),
        }
    }
}

impl ApiMethod {
    /// Returns every known method, service by service.
    pub fn all() -> impl Iterator<Item = Self> {
        let method = |service: &str, method: &str| Self {
            service: service.to_owned(),
            method: method.to_owned(),
            is_full: false,
        };
        let mut all: Vec<Self> = table()
            .flat_map(|(service, methods)| methods.iter().map(move |name| method(service, name)))
            .collect();
        all.sort_by(|one, other| (&one.service, &one.method).cmp(&(&other.service, &other.method)));
        all.into_iter()
    }

    /// Returns whether it was written with gRPC's full name, as an API description or a log has it.
    #[must_use]
    pub fn is_full_name(&self) -> bool {
        self.is_full
    }

    /// Returns why no known server has this method, if none has.
    ///
    /// A server that is newer than [this table](Self::all) may have it.
    #[must_use]
    pub fn unknown(&self) -> Option<UnknownMethod> {
        let methods = methods_of(&self.service);
        if methods.is_empty() {
            let services: Vec<&str> = services().collect();
            let nearest = nearest_or_longer(&self.service, &services).map(str::to_owned);
            return Some(UnknownMethod::Service { service: self.service.clone(), nearest });
        }
        (!methods.contains(&self.method.as_str())).then(|| UnknownMethod::Method {
            service: self.service.clone(),
            nearest: nearest_or_longer(&self.method, &methods).map(str::to_owned),
            method: self.method.clone(),
            methods,
        })
    }
}

impl fmt::Display for ApiMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.method)
    }
}

/// Why OpenStorage has no such method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownMethod {
    /// There is no service of this name.
    Service {
        /// The name.
        service: String,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// The service has no method of this name.
    Method {
        /// The service.
        service: String,
        /// The name.
        method: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// The methods that the service has.
        methods: Vec<&'static str>,
    },
}

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { service, .. } => write!(f, "OpenStorage has no service `{service}`"),
            Self::Method { service, method, .. } => {
                write!(f, "OpenStorage's service `{service}` has no method `{method}`")
            }
        }
    }
}

impl UnknownMethod {
    /// Returns what was probably meant, or what there is.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Service { nearest: Some(nearest), .. } => {
                format!("did you mean service `{nearest}`?")
            }
            Self::Service { nearest: None, .. } => {
                let services: Vec<&str> = services().collect();
                format!("the services are {}", services.join(", "))
            }
            Self::Method { service, nearest: Some(nearest), .. } => {
                format!("did you mean {service}/{nearest}?")
            }
            Self::Method { methods, .. } => format!("its methods are {}", methods.join(", ")),
        }
    }
}

/// Returns the services of every known server, as rules name them, in alphabetical order.
pub(crate) fn services() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&str> = table().map(|(service, _)| service).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter()
}

/// Returns the methods of a service in alphabetical order; none if there is no such service.
pub(crate) fn methods_of(service: &str) -> Vec<&'static str> {
    let of_service = table().filter(|(name, _)| *name == service);
    let mut methods: Vec<&str> = of_service.flat_map(|(_, methods)| methods).copied().collect();
    methods.sort_unstable();
    methods
}

fn table() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    SERVICES.into_iter().chain(LATER)
}

/// What gRPC names begin with.
const PREFIX: &str = "openstorage.api.openstorage";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unknown(text: &str) -> Option<(String, String)> {
        let unknown = text.parse::<ApiMethod>().unwrap().unknown();
        unknown.map(|unknown| (unknown.to_string(), unknown.way_out()))
    }

    #[test]
    fn a_method_that_no_server_has_is_told_with_the_nearest() {
        for known in [
            "volume/create",
            "VOLUME/Inspect",
            "/openstorage.api.OpenStorageRole/Create",
            "openstorage.api.OpenStorageWatch/Watch",
            "filesystemcheck/start",
            "filesystemcheck/listvolumes",
        ] {
            assert_eq!(unknown(known), None, "{known}");
        }
        for (text, why, way_out) in [
            ("volume/inspectt", "service `volume` has no method `inspectt`", "volume/inspect?"),
            ("volumes/create", "no service `volumes`", "did you mean service `volume`?"),
            ("OpenStorageRole/Create", "no service `openstoragerole`", "the services are alerts,"),
            ("identity/create", "service `identity` has", "its methods are capabilities, version"),
            ("/grpc.health.v1.Health/Check", "no service `grpc.health.v1.health`", "the services"),
        ] {
            let (told, out) = unknown(text).unwrap();
            assert!(told.contains(why) && out.contains(way_out), "{text}: {told}; {out}");
        }
    }

    #[test]
    fn a_full_name_is_told_from_a_short_one() {
        let is_full = |text: &str| text.parse::<ApiMethod>().unwrap().is_full_name();
        assert!(is_full("/volume/create") && is_full("openstorage.api.OpenStorageNew/Start"));
        assert!(!is_full("volume/create"));
    }

    #[test]
    fn every_method_is_listed_once() {
        let all: Vec<String> = ApiMethod::all().map(|method| method.to_string()).collect();
        assert_eq!(all.len(), 124);
        assert!(all.is_sorted_by(|one, other| one < other), "{all:?}");
    }

    proptest! {
        #[test]
        fn a_method_is_known_exactly_if_it_is_listed(text in "/{0,1}[A-Za-z.]{0,8}/[A-Za-z]{0,8}|[a-z]{4,7}/(create|inspect|start)") {
            if let Ok(method) = text.parse::<ApiMethod>() {
                let name = method.to_string();
                let listed = ApiMethod::all().any(|known| known.to_string() == name);
                prop_assert_eq!(method.unknown().is_none(), listed);
                let again: ApiMethod = name.parse().unwrap();
                prop_assert_eq!(again.to_string(), name);
            }
        }
    }

    #[test]
    fn what_names_no_method_is_refused() {
        for text in ["", "volume", "/volume", "a/b/c", "/", "volume/", "//x"] {
            assert!(text.parse::<ApiMethod>().is_err(), "{text}");
        }
    }
}
