//! The file of contexts, which other programs and people write too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use openstorage_token::{ContextName, Contexts, Created};
use token_jose::Token;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut contexts = match Contexts::parse(text) {
        Ok(contexts) => contexts,
        Err(error) => return drop(error.to_string()),
    };
    let names = |contexts: &Contexts| -> Vec<_> {
        let all = contexts.all().into_iter();
        all.map(|it| (it.name, it.token.map(|it| it.expose().to_owned()), it.endpoint)).collect()
    };
    let again = Contexts::parse(&contexts.to_yaml()).expect("what was written is read");
    assert_eq!(names(&again), names(&contexts));
    assert_eq!(again.current(), contexts.current());
    assert_eq!(*again.to_yaml(), *contexts.to_yaml());

    let name: ContextName = "fresh".parse().expect("a name");
    let before = names(&contexts);
    match contexts.create(&name, Some(&Token::new("a.b.c".to_owned())), Some("http://h:1")) {
        Err(error) => drop(error.to_string()),
        Ok(created) => {
            let after = names(&contexts);
            let grown = usize::from(created == Created::New);
            assert_eq!(after.len(), before.len() + grown);
            let others = |list: &[(String, Option<String>, Option<String>)]| -> Vec<_> {
                list.iter().filter(|(name, ..)| name != "fresh").cloned().collect()
            };
            assert_eq!(others(&after), others(&before));
            contexts.set("fresh").expect("it is there");
            contexts.delete("fresh").expect("it is there");
            assert_eq!(contexts.current(), None);
            assert_eq!(names(&contexts), others(&before));
        }
    }
});
