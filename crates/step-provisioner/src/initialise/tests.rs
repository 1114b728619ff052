use proptest::prelude::*;

use crate::config::CaConfig;
use crate::testing;

/// Why the only entry of a ca.json would be disabled.
fn reason(entry: &str) -> Option<String> {
    let json = format!(r#"{{"authority":{{"provisioners":[{entry}]}}}}"#);
    let config = CaConfig::parse(json.as_bytes()).unwrap();
    config.provisioners[0].disabled.as_ref().map(ToString::to_string)
}

#[test]
fn an_entry_without_a_name_is_disabled_whatever_its_type() {
    for kind in crate::kind::KindName::ALL {
        let entry = format!(r#"{{"type":"{kind}","key":{{}}}}"#);
        assert_eq!(reason(&entry).as_deref(), Some("it has no `name`"), "{kind}");
    }
}

#[test]
fn an_instance_age_that_go_cannot_read_is_a_fault_of_the_whole_file() {
    for kind in ["GCP", "AWS"] {
        for age in ["null", r#""""#, "1", r#""1d""#] {
            for name in [r#""name":"n","#, ""] {
                let entry = format!(r#"{{{name}"type":"{kind}","instanceAge":{age}}}"#);
                let json = format!(r#"{{"authority":{{"provisioners":[{entry}]}}}}"#);
                let error = CaConfig::parse(json.as_bytes()).unwrap_err().to_string();
                assert!(error.contains("`instanceAge` is not a duration"), "{entry}: {error}");
            }
        }
    }
    // Other types do not have it, and a claim is a pointer in Go.
    for entry in [
        r#"{"name":"n","type":"Azure","tenantID":"t","instanceAge":null}"#,
        r#"{"name":"n","type":"GCP","claims":{"minTLSCertDuration":null}}"#,
    ] {
        assert_eq!(reason(entry), None, "{entry}");
    }
}

#[test]
fn each_type_has_members_it_cannot_do_without() {
    for (entry, expected) in [
        (r#""type":"OIDC""#, "it has no `clientID`"),
        (r#""type":"OIDC","clientID":"c""#, "it has no `configurationEndpoint`"),
        (r#""type":"Azure""#, "it has no `tenantID`"),
        (r#""type":"X5C""#, "it has no `roots`"),
        (r#""type":"X5C","roots":"""#, "it has no `roots`"),
        (r#""type":"Nebula""#, "it has no `roots`"),
        (r#""type":"K8sSA""#, "it has no `publicKeys`"),
    ] {
        assert_eq!(reason(&format!(r#"{{{entry},"name":"n"}}"#)).as_deref(), Some(expected));
    }
    for entry in [r#""type":"SSHPOP""#, r#""type":"AWS""#, r#""type":"K8sSA","publicKeys":"""#] {
        assert_eq!(reason(&format!(r#"{{{entry},"name":"n"}}"#)), None);
    }
}

#[test]
fn a_value_that_step_ca_does_not_accept_disables() {
    const ENDPOINT: &str = r#""configurationEndpoint":"https://idp.example.test""#;
    let oidc = |members: &str| format!(r#"{{"type":"OIDC","name":"n","clientID":"c",{members}}}"#);
    let other = |members: &str| format!(r#"{{"name":"n",{members}}}"#);
    for (entry, expected) in [
        (
            oidc(&format!(r#"{ENDPOINT},"listenAddress":"localhost""#)),
            "its `listenAddress` is not a host and a port",
        ),
        (
            oidc(&format!(r#"{ENDPOINT},"listenAddress":"h:[8""#)),
            "its `listenAddress` is not a host and a port",
        ),
        (
            oidc(&format!(r#"{ENDPOINT},"listenAddress":"[::1]:8]""#)),
            "its `listenAddress` is not a host and a port",
        ),
        (
            oidc(r#""configurationEndpoint":"idp.example.test""#),
            "its `configurationEndpoint` is not an http or https URL",
        ),
        (
            other(r#""type":"GCP","projectIDs":["p"],"organizationID":"o""#),
            "it has both `projectIDs` and `organizationID`",
        ),
        (other(r#""type":"GCP","instanceAge":"-1s""#), "its `instanceAge` is negative"),
        (other(r#""type":"AWS","instanceAge":"-1s""#), "its `instanceAge` is negative"),
        (
            other(r#""type":"AWS","imdsVersions":["v2","v3"]"#),
            "its `imdsVersions` has `v3`; step-ca knows v1, v2",
        ),
        (
            other(r#""type":"ACME","challenges":["HTTP-01","smtp-01"]"#),
            "its `challenges` has `smtp-01`; step-ca knows http-01, dns-01, tls-alpn-01, device-attest-01, wire-oidc-01, wire-dpop-01",
        ),
        (
            other(r#""type":"ACME","attestationFormats":["x"]"#),
            "its `attestationFormats` has `x`; step-ca knows apple, step, tpm",
        ),
        (
            other(r#""type":"SCEP","minimumPublicKeyLength":2047"#),
            "its `minimumPublicKeyLength` is not a multiple of 8",
        ),
        (
            other(r#""type":"SCEP","encryptionAlgorithmIdentifier":5"#),
            "its `encryptionAlgorithmIdentifier` is not a number from 0 to 4",
        ),
        (
            other(
                r#""type":"AWS","options":{"webhooks":[{"url":"https://a","kind":"ENRICHING"}]}"#,
            ),
            "its `options.webhooks` has one without `name`",
        ),
        (
            other(
                r#""type":"AWS","options":{"webhooks":[{"name":"w","url":"http://a","kind":"ENRICHING"}]}"#,
            ),
            "its `options.webhooks` has one whose `url` is not an https URL without user name",
        ),
        (
            other(
                r#""type":"AWS","options":{"webhooks":[{"name":"w","url":"https://a","kind":"x"}]}"#,
            ),
            "its `options.webhooks` has one without a known `kind`",
        ),
    ] {
        assert_eq!(reason(&entry).as_deref(), Some(expected), "{entry}");
    }
    for entry in [
        oidc(&format!(r#"{ENDPOINT},"listenAddress":":10000""#)),
        oidc(&format!(r#"{ENDPOINT},"listenAddress":"[::1]:""#)),
        other(r#""type":"ACME","challenges":["dev\u0130ce-attest-01"]"#),
        other(r#""type":"SSHPOP","options":{"webhooks":[{"name":""}]}"#),
        other(
            r#""type":"AWS","options":{"webhooks":[{"name":"w","url":"HTTPS://a/{{.x}}","kind":"enriching"},null]}"#,
        ),
        other(r#""type":"SCEP","minimumPublicKeyLength":2048,"encryptionAlgorithmIdentifier":4"#),
    ] {
        assert_eq!(reason(&entry), None, "{entry}");
    }
}

#[test]
fn lifetimes_of_x509_certificates_that_contradict_disable_and_those_of_ssh_do_not() {
    let claims =
        |claims: &str| reason(&format!(r#"{{"type":"AWS","name":"n","claims":{{{claims}}}}}"#));
    assert_eq!(
        claims(r#""maxTLSCertDuration":"720h","defaultTLSCertDuration":"8760h""#).unwrap(),
        "`maxTLSCertDuration` of 720h0m0s (in its claims) is shorter than \
         `defaultTLSCertDuration` of 8760h0m0s (in its claims)"
    );
    assert_eq!(claims(r#""minUserSSHCertDuration":"48h""#), None);
    assert_eq!(claims(r#""defaultTLSCertDuration":"8760h""#), None);
}

#[test]
fn a_state_in_a_ca_json_says_nothing_and_with_admin_the_entries_may_be_stale() {
    assert_eq!(reason(r#"{"type":"AWS","name":"n","state":"Uninitialized"}"#), None);
    let json = br#"{"authority":{"enableAdmin":true,"provisioners":[{"type":"X5C","name":"n"}]}}"#;
    assert_eq!(CaConfig::parse(json).unwrap().provisioners[0].disabled, None);
}

proptest! {
    #[test]
    fn arbitrary_members_never_panic(members in testing::members(), kind in testing::kind()) {
        let entry = format!(r#"{{{members}"type":"{kind}"}}"#);
        let json = format!(r#"{{"authority":{{"provisioners":[{entry},{entry}]}}}}"#);
        if let Ok(config) = CaConfig::parse(json.as_bytes()) {
            let _ = config.start_fault().map(|fault| fault.to_string());
            for provisioner in &config.provisioners {
                let _ = provisioner.disabled.as_ref().map(ToString::to_string);
            }
        }
    }

    #[test]
    fn no_address_panics(address in "\\PC*") {
        let _ = (super::split_host_port(&address), super::is_bare_https(&address));
    }
}
