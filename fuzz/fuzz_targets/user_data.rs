//! The requester's own data: a JSON object, and single assignments to it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use step_claims::UserData;

fuzz_target!(|data: &[u8]| {
    let mut user = match UserData::from_object(data) {
        Ok(user) => {
            survives_its_text(&user);
            user
        }
        Err(error) => {
            let _ = format!("{error} {error:?}");
            UserData::default()
        }
    };
    let Ok(text) = std::str::from_utf8(data) else { return };
    for assignment in text.split('\0') {
        match user.set(assignment) {
            Ok(()) => assert!(!user.is_empty()),
            Err(error) => drop(format!("{error} {error:?}")),
        }
    }
    survives_its_text(&user);
});

fn survives_its_text(user: &UserData) {
    let written = token_jose::json::to_vec(user).expect("what was accepted can be written");
    let again = UserData::from_object(&written).expect("what was written can be read");
    assert_eq!(&again, user);
}
