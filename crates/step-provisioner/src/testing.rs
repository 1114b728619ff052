//! Shared helpers of this crate's tests.

use proptest::prelude::*;

use crate::list::provisioners_page;
use crate::provisioner::Provisioner;

/// A JWK entry as step-ca writes it, with the encrypted key cut short.
pub(crate) const JWK: &str = r#"{"type":"JWK","name":"admin@example.com","key":{"use":"sig","kty":"EC","kid":"yxAzcITTb5t6yyJp-ytR9rZPp0_CpbZdMDZY7LhKKhQ","crv":"P-256","x":"8PicBQpjIemjEE7pt1p7tj7DS0Y27ffOa08Pn1o_VAE","y":"nIb5uRUJWN0jJOVSUKJnqmYhl0BKs-e8Wa4L5pp-Jjs"},"encryptedKey":"e30.AA.AA.AA.AA","claims":{"enableSSHCA":true}}"#;

/// The key ID of [`JWK`], which is also the thumbprint of its key (RFC 7638).
pub(crate) const JWK_KEY_ID: &str = "yxAzcITTb5t6yyJp-ytR9rZPp0_CpbZdMDZY7LhKKhQ";

/// A second JWK entry, with an Ed25519 key.
pub(crate) const EDWARDS: &str = r#"{"type":"JWK","name":"edwards","key":{"use":"sig","kid":"dtBajteIuPhA9koC_TabpPG_imGV5k0J6Xz4XRKkMPw","kty":"OKP","crv":"Ed25519","x":"WHaC9Snxo-8sjt0xXT0JcrNF9NFhcTOjO4LA3LS79A8"}}"#;

/// The key ID of [`EDWARDS`], which is also the thumbprint of its key.
pub(crate) const EDWARDS_KEY_ID: &str = "dtBajteIuPhA9koC_TabpPG_imGV5k0J6Xz4XRKkMPw";

/// Parses one entry.
pub(crate) fn provisioner(entry: &str) -> Provisioner {
    provisioners(&[entry]).remove(0)
}

/// Parses a list of entries.
pub(crate) fn provisioners(entries: &[&str]) -> Vec<Provisioner> {
    let json = format!(r#"{{"provisioners":[{}]}}"#, entries.join(","));
    provisioners_page(json.as_bytes()).unwrap().provisioners
}

/// Any of the types.
pub(crate) fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(crate::kind::KindName::ALL.map(crate::kind::KindName::as_str).to_vec())
}

/// Arbitrary JSON, as text.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((member(), inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(name, value)| format!(r#""{name}":{value}"#))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Arbitrary members with meaningful names, each followed by a comma.
pub(crate) fn members() -> impl Strategy<Value = String> {
    prop::collection::vec((member(), json()), 0..6).prop_map(|members| {
        members.into_iter().map(|(name, value)| format!(r#""{name}":{value},"#)).collect()
    })
}

fn member() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "name",
        "key",
        "kid",
        "alg",
        "claims",
        "enableSSHCA",
        "minTLSCertDuration",
        "roots",
        "publicKeys",
        "clientID",
        "admins",
        "tenantID",
        "state",
        "stateReason",
        "encryptedKey",
        "root",
        "dnsNames",
        "address",
        "ssh",
        "authority",
        "provisioners",
        "hostKey",
        "other",
    ])
}
