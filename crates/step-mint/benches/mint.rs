//! The cost of a token and of its signature alone: claims, header and encoding, with the key open.
//!
//! `cargo bench -p step-mint --bench mint`; the ratio of the two medians is what counts.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use step_claims::{Limits, Prefix, Purpose, RootFingerprint, TokenId, UserData};
use step_mint::{Ca, Mint, Request};
use token_jose::{KeyFile, SigningKey as _};
use token_time::Timestamp;

const KEY: &[u8] = include_bytes!("../../../testdata/vectors/test-keys/p256.trad.pem");

fn mint() -> Mint {
    let Ok(KeyFile::Plain(key)) = KeyFile::parse(KEY) else { panic!("the key is not sealed") };
    let key_id = key.public_key().thumbprint().into();
    let ca = Ca {
        url: "https://ca.example.com:9000".parse().expect("a URL"),
        prefix: Prefix::Versioned,
        root: Some(RootFingerprint::of_der(b"root")),
    };
    Mint::new("admin@example.com".to_owned(), ca, Some(key_id), key)
}

fn request() -> Request {
    let names = ["db.internal", "10.0.0.1", "db-1.internal"];
    Request {
        subject: "db.internal".parse().expect("a subject"),
        purpose: Purpose::Sign(names.map(|name| name.parse().expect("a name")).to_vec()),
        not_before: None,
        not_after: None,
        limits: Limits::Step,
        confirmation: None,
        user: UserData::default(),
    }
}

fn benches(criterion: &mut Criterion) {
    let now = Timestamp::from_unix_seconds(1_700_000_000);
    let (mint, request) = (mint(), request());
    let token = |request: Request| {
        let validity = request.validity(now).expect("the default is valid");
        mint.token(request, validity, TokenId::from_random([7; 32])).expect("the key signs")
    };
    // A token has about 600 characters to sign.
    let message = token(request.clone()).token.expose().to_owned();
    let engine = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let random = SystemRandom::new();

    let mut group = criterion.benchmark_group("es256");
    group.bench_function("bare signature", |bench| {
        bench.iter(|| engine.sign(&random, message.as_bytes()).expect("the key signs"));
    });
    group.bench_function("whole token", |bench| {
        bench.iter_batched(|| request.clone(), token, BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(mint_benches, benches);
criterion_main!(mint_benches);
