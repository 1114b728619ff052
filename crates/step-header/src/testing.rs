//! Certificates made for one test.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use token_jose::{KeyFile, PrivateKey};
use token_time::Timestamp;

/// A time within the validity of all test certificates, unless noted otherwise.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// Returns a file of the recorded test data.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/../../testdata/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// Returns a private key of the recorded test data, which is not encrypted.
pub(crate) fn private_key(name: &str) -> PrivateKey {
    let KeyFile::Plain(key) = KeyFile::parse_nebula(&vector(name)).unwrap() else {
        panic!("{name} is sealed")
    };
    *key
}

pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

pub(crate) fn leaf(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2120, 1, 1);
    params
}

pub(crate) fn root(name: &str) -> Issuer {
    CertifiedIssuer::self_signed(authority(name), key()).unwrap()
}

pub(crate) fn below(name: &str, issuer: &Issuer) -> Issuer {
    CertifiedIssuer::signed_by(authority(name), key(), issuer).unwrap()
}

/// Issues a certificate and returns it in PEM.
pub(crate) fn issued(params: &CertificateParams, issuer: &Issuer) -> String {
    params.signed_by(&key(), issuer).unwrap().pem()
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// Returns the certificates of a bundle in DER.
pub(crate) fn ders(pem: &str) -> Vec<Vec<u8>> {
    token_pem::certificates(pem.as_bytes()).unwrap()
}
