//! A simulated person at the terminal: what is asked, how often, and what follows.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]

mod common;

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::io;
use std::rc::Rc;

use common::{Sink, vectors};
use step_token::{Exit, Prompt, World};
use token_jose::compact;
use token_time::Timestamp;
use zeroize::Zeroizing;

/// A person who answers from a list, and records the questions.
#[derive(Clone, Default)]
struct Person {
    answers: Rc<RefCell<Vec<&'static str>>>,
    questions: Rc<RefCell<Vec<String>>>,
}

impl Person {
    fn who_answers(answers: &[&'static str]) -> Self {
        let answers = answers.iter().rev().copied().collect();
        Self { answers: Rc::new(RefCell::new(answers)), ..Self::default() }
    }

    fn answer(&self, question: &str) -> io::Result<&'static str> {
        self.questions.borrow_mut().push(question.to_owned());
        self.answers.borrow_mut().pop().ok_or_else(|| io::ErrorKind::Interrupted.into())
    }
}

impl Prompt for Person {
    fn passphrase(&self, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
        self.answer(prompt).map(|answer| Zeroizing::new(answer.as_bytes().to_vec()))
    }

    fn choose(&self, prompt: &str, items: &[String]) -> io::Result<usize> {
        let wanted = self.answer(prompt)?;
        items.iter().position(|item| item.starts_with(wanted)).ok_or(io::ErrorKind::NotFound.into())
    }

    fn confirm(&self, prompt: &str) -> io::Result<bool> {
        self.answer(prompt).map(|answer| answer == "y")
    }
}

struct Outcome {
    exit: Exit,
    stdout: String,
    stderr: String,
    questions: Vec<String>,
}

/// Runs a command line with `person` at the terminal; each reading of the clock is a minute later.
fn run(person: &Person, arguments: &[&str]) -> Outcome {
    let (out, err) = (Sink::default(), Sink::default());
    let minutes = Cell::new(0);
    let world = World::still(Timestamp::UNIX_EPOCH)
        .with_clock(move || {
            minutes.set(minutes.get() + 1);
            Timestamp::from_unix_seconds(NOON + 60 * minutes.get())
        })
        .with_variable("STEPPATH", vectors().join("steppath-empty"))
        .with_terminal(person.clone())
        .with_streams(io::empty(), out.clone(), err.clone());
    let argv = ["step-token", "token", "host.example.test", "--offline"];
    let argv = argv.iter().chain(arguments).map(OsString::from);
    let exit = step_token::run(argv.collect::<Vec<_>>(), &world);
    let questions = person.questions.borrow().clone();
    Outcome { exit, stdout: out.text(), stderr: err.text(), questions }
}

fn vector(name: &str) -> String {
    vectors().join(name).display().to_string()
}

fn issued_at(token: &str) -> i64 {
    let parts = compact::decode_unverified(token.trim_end()).expect("a token");
    let claims: serde_json::Value = serde_json::from_slice(&parts.payload).expect("claims");
    claims["iat"].as_i64().expect("a time")
}

#[test]
fn a_sealed_key_is_asked_for_up_to_three_times() {
    let person = Person::who_answers(&["wrong", "wrong", "test-pass-provisioner"]);
    let config = vector("ca.json");
    let outcome = run(&person, &["--ca-config", &config, "--issuer", "admin@example.com"]);
    assert_eq!(outcome.exit, Exit::Done, "{}", outcome.stderr);
    let question = "Please enter the password to decrypt the provisioner key";
    assert_eq!(outcome.questions, [question; 3]);
}

#[test]
fn three_wrong_passwords_are_the_end() {
    let person = Person::who_answers(&["wrong"; 5]);
    let config = vector("ca.json");
    let outcome = run(&person, &["--ca-config", &config, "--issuer", "admin@example.com"]);
    assert_eq!((outcome.exit, outcome.questions.len()), (Exit::Key, 3));
    assert!(outcome.stdout.is_empty());
}

#[test]
fn a_pem_key_is_asked_for_once_and_by_name() {
    let person = Person::who_answers(&["wrong"; 5]);
    let (config, key) = (vector("ca.json"), vector("test-keys/p256.pkcs8-enc.pem"));
    let arguments = ["--ca-config", &config, "--issuer", "admin@example.com", "--key", &key];
    let outcome = run(&person, &arguments);
    assert_eq!((outcome.exit, outcome.questions.len()), (Exit::Key, 1));
    assert!(outcome.questions[0].ends_with("p256.pkcs8-enc.pem"), "{:?}", outcome.questions);
}

#[test]
fn an_empty_password_file_leads_to_a_question() {
    // Q27.
    let person = Person::who_answers(&["test-pass-provisioner"]);
    let (config, empty) = (vector("ca.json"), vector("test-passwords/empty"));
    let arguments =
        ["--ca-config", &config, "--issuer", "admin@example.com", "--password-file", &empty];
    let outcome = run(&person, &arguments);
    assert_eq!(outcome.exit, Exit::Done, "{}", outcome.stderr);
}

#[test]
fn one_of_several_provisioners_is_chosen() {
    let person = Person::who_answers(&["plain"]);
    let config = vector("ca.json");
    let outcome = run(&person, &["--ca-config", &config]);
    assert_eq!(outcome.exit, Exit::Done, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("plain (JWK)"), "{}", outcome.stderr);
}

#[test]
fn the_clock_is_read_again_behind_an_answer_and_only_then() {
    // Q13: the first reading checks the command line, the second one counts.
    let config = vector("ca.json");
    let asked = run(&Person::who_answers(&["plain"]), &["--ca-config", &config]);
    assert_eq!(issued_at(&asked.stdout), NOON + 120);
    let quiet = run(&Person::default(), &["--ca-config", &config, "--issuer", "plain"]);
    assert_eq!(issued_at(&quiet.stdout), NOON + 60);
}

#[test]
fn a_certificate_that_would_end_while_a_person_answers_is_refused() {
    // Its end lies between the two readings of the clock.
    let config = vector("ca.json");
    let end = Timestamp::from_unix_seconds(NOON + 90).to_string();
    let window = ["--ssh", "--cert-not-before", "-10m", "--cert-not-after", &end];
    let arguments = [&["--ca-config", config.as_str()][..], &window].concat();
    let asked = run(&Person::who_answers(&["plain"]), &arguments);
    assert!(asked.stdout.is_empty() && asked.exit != Exit::Done, "{}", asked.stderr);
    assert!(asked.stderr.contains("error: --cert-not-after"), "{}", asked.stderr);
    let known = [&arguments[..], &["--issuer", "plain"]].concat();
    let quiet = run(&Person::default(), &known);
    assert_eq!(quiet.exit, Exit::Done, "{}", quiet.stderr);
}

#[test]
fn a_file_is_overwritten_when_the_person_says_so_and_asked_before_the_key_is_opened() {
    // Q42.
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("token");
    let (config, path) = (vector("ca.json"), file.display().to_string());
    let arguments =
        ["--ca-config", &config, "--issuer", "admin@example.com", "--output-file", &path];

    std::fs::write(&file, "old").expect("written");
    let outcome = run(&Person::who_answers(&["n"]), &arguments);
    assert_eq!((outcome.exit, outcome.questions.len()), (Exit::Settings, 1));
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "old");

    let outcome = run(&Person::who_answers(&["y", "test-pass-provisioner"]), &arguments);
    assert_eq!(outcome.exit, Exit::Done, "{}", outcome.stderr);
    assert!(outcome.questions[0].contains("overwrite"), "{:?}", outcome.questions);
    assert!(std::fs::read_to_string(&file).expect("replaced").starts_with("ey"));
}

#[test]
fn nothing_is_asked_with_no_prompt() {
    let person = Person::who_answers(&["test-pass-provisioner"]);
    let config = vector("ca.json");
    let outcome =
        run(&person, &["--ca-config", &config, "--issuer", "admin@example.com", "--no-prompt"]);
    assert_eq!((outcome.exit, outcome.questions.len()), (Exit::Key, 0));
}

#[test]
fn a_sealed_key_picks_its_provisioner_when_it_is_open() {
    let person = Person::who_answers(&["test-pass-key"]);
    let (config, key) = (vector("ca.json"), vector("test-keys/rsa2048.pkcs8-enc-sha1.pem"));
    let outcome = run(&person, &["--ca-config", &config, "--key", &key]);
    assert_eq!(outcome.exit, Exit::Done, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("rsa (JWK)"), "{}", outcome.stderr);
}

const NOON: i64 = 1_795_385_137;
