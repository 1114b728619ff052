//! `scripts/order` on small trees: each has one fault, and one only looks as if it had some.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What every tree starts with; a test adds to it, and writes over it.
const HOUSE: &[(&str, &str)] = &[
    (
        "ARCHITECTURE.md",
        "# Architecture\n\n## The crates\n\n| crate | what |\n|---|---|\n| `low` | |\n| `high` | |\n\
         | `step-token` | |\n\n## Where to start\n\n| `unlisted` | |\n",
    ),
    ("crates/low/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
    ("crates/low/src/lib.rs", ""),
    ("crates/high/Cargo.toml", "[dependencies]\nlow.workspace = true\n"),
    ("crates/high/src/lib.rs", ""),
    ("crates/step-token/Cargo.toml", "[dependencies]\nhigh.workspace = true\nlow = \"1\"\n"),
    ("crates/step-token/src/lib.rs", "mod run;"),
    ("crates/step-token/src/run.rs", ""),
];

/// Runs the script on a tree; returns its exit status and its lines.
fn order(files: &[(&str, &str)]) -> (Option<i32>, String) {
    let tree = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in HOUSE.iter().chain(files) {
        let path = tree.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    }
    run(tree.path())
}

fn run(root: &Path) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/order");
    let output = Command::new("python3").arg(script).arg(root).output();
    let output = output.expect("python3 is installed");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("text"))
}

/// Asserts that a tree has exactly these faults.
#[track_caller]
fn refused(files: &[(&str, &str)], faults: &[&str]) {
    let (status, lines) = order(files);
    assert_eq!(lines.lines().collect::<Vec<_>>(), faults);
    assert_eq!(status, Some(1));
}

/// Asserts that a tree has no fault, and what was counted.
#[track_caller]
fn accepted(files: &[(&str, &str)], counted: &str) {
    let (status, lines) = order(files);
    assert_eq!(lines, format!("order: {counted}, all in order\n"));
    assert_eq!(status, Some(0));
}

// Circles.

#[test]
fn two_modules_that_import_each_other_are_a_circle() {
    refused(
        &[
            ("crates/low/src/a.rs", "//! A.\n\nuse crate::b::B;\n"),
            ("crates/low/src/b.rs", "use std::fmt;\n\npub fn b() { crate::a::a(); }\n"),
        ],
        &["crates/low/src/a.rs:3: a circle: imports crates/low/src/b.rs, \
           whose line 3 imports crates/low/src/a.rs"],
    );
}

#[test]
fn a_circle_may_lead_through_three_modules() {
    refused(
        &[
            ("crates/low/src/a.rs", "use crate::{\n    b::{self},\n};\n"),
            ("crates/low/src/b.rs", "use crate::c as letter;"),
            ("crates/low/src/c.rs", "\nuse super::a::*;"),
        ],
        &["crates/low/src/a.rs:2: a circle: imports crates/low/src/b.rs, \
           whose line 1 imports crates/low/src/c.rs, whose line 2 imports crates/low/src/a.rs"],
    );
}

#[test]
fn a_child_imports_no_parent_that_uses_the_child() {
    let circle = "crates/low/src/a/child.rs:1: a circle: imports crates/low/src/a.rs, \
                  whose line 2 imports crates/low/src/a/child.rs";
    let child = ("crates/low/src/a/child.rs", "use super::Name;");
    refused(&[("crates/low/src/a.rs", "mod child;\npub use child::X;"), child], &[circle]);
    refused(&[("crates/low/src/a.rs", "mod child;\nfn f() { child::f() }"), child], &[circle]);
    accepted(&[("crates/low/src/a.rs", "mod child;"), child], "3 crates, 6 files, 1 imports");
}

#[test]
fn a_parent_may_be_a_mod_rs() {
    refused(
        &[
            ("crates/low/src/a/mod.rs", "mod child;\npub use self::child::X;"),
            ("crates/low/src/a/child.rs", "use super::Name;"),
        ],
        &["crates/low/src/a/child.rs:1: a circle: imports crates/low/src/a/mod.rs, \
           whose line 2 imports crates/low/src/a/child.rs"],
    );
}

#[test]
fn a_module_reached_through_an_imported_one_is_imported() {
    refused(
        &[
            ("crates/low/src/a.rs", "use crate::b;\nfn f() { b::c::f() }"),
            ("crates/low/src/b.rs", "mod c;"),
            ("crates/low/src/b/c.rs", "use crate::a;"),
        ],
        &["crates/low/src/a.rs:2: a circle: imports crates/low/src/b/c.rs, \
           whose line 1 imports crates/low/src/a.rs"],
    );
}

#[test]
fn the_error_of_a_crate_may_hold_the_faults_of_its_modules() {
    let names = "use crate::error::Error;";
    accepted(
        &[
            ("crates/low/src/error.rs", "use crate::names::Fault;"),
            ("crates/low/src/names.rs", names),
        ],
        "3 crates, 6 files, 2 imports",
    );
    // Only the one of the whole crate.
    refused(
        &[
            ("crates/low/src/a/error.rs", "use crate::names::Fault;"),
            ("crates/low/src/names.rs", "use crate::a::error::Error;"),
        ],
        &["crates/low/src/a/error.rs:1: a circle: imports crates/low/src/names.rs, \
           whose line 1 imports crates/low/src/a/error.rs"],
    );
}

// lib.rs.

#[test]
fn a_module_imports_from_the_module_that_defines_a_name_and_not_from_lib_rs() {
    refused(
        &[
            ("crates/low/src/lib.rs", "mod a;\nmod b;\npub use b::{B, C as D};\npub struct E;"),
            ("crates/low/src/a.rs", "use crate::{B, D};\n\nfn f(_: super::E) {}"),
            ("crates/low/src/b.rs", ""),
        ],
        &[
            "crates/low/src/a.rs:1: imports `B` from crates/low/src/lib.rs: \
             import it from crates/low/src/b.rs",
            "crates/low/src/a.rs:1: imports `D` from crates/low/src/lib.rs: \
             import it from crates/low/src/b.rs",
            "crates/low/src/a.rs:3: imports `E` from crates/low/src/lib.rs",
        ],
    );
}

#[test]
fn a_circle_through_lib_rs_is_seen() {
    refused(
        &[
            ("crates/low/src/lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;"),
            ("crates/low/src/a.rs", "use crate::b::B;"),
            ("crates/low/src/b.rs", "use crate::A;"),
        ],
        &[
            "crates/low/src/b.rs:1: imports `A` from crates/low/src/lib.rs: \
             import it from crates/low/src/a.rs",
            "crates/low/src/a.rs:1: a circle: imports crates/low/src/b.rs, \
             whose line 1 imports crates/low/src/a.rs",
        ],
    );
}

// The levels of the program.

#[test]
fn a_family_imports_no_other_family() {
    refused(
        &[
            ("crates/step-token/src/px/verify.rs", "\nuse crate::token::output::Output;"),
            ("crates/step-token/src/token/output.rs", ""),
        ],
        &["crates/step-token/src/px/verify.rs:2: imports crates/step-token/src/token/output.rs, \
           but a family (`px`) imports no other family"],
    );
    // Be it a single file.
    refused(
        &[
            ("crates/step-token/src/context.rs", "fn f() { crate::ca::f() }"),
            ("crates/step-token/src/ca.rs", ""),
        ],
        &["crates/step-token/src/context.rs:1: imports crates/step-token/src/ca.rs, \
           but a family (`context`) imports no other family"],
    );
}

#[test]
fn no_import_runs_back_up() {
    refused(
        &[
            ("crates/step-token/src/settings/layers.rs", "use crate::token::Flags;"),
            ("crates/step-token/src/token.rs", ""),
        ],
        &["crates/step-token/src/settings/layers.rs:1: imports crates/step-token/src/token.rs, \
           but `token` is above `settings`"],
    );
    refused(
        &[
            ("crates/step-token/src/mint.rs", "use crate::px::key::Key;"),
            ("crates/step-token/src/px/key.rs", ""),
        ],
        &["crates/step-token/src/mint.rs:1: imports crates/step-token/src/px/key.rs, \
           but `px` is above `mint`"],
    );
    refused(
        &[
            ("crates/step-token/src/cli/dialect.rs", "use crate::settings::Settings;"),
            ("crates/step-token/src/settings.rs", ""),
        ],
        &["crates/step-token/src/cli/dialect.rs:1: imports crates/step-token/src/settings.rs, \
           but `settings` is above `cli`"],
    );
    refused(
        &[("crates/step-token/src/token.rs", "use crate::run::run;")],
        &["crates/step-token/src/token.rs:1: imports crates/step-token/src/run.rs, \
           but `run` is above `token`"],
    );
}

#[test]
fn every_file_of_the_program_is_on_a_level() {
    refused(
        &[("crates/step-token/src/helpers/text.rs", "")],
        &["crates/step-token/src/helpers/text.rs:1: has no level: \
           say where it belongs in scripts/order"],
    );
    // Libraries have none.
    accepted(&[("crates/low/src/helpers.rs", "")], "3 crates, 5 files, 0 imports");
}

#[test]
fn imports_may_run_down() {
    accepted(
        &[
            ("crates/step-token/src/lib.rs", "mod run;\npub use run::run;\nuse cli::Dialect;"),
            ("crates/step-token/src/main.rs", "use step_token::{Exit, World};"),
            ("crates/step-token/src/run.rs", "use crate::commands::Commands;\nuse crate::px;"),
            ("crates/step-token/src/commands.rs", "use crate::{context::C, px::P, token::T};"),
            ("crates/step-token/src/px.rs", "pub(in crate::run) mod verify;\nuse crate::mint::M;"),
            ("crates/step-token/src/px/verify.rs", "use high::X;\nuse crate::settings::S;"),
            ("crates/step-token/src/token/flags.rs", "use crate::authority::A;"),
            ("crates/step-token/src/token.rs", "use self::flags::F;\nuse crate::cli::Dialect;"),
            ("crates/step-token/src/context.rs", "use crate::settings::S;"),
            ("crates/step-token/src/mint.rs", "use crate::authority::A;"),
            ("crates/step-token/src/authority.rs", "use crate::settings::S;"),
            ("crates/step-token/src/settings.rs", "use crate::cli::Dialect;"),
            ("crates/step-token/src/cli.rs", ""),
        ],
        "3 crates, 15 files, 16 imports",
    );
}

// Crates.

#[test]
fn a_crate_depends_on_those_before_it_in_the_list() {
    let fault = "depends on crates/high/Cargo.toml, which comes later in the list: \
                 ARCHITECTURE.md:8";
    for (manifest, line) in [
        ("[package]\nname = \"low\"\n\n[dependencies]\nserde = \"1\"\nhigh.workspace = true\n", 6),
        ("[dependencies]\nhigh = { path = \"../high\" }\n", 2),
        ("[target.'cfg(unix)'.dependencies]\nhigh.workspace = true\n", 2),
        ("[build-dependencies]\nhigh.workspace = true\n", 2),
    ] {
        let fault = format!("crates/low/Cargo.toml:{line}: {fault}");
        refused(&[("crates/low/Cargo.toml", manifest)], &[&fault]);
    }
    let for_tests = "[dependencies]\n# high\n\n[dev-dependencies]\nhigh.workspace = true\n";
    accepted(&[("crates/low/Cargo.toml", for_tests)], "3 crates, 4 files, 0 imports");
}

#[test]
fn every_crate_is_in_the_list() {
    refused(
        &[("crates/unlisted/Cargo.toml", "[package]\n"), ("crates/unlisted/src/lib.rs", "")],
        &["crates/unlisted/Cargo.toml:1: unlisted is not in the list of ARCHITECTURE.md"],
    );
}

// What is no import.

#[test]
fn what_only_looks_like_an_import_does_not_count() {
    let upper = r####"
        //! use crate::below::X;
        /* use crate::below::X; /* nested */ use crate::below::X; */
        /// [`crate::below::X`]
        const A: &str = "\" use crate::below::X; //";
        const B: &str = r#"" use crate::below::X; "#;
        const C: (char, u8) = ('"', b'\'');
        fn f<'a>(_: &'a str) -> impl Sized + use<'a> {} // use crate::below::X;
        use ::below::X;
        use std::{collections::{BTreeMap as Map, HashMap}, fmt::{self, Write as _}};
        use low::crate_name::below;
        mod sealed { use super::Y; mod inner { use super::super::Y; } }
        #[cfg(test)]
        use crate::below::X;
        #[cfg(all(test, unix))]
        #[derive(Debug)]
        fn only_for_tests(_: [u8; 2]) { crate::below::x(); }
        #[cfg(test)]
        mod tests { use super::*; use crate::below::X; fn f() { if true { crate::below::x(); } } }
        #[cfg(test)]
        mod testing;
    "####;
    accepted(
        &[
            ("crates/high/src/upper.rs", upper),
            ("crates/high/src/upper/tests.rs", "use crate::below::X;"),
            ("crates/high/src/testing.rs", "use crate::{X, below};"),
            ("crates/high/src/below.rs", "use crate::upper::{Y};"),
        ],
        "3 crates, 6 files, 1 imports",
    );
}

#[test]
fn what_stands_behind_such_things_counts() {
    for code in [
        "const A: &str = \"//\"; use crate::b::B;",
        "const A: char = '\"'; use crate::b::B; const Z: char = '\"';",
        "const A: &str = r#\"\"\\\"#; use crate::b::B;",
        "fn f<'a>(_: &'a str) {} use crate::b::B; fn g<'a>() {}",
        "/* /* */ */ use crate::b::B;",
        "#[cfg(test)] mod tests; use crate::b::B;",
        "#[cfg(test)] mod tests { fn f() {} } use crate::b::B;",
        "#[cfg(test)] use std::{fmt, io}; use crate::b::B;",
        "#[cfg(unix)] use crate::b::B;",
        "mod inner { fn f() { super::super::b::f() } }",
        "mod inner {} use super::b::B;",
        "use self::super::b::B;",
        "use {crate::{b::{B, C}, c}, std::fmt};",
        "pub(crate) use crate :: b :: B;",
        "fn f() -> crate::b::B {}",
        "#[command(after_help = crate::b::HELP)] struct S;",
        "macro_rules! m { () => { $crate::b::f() } }",
    ] {
        let (status, lines) = order(&[
            ("crates/low/src/a.rs", code),
            ("crates/low/src/b.rs", "use crate::a::A;"),
            ("crates/low/src/c.rs", ""),
        ]);
        let circle = "crates/low/src/a.rs:1: a circle: imports crates/low/src/b.rs, \
                      whose line 1 imports crates/low/src/a.rs\n";
        assert_eq!((status, lines.as_str()), (Some(1), circle), "{code}");
    }
}

// The script itself.

#[test]
fn nothing_to_check_is_no_success() {
    let empty = tempfile::tempdir().expect("a temporary directory");
    let (status, lines) = run(empty.path());
    assert_eq!(status, Some(2));
    assert!(lines.contains("ARCHITECTURE.md"), "{lines}");

    let (status, lines) = order(&[("ARCHITECTURE.md", "# Architecture\n")]);
    assert_eq!(status, Some(2));
    assert!(lines.contains("lists none under `## The crates`"), "{lines}");
}

#[test]
fn this_tree_is_in_order() {
    let (status, lines) = run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    assert_eq!(status, Some(0), "\n{lines}");
}
