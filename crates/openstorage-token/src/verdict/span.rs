/// Returns a length of time in the largest unit that makes sense to a person.
pub(super) fn span(from: i64, to: i64) -> String {
    let seconds = to.saturating_sub(from);
    let units = [(31_536_000, "years"), (86_400, "days"), (3600, "hours"), (60, "minutes")];
    match units.into_iter().find(|(length, _)| seconds >= 2 * length) {
        Some((length, unit)) => format!("{} {unit}", seconds / length),
        None if seconds == 1 => "1 second".to_owned(),
        None => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_in_words() {
        for (seconds, words) in
            [(1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (172_800, "2 days")]
        {
            assert_eq!(span(0, seconds), words);
        }
    }
}
