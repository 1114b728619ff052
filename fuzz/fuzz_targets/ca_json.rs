//! The ca.json of a CA, and the choice among its provisioners.

#![no_main]

use libfuzzer_sys::fuzz_target;
use step_provisioner::CaConfig;
use step_token_fuzz::{printable, use_provisioners};

fuzz_target!(|data: &[u8]| {
    let config = match CaConfig::parse(data) {
        Ok(config) => config,
        Err(error) => return printable(&error.to_string()),
    };
    assert!(!config.provisioners.is_empty());
    let _ = format!("{config:?}");
    let _ = (config.port(), config.names(), config.start_fault().map(|fault| fault.to_string()));
    let _ = config.claims.effective(&config.claims).contradiction();
    match config.audience_base() {
        Ok(base) => {
            assert!(config.own_spelling(&base).is_some(), "the CA would not answer to {base}");
            assert_eq!(base.to_string().parse().ok().as_ref(), Some(&base));
        }
        Err(error) => printable(&error.to_string()),
    }
    use_provisioners(&config.provisioners);
});
