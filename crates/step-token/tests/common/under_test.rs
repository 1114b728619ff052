//! The program under test, for every test that starts it as a user does.
//!
//! It is the one that Cargo built beside the tests, or the one that `STEP_TOKEN_PROGRAM` names: so the
//! gate runs the same tests on the release binary without building them for release.

use std::path::PathBuf;

const VARIABLE: &str = "STEP_TOKEN_PROGRAM";

/// Returns the path of the program to start.
///
/// # Panics
///
/// If the variable is set and is not the absolute path of a file. Tests run in directories of their
/// own, where a relative path means something else.
pub(crate) fn program() -> PathBuf {
    let Some(named) = std::env::var_os(VARIABLE) else {
        return env!("CARGO_BIN_EXE_step-token").into();
    };
    let named = PathBuf::from(named);
    assert!(named.is_absolute(), "{VARIABLE}={} is not an absolute path", named.display());
    assert!(named.is_file(), "{VARIABLE}={} does not exist", named.display());
    named
}

/// The gate reads the line that this test prints, to know which program the other tests start.
#[test]
fn the_program_under_test_is_of_this_version() {
    let program = program();
    let run = std::process::Command::new(&program).arg("version").output().expect("it starts");
    let version = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{run:?}");
    let expected = concat!("Step Token/", env!("CARGO_PKG_VERSION"), " (");
    assert!(version.starts_with(expected), "{version}");
    eprintln!("{}: {}", program.display(), version.lines().next().unwrap_or_default());
}
