//! Files of root certificates: PEM with anything around it, or DER.

#![no_main]

use libfuzzer_sys::fuzz_target;
use step_ca_client::Roots;

fuzz_target!(|data: &[u8]| {
    let roots = match Roots::parse(data) {
        Ok(roots) => roots,
        Err(fault) => return step_token_fuzz::printable(&fault.to_string()),
    };
    let _ = format!("{roots:?}");
    assert!(!roots.certificates().is_empty());
    assert_eq!(Roots::parse(roots.to_pem().as_bytes()).as_ref(), Ok(&roots));
    assert_eq!(roots.fingerprints().first(), Some(&roots.fingerprint()));
    for fingerprint in roots.fingerprints() {
        let selected = roots.clone().select(fingerprint).expect("it is one of them");
        assert_eq!(selected.fingerprint(), fingerprint);
    }
});
