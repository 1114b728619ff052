//! Name constraints (RFC 5280 §4.2.1.10) as the CA compares them.
//!
//! Source: Go, `crypto/x509/parser.go` (`parseNameConstraintsExtension`) and `constraints.go`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::verify::der::{Der, SEQUENCE, constructed, context};
use crate::verify::names::{Mailbox, domain_of_host, is_domain};

/// The names in a certificate's subject alternative name extension.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) dns: Vec<String>,
    pub(crate) emails: Vec<String>,
    /// Each with its host.
    pub(crate) uris: Vec<(String, Vec<u8>)>,
    pub(crate) addresses: Vec<IpAddr>,
}

impl Names {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { dns, emails, uris, addresses } = self;
        dns.is_empty() && emails.is_empty() && uris.is_empty() && addresses.is_empty()
    }
}

/// The names that a CA certificate permits and excludes below itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameConstraints {
    permitted: Subtrees,
    excluded: Subtrees,
}

/// One of the two lists, by the type of name.
#[derive(Clone, Debug, Default)]
struct Subtrees {
    dns: Vec<String>,
    emails: Vec<String>,
    uris: Vec<String>,
    networks: Vec<Network>,
}

/// A range of addresses: bits and mask, 4 or 16 bytes each.
#[derive(Clone, Debug)]
struct Network {
    address: Vec<u8>,
    mask: Vec<u8>,
}

/// Why a name does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameFault {
    /// The constraints permit others of its type, and not this one.
    NotPermitted,
    /// The constraints exclude it.
    Excluded,
    /// It cannot be compared, and so is refused.
    Unreadable,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPermitted => "do not permit",
            Self::Excluded => "exclude",
            Self::Unreadable => "cannot be compared with",
        })
    }
}

/// A name that does not pass.
#[derive(Debug)]
pub(crate) struct BadName {
    /// The type of name, with its article, and the name.
    pub(crate) name: String,
    pub(crate) fault: NameFault,
    /// Whether every CA refuses it: not where versions of Go differ.
    pub(crate) is_certain: bool,
}

impl NameConstraints {
    /// Reads the extension; the flag says whether it also constrains types of names that the CA
    /// does not know.
    pub(crate) fn read(value: &[u8]) -> Result<(Self, bool), &'static str> {
        let parts = || {
            let mut outer = Der::new(value);
            let mut inner = outer.inside(SEQUENCE).filter(|_| outer.is_empty())?;
            let permitted = inner.optional(constructed(0))?;
            let excluded = inner.optional(constructed(1))?;
            inner.is_empty().then_some([permitted, excluded])
        };
        let parts = parts().ok_or("has damaged name constraints")?;
        if parts.iter().all(|part| part.is_none_or(Der::is_empty)) {
            return Err("has empty name constraints");
        }
        let [permitted, excluded] = parts.map(|part| part.map_or(Ok(Default::default()), subtrees));
        let ((permitted, unknown), (excluded, unknown_too)) = (permitted?, excluded?);
        Ok((Self { permitted, excluded }, unknown || unknown_too))
    }

    /// Finds the first name that does not pass, in the CA's order.
    pub(crate) fn refused(&self, names: &Names) -> Option<BadName> {
        self.unreadable(names)
            .or_else(|| names.addresses.iter().find_map(|address| self.address(*address)))
            .or_else(|| names.dns.iter().find_map(|name| self.dns(name)))
            .or_else(|| names.uris.iter().find_map(|(uri, host)| self.uri(uri, host)))
            .or_else(|| names.emails.iter().find_map(|email| self.email(email)))
    }

    /// Any constraint makes the CA read every name, whatever its type.
    fn unreadable(&self, names: &Names) -> Option<BadName> {
        let bad = |name: String, is_certain| {
            Some(BadName { name, fault: NameFault::Unreadable, is_certain })
        };
        for (uri, host) in &names.uris {
            if domain_of_host(host).is_none() {
                // Before Go 1.26 only constraints on URIs did.
                let constrained =
                    !(self.permitted.uris.is_empty() && self.excluded.uris.is_empty());
                return bad(format!("the URI `{uri}`"), constrained);
            }
        }
        for email in &names.emails {
            if Mailbox::parse(email).is_none() {
                return bad(format!("the e-mail address `{email}`"), true);
            }
        }
        let name = names.dns.iter().find(|name| !is_domain(name.as_bytes(), false))?;
        bad(format!("the DNS name `{name}`"), true)
    }

    fn address(&self, address: IpAddr) -> Option<BadName> {
        let (permitted, excluded) = (&self.permitted.networks, &self.excluded.networks);
        let name = || format!("the IP address {address}");
        let holds = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        let found = |networks: &[Network]| found(networks, address);
        let before = judged(permitted, excluded, holds, holds, name);
        let since = judged(permitted, excluded, found, found, name);
        match (before, since) {
            (Some(bad), Some(_)) => Some(bad),
            (Some(bad), None) | (None, Some(bad)) => Some(BadName { is_certain: false, ..bad }),
            (None, None) => None,
        }
    }

    fn dns(&self, name: &str) -> Option<BadName> {
        let permits = |domains: &[String]| domains.iter().any(|domain| is_below(name, domain));
        let excludes = |domains: &[String]| {
            domains.iter().any(|domain| is_below(name, domain) || covers(name, domain))
        };
        judged(&self.permitted.dns, &self.excluded.dns, permits, excludes, || {
            format!("the DNS name `{name}`")
        })
    }

    fn uri(&self, uri: &str, host: &[u8]) -> Option<BadName> {
        let host = domain_of_host(host)?;
        let permits = |domains: &[String]| domains.iter().any(|domain| is_below(&host, domain));
        let excludes = |domains: &[String]| {
            domains.iter().any(|domain| is_below(&host, domain) || covers(&host, domain))
        };
        judged(&self.permitted.uris, &self.excluded.uris, permits, excludes, || {
            format!("the URI `{uri}`")
        })
    }

    fn email(&self, email: &str) -> Option<BadName> {
        let mailbox = Mailbox::parse(email)?;
        let is = |constraint: &String| match constraint.contains('@') {
            true => Mailbox::parse(constraint).as_ref() == Some(&mailbox),
            false => is_below(&mailbox.domain, constraint),
        };
        let permits = |list: &[String]| list.iter().any(is);
        let excludes = |list: &[String]| {
            list.iter().any(|constraint| {
                is(constraint) || (!constraint.contains('@') && covers(&mailbox.domain, constraint))
            })
        };
        judged(&self.permitted.emails, &self.excluded.emails, permits, excludes, || {
            format!("the e-mail address `{email}`")
        })
    }
}

/// Judges a name by the constraints of its type; without any it passes.
fn judged<T>(
    permitted: &[T],
    excluded: &[T],
    permits: impl Fn(&[T]) -> bool,
    excludes: impl Fn(&[T]) -> bool,
    name: impl Fn() -> String,
) -> Option<BadName> {
    let fault = if !permitted.is_empty() && !permits(permitted) {
        NameFault::NotPermitted
    } else if excludes(excluded) {
        NameFault::Excluded
    } else {
        return None;
    };
    Some(BadName { name: name(), fault, is_certain: true })
}

/// Returns whether Go finds an address in a list since 1.26: it sorts the networks by their address
/// as written, and looks at the last one that is not above the address. It misses a network that is
/// written with bits behind its mask, if another one lies between.
fn found(networks: &[Network], address: IpAddr) -> bool {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let mut sorted: Vec<&Network> =
        networks.iter().filter(|network| network.address.len() == bytes.len()).collect();
    sorted.sort_by(|a, b| (&a.address, &a.mask).cmp(&(&b.address, &b.mask)));
    sorted.dedup_by(|later, kept| kept.holds(later));
    let next = sorted.partition_point(|network| network.address < bytes);
    if sorted.get(next).is_some_and(|network| network.address == bytes) {
        return true;
    }
    sorted.get(next.saturating_sub(1)).is_some_and(|network| network.contains(address))
}

/// Returns whether a domain is the constraint or below it; one that begins with a dot only holds
/// what is below it. An empty one holds every domain.
fn is_below(domain: &str, constraint: &str) -> bool {
    if constraint.is_empty() {
        return true;
    }
    let Some(start) = domain.len().checked_sub(constraint.len()) else { return false };
    let (Some(before), Some(end)) =
        (domain.as_bytes().get(..start), domain.as_bytes().get(start..))
    else {
        return false;
    };
    end.eq_ignore_ascii_case(constraint.as_bytes())
        && (before.is_empty() || constraint.starts_with('.') || before.ends_with(b"."))
}

/// Returns whether a wildcard stands for a name that is excluded: `*.a.test` for `b.a.test`.
fn covers(wildcard: &str, excluded: &str) -> bool {
    let parent = |name: &str| name.find('.').and_then(|dot| name.get(dot..).map(str::to_owned));
    wildcard.starts_with('*')
        && match (parent(wildcard), parent(excluded)) {
            (Some(parent), Some(of)) => parent.eq_ignore_ascii_case(&of),
            _ => false,
        }
}

impl Network {
    /// Returns whether another network, from its address as written to its end, is in this one.
    fn holds(&self, other: &Self) -> bool {
        let last = other.address.iter().zip(&other.mask).map(|(byte, mask)| byte | !mask).collect();
        [other.address.clone(), last].into_iter().all(|bytes: Vec<u8>| {
            let address = match bytes.len() {
                4 => <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok(),
                _ => <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok(),
            };
            address.is_some_and(|address| self.contains(address))
        })
    }

    fn contains(&self, address: IpAddr) -> bool {
        // An IPv4-mapped address is the IPv4 address, on both sides.
        let mapped = |bytes: &[u8]| -> Vec<u8> {
            let octets: Option<[u8; 16]> = bytes.try_into().ok();
            match octets.and_then(|octets| Ipv6Addr::from(octets).to_ipv4_mapped()) {
                Some(address) => address.octets().to_vec(),
                None => bytes.to_vec(),
            }
        };
        let is_4 = self.address.len() == 4;
        let address = match address {
            IpAddr::V4(address) if is_4 => address.octets().to_vec(),
            IpAddr::V6(address) if !is_4 => mapped(&address.octets()),
            _ => return false,
        };
        let network = mapped(&self.address);
        let mask = self.mask.get(self.mask.len() - network.len()..).unwrap_or_default();
        network.len() == address.len()
            && network
                .iter()
                .zip(&address)
                .zip(mask)
                .all(|((own, other), mask)| own & mask == other & mask)
    }
}

/// Reads one of the two lists; the flag says whether it has types of names that are not known.
fn subtrees(mut list: Der<'_>) -> Result<(Subtrees, bool), &'static str> {
    const DAMAGED: &str = "has damaged name constraints";
    let mut read = Subtrees::default();
    let mut unknown = false;
    while !list.is_empty() {
        let base = list.inside(SEQUENCE).and_then(|mut tree| tree.any()).ok_or(DAMAGED)?;
        let text = || std::str::from_utf8(base.contents).ok().filter(|text| text.is_ascii());
        let domain = || text().filter(|text| is_domain(text.as_bytes(), true));
        if base.tag == context(2) {
            let domain = domain().ok_or("has a name constraint that is not a DNS name")?;
            read.dns.push(domain.to_owned());
        } else if base.tag == context(7) {
            let network = network(base.contents);
            read.networks.push(network.ok_or("has a name constraint that is not an IP network")?);
        } else if base.tag == context(1) {
            let email = text().filter(|text| match text.contains('@') {
                true => Mailbox::parse(text).is_some(),
                false => is_domain(text.as_bytes(), true),
            });
            let email = email.ok_or("has a name constraint that is not an e-mail address")?;
            read.emails.push(email.to_owned());
        } else if base.tag == context(6) {
            let domain = domain().filter(|domain| domain.parse::<IpAddr>().is_err());
            let domain = domain.ok_or("has a name constraint that is not the domain of a URI")?;
            read.uris.push(domain.to_owned());
        } else {
            unknown = true;
        }
    }
    Ok((read, unknown))
}

/// Reads address and mask; the mask is ones, then zeros.
fn network(bytes: &[u8]) -> Option<Network> {
    if bytes.len() != 8 && bytes.len() != 32 {
        return None;
    }
    let (address, mask) = bytes.split_at(bytes.len() / 2);
    let ones = mask.iter().take_while(|byte| **byte == 0xff).count();
    let rest = mask.get(ones..).unwrap_or_default();
    let (edge, zeros) = rest.split_first().unwrap_or((&0, &[]));
    let is_mask = edge.leading_ones() + edge.trailing_zeros() >= 8 && zeros.iter().all(|b| *b == 0);
    is_mask.then(|| Network { address: address.to_vec(), mask: mask.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_compared_by_labels_in_any_case() {
        assert!(
            is_below("a.Example.test", "example.TEST") && is_below("example.test", "example.test")
        );
        assert!(!is_below("badexample.test", "example.test") && !is_below("test", "example.test"));
        assert!(is_below("a.example.test", ".example.test"));
        assert!(!is_below("example.test", ".example.test"));
        assert!(is_below("anything", ""));
        assert!(covers("*.example.test", "b.example.test") && !covers("*.test", "b.example.test"));
    }

    #[test]
    fn a_network_with_bits_behind_its_mask_may_be_missed() {
        let net = |address: [u8; 4], ones: u32| {
            let mask = (!0_u32).checked_shl(32 - ones).unwrap_or_default().to_be_bytes();
            network(&[address, mask].concat()).unwrap()
        };
        let networks = vec![net([10, 0, 0, 0], 8), net([192, 168, 1, 1], 16)];
        let finds = |text: &str| found(&networks, text.parse().unwrap());
        assert!(finds("10.9.9.9") && finds("192.168.1.1") && finds("192.168.200.1"));
        assert!(!finds("192.168.0.5") && !finds("11.0.0.1") && !finds("::1"));
        let networks = NameConstraints {
            permitted: Subtrees { networks, ..Default::default() },
            excluded: Subtrees::default(),
        };
        let bad = networks.address("192.168.0.5".parse().unwrap()).unwrap();
        assert!(!bad.is_certain && bad.fault == NameFault::NotPermitted);
        assert!(networks.address("192.168.1.5".parse().unwrap()).is_none());
        assert!(networks.address("172.16.0.1".parse().unwrap()).unwrap().is_certain);
    }

    #[test]
    fn a_mask_is_ones_then_zeros() {
        let net = |mask: [u8; 4]| network(&[[10, 1, 2, 3], mask].concat());
        assert!(net([255, 255, 0, 0]).is_some() && net([255, 240, 0, 0]).is_some());
        assert!(net([0; 4]).is_some() && net([255; 4]).is_some());
        assert!(net([255, 0, 255, 0]).is_none() && net([255, 5, 0, 0]).is_none());
        let ten = net([255, 0, 0, 0]).unwrap();
        assert!(ten.contains("10.9.9.9".parse().unwrap()));
        assert!(!ten.contains("11.0.0.1".parse().unwrap()));
        assert!(!ten.contains("::ffff:10.9.9.9".parse().unwrap()));
    }
}
