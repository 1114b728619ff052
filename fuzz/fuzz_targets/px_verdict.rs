//! Tokens as a server reads them: whole ones, and payloads and headers that are signed here.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use openstorage_token::{
    Answer, Conditions, Generation, Lifetime, Outcome, Rule, Server, Verdict, judge, unverified,
};
use token_jose::{MacAlgorithm, MacKey, SharedSecret};

fuzz_target!(|data: &[u8]| {
    let secret = SharedSecret::new(b"mysecret".to_vec()).expect("a secret");
    let key = MacKey::new(MacAlgorithm::Hs256, &secret);
    let mut server = Server::new("openstorage.io".to_owned());
    server.shared_secret = Some(secret);

    let signed = |header: &[u8], payload: &[u8]| {
        let input = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let tag = URL_SAFE_NO_PAD.encode(key.tag(input.as_bytes()));
        format!("{input}.{tag}")
    };
    let usual = br#"{"alg":"HS256","typ":"JWT"}"#;
    let claims = br#"{"email":"","exp":1700086400,"iat":1700000000,"iss":"openstorage.io","name":"","roles":null,"sub":"s"}"#;
    let whole = String::from_utf8_lossy(data);
    for token in [whole.into_owned(), signed(usual, data), signed(data, claims)] {
        let _ = unverified(&token);
        for generation in [Generation::Current, Generation::Older] {
            server.generation = generation;
            for now in [0, 1_700_000_000, i64::MAX, i64::MIN] {
                let conditions =
                    Conditions { now, leeway: Lifetime::ZERO, algorithm: None };
                check(&judge(&token, &server, &conditions));
            }
        }
    }
});

fn check(verdict: &Verdict) {
    let rules: Vec<Rule> = verdict.findings.iter().map(|finding| finding.rule).collect();
    assert!(Rule::ALL.iter().all(|rule| rules.contains(rule)));
    let failed = verdict.findings.iter().any(|it| matches!(it.outcome, Outcome::Fails(_)));
    assert_eq!(verdict.answer == Answer::Accepted, !failed);
    assert_eq!(verdict.fault().is_some(), failed);
    if let Some((_, fault)) = verdict.fault() {
        let _ = fault.to_string();
    }
    for strict_warnings in &verdict.strict_warnings {
        let _ = strict_warnings.to_string();
    }
    if verdict.answer == Answer::Accepted {
        assert!(verdict.findings.iter().all(|it| matches!(it.outcome, Outcome::Holds(_))));
        let identity = verdict.identity.as_ref().expect("an accepted token is somebody's");
        assert_eq!(identity.issuer, "openstorage.io");
        assert!(!identity.username.is_empty());
    }
}
