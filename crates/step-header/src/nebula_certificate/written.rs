//! The details of a Nebula certificate of version 1, written again: nebula verifies the signature over
//! this, and not over the bytes that it read.
//!
//! Source: slackhq/nebula 1.10.3, `getRawDetails` in `cert/cert_v1.go`.

use std::net::IpAddr;

use super::certificate::{NebulaCertificate, NebulaCurve, NebulaNetwork};

/// Writes the details as nebula does: fields in order, and no defaults.
pub(super) fn details(certificate: &NebulaCertificate) -> Vec<u8> {
    let mut message = Vec::new();
    add_bytes(1, certificate.name.as_bytes(), &mut message);
    add_bytes(2, &packed(&certificate.networks), &mut message);
    add_bytes(3, &packed(&certificate.unsafe_networks), &mut message);
    for group in &certificate.groups {
        add_item(4, group.as_bytes(), &mut message);
    }
    add_number(5, certificate.not_before.cast_unsigned(), &mut message);
    add_number(6, certificate.not_after.cast_unsigned(), &mut message);
    add_bytes(7, &certificate.public_key, &mut message);
    add_number(8, certificate.is_ca.into(), &mut message);
    add_bytes(9, certificate.issuer.as_ref().map_or(&[], |issuer| issuer), &mut message);
    let is_p256 = certificate.curve == NebulaCurve::P256;
    add_number(100, is_p256.into(), &mut message);
    message
}

/// Writes a field of bytes, unless there are none.
fn add_bytes(number: u64, contents: &[u8], message: &mut Vec<u8>) {
    if !contents.is_empty() {
        add_item(number, contents, message);
    }
}

fn add_item(number: u64, contents: &[u8], message: &mut Vec<u8>) {
    varint(number << 3 | 2, message);
    varint(u64::try_from(contents.len()).unwrap_or(u64::MAX), message);
    message.extend(contents);
}

/// Writes a field that is a number, unless it is 0.
fn add_number(number: u64, value: u64, message: &mut Vec<u8>) {
    if value != 0 {
        varint(number << 3, message);
        varint(value, message);
    }
}

/// Writes addresses and masks one after the other.
fn packed(networks: &[NebulaNetwork]) -> Vec<u8> {
    let mut packed = Vec::new();
    for network in networks {
        let IpAddr::V4(address) = network.address else { continue };
        let mask = u32::MAX.checked_shl(32 - u32::from(network.prefix)).unwrap_or_default();
        for number in [u32::from(address), mask] {
            varint(number.into(), &mut packed);
        }
    }
    packed
}

/// Writes a number in groups of seven bits, the lowest first.
fn varint(mut number: u64, message: &mut Vec<u8>) {
    while number >= 0x80 {
        message.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    message.push(u8::try_from(number).unwrap_or_default());
}
