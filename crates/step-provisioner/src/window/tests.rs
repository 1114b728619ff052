use proptest::prelude::*;

use super::*;
use crate::config::CaConfig;

const NOW: i64 = 1_800_000_000;

fn spending(lifetime: i64) -> Spending {
    Spending { made: NOW, first: NOW, last: NOW + lifetime }
}

/// A ca.json with one provisioner that has these claims, and an authority with those.
fn config(own: &str, authority: &str) -> CaConfig {
    let json = format!(
        r#"{{"authority":{{"claims":{{{authority}}},
            "provisioners":[{{"type":"SSHPOP","name":"n","claims":{{{own}}}}}]}}}}"#
    );
    CaConfig::parse(json.as_bytes()).unwrap()
}

fn window(starts: &str, ends: &str) -> Window {
    Window {
        certificate: CertificateType::SshUser,
        starts: When::optional(starts).unwrap(),
        ends: When::optional(ends).unwrap(),
        vouched_until: None,
    }
}

/// Checks a user certificate with a ca.json, for a token of five minutes.
fn checked(own: &str, starts: &str, ends: &str) -> Result<Vec<WindowDoubt>, WindowFault> {
    let config = config(own, "");
    let entry = &config.provisioners[0];
    let rules = WindowRules::of(entry, Some(&config), CertificateType::SshUser);
    window(starts, ends).check(Some(&rules), spending(300))
}

fn fault(own: &str, starts: &str, ends: &str) -> String {
    checked(own, starts, ends).unwrap_err().to_string()
}

/// What the CA refuses as the token is, and what the request can ask for instead.
fn doubt(own: &str, starts: &str, ends: &str) -> (String, Option<Remedy>) {
    let doubts = checked(own, starts, ends).unwrap();
    assert!(doubts.len() == 1 && doubts[0].needs_remedy(), "{doubts:?}");
    (doubts[0].fault.to_string(), doubts[0].remedy)
}

#[test]
fn the_limits_count_with_the_minute_before_the_signing() {
    for (starts, ends) in [
        ("", ""),
        ("", "24h"),
        ("", "4m"),
        ("-2h", "22h1m"),
        ("2m", "7m"),
        ("1h", ""),
        ("-1h", ""),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("0s", "0s"),
    ] {
        assert_eq!(checked("", starts, ends), Ok(Vec::new()), "{starts} {ends}");
    }
    for (starts, ends) in [("2m", "6m"), ("-2h", "22h1m1s"), ("2h", "168h")] {
        assert!(checked("", starts, ends).is_err(), "{starts} {ends}");
    }
    assert_eq!(
        fault("", "1s", "24h1m2s"),
        "would be valid for 24h1m1s; the longest that the CA signs is 24h0m0s (step-ca's default)"
    );
}

#[test]
fn a_time_that_the_token_leaves_open_can_come_with_the_request() {
    let longest = "the longest that the CA signs is 24h0m0s (step-ca's default)";
    assert_eq!(
        doubt("", "", "24h1s"),
        (format!("would be valid for 24h0m1s; {longest}"), Some(Remedy::LaterStart))
    );
    assert_eq!(
        doubt("", "", "1m"),
        (
            "would be valid for 2m0s with the 1m0s by which the CA backdates it; the shortest that \
             the CA signs is 5m0s (step-ca's default)"
                .to_owned(),
            Some(Remedy::EarlierStart)
        )
    );
    for (ends, remedy) in [("3m59s", Remedy::EarlierStart), ("168h", Remedy::LaterStart)] {
        assert_eq!(doubt("", "", ends).1, Some(remedy), "{ends}");
    }
    // The default ends in the past, but a later end is within the limits.
    let past = ("would end before it is signed".to_owned(), Some(Remedy::LaterEnd));
    assert_eq!(doubt("", "-17h", ""), past);
    assert_eq!(
        fault("", "-25h", ""),
        "would end before it is signed; the longest that the CA signs is 24h0m0s (step-ca's \
         default)"
    );
}

#[test]
fn some_times_are_possible_for_no_ca() {
    let alone = |starts, ends| window(starts, ends).check(None, spending(300));
    for (starts, ends, fault) in [
        ("1969-01-01T00:00:00Z", "", WindowFault::StartsBefore1970),
        ("-600000h", "", WindowFault::StartsBefore1970),
        ("", "1960-01-01T00:00:00Z", WindowFault::EndsBefore1970),
        ("", "-1h", WindowFault::EndsInThePast),
        ("", "2020-01-01T00:00:00Z", WindowFault::EndsInThePast),
        ("2h", "1h", WindowFault::EndsBeforeStart),
        ("2100-01-01T00:00:00Z", "24h", WindowFault::EndsBeforeStart),
    ] {
        assert_eq!(alone(starts, ends), Err(fault), "{starts} {ends}");
    }
    assert_eq!(alone("", "168h"), Ok(Vec::new()));
    // The leeway of a token that expires a minute after its end.
    let soon = Timestamp::from_unix_seconds(NOW + 100).to_string();
    let doubt = alone("", &soon).unwrap()[0];
    assert_eq!(
        (doubt.fault, doubt.from.map(Timestamp::unix_seconds), doubt.is_certain),
        (WindowFault::EndsInThePast, Some(NOW + 101), true)
    );
}

#[test]
fn a_default_outside_the_bounds_beside_it_needs_an_end_in_the_token_or_the_request() {
    let over = r#""maxUserSSHCertDuration":"10h","defaultUserSSHCertDuration":"20h""#;
    let (text, remedy) = doubt(over, "", "");
    assert_eq!(
        text,
        "would be valid for 20h0m0s (`defaultUserSSHCertDuration` of the provisioner); the longest \
         that the CA signs is 10h0m0s (`maxUserSSHCertDuration` of the provisioner)"
    );
    assert_eq!(remedy, Some(Remedy::EarlierEnd));
    assert_eq!(checked(over, "", "9h"), Ok(Vec::new()));
    let under = r#""minUserSSHCertDuration":"10h","defaultUserSSHCertDuration":"5h""#;
    let (text, remedy) = doubt(under, "", "");
    assert!(text.contains("the shortest that the CA signs is 10h0m0s"), "{text}");
    assert_eq!(remedy, Some(Remedy::LaterEnd));
    assert_eq!(checked(under, "", "10h"), Ok(Vec::new()));
}

#[test]
fn no_request_helps_if_the_limits_exclude_each_other() {
    let none = r#""minUserSSHCertDuration":"10h","maxUserSSHCertDuration":"5h""#;
    for ends in ["", "4h", "7h", "11h"] {
        assert_eq!(
            fault(none, "", ends),
            "cannot have any lifetime: the shortest that the CA signs is 10h0m0s \
             (`minUserSSHCertDuration` of the provisioner), the longest 5h0m0s \
             (`maxUserSSHCertDuration` of the provisioner)",
            "{ends}"
        );
    }
}

#[test]
fn what_vouches_bounds_the_certificate() {
    let until = |seconds, starts, ends| {
        let end = Timestamp::from_unix_seconds(NOW + seconds);
        let window = Window { vouched_until: Some(end), ..window(starts, ends) };
        let config = config("", "");
        let rules =
            WindowRules::of(&config.provisioners[0], Some(&config), CertificateType::SshUser);
        window.check(Some(&rules), spending(300))
    };
    assert_eq!(until(100_000, "", ""), Ok(Vec::new()));
    assert_eq!(until(100_000, "", "10h"), Ok(Vec::new()));
    let end = Timestamp::from_unix_seconds(NOW + 3600);
    assert_eq!(until(3600, "", "2h"), Err(WindowFault::OutlivesVoucher { end }));
    // A shorter default is cut, unless nothing that the CA signs is left; but the request may ask
    // for an earlier start, if the token does not.
    assert_eq!(until(3600, "", ""), Ok(Vec::new()));
    let doubts = until(200, "", "").unwrap();
    let remedies = doubts.iter().filter(|it| it.needs_remedy()).map(|it| it.remedy);
    assert!(remedies.eq([Some(Remedy::EarlierStart)]), "{doubts:?}");
    assert!(matches!(until(200, "1s", ""), Err(WindowFault::VoucherTooShort { .. })));
    assert_eq!(until(400, "-10m", ""), Ok(Vec::new()));
    // Five minutes from now there are only four and a half left.
    let doubts = until(510, "", "").unwrap();
    assert_eq!(doubts[0].from.map(Timestamp::unix_seconds), Some(NOW + 271));
}

#[test]
fn only_limits_of_the_entry_are_certain_without_the_ca_json() {
    let online = |own: &str, ends| {
        let config = config(own, "");
        let rules = WindowRules::of(&config.provisioners[0], None, CertificateType::SshUser);
        window("", ends).check(Some(&rules), spending(300))
    };
    let own = r#""maxUserSSHCertDuration":"100h""#;
    let doubts = online(own, "168h").unwrap();
    assert!(doubts.len() == 1 && doubts[0].needs_remedy());
    let doubts = online("", "168h").unwrap();
    assert!(doubts.len() == 1 && !doubts[0].is_certain && doubts[0].from.is_none());
    // The default moves the bound, but the authority's may be higher still.
    let moved = online(r#""defaultUserSSHCertDuration":"100h""#, "168h").unwrap();
    assert!(moved.len() == 1 && !moved[0].is_certain);
    let none = r#""minUserSSHCertDuration":"10h","maxUserSSHCertDuration":"5h""#;
    assert!(matches!(online(none, "7h"), Err(WindowFault::NoLifetime { .. })));
    let stale = CaConfig { enable_admin: true, ..config(own, "") };
    let rules = WindowRules::of(&stale.provisioners[0], Some(&stale), CertificateType::SshUser);
    assert_eq!(rules.known, Known::Nothing);
    let doubts = window("", "168h").check(Some(&rules), spending(300)).unwrap();
    assert!(doubts.len() == 1 && !doubts[0].is_certain);
}

#[test]
fn a_certificate_to_rekey_keeps_its_lifetime_which_must_be_within_the_limits() {
    let check = |own: &str, known: Option<()>, lifetime: &str| {
        let config = config(own, "");
        let known = known.map(|()| &config);
        let rules = WindowRules::of(&config.provisioners[0], known, CertificateType::SshHost);
        rules.check_rekey(lifetime.parse().unwrap())
    };
    assert_eq!(check("", Some(()), "720h1m"), None);
    assert!(matches!(check("", Some(()), "720h1m1s"), Some((WindowFault::TooLong { .. }, true))));
    assert!(matches!(check("", None, "721h"), Some((WindowFault::TooLong { .. }, false))));
    assert!(matches!(check("", Some(()), "4m59s"), Some((WindowFault::TooShort { .. }, true))));
    let own = r#""minHostSSHCertDuration":"2h""#;
    assert!(matches!(check(own, None, "1h"), Some((WindowFault::TooShort { .. }, true))));
}

/// The times of a request, as seconds; zero if it asks for none.
type Asked = (i64, i64);

/// What step-ca does with a request for an SSH certificate at one moment, in its own order and words.
fn step_ca_signs(window: &Window, rules: &WindowRules, now: i64, asked: Asked) -> bool {
    let resolve = |when: Option<When>| -> Option<i64> {
        match when? {
            When::At(at) => Some(at.unix_seconds()),
            When::After(SignedDuration::ZERO) => Some(0),
            When::After(duration) => Some(now + duration.as_nanos().div_euclid(1_000_000_000)),
        }
    };
    let (mut after, mut before) = (resolve(window.starts), resolve(window.ends));
    if after.is_some_and(|at| at < 0) || before.is_some_and(|at| at < 0) {
        return false;
    }
    if asked.0 > 0 && asked.1 > 0 && asked.0 > asked.1 {
        return false;
    }
    after = after.filter(|at| *at != 0).or(Some(asked.0));
    before = before.filter(|at| *at != 0).or(Some(asked.1));
    after = after.filter(|at| *at != 0);
    before = before.filter(|at| *at != 0);
    let whole = |duration: SignedDuration| duration.as_nanos() / 1_000_000_000;
    let backdate = if after.is_none() { whole(rules.backdate) } else { 0 };
    let mut valid_after = after.unwrap_or(now);
    let end = window.vouched_until.map(Timestamp::unix_seconds);
    if end.is_some_and(|end| valid_after > end) {
        return false;
    }
    let valid_before = match before {
        Some(before) if end.is_some_and(|end| end < before) => return false,
        Some(before) => before,
        None => {
            let before = valid_after + whole(rules.limits.default.value);
            end.map_or(before, |end| end.min(before))
        }
    };
    valid_after -= backdate;
    let lifetime = valid_before - valid_after;
    valid_before >= now
        && lifetime >= 0
        && lifetime >= whole(rules.limits.min.value)
        && lifetime <= whole(rules.limits.max.value) + whole(rules.backdate)
}

/// The requests that decide: each limit, counted from each time.
fn requests(window: &Window, rules: &WindowRules, now: i64) -> Vec<Asked> {
    let whole = |duration: SignedDuration| duration.as_nanos() / 1_000_000_000;
    let (min, max) = (whole(rules.limits.min.value), whole(rules.limits.max.value));
    let longest = max + whole(rules.backdate);
    let of = |when: Option<When>| match when {
        Some(When::At(at)) => at.unix_seconds(),
        Some(When::After(duration)) => now + whole(duration),
        None => now,
    };
    let until = window.vouched_until.map_or(now, Timestamp::unix_seconds);
    let starts =
        [0, of(window.ends) - min, of(window.ends) - longest, until - min, until - longest];
    let ends = [0, now, of(window.starts) + min, of(window.starts) + longest, until];
    starts.into_iter().flat_map(|start| ends.map(|end| (start, end))).collect()
}

fn when() -> impl Strategy<Value = Option<When>> {
    let after = (-2000_i64..2000)
        .prop_map(|seconds| When::After(SignedDuration::saturating_from_seconds(seconds)));
    let at = (-2000_i64..2000).prop_map(|s| When::At(Timestamp::from_unix_seconds(NOW + s)));
    prop_oneof![Just(None), after.prop_map(Some), at.prop_map(Some)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_refuses_exactly_what_step_ca_always_refuses(
        starts in when(), ends in when(), until in proptest::option::of(-100_i64..3000),
        [min, max, default] in prop::array::uniform3(1_i64..1500), backdate in 0_i64..100,
        delay in 0_i64..200, life in 10_i64..400,
    ) {
        let limit = |seconds, member| Limit {
            value: SignedDuration::saturating_from_seconds(seconds), member, set_by: SetBy::Provisioner,
        };
        let [m, x, d] = CertificateType::SshUser.members();
        let rules = WindowRules {
            limits: Limits { min: limit(min, m), max: limit(max, x), default: limit(default, d) },
            backdate: SignedDuration::saturating_from_seconds(backdate),
            known: Known::All,
        };
        let window = Window {
            certificate: CertificateType::SshUser, starts, ends,
            vouched_until: until.map(|s| Timestamp::from_unix_seconds(NOW + s)),
        };
        let spending = Spending { made: NOW, first: NOW + delay, last: NOW + delay + life };
        let Span { first, last } = spending.possible();
        let at = |second: i128| i64::try_from(second).unwrap();
        let signs = |second: i128| step_ca_signs(&window, &rules, at(second), (0, 0));
        let possible = (first..=last).any(|second| {
            let requests = requests(&window, &rules, at(second));
            requests.into_iter().any(|asked| step_ca_signs(&window, &rules, at(second), asked))
        });
        let found = window.check(Some(&rules), spending);
        prop_assert_eq!(found.is_ok(), possible, "{:?}", found);
        if let Ok(doubts) = found {
            let Span { first, last } = spending.usual();
            prop_assert_eq!(doubts.is_empty(), (first..=last).all(signs), "{:?}", doubts);
            for doubt in doubts.iter().filter(|doubt| doubt.needs_remedy()) {
                prop_assert!(!(first..=last).any(signs), "{:?}", doubt);
            }
            for doubt in doubts.into_iter().filter(|doubt| doubt.from.is_some()) {
                let from = i128::from(doubt.from.unwrap().unix_seconds());
                prop_assert!((from..=last).all(|at| !signs(at)));
            }
        }
    }

    #[test]
    fn no_times_overflow(starts: i64, ends: i64, until: i64, made: i64, last: i64, nanos: i64) {
        let at = |seconds| Some(When::At(Timestamp::from_unix_seconds(seconds)));
        let spending = Spending { made, first: made, last };
        let value = SignedDuration::from_nanos(nanos);
        let limit = Limit { value, member: "maxTLSCertDuration", set_by: SetBy::Authority };
        let rules = WindowRules {
            limits: Limits { min: limit, max: limit, default: limit }, backdate: value, known: Known::All,
        };
        let window = Window {
            certificate: CertificateType::X509, starts: at(starts), ends: at(ends),
            vouched_until: Some(Timestamp::from_unix_seconds(until)),
        };
        for window in [window, Window { starts: Some(When::After(value)), ends: None, ..window }] {
            let _ = window.check(Some(&rules), spending).map_err(|fault| fault.to_string());
        }
    }
}
