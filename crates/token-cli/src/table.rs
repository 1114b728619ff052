use std::borrow::Cow;

/// Puts cells below each other: two blanks between columns, and none at the end of a line. A long
/// cell is cut, because every other row is padded to its width.
///
/// The first row has as many cells as any other.
#[must_use]
pub fn columns(rows: &[Vec<String>]) -> String {
    let cut: Vec<Vec<_>> =
        rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = cut.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let most = rows.first().map(Vec::len).unwrap_or_default();
    let widths: Vec<usize> = (0..most).map(width).collect();
    let mut text = String::new();
    for row in &cut {
        let cells = row.iter().zip(&widths);
        let padded = cells.map(|(cell, &width)| format!("{cell:width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Cuts a cell that is wider than a column may be.
fn cut(cell: &str) -> Cow<'_, str> {
    match cell.char_indices().nth(WIDEST) {
        None => Cow::Borrowed(cell),
        Some(_) => Cow::Owned(cell.chars().take(WIDEST - 1).chain(['…']).collect()),
    }
}

/// The most characters of a cell. A thumbprint has 43, a client of Google's 72.
const WIDEST: usize = 80;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_cell_is_cut() {
        let rows = [vec!["a".repeat(70_000), "b".to_owned()], vec!["é".repeat(80), "c".to_owned()]];
        let expected = format!("{}…  b\n{}  c\n", "a".repeat(79), "é".repeat(80));
        assert_eq!(columns(&rows), expected);
    }

    proptest! {
        #[test]
        fn a_table_is_no_larger_than_its_rows_allow(
            rows in proptest::collection::vec(proptest::collection::vec("\\PC{0,200}", 3), 0..20),
        ) {
            let text = columns(&rows);
            prop_assert_eq!(text.lines().count(), rows.len());
            prop_assert!(text.lines().all(|line| line.chars().count() <= 3 * (WIDEST + 2)));
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["TYPE", "NAME"], ["JWK", "é"], ["SSHPOP", ""]];
        let rows: Vec<_> = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(columns(&rows), "TYPE    NAME\nJWK     é\nSSHPOP\n");
    }
}
