//! Nebula certificates of version 1, in protobuf.
//!
//! ```proto
//! message Certificate { Details details = 1; bytes signature = 2; }
//! message Details {
//!   string name = 1;
//!   repeated uint32 networks = 2;         // an address, its mask, the next address
//!   repeated uint32 unsafe_networks = 3;
//!   repeated string groups = 4;
//!   int64 not_before = 5;
//!   int64 not_after = 6;
//!   bytes public_key = 7;
//!   bool is_ca = 8;
//!   bytes issuer = 9;
//!   enum curve = 100;                     // 0 is Curve25519, 1 is P-256
//! }
//! ```
//!
//! The few fields are read by hand. A library would bring code to generate and a build step, for
//! messages that no longer change, and the header carries the original bytes. Only what the
//! signature is over is written again, in `written.rs`. In protobuf, fields may come in any order,
//! unknown ones are skipped, the last of several values counts, lists may be packed or not, and
//! details in several parts are put together. Stricter than protobuf: a known field of another type,
//! an address of more than 32 bits, an unknown curve, and proto2 groups are errors. No encoder
//! writes them.
//!
//! Source: slackhq/nebula 1.10.3, `cert/cert_v1.proto`;
//! <https://protobuf.dev/programming-guides/encoding/>.

use std::net::Ipv4Addr;

use sha2::{Digest, Sha256};

use super::certificate::{NebulaCertificate, NebulaNetwork, NebulaVersion, curve, issuer, text};
use super::fault::{NebulaFault, malformed};
use super::written::details as written;

/// Reads a certificate without its PEM.
pub(super) fn read(bytes: &[u8]) -> Result<NebulaCertificate, NebulaFault> {
    let mut details = None;
    let mut signature: &[u8] = &[];
    let mut reader = Reader(bytes);
    while let Some(field) = reader.field()? {
        match field.number {
            1 => details.get_or_insert_with(Details::default).read(field.bytes()?)?,
            2 => signature = field.bytes()?,
            _ => {}
        }
    }
    let details = details.ok_or_else(|| malformed("it has no details"))?;
    if signature.is_empty() {
        return Err(malformed("it has no signature"));
    }
    let mut certificate = NebulaCertificate {
        version: NebulaVersion::V1,
        name: details.name,
        networks: networks(&details.networks)?,
        unsafe_networks: networks(&details.unsafe_networks)?,
        groups: details.groups,
        is_ca: details.is_ca,
        not_before: details.not_before,
        not_after: details.not_after,
        issuer: issuer(details.issuer)?,
        curve: curve(details.curve)?,
        public_key: details.public_key.to_vec(),
        fingerprint: Sha256::digest(bytes).into(),
        signed: Vec::new(),
        signature: signature.to_vec(),
        raw: bytes.to_vec(),
    };
    certificate.signed = written(&certificate);
    Ok(certificate)
}

#[derive(Default)]
struct Details<'a> {
    name: String,
    networks: Vec<u32>,
    unsafe_networks: Vec<u32>,
    groups: Vec<String>,
    not_before: i64,
    not_after: i64,
    public_key: &'a [u8],
    is_ca: bool,
    issuer: &'a [u8],
    curve: u64,
}

impl<'a> Details<'a> {
    /// Reads a message into the existing values.
    fn read(&mut self, message: &'a [u8]) -> Result<(), NebulaFault> {
        let mut reader = Reader(message);
        while let Some(field) = reader.field()? {
            match field.number {
                1 => self.name = text(field.bytes()?, "its name")?,
                2 => field.add_numbers(&mut self.networks)?,
                3 => field.add_numbers(&mut self.unsafe_networks)?,
                4 => self.groups.push(text(field.bytes()?, "one of its groups")?),
                5 => self.not_before = field.varint()?.cast_signed(),
                6 => self.not_after = field.varint()?.cast_signed(),
                7 => self.public_key = field.bytes()?,
                8 => self.is_ca = field.varint()? != 0,
                9 => self.issuer = field.bytes()?,
                100 => self.curve = field.varint()?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Combines addresses and masks.
fn networks(numbers: &[u32]) -> Result<Vec<NebulaNetwork>, NebulaFault> {
    let (pairs, rest) = numbers.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(malformed("an address in it has no mask"));
    }
    pairs.iter().map(|&[address, mask]| network(address, mask)).collect()
}

/// Refuses a mask with holes, which nebula reads as `/0`: it never writes one, and verifies the
/// signature over what it would write.
fn network(address: u32, mask: u32) -> Result<NebulaNetwork, NebulaFault> {
    let ones = mask.leading_ones();
    let prefix = u8::try_from(ones).ok().filter(|_| mask.count_ones() == ones);
    let prefix = prefix
        .ok_or_else(|| malformed(format!("{} is not a network mask", Ipv4Addr::from(mask))))?;
    Ok(NebulaNetwork { address: Ipv4Addr::from(address).into(), prefix })
}

struct Field<'a> {
    number: u64,
    value: Value<'a>,
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, which no known field has.
    Fixed,
}

impl<'a> Field<'a> {
    fn varint(&self) -> Result<u64, NebulaFault> {
        match self.value {
            Value::Varint(number) => Ok(number),
            _ => Err(self.of_wrong_type()),
        }
    }

    fn bytes(&self) -> Result<&'a [u8], NebulaFault> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(self.of_wrong_type()),
        }
    }

    /// Adds one number, or a packed list of them.
    fn add_numbers(&self, numbers: &mut Vec<u32>) -> Result<(), NebulaFault> {
        match self.value {
            Value::Varint(number) => numbers.push(address(number)?),
            Value::Bytes(packed) => {
                let mut packed = Reader(packed);
                while !packed.0.is_empty() {
                    numbers.push(address(packed.varint()?)?);
                }
            }
            Value::Fixed => return Err(self.of_wrong_type()),
        }
        Ok(())
    }

    fn of_wrong_type(&self) -> NebulaFault {
        malformed(format!("field {} of its protobuf is of the wrong type", self.number))
    }
}

fn address(number: u64) -> Result<u32, NebulaFault> {
    u32::try_from(number).map_err(|_| malformed("an address in it has more than 32 bits"))
}

/// The unread rest of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn field(&mut self) -> Result<Option<Field<'a>>, NebulaFault> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = tag >> 3;
        if !(1..=LAST_FIELD).contains(&number) {
            return Err(malformed(format!("its protobuf has a field of number {number}")));
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| ends_early())?;
                Value::Bytes(self.take(len)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            other => {
                return Err(malformed(format!("its protobuf has a field of unknown type {other}")));
            }
        };
        Ok(Some(Field { number, value }))
    }

    /// Reads seven bits per byte, the lowest first; trailing zeros are accepted, as in protobuf.
    fn varint(&mut self) -> Result<u64, NebulaFault> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or_else(ends_early)?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(malformed("a number in its protobuf has more than 64 bits"))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], NebulaFault> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(ends_early)?;
        self.0 = rest;
        Ok(taken)
    }
}

fn ends_early() -> NebulaFault {
    malformed("its protobuf ends early")
}

/// The highest number of a field.
const LAST_FIELD: u64 = (1 << 29) - 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::nebula_certificate::certificate::NebulaCurve;

    const KEY: [u8; 32] = [7; 32];

    fn varint(number: u32, value: u64) -> Vec<u8> {
        [number_of(u64::from(number) << 3), number_of(value)].concat()
    }

    fn bytes(number: u32, value: &[u8]) -> Vec<u8> {
        [number_of(u64::from(number) << 3 | 2), number_of(value.len() as u64), value.to_vec()]
            .concat()
    }

    fn number_of(mut value: u64) -> Vec<u8> {
        let mut encoded = Vec::new();
        while value >= 0x80 {
            encoded.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        encoded.push(value.to_le_bytes()[0]);
        encoded
    }

    fn packed(number: u32, values: &[u32]) -> Vec<u8> {
        bytes(number, &values.iter().flat_map(|&value| number_of(value.into())).collect::<Vec<_>>())
    }

    fn certificate(details: &[Vec<u8>]) -> Vec<u8> {
        [bytes(1, &details.concat()), bytes(2, b"signature")].concat()
    }

    /// A host at 10.0.0.1/24, followed by more fields.
    fn host(more: &[Vec<u8>]) -> Vec<u8> {
        let address = packed(2, &[0x0a00_0001, 0xffff_ff00]);
        certificate(&[&[bytes(1, b"host"), address, bytes(7, &KEY)], more].concat())
    }

    fn parse(bytes: &[u8]) -> Result<NebulaCertificate, NebulaFault> {
        NebulaCertificate::from_wire(NebulaVersion::V1, bytes)
    }

    fn fault(bytes: &[u8]) -> String {
        let message = parse(bytes).unwrap_err().to_string();
        message.strip_prefix("is not a Nebula certificate: ").unwrap().to_owned()
    }

    fn shown(networks: &[NebulaNetwork]) -> Vec<String> {
        networks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn fields_left_out_have_the_values_of_protobuf() {
        let host = parse(&host(&[])).unwrap();
        assert_eq!((host.not_before(), host.not_after()), (0, 0));
        assert_eq!((host.curve(), host.issuer()), (NebulaCurve::Curve25519, None));
        assert!(!host.is_ca() && host.groups().is_empty() && host.unsafe_networks().is_empty());
    }

    #[test]
    fn lists_may_be_packed_or_not_and_in_pieces() {
        let host = parse(&host(&[
            varint(2, 0x0a01_0001),
            packed(3, &[0xc0a8_0000, 0xffff_0000, 0]),
            bytes(4, b"web"),
            varint(2, 0xffff_ffff),
            varint(3, 0),
            bytes(4, b"db"),
        ]))
        .unwrap();
        assert_eq!(shown(host.networks()), ["10.0.0.1/24", "10.1.0.1/32"]);
        assert_eq!(shown(host.unsafe_networks()), ["192.168.0.0/16", "0.0.0.0/0"]);
        assert_eq!(host.groups(), ["web", "db"]);
    }

    #[test]
    fn the_last_of_several_values_counts_and_pieces_are_put_together() {
        let pieces = [
            bytes(1, &[bytes(1, b"first"), varint(5, 1), bytes(4, b"web")].concat()),
            bytes(2, b"one"),
            bytes(1, &[bytes(1, b"second"), varint(8, 1), bytes(4, b"db")].concat()),
            bytes(1, &bytes(7, &KEY)),
            bytes(2, b"two"),
        ];
        let ca = parse(&pieces.concat()).unwrap();
        assert_eq!((ca.name(), ca.not_before(), ca.is_ca()), ("second", 1, true));
        assert_eq!(ca.groups(), ["web", "db"]);
        assert_eq!(ca.public_key(), KEY);
    }

    #[test]
    fn unknown_fields_are_skipped_and_kept() {
        let fixed = |tag: u8, len| [vec![tag], vec![9; len]].concat();
        let mut raw = host(&[varint(10, 5), bytes(99, b"x"), fixed(0x51, 8), fixed(0x55, 4)]);
        raw.extend(bytes(3, b"more"));
        assert_eq!(parse(&raw).unwrap().to_wire(), raw);
    }

    #[test]
    fn numbers_may_be_negative_or_end_in_zeros() {
        let host =
            parse(&host(&[varint(5, u64::MAX), [vec![6 << 3], vec![0x85, 0x80, 0]].concat()]))
                .unwrap();
        assert_eq!((host.not_before(), host.not_after()), (-1, 5));
    }

    #[test]
    fn a_message_that_breaks_off_is_refused() {
        let whole = host(&[]);
        for len in 0..whole.len() {
            assert!(parse(&whole[..len]).is_err(), "{len}");
        }
        assert_eq!(fault(&[]), "it has no details");
        for early in [&[0x0a][..], &[0x0a, 5, 1], &[0x0a, 0x80], &[0x19, 1], &[0x1d, 1]] {
            assert_eq!(fault(early), "its protobuf ends early", "{early:?}");
        }
        assert_eq!(fault(&bytes(2, b"signature")), "it has no details");
        assert_eq!(fault(&bytes(1, b"")), "it has no signature");
        assert_eq!(fault(&[bytes(1, b""), bytes(2, b"")].concat()), "it has no signature");
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let message = "a number in its protobuf has more than 64 bits";
        let long = |last: &[u8]| [vec![5 << 3], vec![0xff; 9], last.to_vec()].concat();
        assert_eq!(fault(&host(&[long(&[2])])), message);
        assert_eq!(fault(&host(&[long(&[0x81, 0])])), message);
        let len = [vec![1 << 3 | 2], number_of(u64::MAX)].concat();
        assert_eq!(fault(&host(&[len])), "its protobuf ends early");
        let message = "an address in it has more than 32 bits";
        assert_eq!(fault(&host(&[varint(2, 1 << 32)])), message);
        assert_eq!(fault(&host(&[bytes(3, &number_of(1 << 32))])), message);
    }

    #[test]
    fn fields_of_the_wrong_type_are_refused() {
        for number in [1, 4, 7, 9] {
            let message = format!("field {number} of its protobuf is of the wrong type");
            assert_eq!(fault(&host(&[varint(number, 1)])), message);
        }
        for number in [5, 6, 8, 100] {
            let message = format!("field {number} of its protobuf is of the wrong type");
            assert_eq!(fault(&host(&[bytes(number, b"1")])), message);
        }
        for number in [2, 3] {
            let message = format!("field {number} of its protobuf is of the wrong type");
            assert_eq!(fault(&host(&[vec![number << 3 | 5, 0, 0, 0, 0]])), message);
        }
        assert_eq!(fault(&varint(1, 1)), "field 1 of its protobuf is of the wrong type");
        assert_eq!(fault(&host(&[vec![0x5b]])), "its protobuf has a field of unknown type 3");
        assert_eq!(fault(&host(&[vec![0x5f]])), "its protobuf has a field of unknown type 7");
        assert_eq!(fault(&host(&[vec![0]])), "its protobuf has a field of number 0");
        let beyond = [number_of(1 << 32), vec![0]].concat();
        assert_eq!(fault(&host(&[beyond])), "its protobuf has a field of number 536870912");
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        assert_eq!(fault(&host(&[bytes(1, b"\xff")])), "its name is not UTF-8");
        assert_eq!(fault(&host(&[bytes(4, b"\xff")])), "one of its groups is not UTF-8");
        assert_eq!(fault(&host(&[varint(2, 1)])), "an address in it has no mask");
        assert_eq!(fault(&host(&[varint(3, 1)])), "an address in it has no mask");
        assert_eq!(
            fault(&host(&[packed(3, &[0x0a00_0000, 0xff00_ff00])])),
            "255.0.255.0 is not a network mask"
        );
        assert_eq!(
            fault(&host(&[packed(2, &[0, 0xff00_0000])])),
            "0.0.0.0/8 cannot be a network of a certificate"
        );
        assert_eq!(
            fault(&certificate(&[bytes(7, &KEY)])),
            "it has no network, and only a CA may have none"
        );
        assert_eq!(fault(&host(&[varint(100, 2)])), "its curve has the unknown number 2");
        assert_eq!(
            fault(&host(&[bytes(9, &[1; 31])])),
            "its issuer has 31 bytes; a fingerprint has 32"
        );
        assert_eq!(
            fault(&host(&[bytes(7, &[1; 31])])),
            "its public key has 31 bytes; a key on Curve25519 has 32"
        );
        assert_eq!(
            fault(&host(&[varint(100, 1), bytes(7, &[2; 33])])),
            "its public key has 33 bytes; an uncompressed point of P-256 has 65"
        );
        assert_eq!(
            fault(&host(&[varint(100, 1), bytes(7, &[2; 65])])),
            "its public key is not an uncompressed point of P-256"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_details_are_read_without_panic(details: Vec<u8>) {
            let _ = parse(&host(&[details]));
        }

        #[test]
        fn numbers_are_read_as_written(seconds: i64, address in 1_u32.., prefix in 0_u32..=32) {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            let host = host(&[varint(6, seconds.cast_unsigned()), packed(2, &[address, mask])]);
            let host = parse(&host).unwrap();
            prop_assert_eq!(host.not_after(), seconds);
            let expected = format!("{}/{prefix}", Ipv4Addr::from(address));
            prop_assert_eq!(host.networks()[1].to_string(), expected);
        }
    }
}
