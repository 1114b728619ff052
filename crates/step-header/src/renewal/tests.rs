use step_claims::Purpose;
use token_jose::ProofHeader;

use super::*;
use crate::testing::{NOW, below, ders, issued, leaf, root, vector};

#[test]
fn the_subject_is_the_common_name_letter_for_letter() {
    let renewal = Renewal::read(&vector("x5c/renew.chain.crt"), NOW).unwrap();
    let own: Subject = "renew.example.test".parse().unwrap();
    assert_eq!(renewal.default_subject(), Some(own.clone()));
    assert!(renewal.admits(&own, &Purpose::Renew).is_ok());
    let other = "Renew.example.test".parse().unwrap();
    assert_eq!(
        renewal.admits(&other, &Purpose::Renew).unwrap_err().to_string(),
        "is for `renew.example.test`, not for `Renew.example.test`: a renewal keeps the \
         certificate's name"
    );
    assert!(matches!(renewal.header_member(), ProofHeader::X5cInsecure(chain) if chain.len() == 2));
    assert_eq!(renewal.kind(), None);
}

#[test]
fn without_a_common_name_the_subject_is_free() {
    let renewal = Renewal::read(&vector("x5c/p256.nocn.crt"), NOW).unwrap();
    assert_eq!(renewal.default_subject(), None);
    assert!(renewal.admits(&"anything".parse().unwrap(), &Purpose::Renew).is_ok());
}

#[test]
fn of_several_common_names_the_last_counts() {
    let mut two = leaf("first.test");
    two.distinguished_name.push(rcgen::DnType::OrganizationName, "Organization");
    // The builder takes one attribute of a type, so the second is added by its number.
    let number = rcgen::DnType::CustomDnType(vec![2, 5, 4, 3]);
    two.distinguished_name.push(number, "last.test");
    let renewal = Renewal::read(issued(&two, &root("Root")).as_bytes(), NOW).unwrap();
    assert_eq!(renewal.default_subject().unwrap().as_str(), "last.test");
}

#[test]
fn what_is_over_is_renewed_with_a_warning_and_what_has_not_begun_is_not() {
    let root = root("Root");
    let intermediate = below("Intermediate", &root);
    let mut over = leaf("host.example.test");
    over.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let pem = format!("{}{}", issued(&over, &intermediate), intermediate.pem());
    let renewal = Renewal::read(pem.as_bytes(), NOW).unwrap();
    let at = "2021-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(renewal.warnings(), [Warning::Expired { at }]);
    assert!(renewal.warnings()[0].is_serious());
    assert_eq!(
        renewal.warnings()[0].to_string(),
        "expired at 2021-01-01T00:00:00Z: the CA renews it only if the provisioner's claims have \
         `\"allowRenewalAfterExpiry\": true`"
    );
    // As in the CA, the chain is checked at a time when the leaf was still valid.
    assert_eq!(renewal.below(&ders(&root.pem())), Trust::Reached);

    let mut early = leaf("host.example.test");
    early.not_before = rcgen::date_time_ymd(2100, 1, 1);
    let error = Renewal::read(issued(&early, &root).as_bytes(), NOW).unwrap_err();
    assert!(matches!(error, Error::NotYetValid { .. }));
}
