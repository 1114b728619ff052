//! Which token is judged: a pipe outranks the context, and the verdict says which it was.

use std::fs::File;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// A verdict about `token/vector3` is yes, one about the current context's token is no.
const VERIFY: &str = "px verify --issuer openstorage.io --shared-secret-file secret/published \
                      --at 2023-11-15T00:00:00Z --contextconfig context/outer";

const OF_STDIN: &str = "(the token in standard input)\n";
const OF_CONTEXT: &str = "(the token of context user)\n";

fn piped(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn ended(child: Child) -> Run {
    Run::of(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_piped_token_is_judged_and_not_the_current_context() {
    let sandbox = Sandbox::of("px");
    for flags in ["", "--quiet", "--raw"] {
        let mut child = piped(sandbox.command(&format!("{VERIFY} {flags}")));
        let token = sandbox.read("token/vector3");
        child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
        let run = ended(child);
        assert_eq!(run.status, 0, "{flags}: {run:?}");
        assert!(run.stdout.ends_with(OF_STDIN), "{flags}: {run:?}");
        assert_eq!(run.stderr.contains("Token: standard input"), flags.is_empty(), "{run:?}");
    }
}

#[test]
fn a_redirected_file_is_judged_too() {
    let sandbox = Sandbox::of("px");
    for (file, status) in [("token/vector3", 0), ("token/none", 1), ("secret/good", 1)] {
        let mut command = sandbox.command(VERIFY);
        let output = command.stdin(File::open(sandbox.path(file)).unwrap()).output();
        let run = Run::of(output.unwrap());
        assert_eq!(run.status, status, "{file}: {run:?}");
        assert!(run.stdout.ends_with(OF_STDIN), "{file}: {run:?}");
    }
}

#[test]
fn without_anything_on_standard_input_the_context_is_judged() {
    let sandbox = Sandbox::of("px");
    let warning = "warning: standard input has nothing in it, so the token that pxctl would send \
                   is used\n";
    for (script, warned) in [
        (r#""$0" "$@" </dev/null"#, false),
        (r#""$0" "$@" <&-"#, false),
        (r#": | "$0" "$@""#, true),
        (r#""$0" "$@" <secret/empty"#, true),
    ] {
        let run = Run::of(sandbox.shell(script, VERIFY).output().unwrap());
        assert_eq!(run.status, 1, "{script}: {run:?}");
        assert!(run.stdout.ends_with(OF_CONTEXT), "{script}: {run:?}");
        assert_eq!(run.stderr.contains(warning), warned, "{script}: {run:?}");
    }
}

#[test]
fn an_empty_line_is_no_token_and_no_reason_to_judge_another() {
    let sandbox = Sandbox::of("px");
    let run = Run::of(sandbox.shell(r#"echo | "$0" "$@""#, VERIFY).output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{run:?}");
    assert!(run.stderr.contains("error: the token in standard input"), "{run:?}");
}

/// Jobs inherit such pipes.
#[test]
fn a_pipe_that_stays_open_ends_in_an_error_and_not_in_waiting() {
    let sandbox = Sandbox::of("px");
    let begun = Instant::now();
    let mut silent = piped(sandbox.command(VERIFY));
    let mut halfway = piped(sandbox.command("px inspect --contextconfig context/outer"));
    let held = silent.stdin.take();
    let mut half = halfway.stdin.take().unwrap();
    half.write_all(b"eyJ").unwrap();
    for child in [silent, halfway] {
        let run = ended(child);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        assert_eq!(
            run.stderr,
            "error: no token given, and standard input is a pipe that did not end within 10 seconds\n\
             hint: use `-` to wait for the token on standard input\n\
             hint: use `< /dev/null` for the token of PXCTL_AUTH_TOKEN or of the current context\n"
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop((held, half));
}

#[test]
fn a_slow_writer_is_waited_for() {
    let sandbox = Sandbox::of("px");
    let mut child = piped(sandbox.command(VERIFY));
    let mut stdin = child.stdin.take().unwrap();
    let token = sandbox.read("token/vector3");
    let (first, second) = token.split_at(40);
    for part in [first, second] {
        sleep(Duration::from_secs(1));
        stdin.write_all(part.as_bytes()).unwrap();
    }
    drop(stdin);
    let run = ended(child);
    assert!(run.status == 0 && run.stdout.ends_with(OF_STDIN), "{run:?}");
}

#[test]
fn a_pipe_is_left_alone_if_a_token_or_a_context_is_named() {
    let sandbox = Sandbox::of("px");
    for (flags, suffix) in [
        ("--context admin", "(the token of context admin)\n"),
        ("--token-file token/good", "(the token in token/good)\n"),
        ("a.b.c", "(the token on the command line)\n"),
    ] {
        let mut child = piped(sandbox.command(&format!("{VERIFY} {flags}")));
        // Nothing is read, so the pipe may stay open.
        let held = child.stdin.take();
        let run = ended(child);
        assert!(run.stdout.ends_with(suffix), "{flags}: {run:?}");
        drop(held);
    }
    let line = VERIFY.replace("secret/published", "-");
    let script = r#""$0" "$@" <secret/published"#;
    let run = Run::of(sandbox.shell(script, &line).output().unwrap());
    assert!(run.stdout.ends_with(OF_CONTEXT), "{run:?}");
}

#[test]
fn a_pipe_outranks_the_variable_of_pxctl() {
    let sandbox = Sandbox::of("px");
    let variable = sandbox.read("token/none");
    let script = r#""$0" "$@" <token/vector3"#;
    let mut command = sandbox.shell(script, VERIFY);
    let run = Run::of(command.env("PXCTL_AUTH_TOKEN", &variable).output().unwrap());
    assert!(run.status == 0 && run.stdout.ends_with(OF_STDIN), "{run:?}");
    let mut command = sandbox.command(VERIFY);
    let run = Run::of(command.env("PXCTL_AUTH_TOKEN", &variable).output().unwrap());
    let suffix = "(the token in environment variable PXCTL_AUTH_TOKEN)\n";
    assert!(run.status == 1 && run.stdout.ends_with(suffix), "{run:?}");
}

#[test]
fn what_is_piped_is_bounded_and_a_secret_of_kubernetes_is_named() {
    let sandbox = Sandbox::of("px");
    for (script, message) in [
        (r#"yes | "$0" "$@""#, "error: standard input is larger than 256 KiB\n"),
        (
            r#""$0" "$@" <k8s/secret.json"#,
            "error: standard input (--token-file) is a Kubernetes Secret, not the token itself\n\
             hint: use --token-file k8s:- to read a member of it\n",
        ),
    ] {
        let run = Run::of(sandbox.shell(script, VERIFY).output().unwrap());
        assert_eq!(run.stdout, "", "{run:?}");
        assert!(run.stderr.contains(message), "{run:?}");
    }
}

#[test]
fn the_object_says_which_token_it_is_about() {
    let sandbox = Sandbox::of("px");
    let inspect = "px inspect --contextconfig context/outer --raw";
    let verify = format!("{VERIFY} --json --raw");
    for (script, flags, source) in [
        (r#""$0" "$@" <token/vector3"#, "", json!({"kind": "stdin"})),
        (r#""$0" "$@" <token/vector3"#, "-", json!({"kind": "stdin"})),
        (r#""$0" "$@" </dev/null"#, "", json!({"kind": "context", "name": "user"})),
        (r#""$0" "$@""#, "--context admin", json!({"kind": "context", "name": "admin"})),
        (r#""$0" "$@""#, "--token-file token/good", json!({"kind": "file", "name": "token/good"})),
        (
            r#""$0" "$@" 5<token/good"#,
            "--token-file fd:5",
            json!({"kind": "descriptor", "name": "5"}),
        ),
        (
            r#""$0" "$@" <token/k8s.json"#,
            "--token-file k8s:-",
            json!({"kind": "stdin", "kubernetes": true}),
        ),
        (r#""$0" "$@""#, "e30.e30.e30", json!({"kind": "argument"})),
    ] {
        for line in [inspect, &verify] {
            let output = sandbox.shell(script, &format!("{line} {flags}")).output().unwrap();
            let run = Run::of(output);
            let object: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| {
                panic!("{line} {flags}: {run:?}");
            });
            assert_eq!(object["tokenSource"], source, "{line} {flags}");
        }
    }
}
