//! The programs that the tests run: where they are, and how to call them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A server's code with one of the JWT libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Current,
    Older,
}

impl Flavour {
    pub(crate) const ALL: [Self; 2] = [Self::Current, Self::Older];

    fn program(self) -> &'static str {
        match self {
            Self::Current => "openstorage-peer-current",
            Self::Older => "openstorage-peer-older",
        }
    }

    /// Asks all questions of one mode, and returns an answer for each.
    #[track_caller]
    pub(crate) fn ask(self, mode: &str, questions: &[Value]) -> Vec<Value> {
        let lines: String = questions.iter().map(|question| format!("{question}\n")).collect();
        let answers = run(Command::new(peer(self.program())).arg(mode), lines.as_bytes());
        let answers: Vec<Value> =
            answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(answers.len(), questions.len(), "{self:?} left a question without an answer");
        for (question, answer) in questions.iter().zip(&answers) {
            assert_ne!(answer["stage"], "input", "{question} is no question: {answer}");
        }
        answers
    }
}

/// Finds a program that `scripts/peers` installs in a directory of its own.
#[track_caller]
pub(crate) fn peer(name: &str) -> PathBuf {
    there(directory().join(name))
}

/// Finds the JSON schemas of Kubernetes, which `scripts/peers` installs next to the programs.
#[track_caller]
pub(crate) fn schemas() -> PathBuf {
    there(directory().join("../share/kubernetes-json-schema"))
}

#[track_caller]
fn there(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "there is no {}: run scripts/peers", path.display());
    path
}

#[track_caller]
fn directory() -> PathBuf {
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(directory) = given("STEP_TOKEN_PEERS") {
        return directory;
    }
    let cache = given("XDG_CACHE_HOME").or_else(|| given("HOME").map(|home| home.join(".cache")));
    cache
        .expect("neither STEP_TOKEN_PEERS nor HOME is set: run scripts/peers")
        .join("step-token-peers/bin")
}

/// Runs a program with input, and returns its standard output.
#[track_caller]
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> String {
    String::from_utf8(output(command, stdin)).expect("it writes text")
}

/// The same for a program that writes bytes.
#[track_caller]
pub(crate) fn output(command: &mut Command, stdin: &[u8]) -> Vec<u8> {
    let output = finished(command, stdin);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}: {}\n{stderr}{stdout}", output.status);
    output.stdout
}

/// Runs a program with input, whether it fails or not.
#[track_caller]
pub(crate) fn finished(command: &mut Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|cause| {
        panic!("{} cannot be started: {cause}; run scripts/peers", command.get_program().display())
    });
    let mut pipe = child.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        // A program that ends before it has read all input says why on stderr.
        scope.spawn(move || pipe.write_all(stdin).is_ok());
        child.wait_with_output().expect("it can be waited for")
    })
}
