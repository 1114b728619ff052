use proptest::prelude::*;
use rcgen::{CertifiedIssuer, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use step_provisioner::Kind;
use token_jose::{ProofHeader, SigningKey as _};

use super::*;
use crate::proof::ProofKey;
use crate::testing::{NOW, authority, below, ders, issued, key, leaf, private_key, root, vector};

fn read(pem: &str) -> Result<X5c, Error> {
    X5c::read(pem.as_bytes(), NOW)
}

fn refused(pem: &str) -> String {
    read(pem).unwrap_err().to_string()
}

/// The chain for a header.
fn chain(x5c: &X5c) -> Vec<Vec<u8>> {
    match x5c.header_member() {
        ProofHeader::X5c(chain) => chain,
        other => panic!("{other:?}"),
    }
}

fn missed(trust: Trust) -> String {
    match trust {
        Trust::Missed { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_chain_is_carried_leaf_first_as_it_stands_in_the_file() {
    let (root, device) = (root("Root"), leaf("device"));
    let intermediate = below("Intermediate", &root);
    let bundle = format!("{}{}", issued(&device, &intermediate), intermediate.pem());
    let x5c = read(&bundle).unwrap();
    assert_eq!(chain(&x5c), ders(&bundle));
    assert_eq!(x5c.warnings(), []);
    assert_eq!(x5c.below(&ders(&root.pem())), Trust::Reached);
}

#[test]
fn any_order_is_put_right_and_said() {
    let root = root("Root");
    let (first, second) = (below("First", &root), below("Second", &root));
    let third = below("Third", &second);
    let leaf = issued(&leaf("device"), &third);
    let straight = format!("{leaf}{}{}{}", third.pem(), second.pem(), root.pem());
    for order in [
        [root.pem(), second.pem(), third.pem(), leaf.clone()],
        [leaf.clone(), root.pem(), third.pem(), second.pem()],
        [third.pem(), leaf.clone(), root.pem(), second.pem()],
    ] {
        let x5c = read(&order.concat()).unwrap();
        assert_eq!(chain(&x5c), ders(&straight));
        assert_eq!(x5c.warnings(), [Warning::Reordered]);
    }
    let x5c = read(&format!("{straight}{}", first.pem())).unwrap();
    assert_eq!(x5c.warnings(), [Warning::LeftOut { names: vec!["`First`".to_owned()] }]);
}

#[test]
fn strangers_and_repeats_are_left_out_and_said() {
    let (root, other) = (root("Root"), root("Other"));
    let intermediate = below("Intermediate", &root);
    let leaf_pem = issued(&leaf("device"), &intermediate);
    let stranger = issued(&leaf("stranger"), &other);
    let above = intermediate.pem();
    let x5c = read(&[&*leaf_pem, &stranger, &above, &leaf_pem, &above].concat()).unwrap();
    assert_eq!(chain(&x5c), ders(&format!("{leaf_pem}{}", intermediate.pem())));
    let names = ["`stranger`", "`device`", "`Intermediate`"].map(str::to_owned).to_vec();
    assert_eq!(x5c.warnings(), [Warning::LeftOut { names }]);
}

#[test]
fn a_certificate_of_the_same_name_by_another_key_is_a_stranger() {
    let (root, impostor) = (root("Root"), root("Root"));
    let leaf = issued(&leaf("device"), &root);
    let x5c = read(&format!("{leaf}{}", impostor.pem())).unwrap();
    assert_eq!(chain(&x5c), ders(&leaf));
    assert_eq!(x5c.below(&ders(&root.pem())), Trust::Reached);
    let reason = missed(x5c.below(&ders(&impostor.pem())));
    assert_eq!(
        reason,
        "is signed by `Root`, which is neither in the file nor one of the roots (`Root`)"
    );
}

#[test]
fn both_certificates_of_a_cross_signed_issuer_are_kept() {
    let (old, new) = (root("Old"), root("New"));
    let key = key();
    let twice = |issuer| authority("Shared").signed_by(&key, issuer).unwrap().pem();
    let (by_old, by_new) = (twice(&old), twice(&new));
    let shared = CertifiedIssuer::signed_by(authority("Shared"), key, &old).unwrap();
    let x5c = read(&format!("{}{by_old}{by_new}", issued(&leaf("device"), &shared))).unwrap();
    assert_eq!(chain(&x5c).len(), 3);
    for root in [&old, &new] {
        assert_eq!(x5c.below(&ders(&root.pem())), Trust::Reached);
    }
}

#[test]
fn an_expired_certificate_above_leads_nowhere_unless_another_stands_in() {
    let root = root("Root");
    let mut over = authority("Shared");
    over.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let signing = key();
    let over = over.signed_by(&signing, &root).unwrap().pem();
    let shared = CertifiedIssuer::signed_by(authority("Shared"), signing, &root).unwrap();
    let leaf = issued(&leaf("device"), &shared);
    let x5c = read(&format!("{leaf}{over}")).unwrap();
    assert_eq!(
        missed(x5c.below(&ders(&root.pem()))),
        "has a signer that expired at 2021-01-01T00:00:00Z: `Shared`"
    );
    let x5c = read(&format!("{leaf}{over}{}", shared.pem())).unwrap();
    assert_eq!(x5c.below(&ders(&root.pem())), Trust::Reached);
}

#[test]
fn a_way_to_the_root_has_only_ca_certificates_for_clients() {
    let root = root("Root");
    let mut servers = authority("Servers");
    servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let servers = CertifiedIssuer::signed_by(servers, key(), &root).unwrap();
    let x5c = read(&format!("{}{}", issued(&leaf("device"), &servers), servers.pem())).unwrap();
    assert_eq!(
        missed(x5c.below(&ders(&root.pem()))),
        "has a signer that is not for clients: the extended key usage of `Servers` lacks client \
         authentication"
    );

    let no_ca = CertifiedIssuer::signed_by(leaf("No CA"), key(), &root).unwrap();
    let x5c = read(&format!("{}{}", issued(&leaf("device"), &no_ca), no_ca.pem())).unwrap();
    assert_eq!(
        missed(x5c.below(&ders(&root.pem()))),
        "has a signer that may not sign certificates: `No CA` is not a CA certificate, or lacks the key \
         usage"
    );
}

#[test]
fn a_root_for_servers_alone_or_without_the_usage_is_no_way_either() {
    let mut servers = authority("Servers");
    servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut silent = authority("Silent");
    silent.key_usages = vec![KeyUsagePurpose::CrlSign];
    for (params, reason) in [
        (servers, "leads to a root that is not for clients"),
        (silent, "leads to a root that may not sign certificates"),
    ] {
        let root = CertifiedIssuer::self_signed(params, key()).unwrap();
        let x5c = read(&issued(&leaf("device"), &root)).unwrap();
        let missed = missed(x5c.below(&ders(&root.pem())));
        assert!(missed.starts_with(reason), "{missed}");
    }
}

/// A root that changed its key: the file contains the new root, signed by the old key.
#[test]
fn a_certificate_by_the_same_name_s_older_key_is_a_way_to_the_root() {
    let old = root("Root");
    let new = CertifiedIssuer::signed_by(authority("Root"), key(), &old).unwrap();
    let x5c = read(&format!("{}{}", issued(&leaf("device"), &new), new.pem())).unwrap();
    assert_eq!(x5c.below(&ders(&old.pem())), Trust::Reached);
}

/// An old root cross-signed a new one and has expired; the CA knows the new one.
#[test]
fn an_expired_cross_signature_does_no_harm() {
    let old = root("Old");
    let signing = key();
    let mut crossed = authority("New");
    crossed.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let crossed = crossed.signed_by(&signing, &old).unwrap().pem();
    let new = CertifiedIssuer::self_signed(authority("New"), signing).unwrap();
    let intermediate = below("Intermediate", &new);
    let leaf = issued(&leaf("device"), &intermediate);
    let x5c = read(&format!("{leaf}{}{crossed}", intermediate.pem())).unwrap();
    assert_eq!(x5c.below(&ders(&new.pem())), Trust::Reached);
}

#[test]
fn a_leaf_that_signed_itself_is_trusted_where_it_is_the_root_and_twice_is_once() {
    let signing = key();
    let alone = leaf("alone").self_signed(&signing).unwrap().pem();
    let mut older = leaf("alone");
    older.not_after = rcgen::date_time_ymd(2110, 1, 1);
    let older = older.self_signed(&signing).unwrap().pem();
    let x5c = read(&format!("{alone}{older}")).unwrap();
    assert_eq!(chain(&x5c).first(), ders(&alone).first());
    assert_eq!(x5c.below(&ders(&alone)), Trust::Reached);
    assert_eq!(
        missed(x5c.below(&ders(&root("Root").pem()))),
        "is self-signed, and is not one of the roots (`Root`)"
    );
}

/// Go looks for the leaf among the roots before it checks what a root may do.
#[test]
fn a_leaf_among_the_roots_needs_no_ca_above_it() {
    let root = root("Root");
    let device = issued(&leaf("device"), &root);
    let x5c = read(&format!("{device}{}", root.pem())).unwrap();
    assert_eq!(x5c.below(&ders(&device)), Trust::Reached);
}

#[test]
fn a_ca_that_may_sign_tokens_too_is_a_leaf_if_there_is_no_other() {
    let mut both = authority("Both");
    both.key_usages.push(KeyUsagePurpose::DigitalSignature);
    let root = root("Root");
    assert_eq!(chain(&read(&issued(&both, &root)).unwrap()).len(), 1);
}

#[test]
fn another_root_in_the_file_is_named() {
    let (own, other) = (root("Own"), root("Other"));
    let x5c = read(&format!("{}{}", issued(&leaf("device"), &own), own.pem())).unwrap();
    assert_eq!(
        missed(x5c.below(&ders(&other.pem()))),
        "leads to the root `Own`, not to any of these: `Other`"
    );
}

#[test]
fn what_cannot_be_checked_stays_in_the_chain_and_is_no_verdict() {
    let (root, leaf) = (root("Root"), leaf("device"));
    let pem = issued(&leaf, &root);
    let roots = format!("{}{}", root.pem(), *token_pem::encode("CERTIFICATE", b"rubbish"));
    assert_eq!(read(&pem).unwrap().below(&ders(&roots)), Trust::Reached);
    let other = self::root("Other").pem();
    let roots = format!("{other}{}", *token_pem::encode("CERTIFICATE", b"rubbish"));
    assert_eq!(
        read(&pem).unwrap().below(&ders(&roots)),
        Trust::Unchecked { reason: "a root of the provisioner cannot be read".to_owned() }
    );
    assert!(matches!(
        read(&pem).unwrap().trusted_by(&Kind::X5c { roots: b"-----BEGIN CERTIFICATE-----".into() }),
        Trust::Unchecked { .. }
    ));
}

#[test]
fn a_provisioner_s_roots_are_a_bundle() {
    let (first, second) = (root("First"), root("Second"));
    let x5c = read(&issued(&leaf("device"), &second)).unwrap();
    let roots = format!("{}{}", first.pem(), second.pem()).into_bytes();
    assert_eq!(x5c.trusted_by(&Kind::X5c { roots }), Trust::Reached);
    let roots = first.pem().into_bytes();
    assert!(matches!(x5c.trusted_by(&Kind::X5c { roots }), Trust::Missed { .. }));
    assert_eq!(x5c.trusted_by(&Kind::SshPop), Trust::Unknown);
}

#[test]
fn what_may_not_sign_is_refused_by_name() {
    let root = root("Root");
    let mut encrypts = leaf("device");
    encrypts.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    assert_eq!(
        refused(&issued(&encrypts, &root)),
        "may not sign: the key usage of `device` is only Key Encipherment, but CAs require digital \
         signature"
    );
    let mut silent = leaf("device");
    silent.key_usages = Vec::new();
    assert_eq!(
        refused(&issued(&silent, &root)),
        "may not sign: the key usage of `device` is missing, but CAs require digital signature"
    );
    let mut serves = leaf("device");
    serves.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    assert_eq!(
        refused(&issued(&serves, &root)),
        "is not for clients: the extended key usage of `device` lacks client authentication"
    );
    for usage in [vec![], vec![ExtendedKeyUsagePurpose::Any]] {
        let mut any = leaf("device");
        any.extended_key_usages = usage;
        assert!(read(&issued(&any, &root)).is_ok());
    }
}

#[test]
fn a_ca_is_no_leaf_and_several_leaves_are_not_guessed_among() {
    let root = root("Root");
    assert_eq!(
        refused(&root.pem()),
        "has no leaf: `Root` is a CA certificate, which cannot sign tokens"
    );
    let (one, two) = (issued(&leaf("one"), &root), issued(&leaf("two"), &root));
    assert_eq!(
        refused(&format!("{}{one}{two}", root.pem())),
        "begins with a CA certificate and has several that could be the leaf: `one`, `two`"
    );
    // The first one is the leaf; the other is not part of its chain.
    assert_eq!(chain(&read(&format!("{one}{two}")).unwrap()), ders(&one));
}

#[test]
fn both_ends_of_a_validity_belong_to_it() {
    let mut short = leaf("device");
    short.not_before = rcgen::date_time_ymd(2026, 1, 1);
    short.not_after = rcgen::date_time_ymd(2026, 1, 2);
    let pem = issued(&short, &root("Root"));
    let at = |text: &str| X5c::read(pem.as_bytes(), text.parse().unwrap());
    assert!(at("2026-01-01T00:00:00Z").is_ok() && at("2026-01-02T00:00:00Z").is_ok());
    assert_eq!(
        at("2025-12-31T23:59:59Z").unwrap_err().to_string(),
        "is not valid before 2026-01-01T00:00:00Z: `device`"
    );
    assert_eq!(
        at("2026-01-02T00:00:01Z").unwrap_err().to_string(),
        "expired at 2026-01-02T00:00:00Z: `device`"
    );
}

#[test]
fn what_is_no_certificate_says_what_it_is() {
    for (text, message) in [
        ("", "is empty"),
        (" \r\n\t", "is empty"),
        ("hello", "is not a certificate: expected PEM or DER"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n",
            "contains a damaged certificate, which begins on line 1",
        ),
        (
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "contains no certificate, only `PUBLIC KEY`",
        ),
    ] {
        assert_eq!(refused(text), message, "{text:?}");
    }
    let rubbish = token_pem::encode("CERTIFICATE", b"rubbish");
    assert!(refused(&rubbish).starts_with("contains a damaged certificate, number 1 in the file"));
    let many = root("Root").pem().repeat(33);
    assert!(refused(&many).starts_with("has more than 32 certificates"));
}

#[test]
fn a_key_beside_the_certificate_is_skipped_and_said() {
    let pem = issued(&leaf("device"), &root("Root"));
    let x5c = read(&format!("{}{pem}", key().serialize_pem())).unwrap();
    assert_eq!(x5c.warnings(), [Warning::KeySkipped]);
    assert_eq!(chain(&x5c), ders(&pem));
}

#[test]
fn one_certificate_may_be_der() {
    let pem = issued(&leaf("device"), &root("Root"));
    let der = ders(&pem).remove(0);
    assert_eq!(chain(&X5c::read(&der, NOW).unwrap()), ders(&pem));
    assert!(X5c::read(&[der.as_slice(), &[0]].concat(), NOW).is_err());
}

#[test]
fn a_proof_is_the_certificate_s_own_key_and_no_other() {
    for (name, key) in [
        ("x5c/p256.chain.crt", "test-keys/p256.trad.pem"),
        ("x5c/rsa2048.chain.crt", "test-keys/rsa2048.openssh"),
        ("x5c/ed25519.chain.crt", "test-keys/ed25519.jwk.json"),
    ] {
        let x5c = X5c::read(&vector(name), NOW).unwrap();
        let own = private_key(key);
        let thumbprint = own.public_key().thumbprint();
        let proven = ProofKey::new(&x5c, own).unwrap();
        assert_eq!(proven.header().key_id().unwrap().as_str(), thumbprint.to_string());
        assert_eq!(proven.header().header_member(), Some(&x5c.header_member()));
        assert_eq!(proven.kind(), Some(ProofKind::X5c));
        let other = private_key("test-keys/p384.pkcs8.pem");
        assert!(matches!(ProofKey::new(&x5c, other), Err(Error::KeyOfAnother { .. })));
    }
}

#[test]
fn the_insecure_header_has_the_same_chain() {
    let bytes = vector("x5c/p256.chain.crt");
    let x5c = X5c::read(&bytes, NOW).unwrap();
    let chain = chain(&x5c);
    assert_eq!(x5c.insecure().header_member(), ProofHeader::X5cInsecure(chain));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = X5c::read(&bytes, NOW);
        let pem = token_pem::encode("CERTIFICATE", &bytes);
        let _ = X5c::read(pem.as_bytes(), NOW);
    }

    #[test]
    fn a_certificate_with_one_byte_changed_is_read_without_panic(at: prop::sample::Index, to: u8) {
        let mut der = vector("x5c/p256.leaf.der");
        let at = at.index(der.len());
        der[at] = to;
        if let Ok(x5c) = X5c::read(&der, NOW) {
            let roots = ders(std::str::from_utf8(&vector("x5c/root.crt")).unwrap());
            let _ = x5c.below(&roots);
        }
    }
}
