//! Auth-config files: YAML and JSON from any source.

#![no_main]

use libfuzzer_sys::fuzz_target;
use openstorage_token::{Account, Claims, Lifetime};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Lifetime>() {
        Ok(lifetime) => assert_eq!(lifetime.to_string().parse(), Ok(lifetime)),
        Err(error) => drop(error.to_string()),
    }
    match Account::from_yaml(text) {
        Err(error) => drop(error.to_string()),
        Ok((account, warnings)) => {
            for warning in warnings {
                let _ = warning.to_string();
            }
            let zero = Lifetime::ZERO;
            let claims = Claims::new(account.clone(), "i".to_owned(), 0, zero, zero);
            assert!(!claims.subject.is_empty());
            // The claims of a token are read back as they were written.
            let json = claims.to_json();
            let read: serde_json::Value = serde_json::from_slice(&json).expect("claims are JSON");
            assert_eq!(read["name"], account.name.as_str());
            assert_eq!(read["roles"].is_null(), account.roles.is_none());
            assert_eq!(read.get("groups").is_none(), account.groups.is_none());
            // Claims are an auth-config file too, except for JSON that is not YAML 1.2.
            if let Ok((again, _)) = Account::from_yaml(&String::from_utf8_lossy(&json)) {
                assert_eq!((again.name, again.email), (account.name, account.email));
                assert_eq!((again.roles, again.groups), (account.roles, account.groups));
            }
        }
    }
});
