//! Service account tokens of Kubernetes, which are passed on as they are.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::SigningKey as _;
use serde_json::json;
use step_ca_client::SshCertificateType;
use tempfile::TempDir;

use crate::hierarchy::key_pair;
use crate::provisioners::K8SSA;
use crate::spend::{Csr, ssh_request};
use crate::ssh::public_key;
use crate::{Ca, Way};

/// The token of a service account, as Kubernetes kept it in a secret until 1.24: it never expires.
fn account_token() -> String {
    account_token_by("rsa2048", "RS256")
}

fn account_token_by(key: &str, algorithm: &str) -> String {
    let header = json!({ "alg": algorithm, "kid": "" });
    let claims = json!({
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": "default",
        "kubernetes.io/serviceaccount/secret.name": "builder-token-x7k2p",
        "kubernetes.io/serviceaccount/service-account.name": "builder",
        "kubernetes.io/serviceaccount/service-account.uid": "b24e5d4e-6a4f-4a0e-9c61-0a9c6f3a4f10",
        "sub": "system:serviceaccount:default:builder",
    });
    let [header, claims] = [header, claims].map(|json| URL_SAFE_NO_PAD.encode(json.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = key_pair(key).sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Writes a token to a file, with white space around it.
fn in_a_file(token: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, format!("{token} \n\n")).unwrap();
    (directory, file)
}

#[test]
fn the_token_is_passed_on_and_signs() {
    let ca = Ca::shared();
    let account = account_token();
    let (_directory, file) = in_a_file(&account);
    for way in [Way::Online, Way::CaJson] {
        for extra in [&[][..], &["--provisioner", K8SSA]] {
            let program = ca.token(way, "db.test").flag("--k8ssa-token-path", &file).args(extra);
            assert_eq!(program.succeed(), format!("{account}\n"), "{way:?}");
        }
    }
    // The token has no names: the request decides.
    let certificate = ca.must_sign(&Csr::for_host("db.test"), &account);
    assert_eq!(certificate.common_name(), "db.test");
    assert!(certificate.is_vouched_by(K8SSA, ""));
}

#[test]
fn a_token_of_another_cluster_is_refused_as_the_ca_does() {
    let ca = Ca::shared();
    let account = account_token_by("ed25519", "EdDSA");
    let (_directory, file) = in_a_file(&account);
    for way in [Way::Online, Way::CaJson] {
        let said = ca.token(way, "db.test").flag("--k8ssa-token-path", &file).fail(3);
        assert!(said.contains("is not signed by any of the `publicKeys`"), "{way:?}: {said}");
    }
    let refusal = ca.sign(&Csr::for_host("db.test"), &account).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}

#[test]
fn the_token_signs_for_users_and_hosts() {
    let ca = Ca::shared();
    let (_directory, file) = in_a_file(&account_token());
    let (key, names) = (public_key("ed25519"), ["db.test".to_owned()]);
    for way in [Way::Online, Way::CaJson] {
        let program = ca.token(way, "db.test").args(["--ssh"]).flag("--k8ssa-token-path", &file);
        let token = program.mint();
        // The request also decides the type of certificate; the token can be used many times.
        for kind in [SshCertificateType::User, SshCertificateType::Host] {
            let mut request = ssh_request(&key, &token);
            (request.cert_type, request.key_id, request.principals) = (Some(kind), "db", &names);
            let certificate = ca
                .ssh_sign(&request)
                .unwrap_or_else(|refusal| panic!("{refusal}; the CA's log ends:\n{}", ca.log()));
            assert_eq!(certificate.is_host(), kind == SshCertificateType::Host);
            assert_eq!(certificate.key_id(), "db");
            assert_eq!(certificate.principals(), names);
        }
    }
}
