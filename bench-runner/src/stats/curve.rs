//! Rows of an open loop put together: a point for each offered rate, and where the curve through them has its knee.

use loadgen::{KEEPS_UP, Load, knee};

use super::summary::{Estimate, median_wait};
use crate::record::{Row, Verdict, Window};

/// All rounds of one server under one offered rate.
#[derive(Clone, Debug)]
pub struct RateSummary {
    /// Requests a second that were to be offered.
    pub rate_per_s: f64,
    /// Requests a second that were.
    pub offered_per_s: Estimate,
    /// Correct replies per second.
    pub achieved_per_s: Estimate,
    /// Whether it answered fewer requests than were due, in the median round: its response times are those of a queue
    /// that grows for as long as the window lasts, and no property of the server.
    pub behind: bool,
    /// Whether the generator sent too late in one of the rounds: response times are upper bounds.
    pub upper_bound: bool,
    /// Response time in the median round; `None` where it falls among requests without a reply.
    pub p50_ns: Option<u64>,
    /// Its 99th percentile, likewise.
    pub p99_ns: Option<u64>,
    /// The 99th percentiles of the rounds; `None` where one of them has none.
    pub p99_range_ns: Option<Estimate>,
    /// Mean response time over the replies that came.
    pub(super) mean_ns: Option<f64>,
    /// 99th percentile of the service time: from the sending on, without what the request waited before it.
    pub service_p99_ns: Option<u64>,
    /// 99.9th percentile of the generator's lateness; the worst of the rounds.
    pub lateness_p999_ns: Option<u64>,
    /// Server CPU time per request.
    pub cpu_ns_per_request: Option<Estimate>,
    /// System calls per request.
    pub system_calls_per_request: Option<Estimate>,
}

impl RateSummary {
    /// Whether its response times may be held against another's.
    #[must_use]
    pub fn ranks(&self) -> bool {
        !self.behind && !self.upper_bound
    }
}

/// A point for each offered rate among the rows of one server at one connection count, ascending.
#[must_use]
pub(super) fn curve(rows: &[&Row]) -> Vec<RateSummary> {
    let measured = rows
        .iter()
        .filter(|row| row.window == Window::Open && row.verdict != Verdict::Failed);
    let mut rates: Vec<f64> = measured.clone().filter_map(|row| row.load.rate_per_s).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let at = |rate: f64| {
        measured
            .clone()
            .copied()
            .filter(move |row| row.load.rate_per_s == Some(rate))
    };
    rates
        .into_iter()
        .filter_map(|rate| point(rate, &at(rate).collect::<Vec<_>>()))
        .collect()
}

fn point(rate_per_s: f64, rows: &[&Row]) -> Option<RateSummary> {
    let estimate = |of: fn(&Row) -> Option<f64>| Estimate::of(rows.iter().filter_map(|row| of(row)));
    let offered_per_s = estimate(|row| row.offered_per_s)?;
    let achieved_per_s = estimate(|row| row.rate_per_s)?;
    let p99 = |row: &&Row| row.response_ns?.p99;
    let known: Option<Vec<f64>> = rows.iter().map(|row| Some(p99(row)? as f64)).collect();
    Some(RateSummary {
        rate_per_s,
        offered_per_s,
        achieved_per_s,
        behind: achieved_per_s.median < KEEPS_UP * offered_per_s.median,
        upper_bound: rows.iter().any(|row| row.verdicts.contains(&Verdict::ClientBound)),
        p50_ns: median_wait(rows.iter().map(|row| row.response_ns?.p50)),
        p99_ns: median_wait(rows.iter().map(p99)),
        p99_range_ns: known.and_then(Estimate::of),
        mean_ns: estimate(|row| Some(row.response_histogram.as_ref()?.mean())).map(|mean| mean.median),
        service_p99_ns: median_wait(rows.iter().map(|row| row.reply_latency_ns.p99)),
        lateness_p999_ns: rows.iter().filter_map(|row| row.lateness_ns?.p999).max(),
        cpu_ns_per_request: estimate(|row| row.cpu_ns_per_request),
        system_calls_per_request: estimate(|row| row.server_cost.system_calls_per_request),
    })
}

/// The offered rate at the knee of a curve, as [`knee()`] has it.
#[must_use]
pub(super) fn knee_of(curve: &[RateSummary]) -> Option<f64> {
    let load = |point: &RateSummary| {
        Some(Load {
            offered_per_s: point.rate_per_s,
            achieved_per_s: point.achieved_per_s.median,
            response_ns: point.mean_ns?,
        })
    };
    let loads: Vec<Load> = curve.iter().filter_map(load).collect();
    knee(&loads)
}
