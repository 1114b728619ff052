//! Tokens of every algorithm and every form of key, used at both servers.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::keys::{self, SECRET};
use crate::peers::Flavour;
use crate::program::{NOW, Px};

const ACCOUNT: &str = "name: Jürgen <a>&\"b\"\nemail: j@example.com\nsub: j@example.com/j\n\
                       roles: [system.user, 'r 2']\ngroups: [g1, '*']\n";

/// Begins a `px token` for the account.
fn mint(alg: &str) -> Px {
    Px::new("token --auth-config - --issuer portworx.com").flag("alg", alg).stdin(ACCOUNT)
}

/// Checks a token with both servers, each configured with one key, and expects the account.
#[track_caller]
fn spend(token: &str, key: &str, value: Value, what: &str) {
    let mut question =
        json!({"issuer": "portworx.com", "token": STANDARD.encode(token), "at": NOW});
    question[key] = value;
    for flavour in Flavour::ALL {
        let answer = flavour.ask("verify", std::slice::from_ref(&question)).remove(0);
        assert_eq!(
            answer,
            json!({
                "accepted": true,
                "code": "OK",
                "stage": "ok",
                "username": "j@example.com/j",
                "roles": ["system.user", "r 2"],
                "groups": ["g1", "*"],
                "name": "Jürgen <a>&\"b\"",
                "email": "j@example.com",
            }),
            "{what} at {flavour:?}"
        );
    }
}

/// Uses a token at servers with the public key, and at servers with a certificate of it.
#[track_caller]
fn spend_pair(token: &str, alg: &str, public: &str, private: &Path) {
    let member = if alg.starts_with("RS") { "rsaPublicKey" } else { "ecdsPublicKey" };
    let flag = if alg.starts_with("RS") { "rsa-public-keyfile" } else { "ecdsa-public-keyfile" };
    for public in [public, &keys::certificate(private)] {
        spend(token, member, public.into(), alg);
        let verify = Px::new("verify - --issuer portworx.com --strict").stdin(token);
        assert!(verify.source(flag, "PUBLIC", public).succeed().contains("accepted"), "{alg}");
    }
}

/// Creates a key pair with `px keygen`; returns both paths.
fn keygen(folder: &Path, words: &str, name: &str) -> (PathBuf, PathBuf) {
    let path = folder.join(name);
    Px::new("keygen").args(words).arg(&path).succeed();
    (path, folder.join(format!("{name}.pub")))
}

#[test]
fn a_shared_secret_of_keygen_signs_with_every_hmac() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    Px::new("keygen secret").arg(&path).succeed();
    let secret = std::fs::read_to_string(&path).unwrap();
    assert_eq!(secret.len(), 64);
    for alg in ["HS256", "HS384", "HS512"] {
        let token = mint(alg).flag("shared-secret-file", path.to_str().unwrap()).mint();
        spend(&token, "sharedSecret", STANDARD.encode(&secret).into(), alg);
    }
}

#[test]
fn a_shared_secret_is_any_bytes_a_variable_holds() {
    for secret in [SECRET, "s", " \t ", "a\r\nb", "\u{feff}\0"] {
        let token = mint("HS256").source("shared-secret-file", "S", secret).mint();
        spend(&token, "sharedSecret", STANDARD.encode(secret).into(), secret);
    }
}

#[test]
fn an_rsa_pair_of_keygen_signs_with_every_hash() {
    let folder = tempfile::tempdir().unwrap();
    let (private, public) = keygen(folder.path(), "rsa --bits 2048", "rsa.key");
    let public = std::fs::read_to_string(public).unwrap();
    for alg in ["RS256", "RS384", "RS512"] {
        let token = mint(alg).flag("rsa-private-keyfile", private.to_str().unwrap()).mint();
        spend_pair(&token, alg, &public, &private);
    }
}

#[test]
fn an_ec_pair_of_keygen_signs_with_the_algorithm_of_its_curve() {
    let folder = tempfile::tempdir().unwrap();
    for (alg, curve) in [("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521")] {
        let (private, public) = keygen(folder.path(), &format!("ec --curve {curve}"), curve);
        let public = std::fs::read_to_string(public).unwrap();
        // In one of 256 signatures a number is short, and is then padded.
        for _ in 0..3 {
            let token = mint(alg).flag("ecdsa-private-keyfile", private.to_str().unwrap()).mint();
            spend_pair(&token, alg, &public, &private);
        }
    }
}

/// One with the label of its algorithm, one of PKCS#8, one after its parameters, encrypted ones, a JWK.
#[test]
fn a_private_key_may_come_in_every_form() {
    for (alg, name) in [
        ("ES256", "p256.trad.pem"),
        ("ES256", "p256.pkcs8.pem"),
        ("ES256", "p256.ecparams.pem"),
        ("ES256", "p256.pkcs8-enc.pem"),
        ("ES256", "p256.pkcs8-enc-sha512.pem"),
        ("ES256", "p256.jwk.json"),
        ("ES384", "p384.trad.pem"),
        ("ES384", "p384.pkcs8.pem"),
        ("ES384", "p384.jwk.json"),
        ("ES512", "p521.trad.pem"),
        ("ES512", "p521.pkcs8.pem"),
        ("ES512", "p521.jwk.json"),
        ("RS256", "rsa2048.trad.pem"),
        ("RS384", "rsa2048.pkcs8.pem"),
        ("RS512", "rsa2048.pkcs8-enc-sha1.pem"),
        ("RS256", "rsa2048.jwk.json"),
    ] {
        let rsa = alg.starts_with('R');
        let (flag, member) = match rsa {
            true => ("rsa-private-keyfile", "rsaPublicKey"),
            false => ("ecdsa-private-keyfile", "ecdsPublicKey"),
        };
        let mut px = mint(alg).flag(flag, keys::file(name).to_str().unwrap());
        if name.contains("-enc") {
            px = px.source("password-file", "PASSWORD", "test-pass-key");
        }
        spend(&px.mint(), member, keys::public_of(alg).unwrap().into(), name);
    }
}

/// pxctl signs with ES256 and RS256.
#[test]
fn without_a_wish_the_algorithm_is_that_of_pxctl() {
    let px = || Px::new("token --auth-config - --issuer portworx.com").stdin(ACCOUNT);
    let ec = keys::file("p256.pkcs8.pem");
    let token = px().flag("ecdsa-private-keyfile", ec.to_str().unwrap()).mint();
    spend_pair(&token, "ES256", &keys::text("p256.pub.pem"), &ec);
    let rsa = keys::file("rsa2048.trad.pem");
    let token = px().flag("rsa-private-keyfile", rsa.to_str().unwrap()).mint();
    spend_pair(&token, "RS256", &keys::text("rsa2048.pub.pem"), &rsa);
}
