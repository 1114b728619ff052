//! The keys of the recorded test data, as files and as signers.

use std::path::{Path, PathBuf};
use std::process::Command;

use token_jose::{
    Algorithm, KeyFile, KeyKind, MacAlgorithm, MacKey, PrivateKey, SharedSecret, SigningKey as _,
};

use crate::peers::run;

/// The default shared secret of the tests; a server accepts any bytes.
pub(crate) const SECRET: &str = "sécret, and long enough for everybody to be content with it";

/// Returns a private or public key of the recorded test data.
pub(crate) fn file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/vectors/test-keys");
    Path::new(folder).join(name)
}

/// Returns the text of such a key.
pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// Returns the text of the public key that checks an algorithm's signatures, if it is a key pair's.
pub(crate) fn public_of(alg: &str) -> Option<String> {
    stem_of(alg).map(|stem| text(&format!("{stem}.pub.pem")))
}

fn stem_of(alg: &str) -> Option<&'static str> {
    match alg {
        "ES256" => Some("p256"),
        "ES384" => Some("p384"),
        "ES512" => Some("p521"),
        "EdDSA" => Some("ed25519"),
        _ if alg.starts_with("HS") => None,
        _ => Some("rsa2048"),
    }
}

/// Signs any input with any algorithm.
#[derive(Debug)]
pub(crate) struct Keyring {
    pairs: Vec<(&'static str, Box<PrivateKey>)>,
    secret: Vec<u8>,
}

impl Keyring {
    /// Opens the keys of the test data.
    pub(crate) fn recorded() -> Self {
        let open = |alg: &str| text(&format!("{}.pkcs8.pem", stem_of(alg).unwrap()));
        Self::of(SECRET.as_bytes(), |alg, _| open(alg))
    }

    /// Generates other keys of the same types.
    pub(crate) fn others() -> Self {
        let rsa = token_jose::KeyPairPem::rsa(2048).unwrap();
        Self::of(b"another secret", |_, kind| {
            let private = match kind {
                KeyKind::Rsa => rsa.private.clone(),
                KeyKind::Ed25519 => text("ed25519.pkcs8.pem").into_bytes().into(),
                curve => token_jose::KeyPairPem::ec(curve).unwrap().private,
            };
            String::from_utf8(private.to_vec()).unwrap()
        })
    }

    fn of(secret: &[u8], mut pem: impl FnMut(&str, KeyKind) -> String) -> Self {
        let algorithms = Algorithm::ALL.into_iter().filter(|alg| *alg != Algorithm::XEdDsa);
        let pairs = algorithms.map(|algorithm| {
            let pem = pem(algorithm.as_str(), algorithm.key_kind());
            let KeyFile::Plain(key) = KeyFile::parse(pem.as_bytes()).unwrap() else {
                panic!("the key has no seal")
            };
            (algorithm.as_str(), Box::new(key.with_algorithm(algorithm).unwrap()))
        });
        Self { pairs: pairs.collect(), secret: secret.to_vec() }
    }

    /// Returns the signature, or the MAC, of an algorithm.
    pub(crate) fn sign(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        if alg.starts_with("HS") {
            return mac(alg, &self.secret, message);
        }
        let (_, key) = self.pairs.iter().find(|(name, _)| *name == alg).unwrap();
        key.sign(message).unwrap()
    }
}

/// Returns a MAC with any bytes as the secret.
pub(crate) fn mac(alg: &str, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match alg {
        "HS384" => MacAlgorithm::Hs384,
        "HS512" => MacAlgorithm::Hs512,
        _ => MacAlgorithm::Hs256,
    };
    MacKey::new(algorithm, &SharedSecret::new(secret.to_vec()).unwrap()).tag(message)
}

/// Makes a certificate of a private key with the openssl of the system.
pub(crate) fn certificate(private: &Path) -> String {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-new", "-subj", "/CN=openstorage", "-days", "30", "-key"]);
    run(openssl.arg(private), b"")
}
