use std::borrow::Cow;
use std::io;

/// Writes cells below each other: two blanks between columns, and none at the end of a line. A long
/// cell is cut, because every other row is padded to its width.
///
/// `rows` hands each row to the function it is given, and is called twice: for the widths, and to
/// write. So no more than one row is in memory.
///
/// # Errors
///
/// What the writer or `rows` answers.
pub fn columns(
    out: &mut dyn io::Write,
    mut rows: impl FnMut(&mut dyn FnMut(&[String]) -> io::Result<()>) -> io::Result<()>,
) -> io::Result<()> {
    let mut widths: Vec<usize> = Vec::new();
    rows(&mut |row| {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cut(cell).chars().count());
        }
        Ok(())
    })?;
    rows(&mut |row| {
        let cells = row.iter().zip(&widths);
        let padded = cells.map(|(cell, &width)| format!("{:width$}", cut(cell)));
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())
    })
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

    fn columns(rows: &[Vec<String>]) -> String {
        let mut text = Vec::new();
        super::columns(&mut text, |each| rows.iter().try_for_each(|row| each(row))).unwrap();
        String::from_utf8(text).unwrap()
    }

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
