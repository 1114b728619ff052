//! The other files of px: Secrets of Kubernetes, roles, servers, public keys, names.

#![no_main]

use libfuzzer_sys::fuzz_target;
use openstorage_token::kubernetes::{
    DataKey, Manifest, Namespace, ObjectName, is_secret, read_secret,
};
use openstorage_token::{ApiMethod, Generation, Grant, Role, Roles, ServerConfig, ServerKey};

fuzz_target!(|data: &[u8]| {
    for read in [ServerKey::rsa, ServerKey::ec] {
        if let Err(error) = read(data) {
            let _ = error.to_string();
        }
    }

    // Everything that is stored is read back.
    let (name, key) = ("s".parse::<ObjectName>().expect("a name"), DataKey::auth_token());
    let manifest = Manifest::secret(&name, None, &key, data);
    for text in [manifest.to_yaml(), manifest.to_json(false), manifest.to_json(true)] {
        assert_eq!(*read_secret(&text, &key).expect("a Secret"), data);
    }

    let Ok(text) = std::str::from_utf8(data) else { return };
    match read_secret(text, &key) {
        Ok(_) => assert!(is_secret(text)),
        Err(error) => drop(error.to_string()),
    }
    if let Err(error) = ServerConfig::parse(text) {
        let _ = error.to_string();
    }
    match Role::parse(text) {
        Err(error) => drop(error.to_string()),
        Ok(new) => {
            for warning in new.iter().flat_map(Role::warnings) {
                let _ = warning.to_string();
            }
            let held: Vec<String> = new.iter().map(|role| role.name.clone()).collect();
            let mut roles = Roles::built_in(Generation::Current);
            if roles.add(new).is_ok() {
                for method in ["volume/create", "/openstorage.api.OpenStorageNode/Inspect"] {
                    let method: ApiMethod = method.parse().expect("a method");
                    let _ = roles.decide(held.iter().map(String::as_str), &method).is_granted();
                }
            }
        }
    }
    if let Ok(name) = text.parse::<ObjectName>() {
        assert!(name.as_str().is_ascii() && name.as_str().len() <= 253);
    }
    if let Ok(namespace) = text.parse::<Namespace>() {
        assert!(namespace.as_str().parse::<ObjectName>().is_ok());
    }
    let _ = text.parse::<Grant>().is_ok();
    if let Some(unknown) = text.parse::<ApiMethod>().ok().and_then(|method| method.unknown()) {
        let _ = (unknown.to_string(), unknown.way_out());
    }
});
