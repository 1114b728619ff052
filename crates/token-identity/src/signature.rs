//! Whether a key of the provisioner signed a service account token.

use serde::Deserialize;
use token_jose::{Algorithm, KeyKind, PublicKey, compact};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::kubernetes::ServiceAccountToken;

impl ServiceAccountToken {
    /// Returns whether one of the keys of a K8sSA provisioner signed the token. `bundle` is the
    /// provisioner's `publicKeys`, PEM with public keys or certificates.
    ///
    /// The result is `None` if that cannot be told here: the token cannot be decoded, or no key
    /// fits and one of the others cannot be read.
    ///
    /// Source: smallstep/certificates, `authority/provisioner/k8sSA.go`; go-jose, `asymmetric.go`:
    /// an elliptic curve is not compared with the algorithm.
    #[must_use]
    pub fn is_signed_by_one_of(&self, bundle: &[u8]) -> Option<bool> {
        let parts = compact::decode_unverified(self.token().expose()).ok()?;
        let header: Header = serde_json::from_slice(&parts.header).ok()?;
        if header.unencoded.is_some() || header.critical.is_some() {
            return None;
        }
        let keys: Vec<Option<PublicKey>> = keys(bundle).collect();
        let Ok(algorithm) = header.alg.parse::<Algorithm>() else { return Some(false) };
        let message = parts.signed.as_bytes();
        let verifies = |key: &PublicKey| match (algorithm, key.kind()) {
            (Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512, _) => {
                key.verify_on_any_curve(algorithm, message, &parts.signature).is_ok()
            }
            (_, KeyKind::X25519) => false,
            _ => key.verify(algorithm, message, &parts.signature).is_ok(),
        };
        if keys.iter().flatten().any(verifies) {
            return Some(true);
        }
        keys.iter().all(Option::is_some).then_some(false)
    }
}

/// What the header says about how the payload is signed.
#[derive(Deserialize)]
struct Header {
    alg: String,
    /// RFC 7797.
    #[serde(rename = "b64")]
    unencoded: Option<serde::de::IgnoredAny>,
    #[serde(rename = "crit")]
    critical: Option<serde::de::IgnoredAny>,
}

/// Reads each section of a bundle; `None` is one that is no key, or of a kind that is not known.
fn keys(bundle: &[u8]) -> impl Iterator<Item = Option<PublicKey>> {
    token_pem::sections(bundle).map(|section| {
        let der = section.contents().ok()?;
        match section.label {
            b"PUBLIC KEY" => PublicKey::from_spki(&der).ok(),
            b"CERTIFICATE" => {
                let (_, certificate) = X509Certificate::from_der(&der).ok()?;
                PublicKey::from_spki(certificate.public_key().raw).ok()
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use token_jose::{KeyFile, PrivateKey};
    use token_time::Timestamp;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn vector(name: &str) -> Vec<u8> {
        std::fs::read(format!("../../testdata/vectors/{name}")).unwrap()
    }

    fn key(name: &str) -> PrivateKey {
        match KeyFile::parse(&vector(&format!("test-keys/{name}.pkcs8.pem"))).unwrap() {
            KeyFile::Plain(key) => *key,
            other => panic!("{other:?}"),
        }
    }

    fn public(name: &str) -> Vec<u8> {
        vector(&format!("test-keys/{name}.pub.pem"))
    }

    fn token(key: &PrivateKey) -> ServiceAccountToken {
        let claims = br#"{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:a:b"}"#;
        let text = compact::Signer::bare(key).sign(claims).unwrap();
        ServiceAccountToken::read(text.expose().as_bytes(), NOW).unwrap()
    }

    #[test]
    fn any_key_of_the_bundle_may_have_signed() {
        for name in ["p256", "p384", "rsa2048", "ed25519"] {
            let token = token(&key(name));
            let others: Vec<u8> = ["p521", name].map(public).concat();
            assert_eq!(token.is_signed_by_one_of(&others), Some(true), "{name}");
            assert_eq!(token.is_signed_by_one_of(&public("p521")), Some(false), "{name}");
        }
    }

    #[test]
    fn a_certificate_stands_for_its_key() {
        let token = token(&key("p256"));
        assert_eq!(token.is_signed_by_one_of(&vector("x5c/p256.chain.crt")), Some(true));
        assert_eq!(token.is_signed_by_one_of(&vector("x5c/root.crt")), Some(false));
    }

    #[test]
    fn a_key_that_cannot_be_read_settles_nothing_unless_another_fits() {
        let token = token(&key("p256"));
        let odd = token_pem::encode("PUBLIC KEY", b"rubbish").as_bytes().to_vec();
        assert_eq!(token.is_signed_by_one_of(&odd), None);
        assert_eq!(token.is_signed_by_one_of(&[odd.clone(), public("p384")].concat()), None);
        assert_eq!(token.is_signed_by_one_of(&[odd, public("p256")].concat()), Some(true));
        assert_eq!(token.is_signed_by_one_of(b"no key"), Some(false));
    }

    #[test]
    fn an_algorithm_that_no_public_key_has_is_settled() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let read = |header: &str| {
            let claims = r#"{"iss":"kubernetes/serviceaccount","sub":"s"}"#;
            let text = format!("{}.{}.{}", encode(header), encode(claims), encode("signature"));
            ServiceAccountToken::read(text.as_bytes(), NOW).unwrap()
        };
        let keys = public("p256");
        assert_eq!(read(r#"{"alg":"HS256"}"#).is_signed_by_one_of(&keys), Some(false));
        assert_eq!(read(r#"{"alg":"ES256","b64":false}"#).is_signed_by_one_of(&keys), None);
    }

    proptest! {
        #[test]
        fn any_bundle_is_read_without_panic(bundle: Vec<u8>) {
            let token = token(&key("p256"));
            let _ = token.is_signed_by_one_of(&bundle);
            let pem = token_pem::encode("PUBLIC KEY", &bundle);
            let _ = token.is_signed_by_one_of(pem.as_bytes());
        }
    }
}
