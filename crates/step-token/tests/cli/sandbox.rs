//! A copy of the files that the transcripts of a family read, and the program run in it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::TRANSCRIPTS;
use crate::under_test::program;

/// The arguments of an offline run that prints a token.
pub(crate) const MINT: &str =
    "token db.internal --offline --ca-config one.json --password-file password";

/// A directory with the files of a family, which the run may change.
pub(crate) struct Sandbox {
    directory: TempDir,
}

impl Sandbox {
    /// Copies the files that the transcripts of a family read.
    pub(crate) fn of(family: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let input = Path::new(TRANSCRIPTS).join(family).join("in");
        for file in crate::files(&input) {
            let inside = file.strip_prefix(&input).expect("the files are below their directory");
            let copy = directory.path().join(inside);
            fs::create_dir_all(copy.parent().expect("a directory")).expect("a directory");
            fs::copy(&file, &copy).expect("a copy");
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).expect("a mode");
        }
        Self { directory }
    }

    /// Returns a command that runs the program here, with the arguments `line` and no environment.
    pub(crate) fn command(&self, line: &str) -> Command {
        self.called(&program(), line)
    }

    /// The same by another path to the program, or to one that starts it.
    pub(crate) fn called(&self, program: &Path, line: &str) -> Command {
        let mut command = Command::new(program);
        command.args(line.split_whitespace()).current_dir(self.directory.path());
        command.env_clear().env("HOME", "home");
        if let Some(file) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", file);
        }
        command
    }

    pub(crate) fn run(&self, line: &str) -> Run {
        Run::of(self.command(line).output().expect("the program starts"))
    }

    /// Runs the program under the name of pxctl.
    pub(crate) fn pxctl(&self, line: &str) -> Run {
        let link = self.path("pxctl");
        if !link.is_symlink() {
            symlink(program(), &link).expect("a link");
        }
        Run::of(self.called(&link, line).output().expect("the program starts"))
    }

    /// Runs the program from a shell's command line, which has its path as `$0` and `line` as `$@`.
    pub(crate) fn shell(&self, script: &str, line: &str) -> Command {
        let mut command = self.called("/bin/sh".as_ref(), "");
        command.args(["-c", script]).arg(program());
        command.args(line.split_whitespace());
        command
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("a text file")
    }

    /// Returns the permission bits of a file.
    pub(crate) fn mode(&self, file: &str) -> u32 {
        fs::metadata(self.path(file)).expect("the file is there").permissions().mode() & 0o777
    }

    pub(crate) fn set_mode(&self, file: &str, mode: u32) {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path(file), permissions).expect("the file is there");
    }

    /// Returns the names in a directory, sorted.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).expect("a directory");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Returns the names of unfinished files in a directory, which the program would have renamed.
    pub(crate) fn left_behind(&self, directory: &str) -> Vec<String> {
        let mut names = self.names(directory);
        names.retain(|name| name.starts_with(".step-token-"));
        names
    }
}

/// The exit status of a run and its output.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            status: output.status.code().expect("the program was not killed"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Returns the token on standard output, which must contain nothing else.
    pub(crate) fn token(&self) -> &str {
        assert_eq!(self.status, 0, "{self:?}");
        self.stdout.strip_suffix('\n').filter(|token| is_token(token)).expect("one token")
    }
}

/// Returns whether `text` is exactly three parts of base64url.
pub(crate) fn is_token(text: &str) -> bool {
    let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split('.').count() == 3
        && text.split('.').all(|part| !part.is_empty() && part.chars().all(base64url))
}
