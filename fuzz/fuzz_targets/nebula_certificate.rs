//! Nebula certificates of both versions: PEM, bundles, and raw bytes.
//!
//! DER is first put into PEM of version 2, without which it is refused, so that a change in a
//! certificate is not a change in its base64.

#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use step_claims::{Operation, Purpose, SshCertificate, Subject};
use step_header::{Proof as _, Error, Nebula, NebulaCertificate, NebulaVersion, Trust};
use step_provisioner::Kind;
use step_token_fuzz::{LATER, NOW, plain_key, shown, use_proof};
use token_jose::ProofHeader;
use token_pem::encode;

/// The key of `host-v1.crt`.
const KEY: &[u8] = include_bytes!("../../testdata/vectors/nebula/host-v1.key");

/// The CAs of the hosts in `testdata/vectors`.
const ROOTS: [&[u8]; 3] = [
    include_bytes!("../../testdata/vectors/nebula/ca.crt"),
    include_bytes!("../../testdata/vectors/nebula/ca-v2.crt"),
    include_bytes!("../../testdata/vectors/nebula/ca-p256.crt"),
];

fuzz_target!(|data: &[u8]| {
    match NebulaCertificate::parse_bundle(data) {
        Ok(bundle) => {
            let text: String = bundle.iter().map(pem).collect();
            assert_eq!(NebulaCertificate::parse_bundle(text.as_bytes()).as_ref(), Ok(&bundle));
            let first = bundle.first().cloned().expect("a bundle holds a certificate");
            assert_eq!(NebulaCertificate::parse(data), Ok(first));
        }
        Err(error) => shown(&error),
    }
    read(data);
    if data.first() == Some(&0x30) {
        read(encode("NEBULA CERTIFICATE V2", data).as_bytes());
    }
});

fn read(bytes: &[u8]) {
    let certificate = match NebulaCertificate::parse(bytes) {
        Ok(certificate) => certificate,
        Err(error) => {
            assert!(Nebula::read(bytes, Operation::Sign, NOW).is_err());
            return shown(&error);
        }
    };
    let _ = format!("{certificate:?}");
    let again = pem(&certificate);
    assert_eq!(NebulaCertificate::parse(again.as_bytes()).as_ref(), Ok(&certificate));
    assert!(certificate.is_ca() || !certificate.networks().is_empty());

    let now = Operation::ALL.map(|operation| (operation, NOW));
    for (operation, at) in now.into_iter().chain([(Operation::Sign, LATER)]) {
        let proof = match Nebula::read(bytes, operation, at) {
            Ok(proof) => proof,
            Err(error) => {
                shown(&error);
                continue;
            }
        };
        assert!(!certificate.is_ca(), "a CA is no host");
        assert!(matches!(operation, Operation::Sign | Operation::SshHost), "for {operation}");
        let validity = certificate.not_before()..=certificate.not_after();
        assert!(validity.contains(&at.unix_seconds()));
        assert_eq!(proof.header_member(), ProofHeader::Nebula(certificate.to_wire().to_vec()));
        use_proof(&proof, at, plain_key(KEY));
        is_for_its_names(&proof, &certificate);
        is_trusted(&proof, &certificate);
    }
}

/// Asserts that a host's names are admitted, and no others.
fn is_for_its_names(proof: &Nebula, certificate: &NebulaCertificate) {
    let addresses = certificate.networks().iter().map(|network| network.address.to_string());
    let mut own: Vec<String> = addresses.collect();
    let subject = proof.default_subject();
    assert_eq!(subject.is_some(), !certificate.name().is_empty());
    if let Some(subject) = &subject {
        assert_eq!(subject.as_str(), certificate.name());
        own.push(subject.to_string());
    }
    let subject: Subject = "subject".parse().expect("a subject");
    for purpose in [sign(&own), ssh_host(&own)] {
        assert_eq!(proof.admits(&subject, &purpose).ok(), Some(None), "{purpose:?}");
    }

    let first = own.first().expect("a host has an address");
    let others = ["other.example.test", "192.0.2.77", "2001:db8::77", "*", " "].map(str::to_owned);
    for foreign in others.into_iter().chain([format!("{first}."), format!("{first}/32")]) {
        if own.iter().any(|own| *own == foreign || is_one_address(own, &foreign)) {
            continue;
        }
        for purpose in [sign, ssh_host] {
            for names in [vec![foreign.clone()], [own.as_slice(), &[foreign.clone()]].concat()] {
                match (proof.admits(&subject, &purpose(&names)), purpose(&names)) {
                    (Ok(Some(warning)), Purpose::Sign(_)) => shown(&warning),
                    (Err(error @ Error::OtherName { .. }), Purpose::SshHost(_)) => shown(&error),
                    (other, _) => panic!("`{foreign}` is none of {own:?}: {other:?}"),
                }
            }
        }
    }
    if let Ok(Some(warning)) = proof.admits(&subject, &Purpose::Sign(Vec::new())) {
        shown(&warning);
    }
}

/// Asserts that a host is trusted by the CA that it names, and by no other.
fn is_trusted(proof: &Nebula, certificate: &NebulaCertificate) {
    for pem in ROOTS {
        let root = NebulaCertificate::parse(pem).expect("a CA of the test data");
        match proof.trusted_by(&Kind::Nebula { roots: pem.to_vec() }) {
            Trust::Reached => {
                assert_eq!(certificate.issuer(), Some(&root.fingerprint()));
                assert_eq!(certificate.curve(), root.curve());
                assert!(certificate.is_signed_by(&root));
                assert_eq!(certificate.beyond(&root), None);
            }
            Trust::Missed { reason, .. } => shown(&reason),
            unknown => panic!("the roots can be read: {unknown:?}"),
        }
    }
}

fn sign(names: &[String]) -> Purpose {
    Purpose::Sign(names.iter().map(|name| name.parse().expect("a name")).collect())
}

fn ssh_host(names: &[String]) -> Purpose {
    let principals = names.iter().map(|name| name.parse().expect("a name")).collect();
    Purpose::SshHost(SshCertificate { principals, ..SshCertificate::default() })
}

fn is_one_address(one: &str, other: &str) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    address(one).is_some() && address(one) == address(other)
}

fn pem(certificate: &NebulaCertificate) -> String {
    let label = match certificate.version() {
        NebulaVersion::V1 => "NEBULA CERTIFICATE",
        NebulaVersion::V2 => "NEBULA CERTIFICATE V2",
        other => panic!("a version of no armour: {other:?}"),
    };
    encode(label, certificate.to_wire()).to_string()
}
