//! Warnings for people: below the table in short, in the README of the run in full.

use std::collections::BTreeMap;

use loadgen::units::counted;

use super::notes::broken;
use crate::record::{Row, Run, Warning};
use crate::stats::warning_size as size;

/// Rows that are named as those in which a warning was given; more are counted.
const NAMED: usize = 3;

/// A kind of warning over the rows of a run.
struct Seen<'a> {
    /// That of the row that had most of it, and how much.
    warning: &'a Warning,
    size: f64,
    worst: String,
    rows: Vec<String>,
}

/// Lines below the table: the first sentence of what was known beforehand, and all of what the windows showed. Empty
/// where there is nothing to say.
#[must_use]
pub fn below_the_table(run: &Run, rows: &[Row], width: usize) -> String {
    let known = run.warnings.iter().map(|warning| {
        let first = warning.text.split_inclusive(". ").next().unwrap_or_default();
        format!("! {}: {}", warning.kind, first.trim_end())
    });
    let seen = seen(rows);
    let seen = seen.iter().map(|seen| format!("! {}", told(seen)));
    let indented = |text: String| broken(&text, width - 2).join("\n  ") + "\n";
    let text: String = known.chain(seen).map(indented).collect();
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// All of them in full: those that were known beforehand, and those that the windows showed.
#[must_use]
pub fn all(run: &Run, rows: &[Row]) -> Vec<String> {
    let known = run
        .warnings
        .iter()
        .map(|warning| format!("{}: {}", warning.kind, warning.text));
    known.chain(seen(rows).iter().map(told)).collect()
}

/// A section of the README; empty where there is nothing to say.
#[must_use]
pub fn section(run: &Run, rows: &[Row]) -> String {
    let all: String = all(run, rows).iter().map(|text| format!("- {text}\n")).collect();
    if all.is_empty() {
        all
    } else {
        format!("\n## Warnings\n\n{all}")
    }
}

/// Each kind once, with the words of the row that had most of it.
fn seen(rows: &[Row]) -> Vec<Seen<'_>> {
    let mut kinds: BTreeMap<&str, Seen> = BTreeMap::new();
    for row in rows {
        for warning in &row.warnings {
            let name = format!("{} {}", row.cell_id, row.window.name());
            let size = size(&warning.kind, row);
            let seen = kinds.entry(&warning.kind).or_insert_with(|| Seen {
                warning,
                size,
                worst: name.clone(),
                rows: Vec::new(),
            });
            if size > seen.size {
                (seen.warning, seen.size, seen.worst) = (warning, size, name.clone());
            }
            seen.rows.push(name);
        }
    }
    kinds.into_values().collect()
}

fn told(seen: &Seen) -> String {
    let Seen {
        warning, worst, rows, ..
    } = seen;
    let which = match rows.len() {
        1 => worst.clone(),
        2..=NAMED => format!("{}; worst in {worst}", rows.join(", ")),
        all => format!("{}, worst in {worst}", counted(all as u64, "row")),
    };
    format!("{} ({which}): {}", warning.kind, warning.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cell: &str, warnings: &[(&str, &str)]) -> Row {
        let mut row: Row = serde_json::from_str(include_str!("../stats/warnings/quiet-row.json")).unwrap();
        row.cell_id = cell.to_owned();
        row.warnings = warnings.iter().map(|(kind, text)| Warning::new(kind, *text)).collect();
        // The first word of it is how much.
        let percent = warnings
            .iter()
            .find_map(|(_, text)| text.split(' ').next()?.parse::<f64>().ok());
        row.server_steal_share = percent.map(|percent| percent / 100.0);
        row
    }

    #[test]
    fn each_kind_is_told_once_with_the_rows_that_had_it() {
        let rows = [
            row(
                "poll/10/1",
                &[("steal", "5 % was stolen."), ("cpu-quota", "It ran out.")],
            ),
            row("poll/10/2", &[]),
            row("poll/10/3", &[("steal", "7 % was stolen.")]),
        ];
        let told: Vec<String> = seen(&rows).iter().map(told).collect();
        assert_eq!(
            told,
            [
                "cpu-quota (poll/10/1 busy): It ran out.",
                "steal (poll/10/1 busy, poll/10/3 busy; worst in poll/10/3 busy): 7 % was stolen."
            ]
        );
        let many = vec![row("a/1/1", &[("steal", "It was.")]); 5];
        assert_eq!(
            super::told(&seen(&many)[0]),
            "steal (5 rows, worst in a/1/1 busy): It was."
        );
    }

    #[test]
    fn nothing_is_said_where_nothing_is_to_be_said() {
        assert!(seen(&[row("poll/10/1", &[])]).is_empty());
    }
}
