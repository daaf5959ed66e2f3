//! A difference that is there: how often the rule finds it, and how often it passes.

use std::fmt::Write;
use std::sync::LazyLock;

use bench_runner::stats::gate::{Judged, Rule, Verdict, confirmed, judge};

use crate::noise::{PAIRS, standard};
use crate::visible::per_cent;

const EFFECTS: [f64; 9] = [0.0, 0.01, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.1];
const SDS: [f64; 6] = [0.005, 0.01, 0.02, 0.03, 0.05, 0.08];
/// For each cell of a table.
const CAMPAIGNS: usize = 1_000;

/// Campaigns of normal data with a true `effect` and a paired SD of `sd`. Campaign c has the seed 7,000,000 + c in every
/// cell, so that cells differ by nothing but what they are about.
fn campaigns(count: usize, effect: f64, sd: f64) -> Vec<[Judged; 1]> {
    let one = |seed| {
        let noise = standard(PAIRS, seed);
        let data = noise.iter().map(|z| effect.ln_1p() + sd * z).collect();
        judge(&[data], &Rule::default(), 0).unwrap().try_into().unwrap()
    };
    (7_000_000..).take(count).map(one).collect()
}

#[derive(Clone, Copy)]
struct Cell {
    /// Regressions.
    found: usize,
    /// Regressions that the next campaign confirms.
    confirmed: usize,
    /// Passes.
    passed: usize,
    /// p below alpha and an estimate no less than the limit: the rule with one number.
    by_one_number: usize,
}

fn cell(count: usize, effect: f64, sd: f64) -> Cell {
    let campaigns = campaigns(count, effect, sd);
    let rule = Rule::default();
    let count = |what: &dyn Fn(&Judged) -> bool| campaigns.iter().filter(|judged| what(&judged[0])).count();
    let fresh = campaigns.iter().cycle().skip(1);
    let stays =
        |(first, second): &(&[Judged; 1], &[Judged; 1])| confirmed(*first, *second)[0].verdict == Verdict::Regression;
    Cell {
        found: count(&|judged| judged.verdict == Verdict::Regression),
        confirmed: campaigns.iter().zip(fresh).filter(stays).count(),
        passed: count(&|judged| judged.verdict == Verdict::NoDifference),
        by_one_number: count(&|judged| judged.adjusted_worse < rule.alpha && judged.estimate >= rule.limit.ln_1p()),
    }
}

/// A row for each effect.
static GRID: LazyLock<Vec<Vec<Cell>>> = LazyLock::new(|| {
    let row = |&effect: &f64| SDS.iter().map(|&sd| cell(CAMPAIGNS, effect, sd)).collect();
    EFFECTS.iter().map(row).collect()
});

fn at(effect: f64, sd: f64) -> Cell {
    let place = |of: &[f64], value| of.iter().position(|x| *x == value).unwrap();
    GRID[place(&EFFECTS, effect)][place(&SDS, sd)]
}

#[test]
fn five_per_cent_are_found() {
    let cell = cell(2_000, 0.05, 0.03);
    assert!(cell.found >= 1_768, "found in {}", cell.found);
    assert!(cell.confirmed >= 1_768, "confirmed in {}", cell.confirmed);
}

#[test]
fn a_rule_of_one_number_would_find_them_half_the_time() {
    for sd in [0.005, 0.01, 0.02, 0.03] {
        let found = at(0.05, sd).by_one_number;
        assert!((450..=550).contains(&found), "{sd}: {found}");
    }
}

#[test]
fn what_is_as_bad_as_the_limit_passes_no_more_often_than_alpha() {
    for effect in [0.05, 0.07, 0.1] {
        for sd in SDS {
            let passed = at(effect, sd).passed;
            assert!(passed <= 18, "{effect} at {sd}: {passed} passed");
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is_however_noisy() {
    for sd in SDS {
        assert!(at(0.0, sd).found <= 18, "{sd}: {}", at(0.0, sd).found);
    }
    // And without much noise everything passes.
    assert_eq!(at(0.0, 0.01).passed, CAMPAIGNS);
}

#[test]
fn more_is_found_more_often() {
    for rows in GRID.windows(2) {
        for (less, more) in rows[0].iter().zip(&rows[1]) {
            assert!(less.found <= more.found, "{} {}", less.found, more.found);
            assert!(less.passed >= more.passed, "{} {}", less.passed, more.passed);
        }
    }
}

fn share(count: usize) -> String {
    format!("{:.1}", count as f64 * 100.0 / CAMPAIGNS as f64)
}

fn table(of: impl Fn(&Cell) -> usize) -> String {
    let mut table = "| true effect |".to_owned();
    for sd in SDS {
        write!(table, " SD {} |", per_cent(sd)).unwrap();
    }
    table.push_str("\n| ---: |");
    table.push_str(&" ---: |".repeat(SDS.len()));
    table.push('\n');
    for (effect, row) in EFFECTS.iter().zip(&*GRID) {
        write!(table, "| {} |", per_cent(*effect)).unwrap();
        for cell in row {
            write!(table, " {} |", share(of(cell))).unwrap();
        }
        table.push('\n');
    }
    table
}

pub(crate) fn found_table() -> String {
    table(|cell| cell.found)
}

pub(crate) fn confirmed_table() -> String {
    table(|cell| cell.confirmed)
}

pub(crate) fn passed_table() -> String {
    table(|cell| cell.passed)
}

pub(crate) fn one_number() -> String {
    let cell = at(0.05, 0.03);
    format!(
        "A true 5 % at a paired SD of 3 % is found in {} % of campaigns by the rule of two numbers, and in {} % by \"p < alpha\n\
         and estimate ≥ limit\".\n",
        share(cell.found),
        share(cell.by_one_number)
    )
}
