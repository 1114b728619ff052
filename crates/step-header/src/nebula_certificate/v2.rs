//! Nebula certificates of version 2, in ASN.1 (DER).
//!
//! ```asn1
//! Certificate ::= SEQUENCE {              -- automatic tags, so [0], [1] and so on, implicit
//!   details   Details,
//!   curve     ENUMERATED DEFAULT 0,       -- 0 is Curve25519, 1 is P-256
//!   publicKey OCTET STRING,
//!   signature OCTET STRING }
//! Details ::= SEQUENCE {
//!   name           UTF8String,            -- 1 to 253 bytes
//!   networks       SEQUENCE OF OCTET STRING OPTIONAL,  -- address, one byte of prefix length
//!   unsafeNetworks SEQUENCE OF OCTET STRING OPTIONAL,
//!   groups         SEQUENCE OF UTF8String OPTIONAL,
//!   isCA           BOOLEAN DEFAULT FALSE,
//!   notBefore      INTEGER,
//!   notAfter       INTEGER,
//!   issuer         OCTET STRING OPTIONAL,
//!   ... }
//! ```
//!
//! As in nebula, data after the issuer is skipped: future fields go there. Data
//! after the signature is refused, although nebula skips it: no signature covers it, and no
//! fingerprint.
//!
//! Source: slackhq/nebula 1.10.3, `cert/cert_v2.asn1` and `cert/cert_v2.go`.

use std::collections::HashSet;
use std::net::IpAddr;

use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{Decode as _, Reader as _, SliceReader, Tag, TagNumber};
use sha2::{Digest, Sha256};

use super::certificate::{NebulaCertificate, NebulaNetwork, NebulaVersion, curve, issuer, text};
use super::fault::{NebulaFault, malformed};

/// Reads a certificate without its PEM.
pub(super) fn read(bytes: &[u8]) -> Result<NebulaCertificate, NebulaFault> {
    let mut outer = Fields::of(bytes, "DER sequence")?;
    let mut fields = Fields::of(outer.next(Tag::Sequence, "DER sequence")?, "DER sequence")?;
    outer.end("DER sequence")?;

    let details = fields.clone().next(constructed(TagNumber::N0), "details")?;
    let whole_details = fields.whole("details")?;
    let curve_number = match fields.optional(primitive(TagNumber::N1), "curve")? {
        None => 0,
        Some(&[number]) => number,
        Some(_) => return Err(damaged("curve")),
    };
    let public_key = fields.next(primitive(TagNumber::N2), "public key")?;
    let signature = fields.next(primitive(TagNumber::N3), "signature")?;
    fields.end("signature")?;
    if signature.is_empty() {
        return Err(malformed("it has no signature"));
    }

    let mut fingerprint = Sha256::new();
    for part in [whole_details, &[curve_number], public_key, signature] {
        fingerprint.update(part);
    }

    let mut fields = Fields::of(details, "details")?;
    let certificate = NebulaCertificate {
        version: NebulaVersion::V2,
        name: name(fields.next(primitive(TagNumber::N0), "name")?)?,
        networks: networks(fields.optional(constructed(TagNumber::N1), "networks")?)?,
        unsafe_networks: networks(fields.optional(constructed(TagNumber::N2), "unsafe networks")?)?,
        groups: groups(fields.optional(constructed(TagNumber::N3), "groups")?)?,
        is_ca: match fields.optional(primitive(TagNumber::N4), "CA mark")? {
            None => false,
            Some(&[mark]) => mark != 0,
            Some(_) => return Err(damaged("CA mark")),
        },
        not_before: seconds(&mut fields, TagNumber::N5, "start of validity")?,
        not_after: seconds(&mut fields, TagNumber::N6, "end of validity")?,
        issuer: issuer(fields.optional(primitive(TagNumber::N7), "issuer")?.unwrap_or_default())?,
        curve: curve(curve_number.into())?,
        public_key: public_key.to_vec(),
        fingerprint: fingerprint.finalize().into(),
        signed: [whole_details, &[curve_number], public_key].concat(),
        signature: signature.to_vec(),
        raw: bytes.to_vec(),
    };
    check(&certificate)?;
    Ok(certificate)
}

fn name(bytes: &[u8]) -> Result<String, NebulaFault> {
    if !(1..=MOST_NAME).contains(&bytes.len()) {
        let len = bytes.len();
        return Err(malformed(format!("its name has {len} bytes, not 1 to {MOST_NAME}")));
    }
    text(bytes, "its name")
}

fn groups(list: Option<&[u8]>) -> Result<Vec<String>, NebulaFault> {
    let mut fields = Fields::of(list.unwrap_or_default(), "groups")?;
    let mut groups = Vec::new();
    while let Some(group) = fields.optional(Tag::Utf8String, "groups")? {
        if group.is_empty() {
            return Err(malformed("one of its groups has no name"));
        }
        groups.push(text(group, "one of its groups")?);
    }
    fields.end("groups")?;
    Ok(groups)
}

fn networks(list: Option<&[u8]>) -> Result<Vec<NebulaNetwork>, NebulaFault> {
    let mut fields = Fields::of(list.unwrap_or_default(), "networks")?;
    let mut networks = Vec::new();
    while let Some(network) = fields.optional(Tag::OctetString, "networks")? {
        networks.push(self::network(network).ok_or_else(|| damaged("networks"))?);
    }
    fields.end("networks")?;
    Ok(networks)
}

fn network(bytes: &[u8]) -> Option<NebulaNetwork> {
    let (&prefix, address) = bytes.split_last()?;
    let (address, most) = if let Ok(address) = <[u8; 4]>::try_from(address) {
        (IpAddr::from(address), 32)
    } else {
        (IpAddr::from(<[u8; 16]>::try_from(address).ok()?), 128)
    };
    (prefix <= most).then_some(NebulaNetwork { address, prefix })
}

/// Reads seconds since the Unix epoch.
fn seconds(fields: &mut Fields<'_>, tag: TagNumber, what: &str) -> Result<i64, NebulaFault> {
    let value = fields.next(primitive(tag), what)?;
    let number = AnyRef::new(Tag::Integer, value).and_then(|any| any.decode_as::<i64>());
    number.map_err(|_| damaged(what))
}

/// Checks what nebula requires of networks in version 2 only.
fn check(certificate: &NebulaCertificate) -> Result<(), NebulaFault> {
    let NebulaCertificate { networks, unsafe_networks, .. } = certificate;
    for network in networks {
        if matches!(network.address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some()) {
            return Err(malformed(format!("its network {network} is IPv4 written as IPv6")));
        }
    }
    for list in [networks, unsafe_networks] {
        let mut seen = HashSet::new();
        if let Some(twice) = list.iter().find(|network| !seen.insert(**network)) {
            return Err(malformed(format!("it has the network {twice} twice")));
        }
    }
    let has_v4 = networks.iter().any(|network| network.address.is_ipv4());
    let has_v6 = networks.iter().any(|network| network.address.is_ipv6());
    let unreached = unsafe_networks.iter().find(|network| match network.address {
        IpAddr::V4(_) => !has_v4,
        IpAddr::V6(_) => !has_v6,
    });
    match unreached {
        Some(network) if !certificate.is_ca => Err(malformed(format!(
            "it has the unsafe network {network}, but no address of that family"
        ))),
        _ => Ok(()),
    }
}

/// A sequence of elements.
#[derive(Clone)]
struct Fields<'a>(SliceReader<'a>);

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8], what: &str) -> Result<Self, NebulaFault> {
        SliceReader::new(bytes).map(Self).map_err(|_| damaged(what))
    }

    /// Returns the contents of the next element, if it has this tag.
    fn optional(&mut self, tag: Tag, what: &str) -> Result<Option<&'a [u8]>, NebulaFault> {
        if self.0.peek_byte() != Some(tag.octet()) {
            return Ok(None);
        }
        let element = AnyRef::decode(&mut self.0).map_err(|_| damaged(what))?;
        Ok(Some(element.value()))
    }

    /// Returns the contents of the next element, which must have this tag.
    fn next(&mut self, tag: Tag, what: &str) -> Result<&'a [u8], NebulaFault> {
        self.optional(tag, what)?.ok_or_else(|| malformed(format!("it has no {what}")))
    }

    /// Returns the next element with its tag and length.
    fn whole(&mut self, what: &str) -> Result<&'a [u8], NebulaFault> {
        self.0.tlv_bytes().map_err(|_| damaged(what))
    }

    fn end(&self, what: &str) -> Result<(), NebulaFault> {
        if self.0.is_finished() {
            return Ok(());
        }
        Err(malformed(format!("unexpected data follows its {what}")))
    }
}

fn damaged(what: &str) -> NebulaFault {
    malformed(format!("its {what} cannot be read"))
}

const fn primitive(number: TagNumber) -> Tag {
    Tag::ContextSpecific { constructed: false, number }
}

const fn constructed(number: TagNumber) -> Tag {
    Tag::ContextSpecific { constructed: true, number }
}

/// The longest name, in bytes: the limit of DNS names (`MaxNameLength`).
const MOST_NAME: usize = 253;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::nebula_certificate::certificate::NebulaCurve;

    const KEY: [u8; 32] = [7; 32];

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = content.len();
        let len = match u8::try_from(len) {
            Ok(len) if len < 0x80 => vec![len],
            Ok(len) => vec![0x81, len],
            Err(_) => [vec![0x82], u16::try_from(len).unwrap().to_be_bytes().to_vec()].concat(),
        };
        [vec![tag], len, content.to_vec()].concat()
    }

    fn list(tag: u8, of: u8, items: &[&[u8]]) -> Vec<u8> {
        element(tag, &items.iter().flat_map(|item| element(of, item)).collect::<Vec<_>>())
    }

    /// The fields of a host at 10.0.0.1/24, by their numbers.
    fn details() -> Vec<Vec<u8>> {
        vec![
            element(0x80, b"host"),
            list(0xa1, 4, &[&[10, 0, 0, 1, 24]]),
            vec![],
            vec![],
            vec![],
            element(0x85, &[5]),
            element(0x86, &[6]),
            vec![],
        ]
    }

    fn details_with(number: usize, field: Vec<u8>) -> Vec<u8> {
        let mut details = details();
        details[number] = field;
        element(0xa0, &details.concat())
    }

    fn certificate(details: Vec<u8>) -> Vec<u8> {
        outer(&[details, element(0x82, &KEY), element(0x83, b"signature")])
    }

    fn outer(fields: &[Vec<u8>]) -> Vec<u8> {
        element(0x30, &fields.concat())
    }

    fn host_with(number: usize, field: Vec<u8>) -> Vec<u8> {
        certificate(details_with(number, field))
    }

    fn parse(bytes: &[u8]) -> Result<NebulaCertificate, NebulaFault> {
        NebulaCertificate::from_wire(NebulaVersion::V2, bytes)
    }

    fn fault(bytes: &[u8]) -> String {
        let message = parse(bytes).unwrap_err().to_string();
        message.strip_prefix("is not a Nebula certificate: ").unwrap().to_owned()
    }

    fn shown(networks: &[NebulaNetwork]) -> Vec<String> {
        networks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn fields_left_out_have_their_defaults() {
        let host = parse(&certificate(element(0xa0, &details().concat()))).unwrap();
        assert_eq!((host.name(), host.curve()), ("host", NebulaCurve::Curve25519));
        assert_eq!((host.not_before(), host.not_after(), host.issuer()), (5, 6, None));
        assert!(!host.is_ca() && host.groups().is_empty() && host.unsafe_networks().is_empty());
    }

    #[test]
    fn networks_are_of_both_families() {
        let v6 = [&[0xfd; 1][..], &[0; 14], &[1, 64]].concat();
        let networks = list(0xa1, 4, &[&[10, 0, 0, 1, 24], &v6]);
        let unsafe_networks = list(0xa2, 4, &[&[0; 5], &[0; 17]]);
        let host = parse(&host_with(1, [networks, unsafe_networks].concat())).unwrap();
        assert_eq!(shown(host.networks()), ["10.0.0.1/24", "fd00::1/64"]);
        assert_eq!(shown(host.unsafe_networks()), ["0.0.0.0/0", "::/0"]);
    }

    #[test]
    fn groups_are_read_in_order() {
        let host = parse(&host_with(3, list(0xa3, 12, &[b"web", "é".as_bytes()]))).unwrap();
        assert_eq!(host.groups(), ["web", "é"]);
    }

    #[test]
    fn a_ca_needs_no_network_and_may_have_any_unsafe_one() {
        let mut fields = details();
        fields[1] = list(0xa2, 4, &[&[0; 17]]);
        fields[4] = element(0x84, &[0xff]);
        let ca = parse(&certificate(element(0xa0, &fields.concat()))).unwrap();
        assert!(ca.is_ca() && ca.networks().is_empty());
    }

    #[test]
    fn fields_to_come_are_skipped_behind_the_issuer() {
        let host = host_with(7, [element(0x87, &[1; 32]), element(0x88, b"new")].concat());
        assert_eq!(parse(&host).unwrap().issuer(), Some(&[1; 32]));
    }

    #[test]
    fn what_breaks_off_or_goes_on_is_refused() {
        let whole = certificate(element(0xa0, &details().concat()));
        for len in 0..whole.len() {
            assert!(parse(&whole[..len]).is_err(), "{len}");
        }
        assert_eq!(fault(b""), "it has no DER sequence");
        assert_eq!(fault(b"\x31\x00"), "it has no DER sequence");
        assert_eq!(fault(b"\x30\x01"), "its DER sequence cannot be read");
        assert_eq!(fault(b"\x30\x80\x00\x00"), "its DER sequence cannot be read");
        // DER requires the short form of a length (X.690 §10.1).
        assert_eq!(fault(b"\x30\x81\x01\x00"), "its DER sequence cannot be read");
        assert_eq!(
            fault(&[whole.as_slice(), b"\0"].concat()),
            "unexpected data follows its DER sequence"
        );
        let details = element(0xa0, &details().concat());
        let fields = [details, element(0x82, &KEY), element(0x83, b"s"), element(0x84, b"")];
        assert_eq!(fault(&outer(&fields)), "unexpected data follows its signature");
    }

    #[test]
    fn a_certificate_has_all_its_parts() {
        let details = element(0xa0, &details().concat());
        let (key, signature) = (element(0x82, &KEY), element(0x83, b"s"));
        let [d, k, s] = [&details, &key, &signature].map(Clone::clone);
        assert_eq!(fault(&outer(&[k.clone(), s.clone()])), "it has no details");
        assert_eq!(fault(&outer(&[])), "it has no details");
        assert_eq!(fault(&outer(&[vec![0xa0, 1]])), "its details cannot be read");
        assert_eq!(fault(&outer(&[d.clone(), s.clone()])), "it has no public key");
        assert_eq!(fault(&outer(&[d.clone(), s, k.clone()])), "it has no public key");
        assert_eq!(fault(&outer(&[d.clone(), k.clone()])), "it has no signature");
        assert_eq!(fault(&outer(&[d, k, element(0x83, b"")])), "it has no signature");
    }

    #[test]
    fn the_curve_is_one_byte_and_tells_the_length_of_the_key() {
        let of = |curve: &[u8], key: &[u8]| {
            let details = element(0xa0, &details().concat());
            let key = element(0x82, key);
            outer(&[details, element(0x81, curve), key, element(0x83, b"s")])
        };
        let point = [&[4][..], &[1; 64]].concat();
        assert_eq!(parse(&of(&[0], &KEY)).unwrap().curve(), NebulaCurve::Curve25519);
        assert_eq!(parse(&of(&[1], &point)).unwrap().curve(), NebulaCurve::P256);
        assert_eq!(fault(&of(&[2], &KEY)), "its curve has the unknown number 2");
        assert_eq!(fault(&of(&[0, 1], &KEY)), "its curve cannot be read");
        assert_eq!(fault(&of(&[], &KEY)), "its curve cannot be read");
        assert_eq!(
            fault(&of(&[0], &point)),
            "its public key has 65 bytes; a key on Curve25519 has 32"
        );
        assert_eq!(
            fault(&of(&[1], &KEY)),
            "its public key has 32 bytes; an uncompressed point of P-256 has 65"
        );
        assert_eq!(
            fault(&of(&[1], &[2; 65])),
            "its public key is not an uncompressed point of P-256"
        );
    }

    #[test]
    fn details_have_a_name_and_times() {
        assert_eq!(fault(&host_with(0, vec![])), "it has no name");
        assert_eq!(fault(&host_with(0, element(0x80, b""))), "its name has 0 bytes, not 1 to 253");
        assert!(parse(&host_with(0, element(0x80, &[b'a'; 253]))).is_ok());
        assert_eq!(
            fault(&host_with(0, element(0x80, &[b'a'; 254]))),
            "its name has 254 bytes, not 1 to 253"
        );
        assert_eq!(fault(&host_with(0, element(0x80, b"\xff"))), "its name is not UTF-8");
        assert_eq!(fault(&host_with(5, vec![])), "it has no start of validity");
        assert_eq!(fault(&host_with(6, vec![])), "it has no end of validity");
        for number in [&[][..], &[0, 1], &[0xff, 0xff], &[1; 9], &[0, 0x80, 0, 0, 0, 0, 0, 0, 0]] {
            let message = "its end of validity cannot be read";
            assert_eq!(fault(&host_with(6, element(0x86, number))), message, "{number:?}");
        }
        let before = parse(&host_with(5, element(0x85, &[0xff]))).unwrap();
        assert_eq!(before.not_before(), -1);
    }

    #[test]
    fn marks_and_issuers_have_their_length() {
        for mark in [&[][..], &[0xff, 0xff]] {
            assert_eq!(fault(&host_with(4, element(0x84, mark))), "its CA mark cannot be read");
        }
        assert_eq!(
            fault(&host_with(7, element(0x87, &[1; 33]))),
            "its issuer has 33 bytes; a fingerprint has 32"
        );
    }

    #[test]
    fn groups_are_names() {
        let with = |of, group| fault(&host_with(3, list(0xa3, of, &[group])));
        assert_eq!(with(12, b"\xff"), "one of its groups is not UTF-8");
        assert_eq!(with(12, b""), "one of its groups has no name");
        assert_eq!(with(4, b"web"), "unexpected data follows its groups");
    }

    #[test]
    fn networks_are_addresses_with_a_prefix() {
        let with = |networks: &[&[u8]]| fault(&host_with(1, list(0xa1, 4, networks)));
        let none = "it has no network, and only a CA may have none";
        assert_eq!(fault(&host_with(1, vec![])), none);
        assert_eq!(with(&[]), none);
        let mapped = [&[0; 10][..], &[0xff, 0xff, 10, 0, 0, 1, 120]].concat();
        let cases: [(&[u8], &str); 8] = [
            (&[], "its networks cannot be read"),
            (&[8], "its networks cannot be read"),
            (&[10, 0, 0, 1], "its networks cannot be read"),
            (&[10, 0, 0, 1, 33], "its networks cannot be read"),
            (&[1; 18], "its networks cannot be read"),
            (&[0xfd; 17], "its networks cannot be read"),
            (&[0, 0, 0, 0, 8], "0.0.0.0/8 cannot be a network of a certificate"),
            (&mapped, "its network ::ffff:10.0.0.1/120 is IPv4 written as IPv6"),
        ];
        for (network, message) in cases {
            assert_eq!(with(&[network]), message, "{network:?}");
        }
        let (first, other): (&[u8], &[u8]) = (&[10, 0, 0, 1, 24], &[10, 0, 0, 1, 25]);
        assert_eq!(with(&[first, other, first]), "it has the network 10.0.0.1/24 twice");
        assert_eq!(
            fault(&host_with(1, list(0xa1, 12, &[first]))),
            "unexpected data follows its networks"
        );
        assert_eq!(
            fault(&host_with(2, list(0xa2, 4, &[&[0; 17]]))),
            "it has the unsafe network ::/0, but no address of that family"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
            let _ = parse(&certificate(bytes.clone()));
            let _ = parse(&certificate(element(0xa0, &bytes)));
        }

        #[test]
        fn any_field_is_read_without_panic(number in 0..8_usize, tag in 0x80..0xa8_u8, content: Vec<u8>) {
            let _ = parse(&host_with(number, element(tag, &content)));
        }
    }
}
