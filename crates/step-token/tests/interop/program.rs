//! The built program, run as a user runs it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the program gets its data about the CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the CA.
    Online,
    /// From the CA's ca.json.
    CaJson,
    /// From the command line: address, root, provisioner and key.
    Address,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Online, Self::CaJson, Self::Address];
}

/// A command line of the program under test.
#[derive(Debug)]
pub(crate) struct Program(Command);

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts a command line in an environment without home, variables and terminal.
    pub(crate) fn new() -> Self {
        let mut command = Command::new(crate::under_test::program());
        command.env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
        Self(command)
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.0.args(arguments);
        self
    }

    /// Adds a flag with its value.
    pub(crate) fn flag(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.arg(name).arg(value);
        self
    }

    /// Adds the provisioner, and the key that signs for it.
    pub(crate) fn signed_by(self, provisioner: &str, key: impl AsRef<OsStr>) -> Self {
        self.flag("--provisioner", provisioner).flag("--key", key)
    }

    /// Sets an environment variable.
    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Sets the step directory.
    pub(crate) fn step_path(mut self, path: &Path) -> Self {
        self.0.env("STEPPATH", path);
        self
    }

    pub(crate) fn run(mut self) -> Ran {
        let output = self.0.output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it and returns its standard output.
    #[track_caller]
    pub(crate) fn succeed(self) -> String {
        let line = format!("{:?}", self.0);
        let ran = self.run();
        assert_eq!(ran.code, Some(0), "{line}\n{}", ran.stderr);
        ran.stdout
    }

    /// Runs it and returns the token: the only line on standard output.
    #[track_caller]
    pub(crate) fn mint(self) -> String {
        let stdout = self.succeed();
        let token = stdout.strip_suffix('\n').unwrap();
        assert!(!token.contains(char::is_whitespace), "more than a token on stdout: {stdout:?}");
        token.to_owned()
    }

    /// Runs it, expects an exit status and nothing on standard output, and returns its messages.
    #[track_caller]
    pub(crate) fn fail(self, code: i32) -> String {
        let line = format!("{:?}", self.0);
        let ran = self.run();
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{line}\n{}", ran.stderr);
        ran.stderr
    }
}
