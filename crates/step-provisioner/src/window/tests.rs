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
    assert_eq!(
        fault("", "", "24h1s"),
        "would be valid for 24h0m1s; the longest that the CA signs is 24h0m0s (step-ca's default)"
    );
    assert_eq!(
        fault("", "", "1m"),
        "would be valid for 2m0s with the 1m0s by which the CA backdates it; the shortest that the \
         CA signs is 5m0s (step-ca's default)"
    );
    for (starts, ends) in [("", "3m59s"), ("2m", "6m"), ("-2h", "22h1m1s"), ("", "168h")] {
        assert!(checked("", starts, ends).is_err(), "{starts} {ends}");
    }
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
fn a_default_outside_the_bounds_beside_it_needs_an_end() {
    let over = r#""maxUserSSHCertDuration":"10h","defaultUserSSHCertDuration":"20h""#;
    assert_eq!(
        fault(over, "", ""),
        "would be valid for 20h0m0s (`defaultUserSSHCertDuration` of the provisioner); the longest \
         that the CA signs is 10h0m0s (`maxUserSSHCertDuration` of the provisioner)"
    );
    assert!(checked(over, "", "9h").is_ok());
    let under = r#""minUserSSHCertDuration":"10h","defaultUserSSHCertDuration":"5h""#;
    assert!(fault(under, "", "").contains("the shortest that the CA signs is 10h0m0s"));
    assert!(checked(under, "", "10h").is_ok());
}

#[test]
fn what_vouches_bounds_the_certificate() {
    let until = |seconds, ends| {
        let end = Timestamp::from_unix_seconds(NOW + seconds);
        let window = Window { vouched_until: Some(end), ..window("", ends) };
        let config = config("", "");
        let rules =
            WindowRules::of(&config.provisioners[0], Some(&config), CertificateType::SshUser);
        window.check(Some(&rules), spending(300))
    };
    assert_eq!(until(100_000, ""), Ok(Vec::new()));
    assert_eq!(until(100_000, "10h"), Ok(Vec::new()));
    let end = Timestamp::from_unix_seconds(NOW + 3600);
    assert_eq!(until(3600, "2h"), Err(WindowFault::OutlivesVoucher { end }));
    // A shorter default is cut, unless nothing that the CA signs is left.
    assert_eq!(until(3600, ""), Ok(Vec::new()));
    assert!(matches!(until(200, ""), Err(WindowFault::VoucherTooShort { .. })));
    // Five minutes from now there are only four and a half left.
    let doubts = until(510, "").unwrap();
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
    assert!(online(own, "168h").is_err());
    let doubts = online("", "168h").unwrap();
    assert!(doubts.len() == 1 && !doubts[0].is_certain && doubts[0].from.is_none());
    // The default moves the bound, but the authority's may be higher still.
    let moved = online(r#""defaultUserSSHCertDuration":"100h""#, "168h").unwrap();
    assert!(moved.len() == 1 && !moved[0].is_certain);
    let stale = CaConfig { enable_admin: true, ..config(own, "") };
    let rules = WindowRules::of(&stale.provisioners[0], Some(&stale), CertificateType::SshUser);
    assert_eq!(rules.known, Known::Nothing);
    assert!(window("", "168h").check(Some(&rules), spending(300)).is_ok_and(|it| it.len() == 1));
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

/// What step-ca does with an SSH certificate at one moment, in its own order and words.
fn step_ca_signs(window: &Window, rules: &WindowRules, now: i64) -> bool {
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
        let signs = |at: i128| step_ca_signs(&window, &rules, i64::try_from(at).unwrap());
        let possible = (first..=last).any(signs);
        let found = window.check(Some(&rules), spending);
        prop_assert_eq!(found.is_ok(), possible, "{:?}", found);
        if let Ok(doubts) = found {
            let Span { first, last } = spending.usual();
            prop_assert_eq!(doubts.is_empty(), (first..=last).all(signs), "{:?}", doubts);
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
