//! The cost of a signature by an X25519 key and by an Ed25519 key, with the same curve code.
//!
//! `cargo bench -p token-jose --bench xeddsa`; compare the two medians.

use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::Signer as _;
use token_jose::{KeyFile, SigningKey as _};

const KEY: &[u8] = include_bytes!("../../../testdata/vectors/nebula/host-v1.key");

fn benches(criterion: &mut Criterion) {
    let message = [7; 500];
    let ed25519 = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let Ok(KeyFile::Plain(xeddsa)) = KeyFile::parse_nebula(KEY) else {
        panic!("the key is not sealed");
    };
    let mut group = criterion.benchmark_group("sign");
    group.bench_function("bare Ed25519", |bench| bench.iter(|| ed25519.sign(&message)));
    group.bench_function("XEdDSA", |bench| bench.iter(|| xeddsa.sign(&message)));
    group.finish();
}

criterion_group!(xeddsa_benches, benches);
criterion_main!(xeddsa_benches);
