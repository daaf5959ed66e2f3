//! What is said to be visible, held against campaigns with a true effect of that size.

use std::fmt::Write;
use std::sync::LazyLock;

use bench_runner::stats::gate::{POWER, Rule, Verdict, judge, rate_bound, visible_effect};

use crate::noise::standard;

const PAIRS: [usize; 7] = [7, 8, 10, 12, 16, 20, 24];
const SDS: [f64; 4] = [0.01, 0.03, 0.05, 0.08];
const CAMPAIGNS: usize = 500;

struct Cell {
    visible: f64,
    found: f64,
}

/// Campaign c has the seed 9,000,000 + c in every cell.
fn cell(pairs: usize, sd: f64) -> Cell {
    let rule = Rule::default();
    let visible = visible_effect(&rule, sd, pairs, POWER);
    let found = |seed: &u64| {
        let data = standard(pairs, *seed)
            .iter()
            .map(|z| visible.ln_1p() + sd * z)
            .collect();
        judge(&[data], &rule, 0).unwrap()[0].verdict == Verdict::Regression
    };
    let found = (9_000_000..).take(CAMPAIGNS).filter(found).count();
    Cell {
        visible,
        found: found as f64 / CAMPAIGNS as f64,
    }
}

static GRID: LazyLock<Vec<Vec<Cell>>> = LazyLock::new(|| {
    let row = |&pairs: &usize| SDS.iter().map(|&sd| cell(pairs, sd)).collect();
    PAIRS.iter().map(row).collect()
});

#[test]
fn what_is_said_to_be_visible_is_found_as_often_as_said() {
    for (pairs, row) in PAIRS.iter().zip(&*GRID) {
        for (sd, cell) in SDS.iter().zip(row) {
            // With some ten pairs t theory promises a little too much.
            let found = cell.found;
            assert!(
                (0.82..=0.95).contains(&found),
                "{pairs} pairs at {sd}: {} in {found}",
                cell.visible
            );
        }
    }
}

/// As short as it is exact: 0.5 %, 2 %.
pub(crate) fn per_cent(part: f64) -> String {
    format!("{} %", (part * 1_000.0).round() / 10.0)
}

pub(crate) fn visible_table() -> String {
    let mut table = "| pairs |".to_owned();
    for sd in SDS {
        write!(table, " SD {} |", per_cent(sd)).unwrap();
    }
    table.push_str("\n| ---: | ---: | ---: | ---: | ---: |\n");
    for (pairs, row) in PAIRS.iter().zip(&*GRID) {
        write!(table, "| {pairs} |").unwrap();
        for cell in row {
            write!(table, " {:.1} % ({:.0}) |", cell.visible * 100.0, cell.found * 100.0).unwrap();
        }
        table.push('\n');
    }
    table
}

pub(crate) fn fewest_table() -> String {
    let (mut metrics, mut fewest) = ("| gated metrics |".to_owned(), "| fewest pairs |".to_owned());
    for family in [1, 2, 3, 4, 6, 8, 12] {
        let rule = Rule {
            family,
            ..Rule::default()
        };
        let enough = (1..).find(|&pairs| rule.check_plan(pairs).is_ok()).unwrap();
        write!(metrics, " {family} |").unwrap();
        write!(fewest, " {enough} |").unwrap();
    }
    format!("{metrics}\n|{}\n{fewest}\n", " --- |".repeat(8))
}

pub(crate) fn bounds_table() -> String {
    let runs = [5, 20, 50, 100, 300, 1_000];
    let mut table = format!("| false alarms | {} |\n", runs.map(|n| format!("of {n}")).join(" | "));
    writeln!(table, "| ---: |{}", " ---: |".repeat(runs.len())).unwrap();
    for alarms in 0..3 {
        let bounds = runs.map(|runs| format!("{:.1} %", rate_bound(alarms, runs) * 100.0));
        writeln!(table, "| {alarms} | {} |", bounds.join(" | ")).unwrap();
    }
    table
}
