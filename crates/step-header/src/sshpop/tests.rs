use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use token_jose::KeyFile;

use super::*;
use crate::proof::ProofKey;
use crate::testing::{NOW, vector};

const RENEW: Operation = Operation::SshRenew;
const REKEY: Operation = Operation::SshRekey;
const REVOKE: Operation = Operation::SshRevoke;

fn read(name: &str, operation: Operation) -> Result<SshPop, Error> {
    SshPop::read(&vector(&format!("ssh/{name}")), operation, NOW)
}

const HOST: u32 = 2;
const USER: u32 = 1;

/// An SSH certificate made for one test, as a line; its signature is never checked.
fn line(kind: u32, validity: std::ops::Range<u64>, critical_options: &[u8]) -> String {
    let mut wire = Vec::new();
    let string = |wire: &mut Vec<u8>, bytes: &[u8]| {
        wire.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        wire.extend(bytes);
    };
    let nested = |parts: &[&[u8]]| {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            bytes.extend(*part);
        }
        bytes
    };
    string(&mut wire, b"ssh-ed25519-cert-v01@openssh.com");
    string(&mut wire, &[7; 32]);
    string(&mut wire, &[1; 32]);
    wire.extend(77_u64.to_be_bytes());
    wire.extend(kind.to_be_bytes());
    string(&mut wire, b"id");
    string(&mut wire, &nested(&[b"host"]));
    wire.extend(validity.start.to_be_bytes());
    wire.extend(validity.end.to_be_bytes());
    string(&mut wire, critical_options);
    string(&mut wire, b"");
    string(&mut wire, b"");
    string(&mut wire, &nested(&[b"ssh-ed25519", &[2; 32]]));
    string(&mut wire, &nested(&[b"ssh-ed25519", &[3; 64]]));
    format!("ssh-ed25519-cert-v01@openssh.com {}", STANDARD.encode(wire))
}

fn now() -> u64 {
    u64::try_from(NOW.unix_seconds()).unwrap()
}

#[test]
fn a_host_certificate_serves_renew_rekey_and_revoke_under_its_serial() {
    for name in ["p256", "ed25519", "rsa2048"] {
        for operation in [RENEW, REKEY, REVOKE] {
            let sshpop = read(&format!("{name}-host-cert.pub"), operation).unwrap();
            assert_eq!(sshpop.default_subject().unwrap().as_str(), "4660");
            assert_eq!(sshpop.warnings(), []);
        }
    }
}

#[test]
fn a_user_certificate_only_revokes_itself() {
    assert!(read("p256-user-cert.pub", REVOKE).is_ok());
    for operation in [RENEW, REKEY] {
        let error = read("p256-user-cert.pub", operation).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("is a user certificate, which cannot authorise `{operation}`")
        );
    }
    let error = read("p256-host-cert.pub", Operation::SshHost).unwrap_err();
    assert_eq!(error.to_string(), "is an SSH certificate, which cannot authorise `SSH host sign`");
}

#[test]
fn it_revokes_no_other_serial_and_renews_under_any_name() {
    let sshpop = read("p256-host-cert.pub", REVOKE).unwrap();
    let subject = |text: &str| text.parse().unwrap();
    assert!(sshpop.admits(&subject("4660"), &Purpose::SshRevoke).is_ok());
    assert_eq!(
        sshpop.admits(&subject("4661"), &Purpose::SshRevoke).unwrap_err().to_string(),
        "has the serial number 4660, not 4661: an SSH certificate can only revoke itself"
    );
    assert!(sshpop.admits(&subject("anything"), &Purpose::SshRenew).is_ok());
}

#[test]
fn the_header_carries_the_base64_of_the_file() {
    let sshpop = read("p256-host-cert.pub", RENEW).unwrap();
    let text = String::from_utf8(vector("ssh/p256-host-cert.pub")).unwrap();
    let base64 = text.split(' ').nth(1).unwrap().trim();
    assert_eq!(sshpop.header_member(), ProofHeader::SshPop(STANDARD.decode(base64).unwrap()));
}

#[test]
fn the_key_id_of_a_jwk_comes_before_its_thumbprint() {
    let sshpop = read("p256-host-cert.pub", RENEW).unwrap();
    let key_id = |jwk: &str| {
        let KeyFile::Plain(key) = KeyFile::parse(jwk.as_bytes()).unwrap() else { panic!("sealed") };
        ProofKey::new(&sshpop, *key).unwrap().header().key_id().unwrap().to_string()
    };
    let jwk = String::from_utf8(vector("test-keys/p256.jwk.json")).unwrap();
    assert_eq!(key_id(&jwk), "yxAzcITTb5t6yyJp-ytR9rZPp0_CpbZdMDZY7LhKKhQ");
    assert_eq!(key_id(&jwk.replacen('{', r#"{"kid":"mine","#, 1)), "mine");
}

#[test]
fn its_end_does_not_belong_to_its_validity_and_its_start_does() {
    let at = |validity: std::ops::Range<u64>, operation| {
        SshPop::read(line(HOST, validity, b"").as_bytes(), operation, NOW)
    };
    assert!(at(now()..now() + 1, REKEY).is_ok());
    for operation in [REKEY, REVOKE] {
        assert!(matches!(at(1..now(), operation), Err(Error::Expired { at, .. }) if at == NOW));
    }
    let renewed = at(1..now(), RENEW).unwrap();
    assert_eq!(renewed.warnings(), [Warning::Expired { at: NOW }]);
    for operation in [RENEW, REKEY, REVOKE] {
        let early = at(now() + 1..now() + 2, operation);
        assert!(matches!(early, Err(Error::NotYetValid { .. })));
    }
}

#[test]
fn one_that_never_expires_is_refused_because_step_ca_breaks_off() {
    let line = line(HOST, 0..u64::MAX, b"");
    let error = SshPop::read(line.as_bytes(), RENEW, NOW).unwrap_err();
    assert!(matches!(error, Error::NeverExpires), "{error}");
}

#[test]
fn one_without_a_start_is_revoked_and_not_renewed() {
    let line = line(HOST, 0..now() + 1, b"");
    for operation in [RENEW, REKEY] {
        let error = SshPop::read(line.as_bytes(), operation, NOW).unwrap_err();
        assert!(matches!(error, Error::NeverBegins), "{error}");
    }
    assert!(SshPop::read(line.as_bytes(), REVOKE, NOW).is_ok());
}

#[test]
fn a_critical_option_is_mentioned_and_no_reason_to_refuse() {
    // Its name, and its value wrapped in a string.
    let option = b"\0\0\0\x0dforce-command\0\0\0\x0d\0\0\0\x09/bin/true";
    let line = line(USER, 0..now() + 1, option);
    let sshpop = SshPop::read(line.as_bytes(), REVOKE, NOW).unwrap();
    assert_eq!(sshpop.warnings(), [Warning::CriticalOption { name: "force-command".to_owned() }]);
    assert!(!sshpop.warnings()[0].is_serious());
}

#[test]
fn options_comments_and_blank_lines_around_it_are_passed_over() {
    let bare = read("p256-host-cert.pub", RENEW).unwrap().header_member();
    let text = String::from_utf8(vector("ssh/p256-host-cert.pub")).unwrap();
    let text =
        format!("\u{feff}# a comment\r\n\r\n  cert-authority,no-pty {}\r\n\r\n", text.trim());
    assert_eq!(SshPop::read(text.as_bytes(), RENEW, NOW).unwrap().header_member(), bare);
}

/// OpenSSH and step take the first entry of a file, and pass over lines that hold no key.
#[test]
fn the_first_key_of_a_file_counts() {
    let bare = read("p256-host-cert.pub", RENEW).unwrap().header_member();
    let text = |name: &str| String::from_utf8(vector(&format!("ssh/{name}"))).unwrap();
    let (first, other, key) =
        (text("p256-host-cert.pub"), text("ed25519-host-cert.pub"), text("p256.pub"));
    let damaged = "ssh-ed25519-cert-v01@openssh.com AAAA\nhello world\nssh-ed25519 AAAA\n";
    for file in [
        format!("{first}{other}"),
        format!("{first}{key}rubbish"),
        format!("\r\n{}\r\n{}\r\n", first.trim(), other.trim()),
        format!("{damaged}{first}"),
        format!("{}\rignored\n", first.trim()),
    ] {
        let read = SshPop::read(file.as_bytes(), RENEW, NOW).unwrap();
        assert_eq!(read.header_member(), bare, "{file}");
    }
    let refused = SshPop::read(format!("{key}{first}").as_bytes(), RENEW, NOW).unwrap_err();
    assert!(refused.to_string().contains("it is a public key"), "{refused}");
    let text = line(HOST, 0..u64::MAX, b"");
    let refused = SshPop::read(format!("{text}\n{first}").as_bytes(), RENEW, NOW);
    assert!(matches!(refused, Err(Error::NeverExpires)), "{refused:?}");
}

#[test]
fn what_is_no_certificate_says_what_it_is() {
    for (text, message) in [
        ("", "is empty"),
        ("# a comment\n", "it contains only comments"),
        ("hello", "it contains no type such as `ssh-ed25519-cert-v01@openssh.com`"),
        ("ssh-ed25519-cert-v01@openssh.com", "nothing follows its type"),
        ("ssh-ed25519-cert-v01@openssh.com !!", "the text after its type is not base64"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "it is damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "it is PEM"),
    ] {
        let message_of = SshPop::read(text.as_bytes(), RENEW, NOW).unwrap_err().to_string();
        assert!(message_of.contains(message), "{text:?}: {message_of}");
    }
    assert_eq!(
        SshPop::read(&vector("ssh/p256.pub"), RENEW, NOW).unwrap_err().to_string(),
        "is not an SSH certificate: it is a public key (`ecdsa-sha2-nistp256`); its certificate is in \
         a file `*-cert.pub`"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>, text in ".*") {
        let _ = SshPop::read(&bytes, RENEW, NOW);
        let _ = SshPop::read(text.as_bytes(), RENEW, NOW);
        let line = format!("ssh-rsa-cert-v01@openssh.com {}", STANDARD.encode(&bytes));
        let _ = SshPop::read(line.as_bytes(), RENEW, NOW);
    }

    #[test]
    fn a_certificate_with_one_byte_changed_is_read_without_panic(at: prop::sample::Index, to: u8) {
        let ProofHeader::SshPop(mut wire) = read("ed25519-host-cert.pub", RENEW).unwrap().header_member()
        else { unreachable!("it is an SSH certificate") };
        let at = at.index(wire.len());
        wire[at] = to;
        let line = format!("ssh-ed25519-cert-v01@openssh.com {}", STANDARD.encode(&wire));
        let _ = SshPop::read(line.as_bytes(), REVOKE, NOW);
    }
}
