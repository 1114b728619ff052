//! How long a token is valid, in the vendor's grammar.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openstorage_token::{Lifetime, LifetimeError, LifetimeFault};
use serde_json::{Value, json};
use step_token::Exit;

use crate::keys::SECRET;
use crate::peers::Flavour;
use crate::program::{NOW, Px};
use crate::random::Random;

/// Asks the vendor's code how many seconds each text is; `None` if it does not read the text.
#[track_caller]
fn theirs(texts: &[String]) -> Vec<Option<i64>> {
    let question = |text: &String| {
        json!({
            "yaml": "",
            "issuer": "i",
            "duration": text,
            "at": NOW,
            "sharedSecret": STANDARD.encode(SECRET),
        })
    };
    let questions: Vec<Value> = texts.iter().map(question).collect();
    let answers = Flavour::Older.ask("mint", &questions);
    answers.iter().map(|answer| answer["token"].as_str().map(lifetime)).collect()
}

/// Returns the seconds from now to the end of a token.
fn lifetime(token: &str) -> i64 {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["exp"].as_i64().unwrap() - NOW
}

fn ours(text: &str) -> Option<i64> {
    let px = Px::new("token --auth-config - --issuer i").flag("token-duration", text);
    let ran = px.source("shared-secret-file", "SECRET", SECRET).run();
    match ran.exit {
        Exit::Done => Some(lifetime(&ran.stdout)),
        exit => {
            assert_eq!(exit, Exit::Usage, "{text:?}: {}", ran.stderr);
            None
        }
    }
}

#[test]
fn what_is_a_duration_is_one_for_both() {
    let texts = [
        "1d",
        "123s",
        "30d",
        "1y",
        "0001d",
        "5m",
        "12h",
        "0s",
        "0d",
        "00000000000000000000001s",
        "9223372036s",
        "153722867m",
        "2562047h",
        "106751d",
        "292y",
        "123",
        "",
        "0",
        "1w",
        "1S",
        "5M",
        "1D",
        "1Y",
        "1H",
        "-1d",
        "+1d",
        "1.5h",
        "1,5h",
        "1h30m",
        "1 d",
        " 1d",
        "1d ",
        "1d\n",
        "\n1d",
        "1d\r\n",
        "\t1d",
        "123sabcd",
        "ab123s",
        "d",
        "s",
        "1ms",
        "1us",
        "1ns",
        "1sec",
        "1e3s",
        "0x10s",
        "1_000s",
        "١d",
        "1d\u{a0}",
        "1ſ",
        "1d1d",
        "1s\n1d",
        "9223372036854775808s",
        "99999999999999999999s",
        "18446744073709551617s",
        "99999999999999999999y",
    ]
    .map(str::to_owned);
    for (text, theirs) in texts.iter().zip(theirs(&texts)) {
        assert_eq!(ours(text), theirs, "{text:?}");
    }
}

#[test]
fn seeded_texts_are_durations_for_both_or_for_neither() {
    let mut random = Random::seeded(0x6475_7261_7469_6f6e);
    let odd = [" ", "-", "+", ".", "S", "w", "\n", "s", "1d", "\u{661}"];
    let noise = |random: &mut Random| if random.percent(15) { random.pick(&odd) } else { "" };
    let draw = |random: &mut Random| -> String {
        let mut text = noise(random).to_owned();
        for _ in 0..random.below(5) {
            text.push_str(random.pick(&["0", "1", "7", "12", "00"]));
        }
        text.push_str(noise(random));
        text.push_str(random.pick(&["s", "m", "h", "d", "y", "d", ""]));
        text + noise(random)
    };
    let texts: Vec<String> = (0..1000).map(|_| draw(&mut random)).collect();
    let theirs = theirs(&texts);
    let taken = theirs.iter().flatten().count();
    assert!((200..800).contains(&taken), "{taken} of 1000 are durations");
    for (text, theirs) in texts.iter().zip(theirs) {
        match text.parse::<Lifetime>() {
            Ok(ours) => {
                assert_eq!(u64::try_from(theirs.unwrap()), Ok(ours.as_seconds()), "{text:?}")
            }
            // The test below shows what it means to the vendor.
            Err(LifetimeError { fault: LifetimeFault::TooLong { .. }, .. }) => {}
            Err(why) => assert_eq!(theirs, None, "{why}"),
        }
    }
}

/// The vendor counts nanoseconds in 64 bits, which wrap into another time, often one in the past.
#[test]
fn what_the_vendor_cannot_count_is_refused_here_alone() {
    let texts = [
        "9223372037s",
        "153722868m",
        "2562048h",
        "106752d",
        "293y",
        "300y",
        "99999999999d",
        "9223372036854775807s",
    ]
    .map(str::to_owned);
    for (text, theirs) in texts.iter().zip(theirs(&texts)) {
        assert_eq!(ours(text), None, "{text}");
        let (number, unit) = text.split_at(text.len() - 1);
        let length = ("smhdy".find(unit)).map(|at| [1, 60, 3600, 86_400, 31_536_000][at]);
        let meant = i128::from(number.parse::<i64>().unwrap()) * length.unwrap();
        assert!(theirs.is_some_and(|seconds| i128::from(seconds) != meant), "{text}: {theirs:?}");
    }
}
