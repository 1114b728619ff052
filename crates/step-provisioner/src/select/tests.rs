use proptest::prelude::*;

use crate::testing::{self, EDWARDS, EDWARDS_KEY_ID, JWK, JWK_KEY_ID, provisioners};

use super::*;

const ACME: &str = r#"{"type":"ACME","name":"acme"}"#;
const SCEP: &str = r#"{"type":"SCEP","name":"scep"}"#;
const X5C: &str = r#"{"type":"X5C","name":"devices"}"#;
const SSHPOP: &str = r#"{"type":"SSHPOP","name":"sshpop"}"#;
const K8S: &str = r#"{"type":"K8sSA","name":"k8s"}"#;
const OIDC: &str = r#"{"type":"OIDC","name":"people","clientID":"client-1"}"#;

fn selector() -> Selector {
    Selector { proof: None, key_id: None, name: None, public_key: None, operation: Operation::Sign }
}

fn named(name: &str) -> Selector {
    Selector { name: Some(name.to_owned()), ..selector() }
}

fn with_key_id(key_id: &str) -> Selector {
    Selector { key_id: Some(key_id.to_owned()), ..selector() }
}

fn with_proof(proof: ProofKind) -> Selector {
    Selector { proof: Some(proof), ..selector() }
}

fn for_operation(operation: Operation) -> Selector {
    Selector { operation, ..selector() }
}

/// The thumbprint of the key of a JWK entry.
fn thumbprint(entry: &str) -> Thumbprint {
    let provisioner = testing::provisioner(entry);
    provisioner.jwk().unwrap().key.as_ref().unwrap().thumbprint()
}

fn with_key(entry: &str) -> Selector {
    Selector { public_key: Some(thumbprint(entry)), ..selector() }
}

fn one(entries: &[&str], selector: &Selector) -> (String, Why) {
    match select(&provisioners(entries), selector) {
        Selection::One { provisioner, why } => (provisioner.name.clone(), why),
        other => panic!("{other:?}"),
    }
}

fn several(entries: &[&str], selector: &Selector) -> Vec<String> {
    match select(&provisioners(entries), selector) {
        Selection::Several(found) => found.iter().map(|p| p.name.clone()).collect(),
        other => panic!("{other:?}"),
    }
}

fn none(entries: &[&str], selector: &Selector) -> Unselected {
    match select(&provisioners(entries), selector) {
        Selection::None(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_only_one_is_selected() {
    assert_eq!(one(&[JWK], &selector()), ("admin@example.com".to_owned(), Why::Only));
}

#[test]
fn several_are_left_to_a_person_in_the_order_of_the_list() {
    let found = several(&[X5C, JWK, ACME, EDWARDS], &selector());
    assert_eq!(found, ["devices", "admin@example.com", "edwards"]);
}

#[test]
fn an_empty_list_has_nothing() {
    let reason = none(&[], &named("x"));
    assert_eq!(reason, Unselected::NoProvisioners);
    assert_eq!(reason.to_string(), "the CA has no provisioners");
}

#[test]
fn a_proof_leaves_only_its_type() {
    let list = [JWK, X5C, K8S, EDWARDS];
    assert_eq!(one(&list, &with_proof(ProofKind::X5c)), ("devices".to_owned(), Why::Proof));
    assert_eq!(one(&list, &with_proof(ProofKind::K8sSa)), ("k8s".to_owned(), Why::Proof));
    let reason = none(&list, &with_proof(ProofKind::SshPop));
    assert_eq!(
        reason.to_string(),
        "the CA has no SSHPOP provisioner for the SSH certificate, only `JWK`, `X5C`, `K8sSA`"
    );
}

#[test]
fn a_key_id_or_a_client_selects() {
    let list = [JWK, EDWARDS, OIDC, X5C];
    let (name, why) = one(&list, &with_key_id(EDWARDS_KEY_ID));
    assert_eq!((name.as_str(), why), ("edwards", Why::KeyId));
    let (name, why) = one(&list, &with_key_id("client-1"));
    assert_eq!((name.as_str(), why), ("people", Why::KeyId));
}

#[test]
fn an_unknown_key_id_lists_the_known_ones() {
    let reason = none(&[JWK, OIDC, X5C], &with_key_id("nope"));
    assert_eq!(
        reason.to_string(),
        format!("no provisioner has the key ID `nope`; key IDs: `{JWK_KEY_ID}`, `client-1`")
    );
    let reason = none(&[X5C], &with_key_id("nope"));
    assert_eq!(reason.to_string(), "no provisioner has the key ID `nope`");
}

#[test]
fn a_key_id_beside_a_proof_never_fits() {
    let selector = Selector { proof: Some(ProofKind::X5c), ..with_key_id(JWK_KEY_ID) };
    assert_eq!(
        none(&[JWK, X5C], &selector).to_string(),
        format!(
            "the key ID `{JWK_KEY_ID}` belongs to the JWK provisioner `admin@example.com`, but the \
             X.509 certificate works with X5C provisioners only, which have no key ID"
        )
    );
    let selector = Selector { proof: Some(ProofKind::X5c), ..with_key_id("nope") };
    assert!(matches!(none(&[JWK, X5C], &selector), Unselected::UnknownKeyId { .. }));
}

#[test]
fn a_key_id_and_a_name_must_belong_together() {
    let selector = Selector { name: Some("edwards".to_owned()), ..with_key_id(JWK_KEY_ID) };
    assert_eq!(
        none(&[JWK, EDWARDS], &selector).to_string(),
        format!(
            "the key ID `{JWK_KEY_ID}` belongs to `admin@example.com`, not to `edwards`; key IDs \
             of that provisioner: `{EDWARDS_KEY_ID}`"
        )
    );
    let selector = Selector { name: Some("edwards".to_owned()), ..with_key_id(EDWARDS_KEY_ID) };
    assert_eq!(one(&[JWK, EDWARDS], &selector), ("edwards".to_owned(), Why::Name));
    let selector = Selector { name: Some("nobody".to_owned()), ..with_key_id(EDWARDS_KEY_ID) };
    assert!(matches!(none(&[JWK, EDWARDS], &selector), Unselected::UnknownName { .. }));
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    assert_eq!(
        none(&[JWK, ACME], &named("admin")).to_string(),
        "no provisioner is named `admin`; names: `admin@example.com`, `acme`"
    );
    let many: Vec<String> = (0..12).map(|n| format!(r#"{{"type":"X5C","name":"p{n}"}}"#)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(none(&many, &named("x")).to_string().ends_with("`p9` and 2 more"));
}

#[test]
fn a_name_of_another_type_than_the_proof_is_told() {
    let selector = Selector { proof: Some(ProofKind::X5c), ..named("admin@example.com") };
    assert_eq!(
        none(&[JWK, X5C], &selector).to_string(),
        "`admin@example.com` is a provisioner of type JWK, but the X.509 certificate works with \
         X5C provisioners only"
    );
}

#[test]
fn an_empty_key_id_or_name_counts_as_none() {
    let selector = Selector { key_id: Some(String::new()), ..named("") };
    assert_eq!(one(&[JWK], &selector).1, Why::Only);
}

#[test]
fn types_without_tokens_are_left_out_unless_asked_for() {
    assert_eq!(one(&[ACME, JWK, SCEP], &selector()).0, "admin@example.com");
    assert_eq!(
        none(&[ACME, JWK], &named("acme")).to_string(),
        "`acme` is of type `ACME`, which does not use tokens"
    );
    assert_eq!(
        none(&[ACME, SCEP], &selector()).to_string(),
        "the CA has only provisioners of types that do not use tokens: `ACME`, `SCEP`"
    );
}

#[test]
fn one_name_may_stand_for_two_keys() {
    let twin = EDWARDS.replace("edwards", "admin@example.com");
    let list = [JWK, twin.as_str(), X5C];
    assert_eq!(several(&list, &named("admin@example.com")).len(), 2);
    let selector = Selector { name: Some("admin@example.com".to_owned()), ..with_key(&twin) };
    let list = provisioners(&list);
    let Selection::One { provisioner, why } = select(&list, &selector) else { panic!() };
    assert_eq!(own_key_id(provisioner).as_deref(), Some(EDWARDS_KEY_ID));
    assert_eq!(why, Why::Name);
}

#[test]
fn the_key_picks_among_several() {
    assert_eq!(one(&[X5C, JWK, EDWARDS], &with_key(EDWARDS)), ("edwards".to_owned(), Why::Key));
}

#[test]
fn two_provisioners_with_the_same_key_stay_two() {
    let twin = JWK.replace("admin@example.com", "twin");
    let found = several(&[JWK, &twin, EDWARDS], &with_key(JWK));
    assert_eq!(found, ["admin@example.com", "twin"]);
}

#[test]
fn a_key_that_fits_none_of_several_lists_their_thumbprints() {
    let other = JWK.replace("admin@example.com", "other");
    let reason = none(&[JWK, &other, X5C], &with_key(EDWARDS));
    let Unselected::KeyFitsNone { given, candidates } = &reason else { panic!("{reason:?}") };
    assert_eq!(*given, thumbprint(EDWARDS));
    let keys: Vec<_> = candidates.iter().map(|candidate| candidate.key).collect();
    assert_eq!(keys, [Some(thumbprint(JWK)), Some(thumbprint(JWK)), None]);
    assert!(reason.to_string().starts_with(&format!(
        "the key given (thumbprint {EDWARDS_KEY_ID}) belongs to none of these provisioners: \
         `admin@example.com (JWK) [kid: {JWK_KEY_ID}]`"
    )));
}

#[test]
fn a_key_other_than_the_named_provisioner_s_is_a_mismatch() {
    let by_name = Selector { name: Some("admin@example.com".to_owned()), ..with_key(EDWARDS) };
    let by_key_id = Selector { key_id: Some(JWK_KEY_ID.to_owned()), ..with_key(EDWARDS) };
    for selector in [by_name, by_key_id] {
        let reason = none(&[JWK, EDWARDS], &selector);
        assert_eq!(
            reason.to_string(),
            format!(
                "the key given has the thumbprint {EDWARDS_KEY_ID}, but the key of provisioner \
                 `admin@example.com` has {JWK_KEY_ID}"
            )
        );
    }
    assert!(matches!(none(&[JWK], &with_key(EDWARDS)), Unselected::KeyMismatch { .. }));
    assert_eq!(one(&[JWK], &with_key(JWK)).1, Why::Only);
}

#[test]
fn a_key_that_cannot_be_read_is_not_held_against_anyone() {
    let odd = r#"{"type":"JWK","name":"odd","key":{"kty":"XX","kid":"odd"}}"#;
    assert_eq!(one(&[odd, JWK], &Selector { name: Some("odd".into()), ..with_key(JWK) }).0, "odd");
    assert_eq!(one(&[odd, JWK], &with_key(JWK)).0, "admin@example.com");
}

#[test]
fn those_who_may_not_are_left_out_while_several_remain() {
    let list = [JWK, X5C, SSHPOP];
    let rekey = for_operation(Operation::SshRekey);
    assert_eq!(one(&list, &rekey), ("sshpop".to_owned(), Why::Operation));
    assert_eq!(several(&list, &for_operation(Operation::Sign)), ["admin@example.com", "devices"]);
    let no_ssh = r#"{"type":"X5C","name":"no-ssh","claims":{"enableSSHCA":false}}"#;
    assert_eq!(one(&[JWK, no_ssh], &for_operation(Operation::SshUser)).0, "admin@example.com");
}

#[test]
fn whoever_is_asked_for_is_found_even_if_it_may_not() {
    let selector = Selector { name: Some("sshpop".to_owned()), ..for_operation(Operation::Sign) };
    assert_eq!(one(&[JWK, SSHPOP], &selector), ("sshpop".to_owned(), Why::Name));
    assert_eq!(one(&[JWK], &for_operation(Operation::SshRenew)).1, Why::Only);
}

#[test]
fn several_of_whom_none_may_are_a_refusal_that_says_what_to_use() {
    let reason = none(&[JWK, X5C], &for_operation(Operation::SshRenew));
    let Unselected::Refused { candidates, instead, .. } = &reason else { panic!("{reason:?}") };
    assert_eq!(candidates.len(), 2);
    assert_eq!(instead, &["an SSHPOP provisioner with the certificate and its key"]);
    assert!(reason.to_string().contains("devices (X5C)"), "{reason}");
}

#[test]
fn a_disabled_provisioner_gives_way_to_one_that_works() {
    let broken =
        r#"{"type":"X5C","name":"broken","state":"Uninitialized","stateReason":"bad root"}"#;
    assert_eq!(one(&[broken, X5C], &selector()).0, "devices");
    assert_eq!(one(&[broken], &selector()).0, "broken");
    assert_eq!(one(&[broken, X5C], &named("broken")).0, "broken");
}

proptest! {
    #[test]
    fn a_selection_never_panics_and_answers_the_filters(
        picked in prop::collection::vec(0_usize..8, 0..8),
        proof in prop::option::of(prop::sample::select(
            vec![ProofKind::X5c, ProofKind::SshPop, ProofKind::Nebula, ProofKind::K8sSa],
        )),
        key_id in prop::option::of(prop::sample::select(
            vec!["", "nope", JWK_KEY_ID, EDWARDS_KEY_ID, "client-1"],
        )),
        name in prop::option::of(prop::sample::select(
            vec!["", "nope", "devices", "acme", "admin@example.com", "people", "edwards"],
        )),
        key in prop::option::of(prop::sample::select(vec![JWK, EDWARDS])),
        operation in prop::sample::select(Operation::ALL.to_vec()),
    ) {
        let all = [JWK, EDWARDS, X5C, SSHPOP, K8S, OIDC, ACME, SCEP];
        let entries: Vec<&str> = picked.iter().map(|&index| all[index]).collect();
        let list = provisioners(&entries);
        let selector = Selector {
            proof,
            key_id: key_id.map(str::to_owned),
            name: name.map(str::to_owned),
            public_key: key.map(thumbprint),
            operation,
        };
        let found = match select(&list, &selector) {
            Selection::One { provisioner, .. } => vec![provisioner],
            Selection::Several(found) => {
                prop_assert!(found.len() > 1);
                found
            }
            Selection::None(reason) => {
                prop_assert!(!reason.to_string().ends_with('.'));
                vec![]
            }
        };
        for provisioner in found {
            prop_assert!(provisioner.kind.name().has_tokens());
            prop_assert!(proof.is_none_or(|proof| proof.kind() == provisioner.kind.name()));
            prop_assert!(name.is_none_or(|name| name.is_empty() || name == provisioner.name));
            prop_assert!(key_id.is_none_or(|id| id.is_empty() || has_key_id(provisioner, id)));
        }
    }
}
