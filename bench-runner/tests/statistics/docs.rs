//! docs/STATISTICS.md holds what is computed here, and nothing else.

use std::fs;
use std::path::Path;

use crate::{alarms, power, real, rivals, visible};

/// The text with what stands between the marks of `name` replaced.
fn with(text: &str, name: &str, computed: &str) -> String {
    let (begin, end) = (format!("<!-- computed: {name} -->\n"), format!("<!-- end: {name} -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no mark {begin:?}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no mark {end:?}"));
    format!("{before}{begin}\n{computed}\n{end}{after}")
}

#[test]
fn the_document_holds_what_is_computed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/STATISTICS.md");
    let held = fs::read_to_string(&path).unwrap();
    let tables = [
        ("false alarms", alarms::table()),
        ("rivals", rivals::table()),
        ("one number", power::one_number()),
        ("found", power::found_table()),
        ("confirmed", power::confirmed_table()),
        ("passed", power::passed_table()),
        ("visible", visible::visible_table()),
        ("fewest pairs", visible::fewest_table()),
        ("bounds", visible::bounds_table()),
        ("real", real::table()),
    ];
    assert_eq!(
        held.matches("<!-- computed: ").count(),
        tables.len(),
        "a table that nothing computes"
    );
    let computed = tables
        .iter()
        .fold(held.clone(), |text, (name, table)| with(&text, name, table));
    if std::env::var_os("STATISTICS_WRITE").is_some() {
        fs::write(&path, computed).unwrap();
    } else {
        let differ = held
            .lines()
            .zip(computed.lines())
            .find(|(held, computed)| held != computed);
        assert!(
            held == computed,
            "docs/STATISTICS.md is not what is computed; first {differ:#?}\nSTATISTICS_WRITE=1 writes it"
        );
    }
}
