//! ECDSA with an algorithm that belongs to another curve, which the servers accept.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use step_token::Exit;

use crate::keys;
use crate::peers::{Flavour, output};
use crate::program::{NOW, Px};

/// An algorithm, the hash that openssl signs with, and the bytes of each number.
const ALGORITHMS: [(&str, &str, usize); 3] =
    [("ES256", "-sha256", 32), ("ES384", "-sha384", 48), ("ES512", "-sha512", 66)];

/// A key, the name of its type, the algorithm of its curve, and the bytes of each number.
const CURVES: [(&str, &str, &str, usize); 3] = [
    ("p256", "P-256", "ES256", 32),
    ("p384", "P-384", "ES384", 48),
    ("p521", "P-521", "ES512", 66),
];

/// Signs with the system's openssl, which knows nothing of JWTs, and pads each number to a width.
fn token(alg: &str, hash: &str, width: usize, key: &str) -> String {
    let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
    let payload = format!(
        r#"{{"email":"e@x","exp":{},"iat":{NOW},"iss":"openstorage.io","name":"N","roles":["system.user"],"sub":"s"}}"#,
        NOW + 60
    );
    let message = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", hash, "-sign"]).arg(keys::file(&format!("{key}.trad.pem")));
    let (r, s) = numbers(&output(&mut openssl, message.as_bytes()));
    let signature: Vec<u8> = [r, s].iter().flat_map(|number| padded(number, width)).collect();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Reads an ECDSA-Sig-Value (RFC 3279 §2.2.3).
fn numbers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    // Only the length of the sequence may need a second byte here.
    let body = if der[1] == 0x81 { &der[3..] } else { &der[2..] };
    let (r, rest) = body[2..].split_at(usize::from(body[1]));
    (r.to_vec(), rest[2..].to_vec())
}

/// Puts zeros before a number; if it does not fit, keeps its end.
fn padded(number: &[u8], width: usize) -> Vec<u8> {
    let zeros = vec![0; width.saturating_sub(number.len())];
    let end = &number[number.len().saturating_sub(width)..];
    [&zeros, end].concat()
}

#[test]
fn an_algorithm_of_another_curve_passes_where_its_numbers_have_room_and_is_called_lax() {
    for (key, kind, own, least) in CURVES {
        for (alg, hash, width) in ALGORITHMS {
            let token = token(alg, hash, width, key);
            let public = keys::text(&format!("{key}.pub.pem"));
            let question = json!({
                "issuer": "openstorage.io",
                "ecdsPublicKey": public,
                "token": STANDARD.encode(&token),
                "at": NOW,
            });
            let passes = width >= least;
            for flavour in Flavour::ALL {
                let theirs = flavour.ask("verify", std::slice::from_ref(&question)).remove(0);
                let older = format!("--older-server={}", flavour == Flavour::Older);
                let verify = || {
                    Px::new("verify - --issuer openstorage.io")
                        .source("ecdsa-public-keyfile", "EC", &public)
                        .arg(&older)
                        .stdin(token.as_str())
                };
                let ours = verify().answer();
                let what = format!("{alg} with {kind}: {ours} and {theirs}");
                assert_eq!(theirs["accepted"], passes, "{what}");
                assert_eq!(ours["accepted"], theirs["accepted"], "{what}");
                assert_eq!(ours["answer"], theirs["code"], "{what}");

                let lax = format!("{alg} does not match the key's curve, {kind}");
                let is_lax = passes && alg != own;
                assert_eq!(ours["lax"], if is_lax { json!([lax]) } else { json!([]) }, "{what}");
                let strict = verify().arg("--strict").run();
                let expected = if passes && !is_lax { Exit::Done } else { Exit::No };
                assert_eq!(strict.exit, expected, "{what}\n{}", strict.stdout);
            }
        }
    }
}

#[test]
fn no_such_token_is_minted() {
    for (key, kind, own, _) in CURVES {
        let file = keys::file(&format!("{key}.trad.pem"));
        for (alg, ..) in ALGORITHMS.into_iter().filter(|(alg, ..)| *alg != own) {
            let px = Px::new("token --subject s --issuer i").flag("alg", alg);
            let ran = px.flag("ecdsa-private-keyfile", file.to_str().unwrap()).run();
            assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::Key, ""), "{alg} {kind}");
            assert!(ran.stderr.contains(&format!("is a {kind} key")), "{}", ran.stderr);
        }
    }
}
