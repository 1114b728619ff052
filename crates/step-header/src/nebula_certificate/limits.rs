//! Whether a Nebula CA signed a certificate, and could.
//!
//! Source: slackhq/nebula 1.10.3, `cert/ca_pool.go` (`checkCAConstraints`), `CheckSignature` in
//! `cert/cert_v1.go` and `cert/cert_v2.go`.

use std::net::IpAddr;

use token_jose::{Algorithm, KeyKind, PublicKey};
use token_time::Timestamp;

use super::certificate::{NebulaCertificate, NebulaCurve, NebulaNetwork};

impl NebulaCertificate {
    /// Returns whether a CA certificate's key signed this one; a CA certificate signs itself.
    #[must_use]
    pub fn is_signed_by(&self, ca: &Self) -> bool {
        let signed = &self.signed;
        let verified = match self.curve {
            NebulaCurve::Curve25519 => PublicKey::from_raw(KeyKind::Ed25519, &ca.public_key)
                .and_then(|key| key.verify(Algorithm::EdDsa, signed, &self.signature)),
            NebulaCurve::P256 => PublicKey::from_raw(KeyKind::P256, &ca.public_key)
                .and_then(|key| key.verify_x509(ECDSA_SHA256, &[], signed, &self.signature)),
        };
        verified.is_ok()
    }

    /// Returns what a certificate has that its CA may not give it, to be read after its name.
    #[must_use]
    pub fn beyond(&self, ca: &Self) -> Option<String> {
        let name = ca.name();
        let time = |seconds| Timestamp::from_unix_seconds(seconds);
        if self.not_after > ca.not_after {
            return Some(format!("ends after its CA `{name}`, at {}", time(ca.not_after)));
        }
        if self.not_before < ca.not_before {
            return Some(format!("begins before its CA `{name}`, at {}", time(ca.not_before)));
        }
        let foreign = |group: &&String| !ca.groups.is_empty() && !ca.groups.contains(group);
        if let Some(group) = self.groups.iter().find(foreign) {
            return Some(format!("has the group `{group}`, which its CA `{name}` does not have"));
        }
        if let Some(network) = outside(&self.networks, &ca.networks) {
            return Some(format!("has the network {network}, which is outside those of `{name}`"));
        }
        let network = outside(&self.unsafe_networks, &ca.unsafe_networks)?;
        Some(format!("has the unsafe network {network}, which is outside those of `{name}`"))
    }
}

/// Finds a network that is part of none of these; without any, every network is allowed.
fn outside<'a>(
    networks: &'a [NebulaNetwork],
    allowed: &[NebulaNetwork],
) -> Option<&'a NebulaNetwork> {
    let is_outside = |network: &&NebulaNetwork| !allowed.iter().any(|it| it.holds(network));
    networks.iter().find(|network| !allowed.is_empty() && is_outside(network))
}

impl NebulaNetwork {
    fn holds(&self, other: &Self) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        let ((own, width), (others, others_width)) = (bits(self.address), bits(other.address));
        let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or_default();
        width == others_width && self.prefix <= other.prefix && own & mask == others & mask
    }
}

/// The contents of 1.2.840.10045.4.3.2 (RFC 5758 §3.2).
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::vector;

    fn read(name: &str) -> NebulaCertificate {
        NebulaCertificate::parse(&vector(&format!("nebula/{name}"))).unwrap()
    }

    #[test]
    fn every_ca_signed_itself_and_its_hosts_and_no_other() {
        for (host, ca) in [
            ("host-v1.crt", "ca.crt"),
            ("host-v2.crt", "ca-v2.crt"),
            ("host-p256.crt", "ca-p256.crt"),
        ] {
            let (host, ca) = (read(host), read(ca));
            assert!(host.is_signed_by(&ca) && ca.is_signed_by(&ca), "{}", host.name());
            assert!(!host.is_signed_by(&host), "{}", host.name());
            let mut changed = host.clone();
            changed.signed.push(0);
            assert!(!changed.is_signed_by(&ca), "{}", host.name());
            assert_eq!(host.beyond(&ca), None);
        }
        assert!(!read("host-v2.crt").is_signed_by(&read("ca.crt")));
    }

    #[test]
    fn what_the_ca_may_not_give_is_named() {
        let (host, ca) = (read("host-v1.crt"), read("ca.crt"));
        let beyond = |change: fn(&mut NebulaCertificate, &mut NebulaCertificate)| {
            let (mut host, mut ca) = (host.clone(), ca.clone());
            change(&mut host, &mut ca);
            host.beyond(&ca).unwrap_or_default()
        };
        assert!(
            beyond(|host, ca| host.not_after = ca.not_after + 1).starts_with("ends after its CA")
        );
        assert!(
            beyond(|host, ca| host.not_before = ca.not_before - 1).starts_with("begins before")
        );
        assert_eq!(
            beyond(|_, ca| ca.groups = vec!["db".to_owned()]),
            "has the group `web`, which its CA `Test Nebula CA` does not have"
        );
        let network = |text: &str| {
            let (address, prefix) = text.split_once('/').unwrap();
            NebulaNetwork { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
        };
        for (allowed, is_within) in [
            ("10.1.0.0/16", true),
            ("10.1.200.7/16", true),
            ("10.0.0.0/8", true),
            ("0.0.0.0/0", true),
            ("10.1.0.0/24", false),
            ("10.2.0.0/16", false),
            ("::/0", false),
        ] {
            let own = [network("10.1.0.1/16")];
            assert_eq!(outside(&own, &[network(allowed)]).is_none(), is_within, "{allowed}");
        }
        assert_eq!(outside(&[network("10.1.0.1/16")], &[]), None);
    }
}
