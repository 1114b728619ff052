//! Checks that several fuzz targets share.

use std::fmt::Display;

use step_claims::Operation;
use step_header::{Proof, ProofKey};
use step_provisioner::{ProofKind, Provisioner, Selection, Selector, select};
use token_jose::{KeyFile, PrivateKey, SigningKey as _};
use token_text::Shown;
use token_time::Timestamp;

/// A time at which the certificates of `testdata/vectors` are valid.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// A time at which hardly any is valid.
pub const LATER: Timestamp = Timestamp::from_unix_seconds(i64::MAX);

/// The most entries of a list that are checked one by one; the selection uses all of them.
const MOST: usize = 6;

/// Calls everything that a program calls on a list of provisioners.
pub fn use_provisioners(provisioners: &[Provisioner]) {
    for provisioner in provisioners.iter().take(MOST) {
        let _ = format!("{provisioner:?}");
        printable(&provisioner.label());
        let _ = (provisioner.token_id(), provisioner.fragment());
        let _ = provisioner.claims.effective(&provisioner.claims).contradiction();
        for operation in Operation::ALL {
            printable(&provisioner.capability(operation).to_string());
        }
        if let step_provisioner::Kind::Jwk(jwk) = &provisioner.kind
            && let Some(sealed) = &jwk.encrypted_key
        {
            let _ = KeyFile::parse(sealed.as_bytes()).is_ok();
        }
    }

    let proofs =
        [None, Some(ProofKind::X5c), Some(ProofKind::SshPop), Some(ProofKind::Nebula), Some(ProofKind::K8sSa)];
    for operation in [Operation::Sign, Operation::SshHost, Operation::Renew] {
        for proof in proofs {
            found(provisioners, &selector(proof, None, None, operation));
        }
        for provisioner in provisioners.iter().take(MOST) {
            let (name, key_id) = (provisioner.name.clone(), key_id(provisioner));
            found(provisioners, &selector(None, Some(name.clone()), None, operation));
            found(provisioners, &selector(None, None, key_id.clone(), operation));
            found(provisioners, &selector(None, Some(name), key_id, operation));
        }
    }
}

/// Asserts that a line can be shown on a terminal.
pub fn printable(line: &str) {
    assert!(!line.chars().any(char::is_control), "control characters in {line:?}");
}

/// Asserts that a message with text from a certificate is safe as the program shows it.
pub fn shown(message: &dyn Display) {
    printable(&Shown(&message.to_string()).to_string());
}

/// Calls what a program calls on a certificate accepted at a time, and asserts that it accepts
/// only its own key.
pub fn use_proof(proof: &dyn Proof, at: Timestamp, key: PrivateKey) {
    let _ = format!("{proof:?} {:?}", proof.kind());
    assert!(proof.ends().is_none_or(|end| at <= end), "accepted behind its end");
    proof.warnings().iter().for_each(|warning| shown(warning));
    let is_own = key.public_key() == proof.public_key();
    match ProofKey::new(proof, key) {
        Ok(proven) => {
            assert!(is_own, "joined with the key of another");
            assert_eq!(proven.header().header_member(), Some(&proof.header_member()));
            assert!(token_jose::json::to_vec(proven.header()).is_ok());
        }
        Err(error) => {
            assert!(!is_own, "not joined with its own key: {error}");
            shown(&error);
        }
    }
}

/// Reads a key of `testdata/vectors`.
pub fn plain_key(file: &[u8]) -> PrivateKey {
    match KeyFile::parse_nebula(file) {
        Ok(KeyFile::Plain(key)) => *key,
        other => panic!("a plain key: {other:?}"),
    }
}

fn selector(
    proof: Option<ProofKind>,
    name: Option<String>,
    key_id: Option<String>,
    operation: Operation,
) -> Selector {
    Selector { proof, key_id, name, public_key: None, operation }
}

fn key_id(provisioner: &Provisioner) -> Option<String> {
    match &provisioner.kind {
        step_provisioner::Kind::Jwk(jwk) => jwk.key_id.as_ref().map(ToString::to_string),
        step_provisioner::Kind::Oidc(oidc) => Some(oidc.client_id.clone()),
        _ => None,
    }
}

/// Selects, and asserts that the result fits the request.
fn found(provisioners: &[Provisioner], selector: &Selector) {
    let found = match select(provisioners, selector) {
        Selection::One { provisioner, .. } => vec![provisioner],
        Selection::Several(several) => {
            assert!(several.len() > 1);
            several
        }
        Selection::None(unselected) => return printable(&unselected.to_string()),
    };
    for provisioner in found {
        if let Some(name) = selector.name.as_ref().filter(|name| !name.is_empty()) {
            assert_eq!(&provisioner.name, name);
        }
        if let Some(asked) = selector.key_id.as_ref().filter(|asked| !asked.is_empty()) {
            assert_eq!(key_id(provisioner).as_ref(), Some(asked));
        }
        if let Some(proof) = selector.proof {
            assert_eq!(provisioner.kind.name(), proof.kind());
        }
    }
}
