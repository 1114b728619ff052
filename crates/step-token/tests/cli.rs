//! Transcripts of the program: what a command line prints, where, and its exit status.
//!
//! `tests/cmd/README.md` says what a transcript is and where its files are. `just bless` accepts
//! the current output. What a transcript cannot show (file modes, descriptors,
//! pipes, the name the program is called by, the claims of a token) is tested in `tests/cli/`.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

#[cfg(unix)]
#[path = "cli/claims.rs"]
mod claims;
#[cfg(unix)]
#[path = "cli/completion.rs"]
mod completion;
#[cfg(unix)]
#[path = "cli/contexts.rs"]
mod contexts;
#[cfg(unix)]
#[path = "cli/dialect.rs"]
mod dialect;
#[cfg(unix)]
#[path = "cli/input.rs"]
mod input;
#[cfg(unix)]
#[path = "cli/links.rs"]
mod links;
#[cfg(target_os = "linux")]
#[path = "cli/memory.rs"]
mod memory;
#[cfg(target_os = "linux")]
#[path = "cli/openssl.rs"]
mod openssl;
#[cfg(unix)]
#[path = "cli/output.rs"]
mod output;
#[cfg(unix)]
#[path = "cli/proofs.rs"]
mod proofs;
#[cfg(unix)]
#[path = "cli/px.rs"]
mod px;
#[cfg(unix)]
#[path = "cli/sandbox.rs"]
mod sandbox;
#[cfg(unix)]
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "common/under_test.rs"]
mod under_test;
#[cfg(unix)]
#[path = "cli/verbose.rs"]
mod verbose;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the transcripts are, in a directory for each family of commands.
const TRANSCRIPTS: &str = "tests/cmd";

#[test]
fn every_transcript_comes_out_as_it_is_written() {
    let inputs = inputs(Path::new(TRANSCRIPTS));
    assert!(inputs.len() > 4, "only {inputs:?} were found");
    make_private(&inputs);
    let before = contents(&inputs);

    let cases = trycmd::TestCases::new();
    cases
        .case(format!("{TRANSCRIPTS}/**/*.toml"))
        .default_bin_path(under_test::program())
        .env("HOME", "home")
        .timeout(std::time::Duration::from_secs(60));
    // Transcripts inherit no environment, but an instrumented program must know where to report.
    if let Ok(file) = std::env::var("LLVM_PROFILE_FILE") {
        cases.env("LLVM_PROFILE_FILE", file);
    }
    cases.run();

    // Runs that write do so in a copy; all others must write nothing, failed ones included.
    let after = contents(&inputs);
    let touched: Vec<&PathBuf> = before
        .iter()
        .filter(|(path, bytes)| after.get(*path) != Some(*bytes))
        .map(|(path, _)| path)
        .chain(after.keys().filter(|path| !before.contains_key(*path)))
        .collect();
    assert!(touched.is_empty(), "written or removed: {touched:?}");
}

#[test]
fn every_transcript_is_complete_and_every_refusal_has_one_message() {
    let transcripts = transcripts();
    let mut faults = Vec::new();
    for path in &transcripts {
        let text = fs::read_to_string(path).expect("a transcript is text");
        faults.extend(faults_of(&text).into_iter().map(|fault| (path, fault)));
    }
    assert!(transcripts.len() >= 1040, "only {} transcripts were found", transcripts.len());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_folder_holds_more_than_sixty_transcripts() {
    let mut folders: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for path in transcripts() {
        *folders.entry(path.parent().expect("a folder").to_owned()).or_default() += 1;
    }
    folders.retain(|_, count| *count > 60);
    assert!(folders.is_empty(), "put the cases of one subject in a folder of its own: {folders:?}");
}

/// A test that took Cargo's program by itself would leave the release binary untested.
#[test]
fn every_test_gets_the_program_from_one_place() {
    let variable = concat!("CARGO_BIN", "_EXE_step-token");
    let named: Vec<PathBuf> = files(Path::new("tests"))
        .into_iter()
        .filter(|path| path.extension() == Some(OsStr::new("rs")))
        .filter(|path| fs::read_to_string(path).expect("text").contains(variable))
        .collect();
    assert_eq!(named, [Path::new("tests/common/under_test.rs")]);
}

fn transcripts() -> Vec<PathBuf> {
    let mut paths = files(Path::new(TRANSCRIPTS));
    paths.retain(|path| path.extension() == Some(OsStr::new("toml")));
    paths
}

fn faults_of(transcript: &str) -> Vec<&'static str> {
    let line = |start: &str| transcript.lines().find(|line| line.starts_with(start));
    let mut faults = Vec::new();
    if line("env.inherit = false").is_none() {
        faults.push("inherits the environment of the caller");
    }
    let in_files = line("fs.cwd = ").is_some_and(|line| line.ends_with("in\""));
    if !in_files && line("fs.sandbox = true").is_none() {
        faults.push("runs where nobody would notice what it writes");
    }
    if line("stdout = ").is_none() || line("stderr = ").is_none() {
        faults.push("leaves out a stream");
    }
    let errors = transcript.lines().filter(|line| line.starts_with("error: ")).count();
    match line("status.code = ") {
        None if errors > 0 => faults.push("prints an error and succeeds"),
        None if says_no(transcript) => faults.push("says no and succeeds"),
        None => {}
        Some("status.code = 1") if errors > 0 => faults.push("says no, and calls it an error"),
        Some("status.code = 1") if !says_no(transcript) => faults.push("says no without a verdict"),
        Some("status.code = 1") => {}
        Some(_) if line("stdout = ") != Some("stdout = \"\"") => {
            faults.push("fails, and yet writes to standard output");
        }
        Some(_) if errors != 1 => faults.push("fails without one error, or with several"),
        Some(status) if !matches!(status.as_bytes().last(), Some(b'2'..=b'5')) => {
            faults.push("ends with a status that is not in the table");
        }
        Some(_) => {}
    }
    faults
}

/// Returns whether there is a negative verdict, in words or in JSON.
fn says_no(transcript: &str) -> bool {
    let words = ["refused: ", "accepted, but "];
    let members = ["\"accepted\":false", "\"granted\":false", "\"permitted\":false"];
    let dense = transcript.replace(' ', "");
    transcript.lines().any(|line| line == "no" || words.iter().any(|start| line.starts_with(start)))
        || members.iter().any(|member| dense.contains(member))
}

/// Returns every directory below `directory` that holds files for transcripts to read.
fn inputs(directory: &Path) -> Vec<PathBuf> {
    let (mut found, directories) = (Vec::new(), entries(directory));
    for path in directories.into_iter().filter(|path| path.is_dir()) {
        if path.ends_with("in") { found.push(path) } else { found.extend(inputs(&path)) }
    }
    found
}

/// Removes other users' access to the files, which a checkout grants and the program warns about.
fn make_private(directories: &[PathBuf]) {
    #[cfg(unix)]
    for file in directories.iter().flat_map(|directory| files(directory)) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the files are ours");
    }
    #[cfg(not(unix))]
    let _ = directories;
}

fn contents(directories: &[PathBuf]) -> BTreeMap<PathBuf, Vec<u8>> {
    directories
        .iter()
        .flat_map(|directory| files(directory))
        .map(|file| {
            let bytes = fs::read(&file).expect("a file of the transcripts");
            (file, bytes)
        })
        .collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(directory) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory of the transcripts");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
