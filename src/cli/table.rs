//! Columns that stand under each other.

use crate::base::{columns, fit, pad_end, pad_start};

/// Most columns of a cell.
const MOST: usize = 200;

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// For words.
    Left,
    /// For numbers.
    Right,
}

/// Rows of cells below a row of titles.
pub(super) struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
    rules: Vec<usize>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let titles = columns.iter().map(|(title, _)| (*title).to_string()).collect();
        let align = columns.iter().map(|(_, align)| *align).collect();
        Self { align, rows: vec![titles], rules: vec![1] }
    }

    /// A row more. What is longer than a line of a large terminal is cut.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| fit(&cell, MOST).into_owned()).collect());
    }

    /// A line above the row that comes next.
    pub fn rule(&mut self) {
        self.rules.push(self.rows.len());
    }

    /// The text, two spaces between columns, no space at the ends of lines.
    pub fn text(&self) -> String {
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| columns(cell)).max()
        };
        let widths: Vec<usize> =
            (0..self.align.len()).map(|column| width(column).unwrap_or(0)).collect();
        let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1));
        let mut text = String::new();
        for (i, row) in self.rows.iter().enumerate() {
            if self.rules.contains(&i) {
                text.push_str(&rule);
                text.push('\n');
            }
            let cells: Vec<String> = row
                .iter()
                .zip(self.align.iter().zip(&widths))
                .map(|(cell, (align, width))| match align {
                    Align::Left => pad_end(cell, *width),
                    Align::Right => pad_start(cell, *width),
                })
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let mut table =
            Table::new(&[("layer", Align::Left), ("n", Align::Right), ("", Align::Left)]);
        table.row(["fc".into(), "12".into(), String::new()]);
        table.rule();
        table.row(["all".into(), "7".into(), "x".into()]);
        let text = "layer   n\n────────────\nfc     12\n────────────\nall     7  x\n";
        assert_eq!(table.text(), text);
    }

    #[test]
    fn columns_are_those_of_the_terminal() {
        let mut table = Table::new(&[("name", Align::Left), ("n", Align::Right)]);
        table.row(["漢字漢".into(), "1".into()]);
        table.row(["a".repeat(70_000), "2".into()]);
        let text = table.text();
        let widths: Vec<usize> = text.lines().map(columns).collect();
        assert_eq!(widths, [MOST + 3; 4]);
        assert!(text.lines().last().is_some_and(|line| line.ends_with("aaa…  2")), "{text}");
    }
}
