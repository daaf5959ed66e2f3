//! Where the numbers of rows were read: told once for all rows that are alike.

use std::collections::BTreeMap;

use loadgen::units::counted;
use maud::{Markup, html};

use crate::record::Row;

/// Where the numbers of a row were read, and why others are not there, as one text by which rows are alike.
fn key(row: &Row) -> String {
    let lines = |map: &BTreeMap<String, String>, sign: &str| -> String {
        let line = |(name, text): (&String, &String)| format!("{sign}{name}\t{}\n", text.replace('\n', " "));
        map.iter().map(line).collect()
    };
    lines(&row.sources, "+") + &lines(&row.missing, "-")
}

/// The different ways in which the numbers of rows were read, the usual one first.
pub(super) fn sources(rows: &[Row]) -> Vec<String> {
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        *keys.entry(key(row)).or_default() += 1;
    }
    let mut keys: Vec<(String, usize)> = keys.into_iter().filter(|(key, _)| !key.is_empty()).collect();
    keys.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    keys.into_iter().map(|(key, _)| key).collect()
}

/// The number of the way in which those of a row were.
pub(super) fn set_of(row: &Row, sources: &[String]) -> Option<usize> {
    let key = key(row);
    sources.iter().position(|other| *other == key).map(|place| place + 1)
}

/// Where each number was read, told once for all rows that are alike.
pub(super) fn read(rows: &[Row]) -> Markup {
    let sources = sources(rows);
    let count = |key: &str| rows.iter().filter(|row| self::key(row) == key).count();
    html! {
        @for (i, set) in sources.iter().enumerate() {
            details id={ "sources-" (i + 1) } {
                summary { "Sources " (i + 1) ": where the numbers of " (counted(count(set) as u64, "row")) " were read" }
                dl.facts {
                    @for line in set.lines() {
                        @let (name, text) = line[1..].split_once('\t').unwrap_or((line, ""));
                        div {
                            dt { code { (name) } }
                            dd { @if line.starts_with('-') { "missing: " } (text) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_read_alike_share_a_number() {
        let mut row: Row = serde_json::from_str(include_str!("../../stats/warnings/quiet-row.json")).unwrap();
        row.sources.insert("rate".to_owned(), "its own clock".to_owned());
        let mut other = row.clone();
        other.missing.insert("memory".to_owned(), "two\nlines".to_owned());
        let rows = [other.clone(), row.clone(), row.clone()];
        let sources = sources(&rows);
        assert_eq!(sources.len(), 2);
        assert_eq!((set_of(&row, &sources), set_of(&other, &sources)), (Some(1), Some(2)));
        let mut bare = row.clone();
        (bare.sources, bare.missing) = Default::default();
        assert_eq!(set_of(&bare, &sources), None);
    }
}
