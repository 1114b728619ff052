//! The two times of a certificate.
//!
//! Source: golang.org/x/crypto, `cryptobyte/asn1.go` (`ReadASN1UTCTime`, `ReadASN1GeneralizedTime`).

use token_time::Timestamp;

use crate::verify::der::{Der, GENERALIZED_TIME, UTC_TIME};

/// Reads when a certificate begins and ends.
pub(crate) fn validity(mut der: Der<'_>) -> Option<(Timestamp, Timestamp)> {
    Some((time(&mut der)?, time(&mut der)?))
}

fn time(der: &mut Der<'_>) -> Option<Timestamp> {
    let seconds = if der.is_next(UTC_TIME) {
        utc(der.element(UTC_TIME)?.contents)?
    } else {
        generalized(der.element(GENERALIZED_TIME)?.contents)?
    };
    Some(Timestamp::from_unix_seconds(seconds))
}

/// Two digits of a year, which is below 2050; the seconds may be missing.
fn utc(text: &[u8]) -> Option<i64> {
    let (digits, offset) = split(text)?;
    let (digits, seconds) = match digits.len() {
        12 => (digits.get(..10)?, number(digits.get(10..)?)?),
        10 => (digits, 0),
        _ => return None,
    };
    let (year, rest) = digits.split_at_checked(2)?;
    let year = number(year)?;
    // Go reads 69 to 99 as the last century, and then moves years from 2050 there too.
    let year = if year >= 50 { 1900 + year } else { 2000 + year };
    instant(year, rest, seconds, offset)
}

fn generalized(text: &[u8]) -> Option<i64> {
    let (digits, offset) = split(text)?;
    if digits.len() != 14 {
        return None;
    }
    let (year, rest) = digits.split_at_checked(4)?;
    let (rest, seconds) = rest.split_at_checked(8)?;
    instant(number(year)?, rest, number(seconds)?, offset)
}

/// Splits off the zone and returns its seconds east of UTC; UTC itself is always `Z`.
fn split(text: &[u8]) -> Option<(&[u8], i64)> {
    if let Some(digits) = text.strip_suffix(b"Z") {
        return Some((digits, 0));
    }
    let (digits, zone) = text.split_at_checked(text.len().checked_sub(5)?)?;
    let (sign, zone) = zone.split_first()?;
    let (hours, minutes) = zone.split_at_checked(2)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 24 || minutes > 59 || hours + minutes == 0 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    match sign {
        b'+' => Some((digits, seconds)),
        b'-' => Some((digits, -seconds)),
        _ => None,
    }
}

/// Joins a year with eight digits: month, day, hour and minute.
fn instant(year: i64, digits: &[u8], seconds: i64, offset: i64) -> Option<i64> {
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let [month, day, hour, minute] = pairs else { return None };
    let [month, day] = [number(month)?, number(day)?];
    let [hour, minute] = [number(hour)?, number(minute)?];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || seconds > 59 {
        return None;
    }
    Some(days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + seconds - offset)
}

/// Counts the days from 1970-01-01; the year begins in March, so that a leap day is its last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    let of_years = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    of_years + of_year - 719_468
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc_at(text: &str) -> Option<String> {
        utc(text.as_bytes()).map(|seconds| Timestamp::from_unix_seconds(seconds).to_string())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(utc_at("700101000000Z").as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(utc_at("491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
        assert_eq!(utc_at("500229000000Z"), None);
        assert_eq!(utc_at("2402290000Z").as_deref(), Some("2024-02-29T00:00:00Z"));
        assert_eq!(utc_at("240229000000+0130").as_deref(), Some("2024-02-28T22:30:00Z"));
        for text in ["240229000000+0000", "240229000000", "24022900000aZ", "241301000000Z", "Z", ""]
        {
            assert_eq!(utc_at(text), None, "{text}");
        }
        let at = |text: &str| generalized(text.as_bytes());
        assert_eq!(at("20500101000000Z"), Some(2_524_608_000));
        assert_eq!(at("00000101000000Z"), Some(-62_167_219_200));
        assert_eq!(at("20240230000000Z"), None);
    }
}
