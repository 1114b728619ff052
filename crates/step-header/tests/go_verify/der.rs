//! Writes certificates, also such as no library writes.

use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};

/// A certificate to be written.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) version: Option<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) validity: [Vec<u8>; 2],
    /// Replaces the key's own encoding.
    pub(crate) spki: Option<Vec<u8>>,
    pub(crate) extensions: Vec<Extension>,
    /// Replaces the algorithm that the issuer's key signs with, inside and outside.
    pub(crate) algorithm: [Option<Vec<u8>>; 2],
}

#[derive(Clone)]
pub(crate) struct Extension {
    pub(crate) oid: Vec<u8>,
    pub(crate) critical: bool,
    pub(crate) value: Vec<u8>,
}

impl Certificate {
    /// Signs it, for the key `own`, with the key of the issuer.
    pub(crate) fn signed(&self, own: &KeyPair, issuer: &KeyPair) -> Vec<u8> {
        let native = algorithm(issuer);
        let [inner, outer] =
            self.algorithm.clone().map(|other| other.unwrap_or_else(|| native.clone()));
        let mut parts = Vec::new();
        if let Some(version) = self.version {
            parts.push(tlv(0xa0, &tlv(2, &[version])));
        }
        parts.push(tlv(2, &self.serial));
        parts.push(inner);
        parts.push(self.issuer.clone());
        parts.push(tlv(0x30, &self.validity.concat()));
        parts.push(self.subject.clone());
        parts.push(self.spki.clone().unwrap_or_else(|| own.subject_public_key_info()));
        if !self.extensions.is_empty() {
            let all: Vec<u8> = self.extensions.iter().flat_map(Extension::encoded).collect();
            parts.push(tlv(0xa3, &tlv(0x30, &all)));
        }
        let tbs = tlv(0x30, &parts.concat());
        let signature = issuer.sign(&tbs).unwrap();
        tlv(0x30, &[tbs, outer, tlv(3, &[&[0], signature.as_slice()].concat())].concat())
    }
}

impl Extension {
    pub(crate) fn of_x509(number: u8, critical: bool, value: Vec<u8>) -> Self {
        Self { oid: vec![0x55, 0x1d, number], critical, value }
    }

    fn encoded(&self) -> Vec<u8> {
        let critical = if self.critical { tlv(1, &[0xff]) } else { Vec::new() };
        tlv(0x30, &[tlv(6, &self.oid), critical, tlv(4, &self.value)].concat())
    }
}

pub(crate) fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let header = match length {
        0..=0x7f => vec![tag, u8::try_from(length).unwrap()],
        0x80..=0xff => vec![tag, 0x81, u8::try_from(length).unwrap()],
        _ => {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            vec![tag, 0x82, high, low]
        }
    };
    [header, contents.to_vec()].concat()
}

/// A name of one attribute, the common name, as text of the type `tag`.
pub(crate) fn name(text: &str, tag: u8) -> Vec<u8> {
    let attribute = tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(tag, text.as_bytes())].concat());
    tlv(0x30, &tlv(0x31, &attribute))
}

fn algorithm(key: &KeyPair) -> Vec<u8> {
    let kind = key.algorithm();
    let is = |other: &'static rcgen::SignatureAlgorithm| kind == other;
    if is(&rcgen::PKCS_ECDSA_P256_SHA256) {
        tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]))
    } else if is(&rcgen::PKCS_ECDSA_P384_SHA384) {
        tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]))
    } else if is(&rcgen::PKCS_ED25519) {
        tlv(0x30, &tlv(6, &[0x2b, 0x65, 0x70]))
    } else {
        let oid = tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]);
        tlv(0x30, &[oid, tlv(5, &[])].concat())
    }
}
