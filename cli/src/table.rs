//! Columns of text, as wide as what is in them.

use crate::output::{Output, Paint};

/// A cell, with a colour where it says something.
pub(crate) struct Cell {
    text: String,
    paint: Option<Paint>,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        // Names come from outside; one with a line break must not make a row of its own.
        let text = text.into().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { text, paint: None }
    }

    pub(crate) fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self { paint: Some(paint), ..Self::new(text) }
    }
}

/// Lines of columns below their headings. The last column isn't filled up.
pub(crate) fn render(headings: &[&str], rows: &[Vec<Cell>], output: Output) -> String {
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(column, heading)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.text.chars().count()).fold(heading.chars().count(), usize::max)
        })
        .collect();
    let headings: Vec<Cell> = headings.iter().map(|heading| Cell::painted(*heading, Paint::Dim)).collect();
    let lines = std::iter::once(&headings).chain(rows).map(|row| line(row, &widths, output));
    lines.collect::<Vec<_>>().join("\n")
}

fn line(row: &[Cell], widths: &[usize], output: Output) -> String {
    let last = row.len().saturating_sub(1);
    let mut line = String::new();
    for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
        line.push_str(&match cell.paint {
            Some(paint) => output.paint(&cell.text, paint),
            None => cell.text.clone(),
        });
        if column < last {
            let gap = width - cell.text.chars().count() + 2;
            line.push_str(&" ".repeat(gap));
        }
    }
    line
}
