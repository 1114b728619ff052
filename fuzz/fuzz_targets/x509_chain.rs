//! X.509 certificates that vouch for a token or for their own renewal: PEM bundles, and DER.
//!
//! DER is read as it is, and again in PEM with the certificates that follow it, so that
//! a change in a chain is not a change in its base64.

#![no_main]

use libfuzzer_sys::fuzz_target;
use openssl::x509::X509;
use step_header::{Proof, Error, Warning, Renewal, Trust, X5c};
use step_provisioner::Kind;
use step_token_fuzz::{LATER, NOW, plain_key, shown, use_proof};
use token_jose::{ProofHeader, PublicKey};
use token_pem::encode;
use token_time::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// The key of `p256.chain.crt`.
const KEY: &[u8] = include_bytes!("../../testdata/vectors/test-keys/p256.pkcs8.pem");

fuzz_target!(|data: &[u8]| {
    read(data);
    let ders = certificates(data);
    if ders.is_empty() || !token_pem::labels(data).is_empty() {
        return;
    }
    let text = pem(&ders);
    read(text.as_bytes());
    if ders == [data] {
        let chain = |bytes| X5c::read(bytes, NOW).ok().map(|x5c| x5c.header_member());
        assert_eq!(chain(data), chain(text.as_bytes()), "DER and PEM differ");
    }
});

fn read(bytes: &[u8]) {
    let renewal = Renewal::read(bytes, NOW);
    match &renewal {
        Ok(renewal) => {
            holds(renewal);
            let later = Renewal::read(bytes, LATER).expect("what is over may be renewed");
            assert!(later.warnings().iter().any(is_expired));
            later.warnings().iter().for_each(|warning| shown(warning));
        }
        Err(error) => shown(error),
    }
    match (X5c::read(bytes, NOW), renewal) {
        (Ok(x5c), Ok(renewal)) => {
            holds(&x5c);
            is_below_its_last(&x5c);
            assert_eq!(x5c.clone().insecure().header_member(), renewal.header_member());
            assert_eq!(x5c.public_key(), renewal.public_key());
            assert_eq!(x5c.warnings(), renewal.warnings());
            let not_after = parsed(&chain(&x5c)[0]).validity().not_after.timestamp();
            assert_eq!(x5c.ends().map(Timestamp::unix_seconds), Some(not_after));
        }
        (Ok(_), Err(error)) => panic!("refused as a renewal only: {error}"),
        (Err(error), Ok(renewal)) => {
            assert!(matches!(error, Error::Expired { .. }), "accepted as a renewal only: {error}");
            assert!(renewal.warnings().iter().any(is_expired));
            shown(&error);
        }
        (Err(error), Err(_)) => shown(&error),
    }
}

/// Asserts what must hold for every chain.
fn holds(credential: &dyn Proof) {
    use_proof(credential, NOW, plain_key(KEY));
    let chain = chain(credential);
    let (leaf, above) = chain.split_first().expect("a chain has a leaf");

    // OpenSSL gives a second opinion. Certificates that it cannot read are skipped.
    if let Ok(key) = X509::from_der(leaf).and_then(|leaf| leaf.public_key()?.public_key_to_der()) {
        let key = PublicKey::from_spki(&key).expect("the key of an accepted certificate");
        assert_eq!(&key, credential.public_key());
    }
    for (position, der) in above.iter().enumerate() {
        assert!(der != leaf && !above[..position].contains(der), "one stands there twice");
    }

    let text = pem(&chain);
    let (evidence, warnings) = match credential.header_member() {
        ProofHeader::X5c(_) => {
            let again = X5c::read(text.as_bytes(), NOW).expect("an accepted chain");
            (again.header_member(), again.warnings())
        }
        _ => {
            let again = Renewal::read(text.as_bytes(), NOW).expect("an accepted chain");
            assert_eq!(again.default_subject(), credential.default_subject());
            (again.header_member(), again.warnings())
        }
    };
    assert_eq!(evidence, credential.header_member());
    assert!(warnings.iter().all(is_expired), "a chain in order was put right: {warnings:?}");

    for roots in [vec![], above.to_vec(), chain.clone(), vec![text.clone().into_bytes()]] {
        if let Trust::Missed { reason, .. } | Trust::Unchecked { reason } = credential.below(&roots) {
            shown(&reason);
        }
    }
}

/// Asserts that a chain that leads to its last certificate has one there that may sign others.
fn is_below_its_last(x5c: &X5c) {
    let chain = chain(x5c);
    let (leaf, above) = chain.split_first().expect("a chain has a leaf");
    let trust = x5c.below(std::slice::from_ref(leaf));
    assert_eq!(trust, Trust::Reached, "the leaf is trusted itself");

    let Some(last) = above.last() else { return };
    let trust = x5c.below(std::slice::from_ref(last));
    assert!(trust != Trust::Reached || may_issue(last), "it may not sign certificates");
    let roots = pem(std::slice::from_ref(last)).into_bytes();
    assert_eq!(x5c.trusted_by(&Kind::X5c { roots }), trust);
}

/// Returns whether a CA would accept what this root signed.
fn may_issue(der: &[u8]) -> bool {
    let certificate = parsed(der);
    let validity = certificate.validity();
    let validity = validity.not_before.timestamp()..=validity.not_after.timestamp();
    let purposes = certificate.extended_key_usage().expect("it was accepted");
    let usage = certificate.key_usage().expect("it was accepted");
    // Before version 3 there was no extension for this.
    let is_old = certificate.basic_constraints() == Ok(None) && certificate.version().0 < 2;
    validity.contains(&NOW.unix_seconds())
        && (certificate.is_ca() || is_old)
        && usage.is_none_or(|usage| usage.value.key_cert_sign())
        && purposes.is_none_or(|purposes| purposes.value.any || purposes.value.client_auth)
}

fn is_expired(warning: &Warning) -> bool {
    matches!(warning, Warning::Expired { .. })
}

fn parsed(der: &[u8]) -> X509Certificate<'_> {
    X509Certificate::from_der(der).expect("it was accepted").1
}

fn chain(credential: &dyn Proof) -> Vec<Vec<u8>> {
    match credential.header_member() {
        ProofHeader::X5c(chain) | ProofHeader::X5cInsecure(chain) => chain,
        other => panic!("another header: {other:?}"),
    }
}

/// Splits DER into the certificates that it begins with.
fn certificates(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut ders = Vec::new();
    while let Ok((behind, _)) = X509Certificate::from_der(rest) {
        ders.push(&rest[..rest.len() - behind.len()]);
        rest = behind;
    }
    ders
}

fn pem(ders: &[impl AsRef<[u8]>]) -> String {
    ders.iter().map(|der| encode("CERTIFICATE", der.as_ref()).to_string()).collect()
}
