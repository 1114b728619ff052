//! Addresses of CAs, as flags and as `dnsNames`.
//!
//! An accepted address parses to itself again, and no error shows a password.

#![no_main]

use libfuzzer_sys::fuzz_target;
use step_claims::{Audience, CaUrl, Operation, Prefix};

const PASSWORD: &str = "hush-not-to-be-seen";

fuzz_target!(|text: &str| {
    match text.parse::<CaUrl>() {
        Ok(url) => is_settled(&url),
        Err(error) => drop(error.to_string()),
    }
    for port in [None, Some(443), Some(9000)] {
        match CaUrl::from_dns_name(text, port) {
            Ok(url) => is_settled(&url),
            Err(error) => drop(error.to_string()),
        }
    }
    if text.contains("hush") {
        return;
    }
    hides_the_password(&format!("https://user:{PASSWORD}@{text}"));
    hides_the_password(&format!("user:{PASSWORD}@{text}"));
});

fn hides_the_password(text: &str) {
    match text.parse::<CaUrl>() {
        Ok(url) => assert!(!url.to_string().contains(PASSWORD)),
        Err(error) => assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error}"),
    }
}

fn is_settled(url: &CaUrl) {
    let text = url.to_string();
    let again: CaUrl = text.parse().expect("its own text");
    assert_eq!((&again, again.to_string()), (url, text));
    assert!(again.dropped().is_empty());

    let audience = Audience::new(url, Prefix::Versioned, Operation::Sign);
    let named = audience.clone().of_provisioner("x5c", url.host());
    assert!(named.as_str().starts_with(audience.as_str()));
}
