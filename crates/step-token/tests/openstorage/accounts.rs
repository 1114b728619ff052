//! Auth-config files, read by the vendor's reader and by ours: the same token, or no token.

mod blocks;
mod differences;
mod flow;
mod layout;
mod names;
mod scalars;
mod seeded;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use step_token::Exit;

use crate::keys::{self, SECRET};
use crate::peers::Flavour;
use crate::program::{NOW, Px};
use crate::random::Random;
use differences::{DIFFERENCES, Way};

/// The result of reading a file: a token, or the reason why not.
type Made = Result<String, String>;

/// Gives files to the vendor's reader and to ours.
#[track_caller]
fn mint(texts: &[Vec<u8>]) -> Vec<(Made, Made)> {
    let question = |text: &Vec<u8>| {
        json!({
            "yaml": STANDARD.encode(text),
            "issuer": "openstorage.io",
            "duration": "1d",
            "at": NOW,
            "sharedSecret": STANDARD.encode(SECRET),
        })
    };
    let questions: Vec<Value> = texts.iter().map(question).collect();
    let theirs = Flavour::Older.ask("mint", &questions);
    assert_eq!(theirs, Flavour::Current.ask("mint", &questions), "the servers differ");
    texts.iter().zip(theirs).map(|(text, theirs)| (ours(text), made(&theirs))).collect()
}

fn made(answer: &Value) -> Made {
    match answer["token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => Err(answer["error"].as_str().unwrap().to_owned()),
    }
}

fn ours(text: &[u8]) -> Made {
    let px = Px::new("token --auth-config - --issuer openstorage.io --token-duration 1d");
    let ran = px.source("shared-secret-file", "SECRET", SECRET).stdin(text).run();
    match ran.exit {
        Exit::Done => Ok(ran.stdout.strip_suffix('\n').unwrap().to_owned()),
        _ => Err(ran.stderr),
    }
}

/// Expects the vendor's token for each file, or none; returns how many gave one.
#[track_caller]
fn agree(texts: &[Vec<u8>]) -> usize {
    let made = mint(texts);
    let differ =
        |(_, (ours, theirs)): &(_, &(Made, Made))| ours.as_ref().ok() != theirs.as_ref().ok();
    let differences: Vec<String> = texts
        .iter()
        .zip(&made)
        .filter(differ)
        .map(|(text, (ours, theirs))| {
            let text = text.escape_ascii();
            format!("{text}\n  ours   {}\n  theirs {}", shown(ours), shown(theirs))
        })
        .collect();
    let count = differences.len();
    assert!(count == 0, "{count} of {} differ:\n{}", texts.len(), differences.join("\n"));
    made.iter().filter(|(ours, _)| ours.is_ok()).count()
}

/// Returns the parts to compare.
fn shown(made: &Made) -> String {
    match made {
        Err(why) => why.trim_end().to_owned(),
        Ok(token) => {
            let parts = token_jose::compact::decode_unverified(token).unwrap();
            String::from_utf8(parts.payload).unwrap()
        }
    }
}

fn bytes(lists: &[&[&str]]) -> Vec<Vec<u8>> {
    lists.iter().flat_map(|list| list.iter()).map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn a_file_gives_the_vendors_token_or_none() {
    let mut texts = bytes(&[
        layout::MEMBERS,
        layout::LISTS,
        layout::DOCUMENTS,
        names::KEYS,
        names::ALIASES,
        scalars::PLAIN,
        scalars::QUOTED,
        scalars::TAGS,
        scalars::ODD,
        scalars::JSON,
        blocks::BLOCKS,
        flow::FLOW,
        flow::BLOCK,
    ]);
    texts.extend(scalars::BYTES.iter().map(|text| text.to_vec()));
    let minted = agree(&texts);
    let refused = texts.len() - minted;
    assert!(minted > 200 && refused > 100, "{minted} give a token, and {refused} none");
}

#[test]
fn files_put_together_at_random_give_the_vendors_token_or_none() {
    let mut random = Random::seeded(0x6175_7468_2d63_6f6e);
    let texts: Vec<_> = (0..300).map(|_| seeded::draw(&mut random).into_bytes()).collect();
    let minted = agree(&texts);
    assert!((100..250).contains(&minted), "{minted} of 300 give a token");
}

#[test]
fn the_readers_differ_where_there_is_a_reason_and_as_it_says() {
    for difference in DIFFERENCES {
        let texts = bytes(&[difference.texts]);
        for (text, (ours, theirs)) in texts.iter().zip(mint(&texts)) {
            let way = match (&ours, &theirs) {
                (Err(_), Ok(_)) => Some(Way::Refused),
                (Ok(_), Err(_)) => Some(Way::Taken),
                (Ok(ours), Ok(theirs)) if ours != theirs => Some(Way::Other),
                _ => None,
            };
            let text = text.escape_ascii();
            let reason = difference.reason;
            assert_eq!(way, Some(difference.way), "{text}: {reason}\n{ours:?}\n{theirs:?}");
        }
    }
}

#[test]
fn what_no_account_comes_near_is_refused_here_alone() {
    let texts: Vec<_> = differences::limits().into_iter().map(String::into_bytes).collect();
    for (text, (ours, theirs)) in texts.iter().zip(mint(&texts)) {
        let start = text[..40].escape_ascii();
        assert!(ours.is_err() && theirs.is_ok(), "{start}: {ours:?}\n{theirs:?}");
    }
}

/// A block keeps the line break at its end, and here there is none.
#[test]
fn a_block_that_the_end_of_the_file_cuts_short_has_no_line_break_either() {
    agree(&bytes(&[&[
        "name: |\n  x",
        "name: |+\n  x",
        "name: >\n  x",
        "name: |\n  x\n  y",
        "name: |\n  x\n  ",
        "roles:\n- |\n  x",
    ]]));
}

/// They are not YAML (YAML 1.2 §5.1), and a terminal obeys some of them.
#[test]
fn control_characters_are_refused_wherever_they_stand() {
    agree(&bytes(&[&[
        "name: a\0\n",
        "name: a\u{1}\n",
        "name: a\u{b}b\n",
        "name: a\u{c}b\n",
        "name: \u{1b}[0m\n",
        "name: \"a\u{7f}\"\n",
        "name: a\u{80}b\n",
        "name: a\u{fffe}\n",
        "name: a\u{ffff}\n",
        "# \u{1}\nname: a\n",
        "# \u{7f}\nname: a\n",
    ]]));
}

/// This is how a long one is written (YAML 1.1, the type `!!binary`).
#[test]
fn base64_may_have_line_breaks_in_it() {
    agree(&bytes(&[&[
        "name: !!binary |\n  aGVs\n  bG8=\n",
        "name: !!binary \"aGVs\\\n  bG8=\"\n",
    ]]));
}

/// RS256 signs the same bytes with the same signature, so whole tokens can be compared.
#[test]
fn tokens_of_an_rsa_key_are_the_vendors_byte_for_byte() {
    let private = keys::text("rsa2048.trad.pem");
    for text in ["name: N\nemail: e@x\n", "sub: s\nroles: [a, '*']\ngroups: []\n"] {
        let question = json!({
            "yaml": STANDARD.encode(text),
            "issuer": "portworx.com",
            "duration": "12h",
            "at": NOW,
            "rsaPrivateKey": private,
        });
        let px = Px::new("token --auth-config - --issuer portworx.com --token-duration 12h");
        let file = keys::file("rsa2048.trad.pem");
        let token = px.flag("rsa-private-keyfile", file.to_str().unwrap()).stdin(text).mint();
        for flavour in Flavour::ALL {
            let theirs = flavour.ask("mint", std::slice::from_ref(&question)).remove(0);
            assert_eq!(theirs["token"], token.as_str(), "{text}");
        }
    }
}

/// Go's JSON escapes some characters, and some have a special meaning in YAML.
#[test]
fn an_issuer_of_any_letters_is_written_as_the_vendor_writes_it() {
    for issuer in
        ["https://a.b/", "<&>", "ü ✓", "a\"b\\c/", "\u{2028}\u{2029}", "\u{7f}\u{80}\t\u{1}"]
    {
        let question = json!({
            "yaml": "",
            "issuer": issuer,
            "duration": "0s",
            "at": NOW,
            "sharedSecret": STANDARD.encode(SECRET),
        });
        let theirs = Flavour::Older.ask("mint", &[question]).remove(0);
        let px = Px::new("token --auth-config - --token-duration 0s").flag("issuer", issuer);
        let token = px.source("shared-secret-file", "SECRET", SECRET).mint();
        assert_eq!(theirs["token"], token.as_str(), "{issuer:?}");
    }
}

/// No server accepts such a token, so it is not minted.
#[test]
fn an_empty_issuer_is_refused_here_alone() {
    let question = json!({
        "yaml": STANDARD.encode("sub: s\n"),
        "issuer": "",
        "duration": "1d",
        "at": NOW,
        "sharedSecret": STANDARD.encode(SECRET),
    });
    let theirs = Flavour::Older.ask("mint", &[question]).remove(0);
    let px = Px::new("token --auth-config - --issuer=").stdin("sub: s\n");
    let ran = px.source("shared-secret-file", "SECRET", SECRET).run();
    assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::Usage, ""), "{}", ran.stderr);

    let verify = json!({
        "issuer": "",
        "sharedSecret": STANDARD.encode(SECRET),
        "token": STANDARD.encode(theirs["token"].as_str().unwrap()),
        "at": NOW,
    });
    for flavour in Flavour::ALL {
        let answer = flavour.ask("verify", std::slice::from_ref(&verify)).remove(0);
        assert_eq!(answer["error"], "Issuer was not specified in the token", "{answer}");
    }
}
