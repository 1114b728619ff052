//! A real terminal, provided by util-linux's `script`.

#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]
#![cfg(target_os = "linux")]

#[path = "common/under_test.rs"]
mod under_test;

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

/// Runs the program on a pseudo-terminal, types the password at the prompt, and returns all
/// that the terminal showed.
fn on_a_terminal(variables: &[(&str, &str)]) -> String {
    at_the_prompt(&mint(), b"test-pass-provisioner\n", variables)
}

/// The command line that asks for a password.
fn mint() -> String {
    let program = under_test::program();
    let program = program.display();
    format!("{program} token host --offline --ca-config ca.json --issuer admin@example.com")
}

/// Runs a shell's command line on a pseudo-terminal, types the keys at the prompt for a password,
/// and returns all that the terminal showed.
fn at_the_prompt(line: &str, keys: &[u8], variables: &[(&str, &str)]) -> String {
    at_the_prompts(line, &[(PROMPT, keys)], variables)
}

/// Does the same with several prompts, each with its keys.
fn at_the_prompts(line: &str, prompts: &[(&str, &[u8])], variables: &[(&str, &str)]) -> String {
    // If the prompt never appears, the time limit ends the run and the test shows the output.
    let mut script = Command::new("timeout")
        .args(["20", "script", "--quiet", "--return", "--command", line, "/dev/null"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/vectors"))
        .env_remove("NO_COLOR")
        .env("STEPPATH", "steppath-empty")
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`timeout` and `script` are there: coreutils and util-linux have them");
    let mut stdin = script.stdin.take().expect("a pipe");
    let mut stdout = script.stdout.take().expect("a pipe");
    let (mut shown, mut chunk) = (Vec::new(), [0; 1024]);
    let mut prompts = prompts.iter().peekable();
    // A prompt is looked for behind the one before.
    let mut answered = 0;
    loop {
        match stdout.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(read) => shown.extend_from_slice(&chunk[..read]),
        }
        let is_shown = |text: &str| String::from_utf8_lossy(&shown[answered..]).contains(text);
        if let Some((_, keys)) = prompts.next_if(|(prompt, _)| is_shown(prompt)) {
            answered = shown.len();
            stdin.write_all(keys).expect("typed");
        }
    }
    script.wait().expect("it ends");
    String::from_utf8_lossy(&shown).into_owned()
}

/// The text that `expect` scripts wait for.
const PROMPT: &str = "Please enter the password to decrypt the provisioner key: ";

#[test]
fn a_password_is_asked_for_in_step_s_words_and_never_shown() {
    // Q58: step writes one control character for each typed character.
    let shown = on_a_terminal(&[]);
    assert!(
        shown.contains("Please enter the password to decrypt the provisioner key: "),
        "{shown}"
    );
    assert!(!shown.contains('\u{1}'), "{shown:?}");
    assert!(shown.contains("eyJ"), "{shown}");
    assert!(!shown.contains("test-pass"), "{shown:?}");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    // Q48: step always writes colour.
    let green = "\u{1b}[32m✔";
    assert!(on_a_terminal(&[]).contains(green));
    assert!(!on_a_terminal(&[("NO_COLOR", "1")]).contains(green));
    assert!(!on_a_terminal(&[("TERM", "dumb")]).contains(green));
}

#[test]
fn a_password_prompt_cannot_be_suspended() {
    // The shell would turn the echo on, and `fg` would not turn it off again.
    let shown = at_the_prompt(&mint(), b"\x1a\x15test-pass-provisioner\n", &[]);
    assert!(shown.contains("eyJ") && !shown.contains("test-pass"), "{shown:?}");
}

#[test]
fn a_signal_at_a_prompt_restores_the_terminal_and_is_the_status() {
    for (signal, status) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let line = format!(
            "sh -c '(sleep 2; kill -{signal} $$) & exec {}'; echo status=$?; stty -a",
            mint()
        );
        let shown = at_the_prompt(&line, b"", &[]);
        assert!(shown.contains(&format!("status={status}")), "{signal}: {shown:?}");
        assert!(shown.contains(" echo ") && !shown.contains(" -echo "), "{signal}: {shown:?}");
    }
}

#[test]
fn labels_are_coloured_on_a_terminal_only() {
    let red = "\u{1b}[1;31merror:\u{1b}[0m";
    let line = |flags: &str| format!("echo '{PROMPT}'; {} {flags}", mint());
    let without_password =
        |flags: &str, variables: &[(&str, &str)]| at_the_prompt(&line(flags), b"", variables);
    assert!(without_password("--no-prompt", &[]).contains(red));
    assert!(without_password("--no-prompt --color auto", &[]).contains(red));
    assert!(without_password("--no-prompt --color", &[("NO_COLOR", "1")]).contains(red));
    for (flags, variables) in [
        ("--no-prompt --color never", &[][..]),
        ("--no-prompt --color=false", &[]),
        ("--no-prompt", &[("NO_COLOR", "1")]),
        ("--no-prompt", &[("TERM", "dumb")]),
        ("--no-prompt 2>&1 | cat", &[]),
        ("--color=never --no-such-flag", &[]),
        ("--no-such-flag --color never", &[]),
    ] {
        let shown = without_password(flags, variables);
        assert!(shown.contains("error:") && !shown.contains(red), "{flags}: {shown:?}");
    }
}

#[test]
fn the_end_of_input_is_no_password() {
    // The first Ctrl-D after text sends the text without a line end.
    for keys in [&b"\x04"[..], b"test-pass-provisioner\x04\x04"] {
        let shown = at_the_prompt(&mint(), keys, &[]);
        let is_refused = shown.contains("no password for") && !shown.contains("wrong password");
        assert!(is_refused && !shown.contains("eyJ"), "{shown:?}");
    }
}

/// A command line that asks for a provisioner.
fn choose() -> String {
    format!(
        "{} token host --offline --ca-config ca.json; echo status=$?",
        under_test::program().display()
    )
}

#[test]
fn a_menu_is_filtered_as_one_types() {
    let menu = "Provisioner to use (type to filter, Enter to choose, Esc to leave)";
    let shown = at_the_prompts(&choose(), &[(menu, b"plain"), ("plain|", b"\r")], &[]);
    assert!(shown.contains("✔") && shown.contains("plain (JWK)"), "{shown:?}");
    assert!(shown.contains("eyJ") && shown.contains("status=0"), "{shown:?}");
    // The second one of the list, by an arrow key; its key wants a password.
    let keys: [(&str, &[u8]); 2] = [(menu, b"\x1b[B\r"), (PROMPT, b"test-pass-provisioner\n")];
    let shown = at_the_prompts(&choose(), &keys, &[]);
    assert!(shown.contains("rsa (JWK)") && shown.contains("status="), "{shown:?}");
}

#[test]
fn a_menu_can_be_left() {
    let menu = "Enter to choose, Esc to leave) ";
    for (keys, status) in [(&b"\x03"[..], "status=130"), (b"\x1b", "status=3")] {
        let shown = at_the_prompts(&choose(), &[(menu, keys)], &[]);
        assert!(shown.contains(status) && !shown.contains("eyJ"), "{shown:?}");
        // The cursor is back.
        assert!(shown.rfind("\u{1b}[?25h") > shown.rfind("\u{1b}[?25l"), "{shown:?}");
    }
}

#[test]
fn a_secret_that_is_typed_for_a_dash_is_not_shown() {
    let program = under_test::program();
    let program = program.display();
    let key = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/vectors/test-keys/p256.pkcs8.pem"
    ))
    .expect("readable");
    let line = format!(
        "{program} token host --offline --ca-url ca.example.test --root certs/root_ca.crt \
         --provisioner plain --key -; echo status=$?"
    );
    let typed = [key.as_slice(), b"\x04"].concat();
    let shown = at_the_prompts(&line, &[("Text for --key", typed.as_slice())], &[]);
    assert!(shown.contains("eyJ") && shown.contains("status=0"), "{shown:?}");
    assert!(!shown.contains("PRIVATE KEY"), "{shown:?}");
    let line = format!(
        "{program} px token --issuer i --subject s --name n --email e --shared-secret-file - \
         --role system.admin --token-duration 1h; echo status=$?"
    );
    let typed: &[u8] = b"a-shared-secret-of-twenty-nine-chars\n\x04";
    let shown = at_the_prompts(&line, &[("Text for --shared-secret-file", typed)], &[]);
    assert!(!shown.contains("a-shared-secret"), "{shown:?}");
    assert!(shown.contains("eyJ"), "{shown:?}");
    // Without prompts there is no waiting for a person either.
    for flags in ["--key -", "--password-file -"] {
        let line = format!("{} --no-prompt {flags}; echo status=$?", mint());
        let shown = at_the_prompts(&line, &[], &[]);
        assert!(shown.contains("is a terminal, and nobody can be asked"), "{shown:?}");
        assert!(shown.contains("status=3"), "{shown:?}");
    }
}
