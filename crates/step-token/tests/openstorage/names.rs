//! The names that Kubernetes accepts.

use openstorage_token::kubernetes::{DataKey, Namespace, ObjectName};
use serde_json::{Value, json};

use crate::peers::Flavour;

/// Whether a text is a valid name of a Secret, of a namespace, of a member of a Secret.
fn ours(name: &str) -> [bool; 3] {
    [
        name.parse::<ObjectName>().is_ok(),
        name.parse::<Namespace>().is_ok(),
        name.parse::<DataKey>().is_ok(),
    ]
}

#[test]
fn names_are_taken_that_kubernetes_takes() {
    let long = |letter: &str, length: usize| letter.repeat(length);
    let mut names: Vec<String> = NAMES.iter().map(|&name| name.to_owned()).collect();
    for length in [62, 63, 64, 65, 252, 253, 254, 300] {
        names.extend([long("a", length), long("-", length), long("A", length)]);
    }
    names.extend([
        format!("{}.{}", long("a", 63), long("b", 63)),
        format!("{}.{}", long("a", 64), long("b", 64)),
        format!("{}.{}.{}", long("a", 100), long("b", 100), long("c", 51)),
        format!("{}.{}.{}", long("a", 100), long("b", 100), long("c", 52)),
        format!("{}a", long("a.", 126)),
        long("é", 30),
    ]);
    for (at, what) in ["secret", "namespace", "key"].into_iter().enumerate() {
        let question = |name: &String| json!({"name": name, "what": what});
        let questions: Vec<Value> = names.iter().map(question).collect();
        let theirs = Flavour::Current.ask("name", &questions);
        let taken = theirs.iter().filter(|answer| answer["valid"] == true).count();
        assert!((15..names.len() - 15).contains(&taken), "{taken} of {} {what}", names.len());
        for (name, theirs) in names.iter().zip(theirs) {
            assert_eq!(ours(name)[at], theirs["valid"], "{what} {name:?}: {theirs}");
        }
    }
}

const NAMES: [&str; 60] = [
    "px-user-token",
    "pxkeys",
    "kube-system",
    "auth-token",
    "shared-secret",
    "a",
    "0",
    "9",
    "12",
    "a.b",
    "a.b.c",
    "a-b",
    "a--b",
    "a-.b",
    "a.-b",
    "a..b",
    ".a",
    "a.",
    "..a",
    "..",
    ".",
    "...",
    "-",
    "--",
    "-a",
    "a-",
    "_",
    "a_b",
    "_a",
    "a_",
    "A",
    "aB",
    "Px",
    "PX_KEY",
    "tls.crt",
    ".dockerconfigjson",
    "ca.crt",
    "a/b",
    "a b",
    " a",
    "a ",
    "",
    " ",
    "\n",
    "a\n",
    "a\tb",
    "a\0",
    "é",
    "ａ",
    "a:b",
    "a,b",
    "a=b",
    "~",
    "*",
    "a@b",
    "true",
    "null",
    "1e3",
    "0x10",
    "127.0.0.1",
];
