//! Contexts of step, changed by several runs at once.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use crate::sandbox::Sandbox;

/// Writes as many contexts as there are names, each with an authority of its own.
fn write_contexts(sandbox: &Sandbox, names: &[String]) {
    let entry = |name| BTreeMap::from([("authority", name), ("profile", name)]);
    let contexts: BTreeMap<_, _> = names.iter().map(|name| (name, entry(name))).collect();
    fs::create_dir_all(sandbox.path("many/authorities")).expect("a directory");
    for name in names {
        fs::create_dir(sandbox.path("many/authorities").join(name)).expect("a directory");
    }
    let text = serde_json::to_vec(&contexts).expect("JSON");
    fs::write(sandbox.path("many/contexts.json"), text).expect("a file");
}

fn left(sandbox: &Sandbox) -> Vec<String> {
    let text = sandbox.read("many/contexts.json");
    let contexts: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&text).expect("a file");
    contexts.into_keys().collect()
}

#[test]
fn removals_at_the_same_time_all_count() {
    let sandbox = Sandbox::of("context");
    let names: Vec<String> = (0..30).map(|number| format!("site-{number:02}")).collect();
    write_contexts(&sandbox, &names);
    let remove = |name: &String| {
        let mut command = sandbox.command(&format!("context remove --force {name}"));
        command.env("STEPPATH", "many").stderr(Stdio::null()).spawn().unwrap()
    };
    let runs: Vec<_> = names[1..].iter().map(remove).collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    assert_eq!(left(&sandbox), ["site-00"]);
    let directories = fs::read_dir(sandbox.path("many/authorities")).unwrap().count();
    assert_eq!(directories, 1);
}

#[test]
fn a_context_that_is_being_selected_is_not_removed() {
    for _ in 0..8 {
        let sandbox = Sandbox::of("context");
        write_contexts(&sandbox, &["one".to_owned(), "two".to_owned()]);
        let start = |line: &str| {
            let mut command = sandbox.command(line);
            command.env("STEPPATH", "many").stderr(Stdio::null()).spawn().unwrap()
        };
        let (mut select, mut remove) =
            (start("context select two"), start("context remove --force two"));
        let (selected, removed) = (select.wait().unwrap(), remove.wait().unwrap());
        // One of them comes first, and the other is told so.
        assert_ne!(selected.success(), removed.success());
        assert_eq!(left(&sandbox).contains(&"two".to_owned()), selected.success());
    }
}
