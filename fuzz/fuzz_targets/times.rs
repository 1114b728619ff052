//! Durations in Go's syntax, RFC 3339 times, and their results from a "now".

#![no_main]

use libfuzzer_sys::fuzz_target;
use token_time::{SignedDuration, Timestamp, When};

fuzz_target!(|data: &[u8]| {
    let (first, nanos, seconds) = numbers(data);
    let time = Timestamp::from_unix(seconds, nanos % 1_000_000_000).expect("below a second");
    let duration = SignedDuration::from_nanos(first);
    duration_survives_its_text(duration);
    if let Ok(again) = time.to_string().parse::<Timestamp>() {
        assert_eq!(again, time);
    }
    move_by(time, duration);

    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<SignedDuration>() {
        Ok(duration) => {
            duration_survives_its_text(duration);
            move_by(time, duration);
        }
        Err(error) => drop(error.to_string()),
    }
    match text.parse::<Timestamp>() {
        Ok(parsed) => {
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
            assert!(time.checked_add(parsed.saturating_since(time)).is_some());
        }
        Err(error) => drop(error.to_string()),
    }
    match text.parse::<When>() {
        Ok(when) => {
            let (time_said, duration_said) =
                (text.parse::<Timestamp>().is_ok(), text.parse::<SignedDuration>().is_ok());
            assert_eq!(
                (time_said, duration_said),
                match when {
                    When::At(_) => (true, false),
                    When::After(_) => (false, true),
                }
            );
            for now in [time, Timestamp::UNIX_EPOCH, Timestamp::from_unix_seconds(1_795_385_145)] {
                match when.resolve(now) {
                    Ok(at) => drop(at.to_string()),
                    Err(error) => drop(error.to_string()),
                }
            }
            let certificate_text = when.certificate_text();
            if !certificate_text.is_empty() {
                assert_eq!(certificate_text.parse(), Ok(when));
            }
        }
        Err(error) => drop(error.to_string()),
    }
    let _ = When::optional(text);
});

fn duration_survives_its_text(duration: SignedDuration) {
    assert_eq!(duration.to_string().parse(), Ok(duration));
}

fn move_by(time: Timestamp, duration: SignedDuration) {
    let _ = time.to_string();
    if let Some(later) = time.checked_add(duration) {
        assert_eq!(later.checked_sub(duration), Some(time));
        assert_eq!(later.saturating_since(time), duration);
        let _ = later.to_string();
    }
}

/// Takes the first twenty bytes as numbers.
fn numbers(data: &[u8]) -> (i64, u32, i64) {
    let mut bytes = [0; 20];
    let len = data.len().min(bytes.len());
    bytes[..len].copy_from_slice(&data[..len]);
    let [first, nanos, seconds] = [&bytes[..8], &bytes[8..12], &bytes[12..]];
    (
        i64::from_le_bytes(first.try_into().expect("eight bytes")),
        u32::from_le_bytes(nanos.try_into().expect("four bytes")),
        i64::from_le_bytes(seconds.try_into().expect("eight bytes")),
    )
}
