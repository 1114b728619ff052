//! The answer to `GET /provisioners`, which is not authenticated.
//!
//! The entries are kept unchanged: a list of them, written again, is the same list.

#![no_main]

use libfuzzer_sys::fuzz_target;
use step_provisioner::{Provisioner, provisioners_page};
use step_token_fuzz::{printable, use_provisioners};

fuzz_target!(|data: &[u8]| {
    let page = match provisioners_page(data) {
        Ok(page) => page,
        Err(error) => return printable(&error.to_string()),
    };
    let _ = format!("{page:?}");
    use_provisioners(&page.provisioners);

    let raw: Vec<_> = page.provisioners.iter().map(|provisioner| provisioner.raw.get()).collect();
    let again = provisioners_page(format!(r#"{{"provisioners":[{}]}}"#, raw.join(",")).as_bytes())
        .expect("the entries were accepted");
    let texts = |all: &[Provisioner]| -> Vec<String> {
        all.iter().map(|provisioner| format!("{provisioner:?}")).collect()
    };
    assert_eq!(texts(&again.provisioners), texts(&page.provisioners));
    assert!(again.skipped.is_empty() && again.next_cursor.is_none());
});
