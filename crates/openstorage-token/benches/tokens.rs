//! Ten thousand tokens of a shared secret, minted and checked, beside the bare work in them: HMAC,
//! JSON and base64 by the same libraries.
//!
//! `cargo bench -p openstorage-token`; the ratio of the two medians is what counts.

use std::hint::black_box;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use openstorage_token::{Account, Answer, Claims, Conditions, Lifetime, Mint, Server, judge};
use token_jose::{MacAlgorithm, MacKey, SharedSecret};

const COUNT: u64 = 10_000;
const NOW: i64 = 1_700_000_000;
const SECRET: &[u8] = b"sixty-four characters of base64, as the documentation has a secret";
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

fn claims(number: u64) -> Claims {
    let account = Account {
        subject: format!("user{number}@example.com/user{number}"),
        name: "Jim Stevens".to_owned(),
        email: format!("user{number}@example.com"),
        roles: Some(vec!["system.user".to_owned()]),
        groups: Some(vec!["px-engineering".to_owned(), "kubernetes-csi".to_owned()]),
    };
    let issuer = "portworx.com".to_owned();
    Claims::new(account, issuer, NOW, Lifetime::DEFAULT, Lifetime::ZERO)
}

fn minting(criterion: &mut Criterion) {
    let secret = SharedSecret::new(SECRET.to_vec()).expect("a secret");
    let mint = Mint::new(MacKey::new(MacAlgorithm::Hs256, &secret));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let header = URL_SAFE_NO_PAD.encode(HEADER);

    let mut group = criterion.benchmark_group("mint");
    group.throughput(Throughput::Elements(COUNT)).sample_size(20);
    group.bench_function("bare", |bench| {
        bench.iter(|| {
            for number in 0..COUNT {
                let json = serde_json::to_vec(&claims(number)).expect("JSON");
                let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(json));
                let tag = hmac::sign(&key, input.as_bytes());
                black_box(format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag)));
            }
        });
    });
    group.bench_function("ours", |bench| {
        bench.iter(|| {
            for number in 0..COUNT {
                black_box(mint.token(&claims(number)).expect("a token"));
            }
        });
    });
    group.finish();
}

fn judging(criterion: &mut Criterion) {
    let secret = SharedSecret::new(SECRET.to_vec()).expect("a secret");
    let mint = Mint::new(MacKey::new(MacAlgorithm::Hs256, &secret));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let minted: Vec<String> = (0..COUNT)
        .map(|number| mint.token(&claims(number)).expect("a token").expose().to_owned())
        .collect();
    let mut server = Server::new("portworx.com".to_owned());
    server.shared_secret = Some(secret);
    let conditions = Conditions { now: NOW, leeway: Lifetime::ZERO, algorithm: None };

    let mut group = criterion.benchmark_group("judge");
    group.throughput(Throughput::Elements(COUNT)).sample_size(20);
    group.bench_function("bare", |bench| {
        bench.iter(|| {
            for token in &minted {
                let (input, tag) = token.rsplit_once('.').expect("three parts");
                let (header, payload) = input.split_once('.').expect("three parts");
                let bytes = |part| URL_SAFE_NO_PAD.decode(part).expect("base64url");
                let value = |part| -> serde_json::Value {
                    serde_json::from_slice(&bytes(part)).expect("JSON")
                };
                black_box((value(header), value(payload)));
                hmac::verify(&key, input.as_bytes(), &bytes(tag)).expect("the secret's");
            }
        });
    });
    group.bench_function("ours", |bench| {
        bench.iter(|| {
            for token in &minted {
                assert_eq!(judge(token, &server, &conditions).answer, Answer::Accepted);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, minting, judging);
criterion_main!(benches);
