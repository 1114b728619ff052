//! SSH certificates: the line of a `*-cert.pub` file.
//!
//! Bytes that begin like the wire encoding are put into such a line first, so that a change in a
//! certificate is not a change in its base64.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use step_claims::{Operation, Purpose, Subject};
use step_header::{Proof as _, Error, Warning, SshCertificate, SshPop};
use step_token_fuzz::{LATER, NOW, plain_key, shown, use_proof};
use token_jose::ProofHeader;

/// The key of `p256-host-cert.pub` and `p256-user-cert.pub`.
const KEY: &[u8] = include_bytes!("../../testdata/vectors/test-keys/p256.pkcs8.pem");

/// The operations of SSHPOP tokens.
const OPERATIONS: [Operation; 3] = [Operation::SshRevoke, Operation::SshRenew, Operation::SshRekey];

fuzz_target!(|data: &[u8]| {
    // A length of four bytes; no type name has more than 255.
    if data.starts_with(&[0; 3]) { read(line(data).as_bytes()) } else { read(data) }
});

fn read(bytes: &[u8]) {
    let certificate = match SshCertificate::read(bytes) {
        Ok(certificate) => certificate,
        Err(error) => {
            for operation in OPERATIONS {
                assert!(SshPop::read(bytes, operation, NOW).is_err());
            }
            return shown(&error);
        }
    };
    let _ = format!("{certificate:?}");
    shown(&certificate.key_id());
    let options: Vec<String> = certificate.critical_options().map(str::to_owned).collect();

    let again = line(certificate.to_wire());
    let again = SshCertificate::read(again.as_bytes()).expect("what was accepted, on a line");
    assert_eq!(again.to_wire(), certificate.to_wire());
    assert_eq!(again.public_key(), certificate.public_key());

    let now = Operation::ALL.map(|operation| (operation, NOW));
    for (operation, at) in now.into_iter().chain(OPERATIONS.map(|operation| (operation, LATER))) {
        let proof = match SshPop::read(bytes, operation, at) {
            Ok(proof) => proof,
            Err(error) => {
                shown(&error);
                continue;
            }
        };
        assert!(OPERATIONS.contains(&operation), "accepted for {operation}");
        let is_for_hosts = operation != Operation::SshRevoke;
        assert!(certificate.is_host() || !is_for_hosts, "a user's certificate for {operation}");
        assert_eq!(proof.header_member(), ProofHeader::SshPop(certificate.to_wire().to_vec()));
        assert_eq!(proof.public_key(), certificate.public_key());
        use_proof(&proof, at, plain_key(KEY));
        for warning in proof.warnings() {
            match warning {
                Warning::CriticalOption { name } => assert!(options.contains(&name)),
                Warning::Expired { .. } => assert_eq!(operation, Operation::SshRenew),
                other => panic!("{other:?}"),
            }
        }
        is_for_its_serial(&proof, certificate.serial());
    }
}

/// Asserts that a certificate revokes only itself.
fn is_for_its_serial(proof: &SshPop, serial: u64) {
    let own = proof.default_subject().expect("a serial number is a subject");
    assert_eq!(own.as_str(), serial.to_string());
    assert_eq!(proof.admits(&own, &Purpose::SshRevoke).ok(), Some(None));
    let other: Subject = serial.wrapping_add(1).to_string().parse().expect("a subject");
    let refused = proof.admits(&other, &Purpose::SshRevoke);
    assert!(matches!(refused, Err(Error::OtherSerial { .. })), "{refused:?}");
}

/// Writes a line around a wire encoding, which itself contains the type.
fn line(wire: &[u8]) -> String {
    format!("ssh-ed25519-cert-v01@openssh.com {} a comment\n", STANDARD.encode(wire))
}
