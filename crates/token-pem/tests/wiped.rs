//! No copy of a private key is left in memory, in base64 or decoded, once what was returned is dropped.
#![cfg(target_os = "linux")]

mod memory;

use memory::{Needle, fresh};
use token_pem::{blocks, encode, private_key, sections};
use zeroize::Zeroizing;

#[test]
fn a_private_key_leaves_no_copy_behind() {
    let der = fresh(48);
    let text = encode("PRIVATE KEY", &der);
    // Not from the beginning, which the allocator overwrites when memory is freed.
    let line = text.lines().nth(1).expect("a line").get(24..56).expect("base64");
    // A damaged section is wiped, too.
    let (body, end) = text.split_at(text.find("-----END").expect("an end"));
    let mut torn = Zeroizing::new(String::with_capacity(text.len() + 2));
    torn.extend([body, "!\n", end]);
    let (raw, base64) = (Needle::of(&der[20..44]), Needle::of(line.as_bytes()));
    assert!(raw.count() > 0 && base64.count() > 0, "the test finds nothing at all");

    for _ in 0..3 {
        drop(private_key(text.as_bytes()).expect("it is whole").expect("a key"));
        assert!(private_key(torn.as_bytes()).is_err());
        for section in sections(text.as_bytes()) {
            drop(Zeroizing::new(section.contents().expect("it is whole")));
        }
        assert!(sections(torn.as_bytes()).all(|section| section.contents().is_err()));
        for block in blocks(&text) {
            drop(block.expect("a section").contents().expect("it is whole"));
        }
        assert!(blocks(&torn).all(|block| block.expect("a section").contents().is_err()));
    }
    drop((der, text, torn));
    assert_eq!((raw.count(), base64.count()), (0, 0), "(decoded, in base64)");
}
