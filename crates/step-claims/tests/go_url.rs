//! The same texts, read here and by Go itself as URLs: the same parts, or both refuse.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use step_claims::GoUrl;

/// How many texts are compared.
const COUNT: u64 = 20_000;

#[test]
fn go_reads_and_writes_the_same_urls() {
    let texts: Vec<String> = (0..COUNT).map(text).collect();
    let theirs = theirs(&texts);
    assert_eq!(theirs.len(), texts.len());
    let mut refused = 0;
    for (text, theirs) in texts.iter().zip(&theirs) {
        let ours = ours(text);
        assert_eq!(ours.as_deref().unwrap_or("refused"), theirs, "{text:?}");
        refused += u64::from(ours.is_none());
    }
    // Neither side always gives the same answer.
    assert!((COUNT / 10..COUNT * 9 / 10).contains(&refused), "{refused}");
}

fn ours(text: &str) -> Option<String> {
    let mut url = GoUrl::parse(text)?;
    let whole = url.to_string();
    let (scheme, host) = (url.scheme().to_owned(), hex(url.host()));
    let fragment = hex(url.fragment());
    url.strip_port();
    let stripped = url.to_string();
    url.set_fragment("x5c/a b'é%2F".as_bytes());
    Some(format!("{scheme} {host} {fragment} {whole} {stripped} {url}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn theirs(texts: &[String]) -> Vec<String> {
    let mut peer = Command::new(peer())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("go-url-peer is there: run scripts/peers");
    let mut stdin = peer.stdin.take().expect("a pipe");
    let input: String = texts.iter().map(|text| STANDARD.encode(text) + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = peer.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("written");
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).expect("text");
    output.lines().map(str::to_owned).collect()
}

/// Finds the program that `scripts/peers` builds.
fn peer() -> PathBuf {
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || given("XDG_CACHE_HOME").or_else(|| Some(given("HOME")?.join(".cache")));
    let directory = given("STEP_TOKEN_PEERS")
        .or_else(|| Some(cache()?.join("step-token-peers/bin")))
        .expect("STEP_TOKEN_PEERS or HOME is set");
    directory.join("go-url-peer")
}

/// Makes a text from its number: pieces of URLs in an order that is almost right.
fn text(seed: u64) -> String {
    const PIECES: [&[&str]; 7] = [
        &["", "", "https:", "HTTPS:", "http:", "urn:", "a+b-c.1:", ":", "1x:", "ü:", "x y:"],
        &["//", "//", "//", "/", "", "///", "/./", "//u:p%40@", "//u@", "//:@", "//ü@", "//%zz@"],
        &[
            "ca.test",
            "CA.test",
            "",
            "[::1]",
            "[::ffff:1.2.3.4]",
            "[fe80::1%25en0]",
            "[fe80::1%en0]",
            "[a.test]",
            "[1.2.3.4]",
            "1.2.3.4",
            "::1",
            "a%20b",
            "a%C3%BC",
            "ü",
            "a b",
            "a<b>\"",
            "*",
            "a..b",
            "[::1",
            "x[::1]",
            "[::1]x",
            "[fe80::1%25]",
            "a%25b",
            "a%2",
            "a%41",
        ],
        &["", "", ":9000", ":", ":x", ":99999", ":1:2", ":80%30"],
        &[
            "/1.0/sign",
            "/sign",
            "",
            "/",
            "/a%2Fb",
            "/a b",
            "/ü",
            "/%zz",
            "/a;b,c=d",
            "/[x]",
            "/a/../b",
            "//x",
            "/a:b",
            "a:b",
            "/%c3%bc",
            "/'!()*",
            "/a%41",
            "/\u{7f}",
            "/a\tb",
            "*",
        ],
        &["", "", "?", "?a=b", "?a?b", "??", "?ü"],
        &[
            "",
            "",
            "#",
            "#x5c/name",
            "#x5c/a%20b",
            "#x5c%2Fa",
            "#a b",
            "#ü",
            "#%zz",
            "#a#b",
            "#'",
            "#%c3%bc",
            "#x\n",
            "#%41 ",
            "#[]",
        ],
    ];
    let mut state = seed;
    let mut next = move |bound: usize| {
        // Steele, Lea and Flood's SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % 1_000_003).unwrap_or_default() % bound
    };
    PIECES.iter().map(|choices| choices[next(choices.len())]).collect()
}
