use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, SanType,
};

use super::*;
use crate::testing::{Issuer, NOW, authority, issued, key, leaf, vector};

fn read(pem: &str) -> X509Certificate {
    let der = token_pem::certificates(pem.as_bytes()).unwrap().remove(0);
    X509Certificate::parse(&der).unwrap()
}

/// Returns why a leaf leads to no root over these.
fn why(leaf: &str, others: &[String], root: &str) -> Option<WhyNot> {
    let others: Vec<X509Certificate> = others.iter().map(|pem| read(pem)).collect();
    verify(&read(leaf), &others, &[read(root)], NOW, CertificatePurpose::Client).err()
}

fn said(leaf: &str, others: &[String], root: &str) -> String {
    why(leaf, others, root).map_or_else(|| "accepted".to_owned(), |why| why.to_string())
}

fn root(params: &CertificateParams) -> Issuer {
    CertifiedIssuer::self_signed(params.clone(), key()).unwrap()
}

fn below(params: &CertificateParams, issuer: &Issuer) -> Issuer {
    CertifiedIssuer::signed_by(params.clone(), key(), issuer).unwrap()
}

fn device() -> CertificateParams {
    let mut device = leaf("device");
    device.subject_alt_names = vec![SanType::DnsName("b.a.test".try_into().unwrap())];
    device
}

#[test]
fn a_path_is_found_whatever_stands_around_it() {
    let root = root(&authority("Root"));
    let (one, stranger) = (below(&authority("One"), &root), below(&authority("Other"), &root));
    let two = below(&authority("Two"), &one);
    let leaf = read(&issued(&device(), &two));
    let others =
        [stranger.pem(), one.pem(), root.pem(), two.pem(), two.pem()].map(|pem| read(&pem));
    let roots = [read(&root.pem())];
    let chain = verify(&leaf, &others, &roots, NOW, CertificatePurpose::Client).unwrap();
    let names: Vec<&str> = chain.certificates().iter().map(|it| it.name()).collect();
    assert_eq!(names, ["device", "Two", "One", "Root"]);
}

#[test]
fn name_constraints_hold_for_all_names_below() {
    let mut limited = authority("Limited");
    let constraints = |permitted: &[&str], excluded: &[&str]| {
        let list = |names: &[&str]| {
            names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect()
        };
        Some(NameConstraints {
            permitted_subtrees: list(permitted),
            excluded_subtrees: list(excluded),
        })
    };
    let root = root(&authority("Root"));
    let mut judged = |permitted: &[&str], excluded: &[&str]| {
        limited.name_constraints = constraints(permitted, excluded);
        let limited = below(&limited, &root);
        said(&issued(&device(), &limited), &[limited.pem()], &root.pem())
    };
    assert_eq!(judged(&["a.test"], &[]), "accepted");
    assert_eq!(
        judged(&["c.test"], &[]),
        "has the DNS name `b.a.test`, which the name constraints of `Limited` do not permit"
    );
    assert_eq!(
        judged(&[], &["a.test"]),
        "has the DNS name `b.a.test`, which the name constraints of `Limited` exclude"
    );
    limited.name_constraints = constraints(&["c.test"], &[]);
    let own = CertifiedIssuer::self_signed(limited, key()).unwrap();
    assert!(said(&issued(&device(), &own), &[], &own.pem()).contains("of `Limited` do not permit"));
}

#[test]
fn a_uri_without_a_host_is_refused_for_certain_only_by_constraints_on_uris() {
    let mut limited = authority("Limited");
    limited.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("a.test".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let limited = root(&limited);
    let mut device = device();
    device.subject_alt_names.push(SanType::URI("urn:x".try_into().unwrap()));
    let refused = why(&issued(&device, &limited), &[], &limited.pem()).unwrap();
    assert_eq!(
        refused.to_string(),
        "has the URI `urn:x`, which the name constraints of `Limited` cannot be compared with"
    );
    assert!(!refused.is_certain());
}

#[test]
fn path_lengths_count_the_certificates_between() {
    let mut short = authority("Short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = root(&short);
    let one = below(&authority("One"), &short);
    assert_eq!(said(&issued(&device(), &short), &[], &short.pem()), "accepted");
    assert_eq!(
        said(&issued(&device(), &one), &[one.pem()], &short.pem()),
        "leads to a root that allows 0 CA certificates between itself and the leaf, and there is 1: \
         `Short`"
    );
    let mut zero = authority("Zero");
    zero.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = root(&authority("Root"));
    let zero = below(&zero, &root);
    let under = below(&authority("Under"), &zero);
    assert_eq!(
        said(&issued(&device(), &under), &[zero.pem(), under.pem()], &root.pem()),
        "has a signer that allows 0 CA certificates between itself and the leaf, and there is 1: \
         `Zero`"
    );
}

#[test]
fn critical_extensions_that_nobody_knows_are_named_wherever_they_are() {
    let unknown = || {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        vec![extension]
    };
    let root = root(&authority("Root"));
    let mut leaf = device();
    leaf.custom_extensions = unknown();
    assert_eq!(
        said(&issued(&leaf, &root), &[], &root.pem()),
        "has the critical extension 1.2.3.4, which CAs do not know: `device`"
    );
    let mut odd = authority("Odd");
    odd.custom_extensions = unknown();
    let odd = below(&odd, &root);
    assert_eq!(
        said(&issued(&device(), &odd), &[odd.pem()], &root.pem()),
        "has a signer that has the critical extension 1.2.3.4, which CAs do not know: `Odd`"
    );
}

#[test]
fn a_purpose_must_be_allowed_by_every_certificate_of_the_path() {
    let mut servers = authority("Servers");
    servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let root = root(&authority("Root"));
    let servers = below(&servers, &root);
    let (leaf, above) = (read(&issued(&device(), &servers)), [read(&servers.pem())]);
    let roots = [read(&root.pem())];
    let refused = verify(&leaf, &above, &roots, NOW, CertificatePurpose::Client).unwrap_err();
    assert!(matches!(refused, WhyNot::Signer(Error::ExtendedKeyUsage { .. })), "{refused}");
    let refused = verify(&leaf, &above, &roots, NOW, CertificatePurpose::Server).unwrap_err();
    assert!(matches!(refused, WhyNot::Leaf(Error::ExtendedKeyUsage { .. })), "{refused}");
}

#[test]
fn a_root_without_the_key_usage_signs_nothing() {
    let mut silent = authority("Silent");
    silent.key_usages = vec![KeyUsagePurpose::CrlSign];
    let silent = root(&silent);
    let refused = why(&issued(&device(), &silent), &[], &silent.pem()).unwrap();
    assert!(matches!(refused, WhyNot::Root(Error::NoCa { .. })), "{refused}");
}

#[test]
fn a_hundred_signatures_are_checked_and_no_more() {
    let root = root(&authority("Root"));
    let leaf = read(&issued(&device(), &root));
    let impostors: Vec<X509Certificate> =
        (0..100).map(|_| read(&super::tests::root(&authority("Root")).pem())).collect();
    let roots = [impostors, vec![read(&root.pem())]].concat();
    // The key identifiers of rcgen come from the keys, and none is asked for: no order is better.
    let refused = verify(&leaf, &[], &roots, NOW, CertificatePurpose::Client);
    assert!(matches!(refused, Err(WhyNot::TooManySignatures { most: 100 })), "{refused:?}");
    let enough = roots.get(1..).unwrap();
    assert!(verify(&leaf, &[], enough, NOW, CertificatePurpose::Client).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = X509Certificate::parse(&bytes);
    }

    #[test]
    fn a_certificate_with_changed_bytes_is_judged_without_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut der = vector("x5c/p256.leaf.der");
        for (at, to) in changes {
            let at = at.index(der.len());
            der[at] = to;
        }
        if let Ok(leaf) = X509Certificate::parse(&der) {
            let one = [leaf.clone()];
            let _ = verify(&leaf, &one, &[], NOW, CertificatePurpose::Client);
            let _ = verify(&leaf, &one, &one, NOW, CertificatePurpose::Server);
        }
    }
}
