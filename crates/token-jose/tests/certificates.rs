//! Recorded certificates, checked with the keys of their issuers.

use std::path::Path;

use token_jose::{Error, PublicKey};
use x509_parser::prelude::{FromDer as _, Pem, X509Certificate};

fn chain(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/vectors/x5c").join(name);
    let bytes = std::fs::read(path).expect("a chain");
    Pem::iter_from_buffer(&bytes).map(|pem| pem.expect("PEM").contents).collect()
}

fn verify(certificate: &X509Certificate<'_>, key: &PublicKey, message: &[u8]) -> Result<(), Error> {
    let algorithm = &certificate.signature_algorithm;
    key.verify_x509(
        algorithm.algorithm.as_bytes(),
        algorithm.parameters.as_ref().map(|any| any.data).unwrap_or_default(),
        message,
        &certificate.signature_value.data,
    )
}

#[test]
fn every_leaf_is_signed_by_the_certificate_above_it() {
    for name in ["p256.chain.crt", "ed25519.chain.crt", "rsa2048.chain.crt", "renew.chain.crt"] {
        let chain = chain(name);
        let (_, leaf) = X509Certificate::from_der(&chain[0]).unwrap();
        let (_, issuer) = X509Certificate::from_der(&chain[1]).unwrap();
        let key = PublicKey::from_spki(issuer.public_key().raw).unwrap();
        let signed = leaf.tbs_certificate.as_ref();
        verify(&leaf, &key, signed).unwrap_or_else(|error| panic!("{name}: {error}"));

        let mut changed = signed.to_vec();
        changed[signed.len() / 2] ^= 1;
        assert!(matches!(verify(&leaf, &key, &changed), Err(Error::BadSignature)), "{name}");
        let other = PublicKey::from_spki(leaf.public_key().raw).unwrap();
        assert!(matches!(verify(&leaf, &other, signed), Err(Error::BadSignature)), "{name}");
    }
}

#[test]
fn a_root_is_signed_by_itself() {
    let root = chain("root.crt");
    let (_, root) = X509Certificate::from_der(&root[0]).unwrap();
    let key = PublicKey::from_spki(root.public_key().raw).unwrap();
    verify(&root, &key, root.tbs_certificate.as_ref()).unwrap();
}
