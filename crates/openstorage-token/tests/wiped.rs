//! No copy of a shared secret is left in memory once what was read or written is dropped.
#![cfg(target_os = "linux")]

#[path = "../../token-pem/tests/memory/mod.rs"]
mod memory;

use memory::{Needle, fresh};
use openstorage_token::kubernetes::{DataKey, Manifest, is_secret, read_secret};

/// Lengths below and above the room that texts start with.
const LENGTHS: [usize; 3] = [48, 5_000, 60_000];

#[test]
fn a_kubernetes_secret_leaves_no_copy_behind() {
    let (name, key) = ("s".parse().expect("a name"), DataKey::shared_secret());
    for length in LENGTHS {
        let secret = fresh(length);
        let manifest = Manifest::secret(&name, None, &key, &secret);
        let texts = [manifest.to_yaml(), manifest.to_json(true), manifest.to_json(false)];
        // Not from the beginning, which the allocator overwrites when memory is freed.
        let at = texts[1].find("\"shared-secret\":\"").expect("the member") + 17 + 20;
        let part = texts[1].get(at..at + 40).expect("base64");
        let (raw, base64) = (Needle::of(&secret[20..44]), Needle::of(part.as_bytes()));
        assert!(raw.count() > 0 && base64.count() > 0, "the test finds nothing at all");

        drop((texts, manifest));
        assert_eq!(base64.count(), 0, "written, {length} bytes");

        // The library that reads YAML keeps base64 of its own, so only the secret itself is sought.
        let json = Manifest::secret(&name, None, &key, &secret).to_json(true);
        for _ in 0..3 {
            assert!(is_secret(&json));
            drop(read_secret(&json, &key).expect("a Secret"));
        }
        drop((json, secret));
        assert_eq!(raw.count(), 0, "read, {length} bytes");
    }
}
