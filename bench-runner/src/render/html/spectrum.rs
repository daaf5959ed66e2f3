//! The distributions of latency, for curves of any cells side by side; the page's script draws them.

use std::collections::BTreeSet;

use loadgen::units::{counted, three_digits};
use maud::{Markup, html};
use serde::Serialize;

use super::Page;
use super::rows::window;
use super::value::{head, number_head};
use crate::charts::palette::{Dash, look};
use crate::record::{Row, Window};
use crate::stats::{Aim, PER_NINE, spectrum};

/// Of more rows than that there are no curves: the page would be too large for a browser to open at once.
const MOST: usize = 2000;
/// So many curves are drawn to begin with.
const FIRST: usize = 5;

/// What the script reads.
#[derive(Serialize)]
pub(super) struct Data {
    /// Points for each nine.
    per_nine: u32,
    /// The servers, in the order of their classes.
    models: Vec<Named>,
    /// Connection counts and windows.
    loads: Vec<String>,
    cells: Vec<Cell>,
    /// Server and load of the curves that are drawn to begin with.
    first: Vec<(usize, usize)>,
}

#[derive(Serialize)]
struct Named {
    name: String,
    class: String,
    /// As SVG has it.
    dash: &'static str,
}

/// A cell's window: its server, load and round, and its distribution in nanoseconds.
#[derive(Serialize)]
struct Cell {
    model: usize,
    load: usize,
    round: u32,
    /// Quantiles at equal distances, from the shortest wait on; null where a percentile has no value.
    curve: Vec<Option<u64>>,
    /// 50 %, 90 %, 99 %, 99.9 %, 99.99 %, and the maximum.
    told: [Option<u64>; 6],
}

pub(super) fn data(page: &Page) -> Data {
    let mut loads: Vec<String> = Vec::new();
    let mut cells = Vec::new();
    // The largest counts are what the page is about.
    let mut rows: Vec<&Row> = page.rows.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.conns));
    for row in rows.into_iter().take(MOST) {
        let place = page.models.iter().position(|model| model.name == row.server);
        let (Some(model), Some(curve)) = (place, spectrum(row)) else {
            continue;
        };
        let name = load(row);
        let load = loads.iter().position(|load| *load == name).unwrap_or_else(|| {
            loads.push(name);
            loads.len() - 1
        });
        let told = row.response_ns.unwrap_or(row.latency_ns);
        cells.push(Cell {
            model,
            load,
            round: row.round,
            curve: curve
                .into_iter()
                .map(|ns| ns.map(|ns| three_digits(ns as f64)))
                .collect(),
            told: [told.p50, told.p90, told.p99, told.p999, told.p9999, told.max],
        });
    }
    let named = |model: &super::Model| Named {
        name: model.name.clone(),
        class: model.class.clone(),
        dash: match look(&model.name).dash {
            Dash::Solid => "",
            Dash::Long => "8 4",
            Dash::Short => "2 3",
        },
    };
    Data {
        per_nine: PER_NINE,
        models: page.models.iter().map(named).collect(),
        first: first(page, &loads, &cells),
        loads,
        cells,
    }
}

/// Under what load a row was measured, for people.
fn load(row: &Row) -> String {
    format!("{}, {}", counted(row.conns, "connection"), window(row))
}

/// The curves to begin with, under the load that separates the models: the best, the worst, and the best of each family.
fn first(page: &Page, loads: &[String], cells: &[Cell]) -> Vec<(usize, usize)> {
    let most = page.summary.most_conns();
    let rates = &page.summary.rates_per_s;
    // Of offered rates the lowest tells little, and with the highest many are behind.
    let telling = |row: &&Row| match row.window {
        Window::Idle => true,
        Window::Open => row.load.rate_per_s == rates.get(rates.len() / 2).copied(),
        Window::Busy => false,
    };
    let few = page.rows.iter().filter(|row| row.conns == most).find(telling).map(load);
    let start = loads.iter().position(|load| Some(load) == few.as_ref()).unwrap_or(0);
    let place = |name: &str| page.models.iter().position(|model| model.name == name);
    let choice = page.choices.iter().find(|choice| choice.aim == Aim::FewTalk);
    let ranked: Vec<usize> = choice.map_or_else(Vec::new, |choice| {
        let standings = choice.standings.iter();
        standings.filter_map(|standing| place(&standing.server)).collect()
    });
    let mut families = BTreeSet::new();
    let of_families = ranked.iter().copied().chain(0..page.models.len()).filter(|&model| {
        let Some(model) = page.models.get(model) else {
            return false;
        };
        !model.faulty && families.insert(&model.family)
    });
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for model in ranked
        .first()
        .into_iter()
        .chain(ranked.last())
        .copied()
        .chain(of_families)
    {
        let told = |cell: &&Cell| cell.curve.iter().any(Option::is_some);
        let there = cells
            .iter()
            .filter(told)
            .any(|cell| (cell.model, cell.load) == (model, start));
        if there && !chosen.contains(&(model, start)) && chosen.len() < FIRST {
            chosen.push((model, start));
        }
    }
    chosen
}

pub(super) fn controls(page: &Page) -> Markup {
    let what = if page.summary.rates_per_s.is_empty() {
        "Service time over all clients that asked"
    } else {
        "Response time over all requests that were due"
    };
    html! {
        p {
            (what) ": how long a share of them took at most. Each nine has the same room, so that the tail shows; each round is a \
            line. A line that ends in ✗ goes on among those that were not answered inside the window."
        }
        noscript { p.alarm { "These curves are drawn by the page's script. The percentiles of each row stand in the table below." } }
        form.filters #pick aria-label="Choose curves" {
            label { "Model " select name="model" {} }
            label { "Load " select name="load" {} }
            button type="submit" { "Add" }
            button type="button" name="all" { "Add all models at this load" }
            button type="button" name="none" { "Remove all" }
        }
        ul #chosen aria-label="Curves, each with a button that removes it" {}
        div #curves tabindex="0" role="group" aria-label="Curves; the table below has their values" {}
        div.scroll role="region" aria-label="Percentiles of the chosen curves" tabindex="0" {
            table #percentiles.sortable {
                thead { tr {
                    (head("Model", ""))
                    (head("Load", ""))
                    (number_head("Round", ""))
                    (number_head("50 %", ""))
                    (number_head("90 %", ""))
                    (number_head("99 %", ""))
                    (number_head("99.9 %", ""))
                    (number_head("99.99 %", ""))
                    (number_head("Longest", ""))
                } }
                tbody {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{page_of, reference};
    use super::*;

    #[test]
    fn every_window_that_was_measured_has_a_curve_that_agrees_with_its_row() {
        let (run, rows, _) = reference();
        let summary = crate::stats::summarise(&run, &rows);
        let data = data(&page_of(&run, &rows, &summary));
        let measured = rows.iter().filter(|row| row.requests.is_some()).count();
        assert_eq!(data.cells.len(), measured);
        for cell in &data.cells {
            let told = [cell.told[1], cell.told[2], cell.told[3]];
            for (nines, exact) in (1..).zip(told) {
                let drawn = cell.curve.get(nines * PER_NINE as usize).copied().flatten();
                assert_eq!(
                    drawn,
                    exact.filter(|_| drawn.is_some()).map(|ns| three_digits(ns as f64))
                );
                assert!(drawn.is_some() || exact.is_none() || cell.curve.len() <= nines * PER_NINE as usize);
            }
        }
        assert!(
            data.first.len() > 1 && data.loads[data.first[0].1].contains("100 talk"),
            "{:?}",
            data.first
        );
    }
}
