//! Confirmations, which tie a token to one request: certificate requests and SSH public keys.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use step_claims::Confirmation;

fuzz_target!(|data: &[u8]| {
    match Confirmation::of_csr(data) {
        Ok(confirmation) => {
            survives_its_text(confirmation);
            if data.first() == Some(&0x30) && !contains(data, b"-----BEGIN ") {
                let pem = format!(
                    "-----BEGIN NEW CERTIFICATE REQUEST-----\n{}\n-----END NEW CERTIFICATE REQUEST-----\n",
                    STANDARD.encode(data)
                );
                assert_eq!(Confirmation::of_csr(pem.as_bytes()).ok(), Some(confirmation));
            }
        }
        Err(error) => drop(format!("{error} {error:?}")),
    }

    let Ok(text) = std::str::from_utf8(data) else { return };
    match Confirmation::of_ssh_key(text) {
        Ok(confirmation) => {
            survives_its_text(confirmation);
            let behind = format!("{text}\n\n# and nothing more\n");
            assert_eq!(Confirmation::of_ssh_key(&behind).ok(), Some(confirmation));
        }
        Err(error) => drop(format!("{error} {error:?}")),
    }
    if let Ok(confirmation) = text.parse::<Confirmation>() {
        assert_eq!(confirmation.to_string(), text);
    }
});

fn survives_its_text(confirmation: Confirmation) {
    assert_eq!(confirmation.to_string().parse::<Confirmation>().ok(), Some(confirmation));
}

fn contains(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}
