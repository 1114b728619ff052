//! What opening an encrypted key costs beside its key derivation.
//!
//! `cargo bench -p token-jose --bench unseal`; compare the two medians.

use criterion::{Criterion, criterion_group, criterion_main};
use sha2::Sha256;
use token_jose::{KeyFile, Passphrase};

/// 600,000 rounds, as `step ca init` writes.
const SEALED: &[u8] = include_bytes!("../../../testdata/vectors/test-keys/p256.sealed.jwe");
const PASSPHRASE: &[u8] = include_bytes!("../../../testdata/vectors/test-passwords/provisioner");

fn benches(criterion: &mut Criterion) {
    let passphrase = Passphrase::new(PASSPHRASE.trim_ascii_end().to_vec());
    let mut group = criterion.benchmark_group("unseal");
    group.sample_size(20);
    group.bench_function("bare PBKDF2", |bench| {
        bench.iter(|| {
            let mut key = [0; 16];
            pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.expose(), &[7; 35], 600_000, &mut key);
            key
        });
    });
    group.bench_function("sealed JWK", |bench| {
        bench.iter(|| match KeyFile::parse(SEALED) {
            Ok(KeyFile::Sealed(sealed)) => sealed.open(&passphrase).expect("the passphrase fits"),
            other => panic!("{other:?}"),
        });
    });
    group.finish();
}

criterion_group!(unseal_benches, benches);
criterion_main!(unseal_benches);
