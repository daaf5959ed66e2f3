//! The columns of a list of changes, as many as there is room for.

use loadgen::units::grouped;

use super::words;
use crate::stats::compare::Change;

/// Spaces between columns.
const GAP: usize = 2;

/// A column: its head, whether it stands on the right, and its cells.
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) right: bool,
    pub(super) cells: Vec<String>,
}

/// How much is told, from least to most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    Plain,
    Intervals,
    Ranges,
    Rounds,
}

/// The columns of `changes` in the most detail that fits into `width`.
pub(super) fn fitting(changes: &[&Change], width: usize) -> Vec<Column> {
    [Detail::Rounds, Detail::Ranges, Detail::Intervals]
        .into_iter()
        .map(|detail| columns(changes, detail))
        .find(|columns| total(columns) <= width)
        .unwrap_or_else(|| columns(changes, Detail::Plain))
}

/// The columns of `changes`.
pub(super) fn columns(changes: &[&Change], detail: Detail) -> Vec<Column> {
    let wide = detail >= Detail::Ranges;
    let column = |head, right, cell: &dyn Fn(&Change) -> String| Column {
        head,
        right,
        cells: changes.iter().map(|change| cell(change)).collect(),
    };
    let mut columns = vec![
        column("server", false, &|change| change.key.server.clone()),
        column("conns", true, &|change| grouped(change.key.conns)),
        column("window", false, &|change| words::window(&change.key)),
        column("metric", false, &|change| words::head(change.metric).to_owned()),
        column("base", true, &|change| {
            words::estimate(change.metric, change.base.as_ref(), wide)
        }),
        column("current", true, &|change| {
            words::estimate(change.metric, change.current.as_ref(), wide)
        }),
        column("ratio", true, &|change| words::ratio(change.ratio.as_ref())),
    ];
    if detail >= Detail::Intervals {
        columns.push(column("", false, &|change| words::interval(change.ratio.as_ref())));
    }
    if changes.iter().any(|change| !words::from(change).is_empty()) {
        columns.push(column("from", true, &|change| words::from(change)));
    }
    if detail >= Detail::Rounds {
        columns.push(column("rounds", false, &|change| words::rounds(change)));
    }
    columns
}

fn width(column: &Column) -> usize {
    let lines = column.cells.iter().map(String::as_str).chain([column.head]);
    lines.map(|line| line.chars().count()).max().unwrap_or(0)
}

fn total(columns: &[Column]) -> usize {
    columns
        .iter()
        .map(|column| width(column) + GAP)
        .sum::<usize>()
        .saturating_sub(GAP)
}

/// The heads, and a line for each cell.
pub(super) fn lines(columns: &[Column]) -> (String, Vec<String>) {
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let joined = |cell: &dyn Fn(&Column) -> String| {
        let cells = columns.iter().zip(&widths).map(|(column, &width)| {
            let cell = cell(column);
            if column.right {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        let cells: Vec<String> = cells.collect();
        cells.join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let heads = joined(&|column| column.head.to_owned());
    let lines = (0..rows).map(|row| joined(&|column| column.cells[row].clone()));
    (heads, lines.collect())
}
