//! Which redirects are followed.
//!
//! reqwest could follow them too, but its errors then name only the first address.

use reqwest::Method;
use url::Url;

use crate::fault::request::RequestFault;

/// The most redirects that are followed in a row.
pub(crate) const MOST: usize = 10;

/// Returns where an answer redirects to: only to `https`, because that server must match the same
/// trust anchors. An answer without a redirect is final.
///
/// Source: RFC 9110 §15.4, §10.2.2.
pub(crate) fn target(
    status: u16,
    location: Option<&str>,
    from: &Url,
) -> Result<Option<Url>, RequestFault> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(mut to) = location.and_then(|location| from.join(location).ok()) else {
        return Ok(None);
    };
    to.set_fragment(None);
    if to.scheme() == "https" {
        Ok(Some(to))
    } else {
        Err(RequestFault::InsecureRedirect { to: to.into() })
    }
}

/// Returns whether method and body stay the same; otherwise the target is requested with GET.
pub(crate) fn keeps_method(status: u16, method: &Method) -> bool {
    matches!(status, 307 | 308) || method == Method::GET
}

/// Returns whether both are the same server, which may get the same credentials.
pub(crate) fn same_origin(from: &Url, to: &Url) -> bool {
    from.origin() == to.origin()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from() -> Url {
        Url::parse("https://ca.test:9000/a/b?c").unwrap()
    }

    fn to(status: u16, location: &str) -> Option<String> {
        target(status, Some(location), &from()).unwrap().map(String::from)
    }

    #[test]
    fn five_statuses_lead_elsewhere() {
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(to(status, "x").as_deref(), Some("https://ca.test:9000/a/x"), "{status}");
            assert!(target(status, None, &from()).unwrap().is_none());
        }
        for status in [200, 300, 304, 305, 404] {
            assert_eq!(to(status, "x"), None, "{status}");
        }
    }

    #[test]
    fn a_location_is_read_from_where_it_was_found() {
        assert_eq!(to(302, "/x#y").as_deref(), Some("https://ca.test:9000/x"));
        assert_eq!(to(302, "//other.test/x").as_deref(), Some("https://other.test/x"));
        assert_eq!(to(302, "https://["), None);
        for insecure in ["http://ca.test:9000/x", "ftp://ca.test/", "file:///etc/passwd"] {
            let fault = target(302, Some(insecure), &from()).unwrap_err();
            assert!(matches!(fault, RequestFault::InsecureRedirect { .. }), "{insecure}");
        }
    }

    #[test]
    fn a_post_becomes_a_get_unless_the_status_forbids_it() {
        for status in [301, 302, 303] {
            assert!(!keeps_method(status, &Method::POST) && keeps_method(status, &Method::GET));
        }
        assert!(keeps_method(307, &Method::POST) && keeps_method(308, &Method::POST));
    }

    #[test]
    fn an_origin_is_host_and_port() {
        let same = |to| same_origin(&from(), &Url::parse(to).unwrap());
        assert!(same("https://CA.test:9000/x"));
        assert!(!same("https://ca.test/x") && !same("https://other.test:9000/x"));
    }

    proptest! {
        #[test]
        fn an_arbitrary_location_never_panics_and_leads_to_https(location in ".{0,60}") {
            if let Ok(Some(to)) = target(302, Some(&location), &from()) {
                prop_assert_eq!(to.scheme(), "https");
            }
        }
    }
}
