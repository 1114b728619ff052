//! The time that a certificate is to be valid, and what step-ca signs.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use step_ca_client::SshSignRequest;
use token_time::Timestamp;

use crate::hierarchy::FIRST;
use crate::peers::{stdout, step};
use crate::program::Program;
use crate::provisioners::{SSHPOP, X5C};
use crate::spend::{Csr, ssh_request};
use crate::ssh::public_key;
use crate::sshpop::Held;
use crate::{Ca, Way, test_key, vector};

/// A CA whose P-256 provisioner, and that for hosts with a certificate, have these claims.
fn with_claims(claims: &Value) -> Ca {
    Ca::like_shared(|config| {
        let list = config["authority"]["provisioners"].as_array_mut().unwrap();
        for entry in list.iter_mut().filter(|it| it["name"] == "p256" || it["name"] == SSHPOP) {
            entry["claims"] = claims.clone();
            entry["claims"]["enableSSHCA"] = true.into();
        }
    })
}

fn user(ca: &Ca, way: Way, window: &[&str]) -> Program {
    let program = ca.token(way, "alice").args(["--ssh"]).args(window);
    program.signed_by("p256", test_key("p256.pkcs8.pem"))
}

/// The times that a request asks for: its start and its end.
type Asked = [&'static str; 2];
const NOTHING: Asked = ["", ""];

/// Has step, which checks nothing, make a token and spends it with a request for these times. Returns
/// the status; 0 if the CA closes the connection.
fn status(ca: &Ca, window: &[&str], [valid_after, valid_before]: Asked) -> u16 {
    let directory = tempfile::tempdir().unwrap();
    let (root, key) = (ca.root().display().to_string(), test_key("p256.jwk.json"));
    let key = key.display().to_string();
    let mut arguments = vec!["ca", "token", "alice", "--ssh", "--provisioner", "p256"];
    arguments.extend(["--key", &key, "--ca-url", ca.url(), "--root", &root]);
    arguments.extend(window);
    let token = String::from_utf8(step(directory.path(), arguments).unwrap()).unwrap();
    let key = public_key("ed25519");
    let request =
        SshSignRequest { valid_after, valid_before, ..ssh_request(&key, token.trim_end()) };
    let answer = std::panic::catch_unwind(|| ca.ssh_sign(&request));
    match answer {
        Ok(answer) => answer.map_or_else(|refusal| refusal.status, |_| 201),
        Err(_) => 0,
    }
}

/// Asserts that a ca.json decides as the CA does for every request, and that the CA's list does if
/// `online`.
#[track_caller]
fn decides(ca: &Ca, window: &[&str], online: bool) {
    let theirs = status(ca, window, NOTHING);
    let ours = user(ca, Way::CaJson, window).run();
    assert_eq!(ours.code == Some(0), theirs == 201, "{window:?}: {theirs}, {}", ours.stderr);
    if theirs != 201 {
        assert!(ours.stderr.contains("the certificate "), "{}", ours.stderr);
    }
    let listed = user(ca, Way::Online, window).run();
    assert_eq!(listed.code != Some(0), theirs != 201 && online, "{window:?} {}", listed.stderr);
    assert_eq!(listed.stderr.contains("may refuse"), theirs != 201 && !online, "{}", listed.stderr);
}

/// Asserts that the CA refuses the token as it is, and accepts it with a request for these times,
/// and that the warning says so. Ours is spent as well.
#[track_caller]
fn needs(ca: &Ca, window: &[&str], asked: Asked, what: &str, online: bool) {
    assert_ne!(status(ca, window, NOTHING), 201, "{window:?}");
    assert_eq!(status(ca, window, asked), 201, "{window:?} {asked:?}");
    let unless = format!(" the token unless the request that spends it asks for {what} (");
    for (way, verb) in
        [(Way::CaJson, "refuses"), (Way::Online, if online { "refuses" } else { "may refuse" })]
    {
        let ran = user(ca, way, window).run();
        assert_eq!(ran.code, Some(0), "{window:?} {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("the CA {verb}{unless}")), "{}", ran.stderr);
        let (key, [valid_after, valid_before]) = (public_key("ed25519"), asked);
        let request = SshSignRequest {
            valid_after,
            valid_before,
            ..ssh_request(&key, ran.stdout.trim_end())
        };
        ca.ssh_sign(&request).unwrap();
    }
}

/// Asserts that an end that was typed is refused for its length as the CA refuses it, although a
/// request for another start would do.
#[track_caller]
fn is_refused_as_it_is(ca: &Ca, end: &str, asked: Asked, online: bool) {
    let window = ["--cert-not-after", end];
    assert_eq!(status(ca, &window, asked), 201, "{end} {asked:?}");
    decides(ca, &window, online);
}

#[test]
fn the_default_limits_are_those_of_step_ca() {
    let ca = with_claims(&json!({}));
    for window in [
        ["--cert-not-after=24h", "--cert-not-before="],
        ["--cert-not-after=168h", "--cert-not-before=1h"],
        ["--cert-not-after=22h1m", "--cert-not-before=-2h"],
        ["--cert-not-after=22h1m1s", "--cert-not-before=-2h"],
        ["--cert-not-after=6m", "--cert-not-before=2m"],
        ["--cert-not-after=7m", "--cert-not-before=2m"],
        ["--cert-not-after=4m", "--cert-not-before="],
        ["--cert-not-after=", "--cert-not-before=-25h"],
        ["--cert-not-after=", "--cert-not-before=1970-01-01T00:00:00Z"],
    ] {
        decides(&ca, &window, false);
    }
}

#[test]
fn a_time_that_the_token_leaves_open_may_come_with_the_request() {
    let ca = with_claims(&json!({}));
    needs(&ca, &["--cert-not-before=-17h"], ["", "1h"], "a later end", false);
    for (end, asked) in [("24h1s", ["1h", ""]), ("168h", ["150h", ""]), ("1m", ["-10m", ""])] {
        is_refused_as_it_is(&ca, end, asked, false);
    }
    // A time in the token is final: a request for another is refused.
    let window = ["--cert-not-after=168h", "--cert-not-before=1h"];
    for asked in [["150h", ""], ["", "10h"], ["150h", "160h"]] {
        assert_ne!(status(&ca, &window, asked), 201, "{asked:?}");
    }
    for asked in [["", "30m"], ["-24h", "-1h"]] {
        assert_ne!(status(&ca, &["--cert-not-before=-25h"], asked), 201, "{asked:?}");
    }
}

#[test]
fn a_lifetime_of_more_than_64_bits_is_too_long() {
    // step-ca counts it in nanoseconds modulo 2⁶⁴, in which ten hours are left.
    let ca = with_claims(&json!({}));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let end = i64::try_from(now.as_secs()).unwrap() + 18_446_744_073 + 10 * 3600;
    let end = Timestamp::from_unix_seconds(end).to_string();
    let window = ["--cert-not-before=1s", "--cert-not-after", &end];
    assert_eq!(status(&ca, &window, NOTHING), 201);
    assert!(user(&ca, Way::CaJson, &window).fail(2).contains("would be valid for"));
}

#[test]
fn what_no_ca_signs_is_refused_without_its_list_too() {
    let ca = with_claims(&json!({}));
    for window in [
        ["--cert-not-after=-1h", "--cert-not-before="],
        ["--cert-not-after=1h", "--cert-not-before=2h"],
        ["--cert-not-after=1960-01-01T00:00:00Z", "--cert-not-before="],
        ["--cert-not-after=", "--cert-not-before=1969-12-31T00:00:00Z"],
    ] {
        decides(&ca, &window, true);
        let text = user(&ca, Way::Address, &window).fail(2);
        assert!(text.contains("the certificate would"), "{text}");
    }
    for asked in [["", "1h"], ["-2h", "-1h"], ["-2h", ""]] {
        assert_ne!(status(&ca, &["--cert-not-after=-1h"], asked), 201, "{asked:?}");
    }
}

#[test]
fn limits_of_the_entry_decide_online() {
    let ca = with_claims(&json!({
        "minUserSSHCertDuration": "1h", "maxUserSSHCertDuration": "10h",
        "defaultUserSSHCertDuration": "20h",
    }));
    // The default is out of bounds, so an end has to be given.
    needs(&ca, &[], ["", "2h"], "an earlier end", true);
    for end in ["10h", "59m"] {
        decides(&ca, &["--cert-not-after", end], true);
    }
    is_refused_as_it_is(&ca, "10h1s", ["1h", ""], true);
    is_refused_as_it_is(&ca, "58m59s", ["-1h", ""], true);
    let start = "--cert-not-before=30m";
    for end in ["10h30m", "11h31m1s", "1h30m", "1h29m"] {
        decides(&ca, &[start, "--cert-not-after", end], true);
    }
    let ca = with_claims(&json!({
        "minUserSSHCertDuration": "10h", "defaultUserSSHCertDuration": "5h",
    }));
    needs(&ca, &[], ["", "12h"], "a later end", true);
    let ca = with_claims(&json!({
        "minUserSSHCertDuration": "10h", "maxUserSSHCertDuration": "5h",
    }));
    for end in ["", "4h", "7h", "11h"] {
        decides(&ca, &["--cert-not-after", end], true);
        for asked in [["1h", "8h"], ["-1h", ""], ["", "20h"]] {
            assert_ne!(status(&ca, &["--cert-not-after", end], asked), 201, "{asked:?}");
        }
    }
}

#[test]
fn limits_of_the_authority_decide_with_the_ca_json() {
    let ca = Ca::like_shared(|config| {
        config["authority"]["claims"] = json!({ "maxUserSSHCertDuration": "200h" });
        config["authority"]["backdate"] = "5m".into();
    });
    for (end, signed) in [("168h", true), ("201h", false), ("1s", true)] {
        let window = ["--cert-not-after", end];
        assert_eq!(status(&ca, &window, NOTHING) == 201, signed, "{end}");
        let ran = user(&ca, Way::CaJson, &window).run();
        assert_eq!(ran.code == Some(0), signed, "{end}: {}", ran.stderr);
    }
    // The list does not have them: a limit that step-ca sets by default is no reason to refuse.
    let ran = user(&ca, Way::Online, &["--cert-not-after", "168h"]).run();
    assert!(ran.code == Some(0) && ran.stderr.contains("may refuse the token"), "{}", ran.stderr);
}

#[test]
fn a_host_certificate_outside_the_limits_is_renewed_and_not_rekeyed() {
    let ca = with_claims(
        &json!({ "maxHostSSHCertDuration": "10h", "defaultHostSSHCertDuration": "10h" }),
    );
    let held = Held::host(Ca::shared(), "ed25519", "db.test");
    let other = public_key("p256");
    let token = held.token(&ca, Way::Address, "--rekey").mint();
    assert_eq!(ca.ssh_rekey(&other, &token).unwrap_err().status, 403);
    for way in [Way::CaJson, Way::Online] {
        let text = held.token(&ca, way, "--rekey").fail(3);
        assert!(text.contains("(`maxHostSSHCertDuration` of the provisioner)"), "{text}");
        held.renews(&ca, &held.token(&ca, way, "--renew").mint());
    }
    let brief = ["--host", "--principal", "db.test", "--cert-not-after", "9h"];
    let held = Held::issued(Ca::shared(), "ed25519", &brief);
    ca.ssh_rekey(&other, &held.token(&ca, Way::CaJson, "--rekey").mint()).unwrap();
}

#[test]
fn a_certificate_ends_with_the_one_that_vouches_for_it() {
    let ca = Ca::shared();
    let (chain, key) =
        (FIRST.leaf_for("p256", Duration::from_secs(3600)), test_key("p256.pkcs8.pem"));
    let program = |way, window: &[&str], chain: &crate::hierarchy::Chain| {
        let program = ca.token(way, "db.test").args(["--ssh", "--host"]).args(window);
        let program = program.flag("--provisioner", X5C).flag("--x5c-cert", chain.pem());
        program.flag("--x5c-key", &key)
    };
    let sign = |token: &str| ca.ssh_sign(&ssh_request(&public_key("ed25519"), token));
    // Without an end it ends with the leaf, within it as asked.
    for window in [&[][..], &["--cert-not-after", "50m"]] {
        sign(&program(Way::CaJson, window, &chain).mint()).unwrap();
    }
    for window in [&["--cert-not-after", "2h"], &["--cert-not-before", "2h"]] {
        let by_step = by_step(ca, &chain, window);
        assert_eq!(sign(&by_step).unwrap_err().status, 403);
        for way in Way::ALL {
            let text = program(way, window, &chain).fail(2);
            assert!(text.contains("the certificate that vouches for it ends"), "{text}");
        }
    }
    // The rest of a leaf may be shorter than anything the CA signs, also for X.509; but the request
    // may ask for an earlier start, if the token does not.
    let chain = FIRST.leaf_for("p256", Duration::from_secs(180));
    let token = program(Way::Address, &[], &chain).mint();
    assert_eq!(sign(&token).unwrap_err().status, 403);
    let unless = "the CA refuses the token unless the request that spends it asks for an earlier \
                  start (`--not-before` of step): the certificate would end with the one";
    let ran = program(Way::CaJson, &[], &chain).run();
    assert!(ran.code == Some(0) && ran.stderr.contains(unless), "{}", ran.stderr);
    let (key_of_host, ott) = (public_key("ed25519"), ran.stdout.trim_end().to_owned());
    let request = SshSignRequest { valid_after: "-10m", ..ssh_request(&key_of_host, &ott) };
    ca.ssh_sign(&request).unwrap();
    let start = ["--cert-not-before", "1s"];
    assert_eq!(sign(&by_step(ca, &chain, &start)).unwrap_err().status, 403);
    assert!(program(Way::CaJson, &start, &chain).fail(2).contains("would end with the one"));

    let x509 = |way| {
        let program = ca.token(way, "db.test").flag("--provisioner", X5C);
        program.flag("--x5c-cert", chain.pem()).flag("--x5c-key", &key)
    };
    let token = x509(Way::Address).mint();
    assert_eq!(ca.sign(&Csr::for_host("db.test"), &token).unwrap_err().status, 403);
    let ran = x509(Way::CaJson).run();
    assert!(ran.code == Some(0) && ran.stderr.contains(unless), "{}", ran.stderr);
    let directory = tempfile::tempdir().unwrap();
    let [certificate, key] =
        ["db.crt", "db.key"].map(|it| directory.path().join(it).display().to_string());
    let arguments = ["ca", "certificate", "db.test", &certificate, &key, "--token"];
    let arguments = [&arguments[..], &[ran.stdout.trim_end(), "--not-before=-10m"]].concat();
    step(directory.path(), arguments).unwrap();
    let text = x509(Way::Online).run().stderr;
    assert!(text.contains("may refuse the token unless the request"), "{text}");
}

/// A token with the chain, made by step.
fn by_step(ca: &Ca, chain: &crate::hierarchy::Chain, window: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let [root, pem, key] =
        [ca.root(), chain.pem(), test_key("p256.pkcs8.pem")].map(|path| path.display().to_string());
    let mut arguments = vec!["ca", "token", "db.test", "--ssh", "--host", "--provisioner", X5C];
    arguments.extend(["--x5c-cert", &pem, "--x5c-key", &key, "--ca-url", ca.url()]);
    arguments.extend(["--root", &root]);
    arguments.extend(window);
    String::from_utf8(step(directory.path(), arguments).unwrap()).unwrap().trim_end().to_owned()
}

#[test]
fn a_host_certificate_without_a_start_is_neither_renewed_nor_rekeyed() {
    let ca = Ca::shared();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let text = |path: std::path::PathBuf| path.display().to_string();
    let (key, signer) = (text(ca.path("secrets/ssh_host_ca_key")), text(file("signer")));
    let password = text(ca.password());
    let change = ["crypto", "change-pass", &key, "--password-file", &password, "--out", &signer];
    step(directory.path(), [&change[..], &["--no-password", "--insecure"]].concat()).unwrap();
    std::fs::set_permissions(&signer, Permissions::from_mode(0o600)).unwrap();
    std::fs::copy(vector("ssh/ed25519.pub"), file("id.pub")).unwrap();
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-s", &signer, "-h", "-I", "db", "-n", "db.test", "-V", "always:+1d"]);
    stdout(command.arg(file("id.pub"))).unwrap();

    let token = |way: Way, action: &str| {
        let program = ca.token_without_subject(way).args(["--ssh", action]);
        let program = program.flag("--provisioner", SSHPOP);
        let program = program.flag("--sshpop-cert", file("id-cert.pub"));
        program.flag("--sshpop-key", test_key("ed25519.openssh"))
    };
    for way in Way::ALL {
        for action in ["--renew", "--rekey"] {
            assert!(token(way, action).fail(3).contains("no start"));
        }
        token(way, "--revoke").mint();
    }
    // step checks nothing, and the CA refuses.
    let (root, certificate) = (text(ca.root()), text(file("id-cert.pub")));
    let key = text(test_key("ed25519.openssh"));
    let mut arguments = vec!["ca", "token", "db.test", "--ssh", "--renew"];
    arguments.extend(["--sshpop-cert", &certificate, "--sshpop-key", &key, "--root", &root]);
    arguments.extend(["--ca-url", ca.url()]);
    let token = String::from_utf8(step(directory.path(), arguments).unwrap()).unwrap();
    let refusal = ca.ssh_renew(&public_key("ed25519"), token.trim_end()).unwrap_err();
    assert_eq!(refusal.status, 400, "{refusal}");
}
