//! What an open loop shows: who keeps up with which rate, how long clients wait under it, and where the knees are.

use super::rates::Apart;
use super::{Message, Named, serving};
use crate::stats::{Estimate, Line, RateSummary, Stall, Summary};

/// What there is to say about offered rates; all rates are in requests per second, all times in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Open {
    /// Who keeps up with the highest rate.
    KeepingUp(KeepingUp),
    /// What one request in 100 takes longer than, with the quickest and the slowest.
    Response {
        rate: f64,
        quick: (f64, Named),
        slow: (f64, Named),
    },
    /// The only knee that is known.
    Knee { server: String, rate: f64 },
    /// All knees are at one rate.
    SameKnee { servers: usize, rate: f64 },
    /// The lowest and the highest knee, and whose they are.
    Knees { low: (f64, String), high: (f64, String) },
    /// What two clocks say of a stop.
    Stopped {
        server: String,
        stall: f64,
        response: f64,
        service: f64,
    },
    /// The title: the 99th percentiles that are furthest apart, and who keeps up.
    Title {
        rate: f64,
        quick: (f64, Named),
        slow: (f64, Named),
        up: Option<KeepingUp>,
    },
    /// The title where nothing was answered.
    Nothing,
    /// The title where too little was answered to tell of a stop.
    StoppedUntold { server: String },
}

/// Who keeps up with a rate.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum KeepingUp {
    /// The only one does.
    Alone { server: String, rate: f64 },
    /// The only one does not: where it falls behind, and what it answers there.
    AloneBehind { server: String, rate: f64, answered: f64 },
    /// All of several do.
    All { servers: usize, rate: f64 },
    /// Some of several do; the first that does not, where it falls behind, and what it answers there.
    Some {
        keeping: usize,
        servers: usize,
        rate: f64,
        first: String,
        behind_at: f64,
        answered: f64,
    },
}

/// The point of a line at a rate, where it was measured.
fn at(line: &Line, rate_per_s: f64) -> Option<&RateSummary> {
    line.curve.iter().find(|point| point.rate_per_s == rate_per_s)
}

/// The lowest rate at which a server falls behind, and what it answers there.
fn falls_behind(line: &Line) -> Option<&RateSummary> {
    line.curve.iter().find(|point| point.behind)
}

/// Who keeps up with the offered rates, and who is the first that does not.
pub(super) fn keeping_up(lines: &[&Line]) -> Option<Open> {
    let offered: Vec<&&Line> = lines.iter().filter(|line| !line.curve.is_empty()).collect();
    let highest = |line: &Line| line.curve.last().map_or(0.0, |point| point.rate_per_s);
    let most = offered.iter().map(|line| highest(line)).reduce(f64::max)?;
    let keeping = offered.iter().filter(|line| falls_behind(line).is_none()).count();
    let first = offered
        .iter()
        .filter_map(|line| Some((line, falls_behind(line)?)))
        .min_by(|a, b| {
            (a.1.rate_per_s, a.1.achieved_per_s.median)
                .partial_cmp(&(b.1.rate_per_s, b.1.achieved_per_s.median))
                .expect("rates are numbers")
        });
    let servers = offered.len();
    Some(Open::KeepingUp(match (first, &*offered) {
        (None, [only]) => KeepingUp::Alone {
            server: only.server.clone(),
            rate: most,
        },
        (None, _) => KeepingUp::All { servers, rate: most },
        (Some((line, point)), [_]) => KeepingUp::AloneBehind {
            server: line.server.clone(),
            rate: point.rate_per_s,
            answered: point.achieved_per_s.median,
        },
        (Some((line, point)), _) => KeepingUp::Some {
            keeping,
            servers,
            rate: most,
            first: line.server.clone(),
            behind_at: point.rate_per_s,
            answered: point.achieved_per_s.median,
        },
    }))
}

/// How long clients wait under the highest rate with which most servers keep up.
pub(super) fn response(lines: &[&Line]) -> Option<Open> {
    let (rate, apart) = compared(lines)?;
    Some(Open::Response {
        rate,
        quick: apart.low(),
        slow: apart.high(),
    })
}

/// The rate at which most servers can be held against each other, the highest of several, and those furthest apart there.
fn compared<'a>(lines: &[&'a Line]) -> Option<(f64, Apart<'a>)> {
    let p99 =
        |line: &Line, rate: f64| -> Option<Estimate> { at(line, rate).filter(|point| point.ranks())?.p99_range_ns };
    let mut rates: Vec<f64> = lines
        .iter()
        .flat_map(|line| &line.curve)
        .map(|point| point.rate_per_s)
        .collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let ranked = |rate: f64| lines.iter().filter(|line| p99(line, rate).is_some()).count();
    let rate = rates
        .into_iter()
        .max_by(|&a, &b| ranked(a).cmp(&ranked(b)).then(a.total_cmp(&b)))?;
    Some((rate, Apart::of(lines, |line| p99(line, rate))?))
}

/// Where response time begins to climb: the lowest and the highest of the knees.
pub(super) fn knees(lines: &[&Line]) -> Option<Open> {
    let known: Vec<(f64, &Line)> = lines
        .iter()
        .filter_map(|line| Some((line.knee_per_s?, *line)))
        .collect();
    let low = known.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let high = known.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let of = |(rate, line): &(f64, &Line)| (*rate, line.server.clone());
    Some(match &*known {
        [(rate, line)] => Open::Knee {
            server: line.server.clone(),
            rate: *rate,
        },
        _ if low.0 == high.0 => Open::SameKnee {
            servers: known.len(),
            rate: low.0,
        },
        _ => Open::Knees {
            low: of(low),
            high: of(high),
        },
    })
}

/// The title of the chart of response time against offered rate.
#[must_use]
pub fn offered_title(summary: &Summary) -> Message {
    let lines = serving(summary);
    let up = keeping_up(&lines);
    Message::Open(match (compared(&lines), up) {
        (Some((rate, apart)), up) => Open::Title {
            rate,
            quick: apart.low(),
            slow: apart.high(),
            up: match up {
                Some(Open::KeepingUp(up)) => Some(up),
                _ => None,
            },
        },
        (None, Some(up)) => up,
        (None, None) => Open::Nothing,
    })
}

/// What two clocks say of a stop.
pub(super) fn stopped(stall: &Stall) -> Option<Open> {
    let (response, service) = stall.p99_ns()?;
    Some(Open::Stopped {
        server: stall.server.clone(),
        stall: stall.stall_s * 1e9,
        response: response as f64,
        service: service as f64,
    })
}

/// The title of the chart of two clocks.
#[must_use]
pub fn clocks_title(stall: &Stall) -> Message {
    Message::Open(stopped(stall).unwrap_or_else(|| Open::StoppedUntold {
        server: stall.server.clone(),
    }))
}
