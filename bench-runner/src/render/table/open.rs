//! The table of an open loop: a column for each offered rate, as many of them as there is room for.

use loadgen::units::short;

use super::{Column, Detail, compact_time, tenths};
use crate::stats::{Line, RateSummary};

/// What a cell says of a server that fell behind: its response times are those of a queue that grows for as long as the
/// window lasts.
pub(in super::super) const BEHIND: &str = "behind";

pub(super) fn columns(lines: &[&Line], rates_per_s: &[f64], detail: Detail) -> Vec<Column> {
    let column = |group: &str, head: &str, right, cell: &dyn Fn(&Line) -> String| Column {
        group: group.to_owned(),
        head: head.to_owned(),
        right,
        cells: lines.iter().map(|line| cell(line)).collect(),
        marked: vec![false; lines.len()],
    };
    let most = match detail {
        Detail::Plain => 3,
        Detail::Verdicts => 5,
        Detail::Ranges | Detail::Counts => rates_per_s.len(),
    };
    let mut columns = vec![column("", "model", false, &|line| line.server.clone())];
    for (i, rate) in some(rates_per_s, most).into_iter().enumerate() {
        let group = if i == 0 { "p99 at" } else { "" };
        let at = |line: &Line| {
            line.curve
                .iter()
                .find(|point| point.rate_per_s == rate)
                .map_or("–".to_owned(), p99)
        };
        columns.push(column(group, &short(rate), true, &at));
    }
    columns.extend(super::others(lines));
    let rate = |of: Option<f64>| of.map_or_else(|| "–".to_owned(), short);
    columns.push(column("", "knee", true, &|line| rate(line.knee_per_s)));
    columns.push(column("", "most", true, &|line| {
        rate(
            line.curve
                .iter()
                .map(|point| point.achieved_per_s.median)
                .reduce(f64::max),
        )
    }));
    if detail >= Detail::Counts {
        // Where it has most to do of what it keeps up with: CPU per request falls as requests come in batches.
        let busiest = |line: &Line| line.curve.iter().rev().find(|point| !point.behind)?.cpu_ns_per_request;
        columns.push(column("CPU", "µs/req", true, &|line| tenths(busiest(line), 1e3)));
    }
    if detail >= Detail::Verdicts {
        columns.push(column("", "verdict", false, &|line| line.verdict.name().to_owned()));
    }
    columns.push(column("", "stopped by", false, &|line| {
        line.stopped_by().unwrap_or_default()
    }));
    columns
}

fn p99(point: &RateSummary) -> String {
    let bound = if point.upper_bound { "≤" } else { "" };
    match point.p99_ns {
        _ if point.behind => BEHIND.to_owned(),
        Some(ns) => format!("{bound}{}", compact_time(ns as f64)),
        None => "✗".to_owned(),
    }
}

/// At most `most` of `all`, evenly picked, the first and the last among them.
fn some(all: &[f64], most: usize) -> Vec<f64> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|i| all[i * (all.len() - 1) / (most - 1)]).collect()
}
