//! The program as a function, in a world with a given time and given secrets.

use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use step_token::{Exit, World};
use token_time::Timestamp;

/// A `px` command line, and the world it runs in.
///
/// What it reads comes from variables of that world, `env:NAME`, or from its standard input.
#[derive(Debug)]
pub(crate) struct Px {
    argv: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    stdin: Vec<u8>,
    now: i64,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Px {
    /// Begins a command line with words without blanks.
    pub(crate) fn new(words: &str) -> Self {
        let argv = ["step-token", "px"].map(OsString::from).to_vec();
        Self { argv, variables: Vec::new(), stdin: Vec::new(), now: NOW }.args(words)
    }

    pub(crate) fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.argv.push(word.into());
        self
    }

    /// Adds words without blanks.
    pub(crate) fn args(mut self, words: &str) -> Self {
        self.argv.extend(words.split_whitespace().map(OsString::from));
        self
    }

    /// Adds a flag with its value in one word, so that a value may begin with a dash.
    pub(crate) fn flag(self, name: &str, value: &str) -> Self {
        self.arg(format!("--{name}={value}"))
    }

    /// Adds a flag whose source is a variable, and sets the variable.
    pub(crate) fn source(self, name: &str, variable: &'static str, value: &str) -> Self {
        self.flag(name, &format!("env:{variable}")).variable(variable, value)
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets the clock; by default the time is [`NOW`].
    pub(crate) fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    pub(crate) fn run(self) -> Ran {
        let (out, err) = (Sink::default(), Sink::default());
        let mut world = World::still(Timestamp::from_unix_seconds(self.now)).with_streams(
            Cursor::new(self.stdin),
            out.clone(),
            err.clone(),
        );
        for (name, value) in self.variables {
            world = world.with_variable(name, value);
        }
        let exit = step_token::run(self.argv, &world);
        Ran { exit, stdout: out.text(), stderr: err.text() }
    }

    /// Runs it, expects success, and returns its standard output.
    #[track_caller]
    pub(crate) fn succeed(self) -> String {
        let line = format!("{:?}", self.argv);
        let ran = self.run();
        assert_eq!(ran.exit, Exit::Done, "{line}\n{}{}", ran.stderr, ran.stdout);
        ran.stdout
    }

    /// Runs it and returns the token: the only line on standard output.
    #[track_caller]
    pub(crate) fn mint(self) -> String {
        let stdout = self.succeed();
        let token = stdout.strip_suffix('\n').unwrap();
        assert!(!token.contains(char::is_whitespace), "more than a token: {stdout:?}");
        token.to_owned()
    }

    /// Runs it, and returns the object that it prints, whether the answer is yes or no.
    #[track_caller]
    pub(crate) fn answer(self) -> serde_json::Value {
        let line = format!("{:?}", self.argv);
        let ran = self.arg("--json").run();
        let is_answer = matches!(ran.exit, Exit::Done | Exit::No);
        assert!(is_answer, "{line}: {:?}\n{}", ran.exit, ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

/// A stream that records what was written to it.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The default time of the tests.
pub(crate) const NOW: i64 = 1_700_000_000;
