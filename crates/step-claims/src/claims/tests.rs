//! The expected texts are payloads that `step` 0.30.6 wrote, with its clock and its token ID.

use token_time::Timestamp;

use super::*;
use crate::audience::Prefix;
use crate::ca_url::CaUrl;
use crate::operation::Operation;
use crate::serial::Serial;
use crate::validity::Limits;

const ROOT: &str = "e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4";

fn claims(clock: i64, token_id: &str, subject: &str, purpose: Purpose) -> Claims {
    claims_at("https://ca.example.test", Prefix::Bare, clock, token_id, subject, purpose)
}

fn claims_at(
    ca: &str,
    prefix: Prefix,
    clock: i64,
    token_id: &str,
    subject: &str,
    purpose: Purpose,
) -> Claims {
    let ca: CaUrl = ca.parse().unwrap();
    let now = Timestamp::from_unix_seconds(clock);
    Claims {
        issuer: "admin@example.com".to_owned(),
        subject: subject.parse().unwrap(),
        audience: Audience::new(&ca, prefix, purpose.operation()),
        validity: Validity::new(now, None, None, Limits::Step).unwrap(),
        token_id: token_id.parse().unwrap(),
        root: Some(ROOT.parse().unwrap()),
        purpose,
        confirmation: None,
        user: UserData::default(),
    }
}

fn json(claims: &Claims) -> String {
    String::from_utf8(claims.to_json().unwrap()).unwrap()
}

fn sign(sans: &[&str]) -> Purpose {
    Purpose::Sign(sans.iter().map(|san| san.parse().unwrap()).collect())
}

fn ssh(principals: &[&str], valid_after: &str, valid_before: &str) -> SshCertificate {
    SshCertificate {
        principals: principals.iter().map(|principal| principal.parse().unwrap()).collect(),
        valid_after: When::optional(valid_after).unwrap(),
        valid_before: When::optional(valid_before).unwrap(),
    }
}

#[test]
fn a_sign_token_without_names_is_for_its_subject() {
    let claims = claims(
        1795385144,
        "a17cf008d07959c891412fda046a482e2bdc71fcf2c9d3e1b849bc35c0b32683",
        "spiffe://example.test/ns/x?a=1&b=<2>",
        sign(&[]),
    );
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://ca.example.test/sign","exp":1795385444,"iat":1795385144,"#,
            r#""iss":"admin@example.com","#,
            r#""jti":"a17cf008d07959c891412fda046a482e2bdc71fcf2c9d3e1b849bc35c0b32683","#,
            r#""nbf":1795385144,"#,
            r#""sans":["spiffe://example.test/ns/x?a=1\u0026b=\u003c2\u003e"],"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""sub":"spiffe://example.test/ns/x?a=1\u0026b=\u003c2\u003e"}"#,
        )
    );
}

#[test]
fn any_text_may_be_a_subject() {
    let claims = claims(
        1795385145,
        "a4ae01a863e7f6e4ceda38d2c05fb455077e665e1de684e168025e9c0ad7101c",
        "bücher.example\u{2028}\"\\\t",
        sign(&[]),
    );
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://ca.example.test/sign","exp":1795385445,"iat":1795385145,"#,
            r#""iss":"admin@example.com","#,
            r#""jti":"a4ae01a863e7f6e4ceda38d2c05fb455077e665e1de684e168025e9c0ad7101c","#,
            r#""nbf":1795385145,"sans":["bücher.example\u2028\"\\\t"],"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""sub":"bücher.example\u2028\"\\\t"}"#,
        )
    );
}

#[test]
fn names_keep_their_order_and_their_duplicates() {
    let claims = claims(
        1795385143,
        "f0bcf3f333ef8cd1f84c537623ee5bc9c5278ce902fc0275c5b7dd3f4f40affb",
        "host.example.test",
        sign(&[
            "b.example.test",
            "10.0.0.1",
            "a.example.test",
            "b.example.test",
            "2001:db8::1",
            "jane@example.test",
            "spiffe://example.test/x",
        ]),
    );
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://ca.example.test/sign","exp":1795385443,"iat":1795385143,"#,
            r#""iss":"admin@example.com","#,
            r#""jti":"f0bcf3f333ef8cd1f84c537623ee5bc9c5278ce902fc0275c5b7dd3f4f40affb","#,
            r#""nbf":1795385143,"sans":["b.example.test","10.0.0.1","a.example.test","#,
            r#""b.example.test","2001:db8::1","jane@example.test","spiffe://example.test/x"],"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""sub":"host.example.test"}"#,
        )
    );
}

#[test]
fn a_revoke_token_names_a_serial_and_nothing_else() {
    let mut claims = claims(
        1795385146,
        "ff228866953c15d111474a4dc7fffaecd24abc85b01eb0e9afb35548646bd5db",
        "s",
        Purpose::Revoke,
    );
    claims.subject = Serial::x509("0xd483661f2c6903ba7b66252f42f3c282").unwrap().into();
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://ca.example.test/revoke","exp":1795385446,"iat":1795385146,"#,
            r#""iss":"admin@example.com","#,
            r#""jti":"ff228866953c15d111474a4dc7fffaecd24abc85b01eb0e9afb35548646bd5db","#,
            r#""nbf":1795385146,"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""sub":"282478597270467133137806700623407858306"}"#,
        )
    );
}

#[test]
fn an_ssh_user_token_carries_the_certificate_times() {
    let certificate = ssh(&["jane"], "2027-01-01T01:02:03.4500+01:00", "2027-01-02T00:00:00Z");
    let claims = claims(
        1795385148,
        "02d7b9f96ee9e3db165b82460fc3f4ca206038d8be2dc5b1bd31aeda2b55bcb8",
        "jane",
        Purpose::SshUser(certificate),
    );
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://ca.example.test/ssh/sign","exp":1795385448,"iat":1795385148,"#,
            r#""iss":"admin@example.com","#,
            r#""jti":"02d7b9f96ee9e3db165b82460fc3f4ca206038d8be2dc5b1bd31aeda2b55bcb8","#,
            r#""nbf":1795385148,"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""step":{"ssh":{"certType":"user","keyID":"jane","principals":["jane"],"#,
            r#""validAfter":"2027-01-01T00:02:03.45Z","validBefore":"2027-01-02T00:00:00Z"}},"#,
            r#""sub":"jane"}"#,
        )
    );
}

#[test]
fn an_ssh_host_token_of_an_x5c_provisioner_names_it_in_the_audience() {
    let mut claims = claims(
        1795385155,
        "e81bfa37330ad36073243d292560523ffed619a007eb941e95ec557ef1e80274",
        "h1",
        Purpose::SshHost(ssh(&["h1.example.test"], "", "16h")),
    );
    claims.issuer = "devices".to_owned();
    claims.audience = claims.audience.of_provisioner("x5c", "devices");
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://ca.example.test/ssh/sign#x5c/devices","exp":1795385455,"#,
            r#""iat":1795385155,"iss":"devices","#,
            r#""jti":"e81bfa37330ad36073243d292560523ffed619a007eb941e95ec557ef1e80274","#,
            r#""nbf":1795385155,"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""step":{"ssh":{"certType":"host","keyID":"h1","principals":["h1.example.test"],"#,
            r#""validAfter":"","validBefore":"16h0m0s"}},"sub":"h1"}"#,
        )
    );
}

#[test]
fn an_ssh_token_without_names_and_times_leaves_them_empty() {
    let claims = claims(0, &"0".repeat(64), "jane", Purpose::SshUser(ssh(&[], "0", "0s")));
    assert!(json(&claims).contains(
        r#""step":{"ssh":{"certType":"user","keyID":"jane","principals":[],"validAfter":"","validBefore":""}},"sub""#
    ));
}

#[test]
fn an_ssh_renew_token_has_no_names() {
    let mut claims = claims(
        1795385160,
        "91c34972139aab73f6c2ae74c3a206163c28dcad2f86e34dfb938c1b76e3b3d2",
        "4660",
        Purpose::SshRenew,
    );
    claims.issuer = "sshpop".to_owned();
    claims.audience = claims.audience.of_provisioner("sshpop", "sshpop");
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://ca.example.test/ssh/renew#sshpop/sshpop","exp":1795385460,"#,
            r#""iat":1795385160,"iss":"sshpop","#,
            r#""jti":"91c34972139aab73f6c2ae74c3a206163c28dcad2f86e34dfb938c1b76e3b3d2","#,
            r#""nbf":1795385160,"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""sub":"4660"}"#,
        )
    );
}

#[test]
fn a_renew_token_differs_from_step_s_in_its_token_id_alone() {
    // Q18: `step` writes none, so such a token can be written differently and spent again.
    let id = "1".repeat(64);
    let ca = "https://ca.example.test:9000";
    let mut claims =
        claims_at(ca, Prefix::Versioned, 1795385166, &id, "renew.example.test", Purpose::Renew);
    claims.issuer = "step-ca-client/1.0".to_owned();
    claims.root = None;
    assert_eq!(
        json(&claims).replace(&format!(r#""jti":"{id}","#), ""),
        concat!(
            r#"{"aud":"https://ca.example.test:9000/1.0/renew","exp":1795385466,"#,
            r#""iat":1795385166,"iss":"step-ca-client/1.0","nbf":1795385166,"#,
            r#""sub":"renew.example.test"}"#,
        )
    );
}

#[test]
fn user_data_comes_last() {
    let mut claims = claims_at(
        "https://localhost:19700",
        Prefix::Versioned,
        1795385182,
        "d4a33947666c25782f76ee51fdefa726ef97aab063a4dc8e1b0e400774ac7f03",
        "host.example.test",
        sign(&[]),
    );
    for assignment in ["a=1", "b=\"1\"", "c={\"z\":1,\"a\":[true,null]}", "d=", "e=x<y", "a=2"] {
        claims.user.set(assignment).unwrap();
    }
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://localhost:19700/1.0/sign","exp":1795385482,"iat":1795385182,"#,
            r#""iss":"admin@example.com","#,
            r#""jti":"d4a33947666c25782f76ee51fdefa726ef97aab063a4dc8e1b0e400774ac7f03","#,
            r#""nbf":1795385182,"sans":["host.example.test"],"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""sub":"host.example.test","#,
            r#""user":{"a":2,"b":"1","c":{"a":[true,null],"z":1},"d":"","e":"x\u003cy"}}"#,
        )
    );
}

#[test]
fn a_confirmation_stands_behind_the_audience() {
    let mut claims = claims_at(
        "https://localhost:19700",
        Prefix::Versioned,
        1795385183,
        "33934623ee486c5f241098c8e019b77a61e0d22225cc71fd0892fbfcb1c97b87",
        "csr.example.test",
        sign(&[]),
    );
    claims.confirmation = Some("TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAutY".parse().unwrap());
    // Q2: `step` adds `"user":{}` at the end.
    assert_eq!(
        json(&claims),
        concat!(
            r#"{"aud":"https://localhost:19700/1.0/sign","#,
            r#""cnf":{"x5rt#S256":"TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAutY"},"#,
            r#""exp":1795385483,"iat":1795385183,"iss":"admin@example.com","#,
            r#""jti":"33934623ee486c5f241098c8e019b77a61e0d22225cc71fd0892fbfcb1c97b87","#,
            r#""nbf":1795385183,"sans":["csr.example.test"],"#,
            r#""sha":"e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4","#,
            r#""sub":"csr.example.test"}"#,
        )
    );
}

#[test]
fn what_a_purpose_has_no_place_for_is_refused() {
    let id = "0".repeat(64);
    for purpose in
        [Purpose::Revoke, Purpose::Renew, Purpose::SshRevoke, Purpose::SshRenew, Purpose::SshRekey]
    {
        let plain = claims(0, &id, "1", purpose);
        assert!(plain.to_json().is_ok());

        let mut claims = plain.clone();
        claims.confirmation = Some("TL5ItkzJ4LOssFWQAPzkFXv-Zw0ovu4W6O_cHkZAutY".parse().unwrap());
        assert!(matches!(claims.to_json(), Err(Error::ConfirmationUnused { .. })));

        let mut claims = plain.clone();
        claims.user.set("a=1").unwrap();
        assert!(matches!(claims.to_json(), Err(Error::UserUnused { .. })));
    }
}

#[test]
fn an_audience_for_another_operation_is_refused() {
    let mut claims = claims(0, &"0".repeat(64), "1", Purpose::Revoke);
    let ca: CaUrl = "ca.example.test".parse().unwrap();
    claims.audience = Audience::new(&ca, Prefix::Bare, Operation::Sign);
    assert_eq!(
        claims.to_json().unwrap_err().to_string(),
        "a token for X.509 revoke cannot be spent at the endpoint for X.509 sign"
    );
}
