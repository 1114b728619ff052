//! The contents of the tokens that the transcripts show only as `ey[..]`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::sandbox::{MINT, Run, Sandbox};

/// The SHA-256 of `root.crt` and of `other.crt`.
const ROOT: &str = "e1baafdbfcf968db0b72419883f40f36c2a03bdf72c5d5c00c0f27d34887c8d8";
const OTHER: &str = "7ff224703b3f7fca32c8fa754c9e65384ff3739539701ce636c3afdf0f09d158";

/// The SHA-256 of the DER in `db.csr`, and of the key blob in `admin.pub`.
const CSR: &str = "u4c1gtCVu1Ppl2ifDm-fgoKAr345oCjIVQLz4AvF-_s";
const SSH_KEY: &str = "IMR4Z_t1IV4HHJ87aUZSlRXxhJ8GGnpnrSFiacAuC7Q";

const BARE: &str = "token db.internal --offline --ca-config nowhere.json --provisioner admin \
                    --key admin.pem";

fn mint(line: &str, env: &[(&str, &str)]) -> Value {
    let sandbox = Sandbox::of("token");
    let output = sandbox.command(line).envs(env.iter().copied()).output();
    let run = Run::of(output.expect("the program starts"));
    let parts = token_jose::compact::decode_unverified(run.token()).expect("a token");
    serde_json::from_slice(&parts.payload).expect("claims")
}

#[test]
fn the_header_and_the_claims_of_a_plain_token_are_these() {
    let sandbox = Sandbox::of("token");
    let run = sandbox.run(MINT);
    let parts = token_jose::compact::decode_unverified(run.token()).unwrap();
    let header: Value = serde_json::from_slice(&parts.header).unwrap();
    let claims: Value = serde_json::from_slice(&parts.payload).unwrap();
    assert_eq!(
        header,
        json!({"alg": "ES256", "kid": "Z8NXiDpAkqwV5dYW8rZOeRzg3GQk6RVfsOP0Q_f4ubQ", "typ": "JWT"})
    );

    let shown = serde_json::to_string_pretty(&claims).unwrap();
    let expected = str![[r#"
{
  "aud": "https://ca.internal:9000/sign",
  "exp": [..],
  "iat": [..],
  "iss": "admin",
  "jti": "[..]",
  "nbf": [..],
  "sans": [
    "db.internal"
  ],
  "sha": "e1baafdbfcf968db0b72419883f40f36c2a03bdf72c5d5c00c0f27d34887c8d8",
  "sub": "db.internal"
}
"#]];
    assert_data_eq!(shown, expected);

    let seconds = |name: &str| claims[name].as_u64().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(seconds("iat")) < 60);
    assert_eq!(seconds("nbf"), seconds("iat"));
    assert_eq!(seconds("exp"), seconds("nbf") + 300);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 64);
}

#[test]
fn what_was_passed_over_is_not_in_the_token() {
    let revoke = "token 17 --ssh --revoke --offline --ca-config one.json --password-file password";
    let plain = mint(revoke, &[]);
    let with = mint(
        revoke,
        &[
            ("STEP_HOST", "true"),
            ("STEP_PRINCIPAL", "root,admin"),
            ("STEP_CERT_NOT_BEFORE", "1h"),
            ("STEP_CERT_NOT_AFTER", "8h"),
            ("STEP_CNF_FILE", "admin.pub"),
            ("STEP_SET", "a=1"),
            ("STEP_SET_FILE", "set/team.json"),
            ("STEP_TIMEOUT", "5s"),
        ],
    );
    assert_eq!(with["aud"], "https://ca.internal:9000/ssh/revoke");
    let names = |claims: &Value| claims.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&with), names(&plain));

    let fingerprint = ("STEP_FINGERPRINT", OTHER);
    for passed_over in
        [("STEP_CA_URL", "https://other.internal"), ("STEP_ROOT", "other.crt"), fingerprint]
    {
        let claims = mint(MINT, &[passed_over]);
        assert_eq!(claims["aud"], "https://ca.internal:9000/sign", "{passed_over:?}");
        assert_eq!(claims["sha"], ROOT, "{passed_over:?}");
    }
}

#[test]
fn the_parts_of_a_url_that_are_not_used_are_not_in_the_audience() {
    let url = "https://ada@ca.internal:9000/sign?x=1#top";
    let claims = mint(&format!("{BARE} --root root.crt --ca-url {url}"), &[]);
    assert_eq!(claims["aud"], "https://ca.internal:9000/1.0/sign");
}

#[test]
fn the_fingerprint_picks_one_of_two_roots() {
    let line = format!("{BARE} --ca-url https://ca.internal --root two-roots.crt");
    assert_eq!(mint(&line, &[])["sha"], ROOT);
    assert_eq!(mint(&format!("{line} --fingerprint {OTHER}"), &[])["sha"], OTHER);
}

#[test]
fn set_and_cnf_work_offline() {
    let claims = mint(&format!("{MINT} --set team=red --set slot=7 --set-file set/team.json"), &[]);
    assert_eq!(claims["user"], json!({"rack": 12, "slot": 7, "team": "red"}));

    let claims = mint(&format!("{MINT} --cnf-file db.csr"), &[]);
    assert_eq!(claims["cnf"], json!({"x5rt#S256": CSR}));
    let claims = mint(&format!("{MINT} --ssh --cnf-file admin.pub"), &[]);
    assert_eq!(claims["cnf"], json!({"x5rt#S256": SSH_KEY}));
}

#[test]
fn a_serial_number_in_hexadecimal_becomes_decimal() {
    let line = "token 0x3F --revoke --offline --ca-config one.json --password-file password";
    let claims = mint(line, &[]);
    assert_eq!((&claims["sub"], claims.get("sans")), (&json!("63"), None));
}
