//! Rows of several rounds put together: a line for each server and connection count.

use loadgen::Histogram;

use super::asked::Asked;
use crate::record::{Row, Run, Verdict, Window};

/// A value over the rounds: the median, and the range that the rounds span.
///
/// Few rounds give no interval of confidence; the range is what was seen, and nothing more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Median of the rounds.
    pub median: f64,
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
    /// Number of rounds.
    pub rounds: usize,
}

impl Estimate {
    /// The estimate from one value a round; `None` without any.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (&low, &high) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Self {
            median,
            low,
            high,
            rounds: values.len(),
        })
    }

    /// Whether this is larger than `other` in a way that may be called a difference: the ranges do not meet, and the
    /// medians differ by more than a fifth. A single round has no range, so there it takes a factor of two.
    #[must_use]
    pub fn clearly_above(&self, other: &Self) -> bool {
        let factor = if self.rounds.min(other.rounds) > 1 { 1.2 } else { 2.0 };
        self.low > other.high && self.median > factor * other.median
    }
}

/// All rounds of one window of one server at one connection count.
#[derive(Clone, Debug, Default)]
pub struct WindowSummary {
    /// Connections that were to send.
    pub active: u64,
    /// Correct replies per second.
    pub rate_per_s: Option<Estimate>,
    /// Whether the rate is a lower bound: the generator gave out first.
    pub lower_bound: bool,
    /// 99th percentile over the clients that asked, of the merged histograms; `None` where it falls among unserved ones.
    pub p99_ns: Option<u64>,
    /// Median over the clients that asked.
    pub p50_ns: Option<u64>,
    /// Active connections served.
    pub served: Option<Estimate>,
    /// Server CPU time per request.
    pub cpu_ns_per_request: Option<Estimate>,
}

/// All rounds of one server at one connection count.
#[derive(Clone, Debug)]
pub struct Line {
    /// The server.
    pub server: String,
    /// Its family.
    pub family: String,
    /// Connections asked for.
    pub conns: u64,
    /// Rounds that brought a row that has not failed.
    pub rounds: usize,
    /// All talk.
    pub busy: WindowSummary,
    /// Few talk; `None` where the cell had no such window.
    pub idle: Option<WindowSummary>,
    /// Connections held: handshake done and not refused. Median of the rounds.
    pub held: u64,
    /// Connections served while all talk. Median of the rounds.
    pub served: u64,
    /// Connected and never served while all talk. Median of the rounds.
    pub starved: u64,
    /// Served, but only after the window in which they had asked. Largest of the rounds.
    pub late: u64,
    /// Refused by the server at its limit. Median of the rounds.
    pub refused: u64,
    /// Memory per served connection.
    pub memory_bytes_per_connection: Option<Estimate>,
    /// What kept connections from being served.
    pub limited_by: Option<String>,
    /// The backlog in force, where the server told.
    pub backlog: Option<u64>,
    /// The worst verdict of all rows.
    pub verdict: Verdict,
    /// Why rows have failed, each reason once.
    pub failures: Vec<String>,
}

impl Line {
    /// Whether every connection that was asked for was served.
    #[must_use]
    pub fn serves_all(&self) -> bool {
        // In every round: a median would pass over the one in which it did not.
        let always = self.busy.served.is_none_or(|served| served.low >= self.conns as f64);
        self.rounds > 0 && self.failures.is_empty() && self.served == self.conns && always
    }

    /// What stopped the server, for people: the limit, with the number that explains it.
    #[must_use]
    pub fn stopped_by(&self) -> Option<String> {
        if let Some(reason) = self.failures.first() {
            return Some(reason.clone());
        }
        let limit = self.limited_by.as_ref()?;
        match self.backlog {
            Some(backlog) if limit == "accept backlog" => Some(format!("backlog {backlog}")),
            _ => Some(limit.clone()),
        }
    }
}

/// A run, summarised.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Lines in the order of the catalogue, then of the connection counts.
    pub lines: Vec<Line>,
    /// Connection counts, ascending.
    pub conns: Vec<u64>,
    /// Connections that talk in the mostly-idle window.
    pub active: u64,
    /// Windows whose latencies disagree with Little's law, in words.
    pub suspect: Vec<String>,
}

impl Summary {
    /// The largest connection count: what tables and the first chart show.
    #[must_use]
    pub fn most_conns(&self) -> u64 {
        self.conns.last().copied().unwrap_or(0)
    }

    /// The lines at one connection count.
    pub fn at(&self, conns: u64) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.conns == conns)
    }
}

/// Summarises the rows of `run`.
#[must_use]
pub fn summarise(run: &Run, rows: &[Row]) -> Summary {
    let mut conns = run.settings.conns.clone();
    conns.sort_unstable();
    conns.dedup();
    let mut lines = Vec::new();
    for server in &run.servers {
        for &count in &conns {
            let own: Vec<&Row> = rows
                .iter()
                .filter(|row| &row.server == server && row.conns == count)
                .collect();
            lines.extend(line(&own));
        }
    }
    let suspect = rows.iter().filter_map(suspect).collect();
    Summary {
        lines,
        conns,
        active: run.settings.active,
        suspect,
    }
}

/// A closed loop whose mean latency × rate is not the number of requests under way has measured something else.
fn suspect(row: &Row) -> Option<String> {
    let law = row.littles_law.filter(|law| !law.holds)?;
    let (window, observed, expected) = (row.window.name(), law.observed, law.expected);
    Some(format!(
        "{}, {window} window: mean latency × rate is {observed:.1} where {expected:.0} requests were under way",
        row.cell_id
    ))
}

fn line(rows: &[&Row]) -> Option<Line> {
    let first = rows.first()?;
    let of = |window: Window| {
        rows.iter()
            .copied()
            .filter(move |row| row.window == window)
            .collect::<Vec<_>>()
    };
    let (busy, idle) = (of(Window::Busy), of(Window::Idle));
    let measured: Vec<&Row> = busy
        .iter()
        .copied()
        .filter(|row| row.verdict != Verdict::Failed)
        .collect();
    let median = |of: fn(&Row) -> u64| {
        Estimate::of(measured.iter().map(|row| of(row) as f64)).map_or(0, |estimate| estimate.median.round() as u64)
    };
    let mut failures: Vec<String> = rows.iter().filter_map(|row| row.reason.clone()).collect();
    failures.sort();
    failures.dedup();
    Some(Line {
        server: first.server.clone(),
        family: first.family.clone(),
        conns: first.conns,
        rounds: measured.len(),
        held: median(|row| row.connections.connected - row.connections.refused),
        served: median(|row| row.connections.served),
        starved: median(|row| row.connections.starved),
        late: measured.iter().map(|row| row.connections.late).max().unwrap_or(0),
        refused: median(|row| row.connections.refused),
        memory_bytes_per_connection: Estimate::of(measured.iter().filter_map(|row| row.memory_bytes_per_connection)),
        limited_by: measured.iter().find_map(|row| row.limited_by.clone()),
        backlog: measured.iter().find_map(|row| row.ready.as_ref()?.backlog.effective),
        verdict: rows.iter().map(|row| row.verdict).max().unwrap_or(Verdict::Failed),
        failures,
        idle: (!idle.is_empty()).then(|| window(&idle)),
        busy: window(&busy),
    })
}

fn window(rows: &[&Row]) -> WindowSummary {
    let rows: Vec<&Row> = rows
        .iter()
        .copied()
        .filter(|row| row.verdict != Verdict::Failed)
        .collect();
    let merged = |of: fn(&Row) -> Option<&Histogram>| {
        let mut merged = Histogram::default();
        rows.iter().filter_map(|row| of(row)).for_each(|own| merged.merge(own));
        merged
    };
    let sum = |of: fn(&Row) -> u64| rows.iter().map(|row| of(row)).sum::<u64>();
    let (served, asked) = (
        sum(|row| {
            row.connections
                .served
                .saturating_sub(row.connections.late + row.connections.greeted)
        }),
        sum(|row| row.connections.active),
    );
    let asked = Asked {
        replies: &merged(|row| row.histogram.as_ref()),
        unfinished: &merged(|row| row.unfinished_histogram.as_ref()),
        served,
        asked,
    };
    let estimate = |of: fn(&Row) -> Option<f64>| Estimate::of(rows.iter().filter_map(|row| of(row)));
    WindowSummary {
        active: rows.first().map_or(0, |row| row.connections.active),
        rate_per_s: estimate(|row| row.rate_per_s),
        lower_bound: rows.iter().any(|row| row.verdicts.contains(&Verdict::ClientBound)),
        p99_ns: asked.quantile(0.99),
        p50_ns: asked.quantile(0.5),
        served: estimate(|row| Some(row.connections.served as f64)),
        cpu_ns_per_request: estimate(|row| row.cpu_ns_per_request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_the_median_and_the_range() {
        assert_eq!(Estimate::of([]), None);
        assert_eq!(
            Estimate::of([3.0, 1.0, 2.0]),
            Some(Estimate {
                median: 2.0,
                low: 1.0,
                high: 3.0,
                rounds: 3
            })
        );
        assert_eq!(
            Estimate::of([4.0, 1.0]),
            Some(Estimate {
                median: 2.5,
                low: 1.0,
                high: 4.0,
                rounds: 2
            })
        );
    }

    #[test]
    fn a_difference_is_named_only_when_ranges_are_apart_and_it_matters() {
        let of = |values: [f64; 3]| Estimate::of(values).unwrap();
        assert!(of([130.0, 140.0, 150.0]).clearly_above(&of([90.0, 100.0, 110.0])));
        assert!(
            !of([130.0, 140.0, 150.0]).clearly_above(&of([90.0, 100.0, 131.0])),
            "the ranges meet"
        );
        assert!(
            !of([112.0, 115.0, 118.0]).clearly_above(&of([99.0, 100.0, 101.0])),
            "less than a fifth"
        );
        let once = |value| Estimate::of([value]).unwrap();
        assert!(!once(190.0).clearly_above(&once(100.0)), "one round has no range");
        assert!(once(210.0).clearly_above(&once(100.0)));
    }
}
