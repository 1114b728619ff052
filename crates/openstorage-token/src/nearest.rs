//! The known name that was probably meant.

/// Returns the name that takes the fewest changed letters to reach, if that is one letter in four and
/// no more than two.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 4).clamp(1, 2);
    let near = known.into_iter().filter_map(|known| {
        let apart = name.len().abs_diff(known.len());
        // A long text is compared with nothing.
        (apart <= most).then(|| (distance(name, known), known)).filter(|(far, _)| *far <= most)
    });
    near.min_by_key(|(far, _)| *far).map(|(_, known)| known)
}

/// Returns the [`nearest`] name, or else the shortest one that begins with this one.
pub(crate) fn nearest_or_longer<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let longer = || {
        let longer = known.iter().filter(|known| name.len() > 2 && known.starts_with(name));
        longer.min_by_key(|known| known.len()).copied()
    };
    nearest(name, known.iter().copied()).or_else(longer)
}

/// Returns how many letters must be inserted, dropped or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut corner = at;
        let mut left = at + 1;
        for (cell, there) in row.iter_mut().skip(1).zip(&other) {
            let changed = corner + usize::from(letter != *there);
            corner = *cell;
            left = changed.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slip_finds_the_name() {
        let known = ["inspect", "inspectwithfilters", "enumerate", "volume", "node"];
        for (name, meant) in [
            ("inspectt", Some("inspect")),
            ("inpect", Some("inspect")),
            ("volumes", Some("volume")),
            ("enumreate", Some("enumerate")),
            ("nodes", Some("node")),
            ("list", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
    }

    #[test]
    fn the_beginning_of_a_name_finds_it() {
        let known = ["drainattachments", "snapshotrestore", "snapshotcreate", "stats"];
        for (name, meant) in [
            ("drain", Some("drainattachments")),
            ("snapshot", Some("snapshotcreate")),
            ("stat", Some("stats")),
            ("s", None),
            ("", None),
        ] {
            assert_eq!(nearest_or_longer(name, &known), meant, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_distance_is_one(one in ".{0,12}", other in ".{0,12}") {
            prop_assert_eq!(distance(&one, &one), 0);
            prop_assert_eq!(distance(&one, &other), distance(&other, &one));
            let (a, b) = (one.chars().count(), other.chars().count());
            prop_assert!((a.abs_diff(b)..=a.max(b)).contains(&distance(&one, &other)));
        }
    }
}
