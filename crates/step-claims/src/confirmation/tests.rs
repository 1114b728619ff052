use proptest::prelude::*;

use super::*;

/// A P-256 request for `csr.example.test`, DER in base64.
const REQUEST: &str = "\
MIIBBDCBqwIBADAbMRkwFwYDVQQDDBBjc3IuZXhhbXBsZS50ZXN0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE8PicBQpjIemjEE7pt1p7tj7DS0Y27ffOa08Pn1o/
VAGchvm5FQlY3SMk5VJQomeqZiGXQEqz57xZrgvmmn4mO6AuMCwGCSqGSIb3DQEJ
DjEfMB0wGwYDVR0RBBQwEoIQY3NyLmV4YW1wbGUudGVzdDAKBggqhkjOPQQDAgNI
ADBFAiEAyuYa8vz3lhmtSGarKa02xuhGKelxp806+GrylvUThNMCIGRqaWqRYV2C
XODbxKxUqZGpYc0pI03lqjBdZ35FP92B
";

/// The value that `step` 0.30.6 puts into a token for that request.
const REQUEST_SHA256: &str = "TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAutY";

/// A P-256 certificate.
const CERTIFICATE: &str = "\
MIIB0DCCAXWgAwIBAgIUXFYKxf70R8brNXVBB1ELekHc5owwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNRGV2aWNlIElzc3VlcjAeFw0yNjExMjIwMDAwMDBaFw00NjEx
MjIwMDAwMDBaMCAxHjAcBgNVBAMMFWRldmljZS0xLmV4YW1wbGUudGVzdDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABPD4nAUKYyHpoxBO6bdae7Y+w0tGNu33zmtP
D59aP1QBnIb5uRUJWN0jJOVSUKJnqmYhl0BKs+e8Wa4L5pp+JjujgZQwgZEwDgYD
VR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAgBgNV
HREEGTAXghVkZXZpY2UtMS5leGFtcGxlLnRlc3QwHQYDVR0OBBYEFCyFyyuTot8P
aaGgGwN1gmrqxJ51MB8GA1UdIwQYMBaAFGNg3ERHTQBb1F0gZ6rE3UwZ6LL8MAoG
CCqGSM49BAMCA0kAMEYCIQCwVPaPsgFzTHuyZDhWUhMCiz5RueburLQm4GJWxa+1
GAIhAPujwdAYbBUJpWqsAdw/IPqWnny2pmX6A43LIGlyylHv
";

/// The private key of RFC 8410 §10.3, only for tests.
const PRIVATE_KEY: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n";

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
const ED25519_SHA256: &str = "bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8";

fn der(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64.replace('\n', "")).unwrap()
}

fn pem(label: &str, base64: &str) -> String {
    format!("-----BEGIN {label}-----\n{base64}-----END {label}-----\n")
}

fn csr(request: impl AsRef<[u8]>) -> Result<String, Error> {
    Confirmation::of_csr(request.as_ref()).map(|confirmation| confirmation.to_string())
}

fn ssh(text: &str) -> Result<String, Error> {
    Confirmation::of_ssh_key(text).map(|confirmation| confirmation.to_string())
}

#[test]
fn a_request_has_one_confirmation_in_every_encoding() {
    let plain = pem("CERTIFICATE REQUEST", REQUEST);
    let certificate = pem("CERTIFICATE", CERTIFICATE);
    for request in [
        der(REQUEST),
        plain.clone().into_bytes(),
        plain.replace('\n', "\r\n").into_bytes(),
        pem("NEW CERTIFICATE REQUEST", REQUEST).into_bytes(),
        format!("Certificate Request:\n  Data:\n{plain}made by hand\n").into_bytes(),
        format!("\u{feff}{plain}").into_bytes(),
        format!("{certificate}{plain}").into_bytes(),
        [b"\xff\xfe\n", plain.as_bytes()].concat(),
    ] {
        assert_eq!(csr(request).unwrap(), REQUEST_SHA256);
    }
}

#[test]
fn what_is_no_request_is_named() {
    assert!(matches!(csr(""), Err(Error::CsrEmpty)));
    assert!(matches!(csr(" \r\n"), Err(Error::CsrEmpty)));
    assert!(matches!(csr(pem("CERTIFICATE", CERTIFICATE)), Err(Error::CsrIsCertificate)));
    assert!(matches!(csr(der(CERTIFICATE)), Err(Error::CsrIsCertificate)));
    assert!(matches!(csr(pem("CERTIFICATE REQUEST", CERTIFICATE)), Err(Error::CsrIsCertificate)));
    for label in ["PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        assert!(matches!(csr(pem(label, PRIVATE_KEY)), Err(Error::CsrIsPrivateKey)));
    }
    assert!(matches!(csr(der(PRIVATE_KEY)), Err(Error::CsrIsPrivateKey)));
    assert_eq!(
        csr(pem("PUBLIC KEY", PRIVATE_KEY)).unwrap_err().to_string(),
        "this is PEM of type \"PUBLIC KEY\", not a certificate request"
    );
    for text in ["hello", "{}", "-----BEGIN\n", ED25519] {
        assert!(matches!(csr(text), Err(Error::CsrNotPemOrDer)), "{text}");
    }
}

#[test]
fn a_damaged_request_is_refused() {
    let whole = der(REQUEST);
    assert!(matches!(csr(&whole[..whole.len() - 1]), Err(Error::CsrDer(_))));
    assert!(matches!(csr([&whole[..], b"\n"].concat()), Err(Error::CsrTrailing { length: 1 })));
    assert!(matches!(
        csr(pem("CERTIFICATE REQUEST", "MIIB!\n")),
        Err(Error::CsrPem(x509_parser::error::PEMError::Base64DecodeError))
    ));
    assert!(matches!(
        csr("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"),
        Err(Error::CsrPem(x509_parser::error::PEMError::IncompletePEM))
    ));
    assert!(matches!(csr(pem("CERTIFICATE REQUEST", "MAA=\n")), Err(Error::CsrDer(_))));
}

#[test]
fn an_ssh_key_has_one_confirmation_however_its_line_looks() {
    for line in [
        ED25519.to_owned(),
        format!("{ED25519} jane@example.test\n"),
        format!("{ED25519} a comment # of words\r\n"),
        format!("# my key\n\n  {ED25519}\n"),
        ED25519.replace(' ', "\t"),
        format!("no-pty,command=\"echo \\\"a b\\\"\" {ED25519} jane"),
        format!("restrict {ED25519}"),
    ] {
        assert_eq!(ssh(&line).unwrap(), ED25519_SHA256, "{line}");
    }
}

#[test]
fn other_types_of_ssh_keys_are_read_too() {
    // The second value is what `ssh-keygen -lf` prints, with the base64url alphabet.
    for (line, sha256) in [
        (
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPD4nAUKYyHpox\
             BO6bdae7Y+w0tGNu33zmtPD59aP1QBnIb5uRUJWN0jJOVSUKJnqmYhl0BKs+e8Wa4L5pp+Jjs=",
            "zOdXseJB1c2tefODzL3dyQuw7BFUyeVwu0eX_vxQbwU",
        ),
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCuKTVEnm7P3BOOL/Qzok1fPH62TE5fFrEPcw35o1rnpshKLe\
             Z+/ofHmUZ33gz1k7bPAS94XaI6sMw3veJaAvXRnhQjSm+qHkHOejPr7Od3/0QJSHkL/5lYC9eyosKopJdftlCc\
             kB3qrrx/UsPg8bhqR3e6aHx2/saVU6xLRG8ImnL7iRw+hErZev0UJ3+HSALcP6PuphtOqzi8Vkq36R+iV4wnIi\
             5yVKfw8cxrGhkVA8K+PYzCFVCigwbc2hc6tN9kQNtbv3qTZs7B/mKUIrnp7x2PEKlPRwVEm+rKUehdA4Qb+EQt\
             TBFvDPu/AKZsgJpvdkdvdV4a5hB3ZHs/dzk7",
            "qOEeF53_Ab2tM9uZdXi2pIKIaHSzAVZ7D7UFpFZc_z0",
        ),
    ] {
        assert_eq!(ssh(line).unwrap(), sha256);
    }
}

#[test]
fn what_is_no_ssh_key_is_named() {
    assert!(matches!(ssh(""), Err(Error::SshKeyEmpty)));
    assert!(matches!(ssh("\n# nothing\n"), Err(Error::SshKeyEmpty)));
    assert!(matches!(ssh(&format!("{ED25519}\n{ED25519}\n")), Err(Error::SshKeySeveral)));
    assert!(matches!(
        ssh(&pem("OPENSSH PRIVATE KEY", PRIVATE_KEY)),
        Err(Error::SshKeyIsPrivateKey)
    ));
    assert!(matches!(
        ssh("ssh-ed25519-cert-v01@openssh.com AAAA jane"),
        Err(Error::SshKeyIsCertificate)
    ));
    for line in [
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
        "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
        "hello world",
        "---- BEGIN SSH2 PUBLIC KEY ----",
        "é",
    ] {
        assert!(matches!(ssh(line), Err(Error::SshKey(_))), "{line}");
    }
}

#[test]
fn a_text_must_be_43_characters_of_base64url() {
    let confirmation: Confirmation = REQUEST_SHA256.parse().unwrap();
    assert_eq!(confirmation, Confirmation::of_csr(&der(REQUEST)).unwrap());
    for text in [
        "",
        "any text",
        "TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAutY=",
        "TL5ItkzJ4LOssFWQAPzkFXv+Zw0ovu4W6O/cHkZAutY",
        "TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAutZ",
        "TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAut",
        " TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAutY",
    ] {
        assert!(matches!(text.parse::<Confirmation>(), Err(Error::Confirmation { .. })), "{text}");
    }
}

#[test]
fn the_claim_has_one_member() {
    let confirmation: Confirmation = REQUEST_SHA256.parse().unwrap();
    assert_eq!(
        serde_json::to_string(&confirmation).unwrap(),
        format!("{{\"x5rt#S256\":\"{REQUEST_SHA256}\"}}")
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes: Vec<u8>) {
        let _ = csr(&bytes);
        let _ = csr([&b"-----BEGIN CERTIFICATE REQUEST-----\n"[..], &bytes].concat());
    }

    #[test]
    fn no_damage_to_a_request_makes_the_reader_panic(at in 0..264_usize, value: u8) {
        let mut request = der(REQUEST);
        request[at] = value;
        let _ = csr(&request);
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in ".*") {
        let _ = ssh(&text);
        let _ = ssh(&format!("ssh-ed25519 {text}"));
        let _ = text.parse::<Confirmation>();
    }

    #[test]
    fn a_confirmation_survives_its_own_text(bytes: [u8; 32]) {
        let confirmation = Confirmation(bytes);
        prop_assert_eq!(confirmation.to_string().parse::<Confirmation>().unwrap(), confirmation);
    }
}
