//! Files with the public key of a server: those a server starts with, and those the program reads.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use step_token::Exit;

use crate::keys;
use crate::peers::{Flavour, run};
use crate::program::{NOW, Px};

/// The flag for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Rsa,
    Ec,
}

/// Returns whether a server starts with the file, and whether the program verifies with it.
fn taken(flag: Flag, text: &str) -> (bool, bool) {
    let (member, name) = match flag {
        Flag::Rsa => ("rsaPublicKey", "rsa-public-keyfile"),
        Flag::Ec => ("ecdsPublicKey", "ecdsa-public-keyfile"),
    };
    let token = STANDARD.encode("a.b.c");
    let mut question = json!({"issuer": "i", "token": token, "at": NOW});
    question[member] = Value::from(text);
    let [current, older] = Flavour::ALL.map(|flavour| {
        let answer = flavour.ask("verify", std::slice::from_ref(&question)).remove(0);
        answer["stage"] != "configuration"
    });
    assert_eq!(current, older, "{text}");
    let ran = Px::new("verify a.b.c --issuer i").source(name, "KEY", text).run();
    assert!(matches!(ran.exit, Exit::No | Exit::Key), "{:?} {}", ran.exit, ran.stderr);
    (current, ran.exit == Exit::No)
}

/// Gives files to a server and to the program, and expects these answers.
#[track_caller]
fn expect(files: &[(&str, Flag, String)], server: bool, program: bool) {
    let other = |(what, flag, text): &(&str, Flag, String)| {
        let found = taken(*flag, text);
        (found != (server, program)).then(|| format!("{what} ({flag:?}): {found:?}"))
    };
    let others: Vec<String> = files.iter().filter_map(other).collect();
    let due = (server, program);
    assert!(others.is_empty(), "server and program should say {due:?}:\n{}", others.join("\n"));
}

/// Runs the system's openssl with words without blanks.
fn openssl(words: &str, stdin: &str) -> String {
    run(Command::new("openssl").args(words.split_whitespace()), stdin.as_bytes())
}

/// Generates a key, and returns its public key.
fn drawn(words: &str) -> String {
    openssl("pkey -pubout", &openssl(words, ""))
}

/// Returns a section of PEM with modified bytes.
fn changed(pem: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = STANDARD.decode(base64).unwrap();
    change(&mut der);
    let base64 = STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn a_public_key_or_a_certificate_is_taken_under_any_label_and_with_text_around_it() {
    let (rsa, ec) = (keys::text("rsa2048.pub.pem"), keys::text("p256.pub.pem"));
    let certificate = |name: &str| keys::certificate(&keys::file(name));
    let files = [
        ("RSA", Flag::Rsa, rsa.clone()),
        ("P-256", Flag::Ec, ec.clone()),
        ("P-384", Flag::Ec, keys::text("p384.pub.pem")),
        ("P-521", Flag::Ec, keys::text("p521.pub.pem")),
        ("3072 bits", Flag::Rsa, drawn("genrsa 3072")),
        ("an exponent of 3", Flag::Rsa, drawn("genrsa -3 2048")),
        ("a certificate", Flag::Rsa, certificate("rsa2048.trad.pem")),
        ("a certificate", Flag::Ec, certificate("p256.trad.pem")),
        ("a certificate", Flag::Ec, certificate("p384.pkcs8.pem")),
        ("a certificate", Flag::Ec, certificate("p521.pkcs8.pem")),
        ("another label", Flag::Rsa, rsa.replace("PUBLIC KEY", "X")),
        ("a wrong label", Flag::Ec, ec.replace("PUBLIC KEY", "CERTIFICATE")),
        ("no label", Flag::Ec, ec.replace("PUBLIC KEY", "")),
        ("CRLF", Flag::Ec, ec.replace('\n', "\r\n")),
        ("text before", Flag::Ec, format!("# a comment\nx\n{ec}")),
        ("text behind", Flag::Ec, format!("{ec}text\n")),
        ("no line end", Flag::Ec, ec.trim_end().to_owned()),
        ("empty lines", Flag::Ec, ec.replace('\n', "\n\n")),
        ("blanks behind the marks", Flag::Ec, ec.replace("KEY-----\n", "KEY-----  \n")),
        ("one long line", Flag::Ec, changed(&ec, |_| {})),
        ("another key behind", Flag::Ec, format!("{ec}{rsa}")),
        ("another key behind", Flag::Rsa, format!("{rsa}{ec}")),
    ];
    expect(&files, true, true);
}

#[test]
fn what_is_no_key_of_the_flag_is_refused() {
    let (rsa, ec) = (keys::text("rsa2048.pub.pem"), keys::text("p256.pub.pem"));
    let parameters = format!(
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{ec}"
    );
    let files = [
        ("an EC key", Flag::Rsa, ec.clone()),
        ("an RSA key", Flag::Ec, rsa.clone()),
        ("an Ed25519 key", Flag::Ec, keys::text("ed25519.pub.pem")),
        ("an Ed25519 certificate", Flag::Ec, keys::certificate(&keys::file("ed25519.pkcs8.pem"))),
        ("PKCS#1", Flag::Rsa, openssl("rsa -pubin -RSAPublicKey_out", &rsa)),
        ("secp256k1", Flag::Ec, drawn("ecparam -name secp256k1 -genkey -noout")),
        ("brainpool", Flag::Ec, drawn("ecparam -name brainpoolP256r1 -genkey -noout")),
        ("a private key", Flag::Rsa, keys::text("rsa2048.trad.pem")),
        ("a private key", Flag::Ec, keys::text("p256.pkcs8.pem")),
        ("a JWK", Flag::Ec, keys::text("p256.pub.jwk.json")),
        ("another key before", Flag::Ec, format!("{rsa}{ec}")),
        ("parameters before", Flag::Ec, parameters),
        ("text in the first line", Flag::Ec, format!("x {ec}")),
        ("a cut file", Flag::Ec, ec[..ec.len() - 10].to_owned()),
        ("another label at the end", Flag::Ec, ec.replace("END PUBLIC", "END PRIVATE")),
        ("no base64", Flag::Ec, ec.replace("MF", "M%")),
        ("no padding", Flag::Ec, ec.replace("==", "")),
        ("all in one line", Flag::Ec, ec.replace('\n', " ")),
        ("four dashes", Flag::Ec, ec.replace("-----", "----")),
        ("small letters", Flag::Ec, ec.replace("BEGIN", "begin")),
        ("no point of the curve", Flag::Ec, changed(&ec, |der| *der.last_mut().unwrap() ^= 1)),
        ("nothing in it", Flag::Ec, changed(&ec, Vec::clear)),
        ("a word", Flag::Ec, "word".to_owned()),
        ("a blank", Flag::Rsa, "\n".to_owned()),
    ];
    expect(&files, false, false);
}

/// Weak keys, a curve that no JWT uses, labels that say private, and armour that RFC 7468 forbids.
#[test]
fn some_files_that_a_server_starts_with_are_refused_on_purpose() {
    let ec = keys::text("p256.pub.pem");
    let files = [
        ("512 bits", Flag::Rsa, drawn("genrsa 512")),
        ("1024 bits", Flag::Rsa, drawn("genrsa 1024")),
        ("2047 bits", Flag::Rsa, drawn("genrsa 2047")),
        ("P-224", Flag::Ec, keys::text("p224.pub.pem")),
        ("a label of private keys", Flag::Ec, ec.replace("PUBLIC", "PRIVATE")),
        ("a header", Flag::Ec, ec.replace("KEY-----\nM", "KEY-----\nX: y\n\nM")),
        ("a blank in a line", Flag::Ec, ec.replace("AE", "A E")),
        ("a cut section before", Flag::Ec, format!("-----BEGIN PUBLIC KEY-----\nAAAA\n{ec}")),
    ];
    expect(&files, true, false);
}

/// The server does not start with such a file, so no token is accepted.
#[test]
fn a_file_that_no_server_starts_with_is_refused() {
    let ec = keys::text("p256.pub.pem");
    let pss = drawn("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048");
    let files = [
        ("a byte order mark", Flag::Ec, format!("\u{feff}{ec}")),
        ("indented lines", Flag::Ec, ec.replace('\n', "\n  ")),
        ("a compressed point", Flag::Ec, openssl("ec -pubin -pubout -conv_form compressed", &ec)),
        ("a curve in full", Flag::Ec, openssl("ec -pubin -pubout -param_enc explicit", &ec)),
        ("a key for RSASSA-PSS", Flag::Rsa, pss),
        ("a byte behind the key", Flag::Ec, changed(&ec, |der| der.push(0))),
    ];
    expect(&files, false, false);
}
