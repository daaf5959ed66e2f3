//! Rows of several rounds put together: a line for each server and connection count.

use serde::Serialize;

use super::curve::{RateSummary, curve, knee_of};
use super::details::{Details, details};
use super::others::{Others, others};
use super::stall::{Stall, stall};
use crate::record::{Connections, Row, Run, Verdict, Window};

/// A value over the rounds: the median, and the range that the rounds span.
///
/// Few rounds give no interval of confidence; the range is what was seen, and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
        self.above_by(other, self.least_factor(other))
    }

    /// By what factor the medians of two estimates have to differ for that to be called a difference.
    #[must_use]
    pub fn least_factor(&self, other: &Self) -> f64 {
        if self.rounds.min(other.rounds) > 1 { 1.2 } else { 2.0 }
    }

    /// Whether the ranges do not meet, and the median is more than `factor` times the other's.
    #[must_use]
    pub(super) fn above_by(&self, other: &Self, factor: f64) -> bool {
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
    /// Whether the generator contradicted itself: nothing is ranked by such a window.
    pub unsound: bool,
    /// The rounds' 99th percentiles over the clients that asked, in nanoseconds; `None` where the middle one falls among those that got no
    /// reply inside the window, or among requests that its end cut off.
    pub p99: Option<Estimate>,
    /// Active connections served.
    pub served: Option<Estimate>,
    /// The server's CPU time over the time that passed, for each of its CPUs.
    pub server_share: Option<Estimate>,
    /// Server CPU time per request.
    pub cpu_ns_per_request: Option<Estimate>,
    /// How much of it was in user mode, as a share.
    pub cpu_user_share: Option<Estimate>,
    /// Context switches of the server per request.
    pub switches_per_request: Option<Estimate>,
}

impl WindowSummary {
    /// Whether its rate may be held against another's.
    #[must_use]
    pub fn ranks(&self) -> bool {
        !self.lower_bound && !self.unsound
    }

    /// Whether its rate is that of fewer clients than were to send, as far as the median of the rounds goes.
    #[must_use]
    pub fn over_fewer(&self) -> bool {
        self.served.is_some_and(|served| served.median < self.active as f64)
    }
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
    /// Where only some requests are slow, the 99th percentile of the others in each round: of their response times in an
    /// open loop, of their service times in a closed one.
    pub others_p99_ns: Option<Estimate>,
    /// A point for each offered rate, ascending; empty in a closed loop.
    pub curve: Vec<RateSummary>,
    /// The offered rate at which response time begins to climb; `None` where the curve has no knee.
    pub knee_per_s: Option<f64>,
    /// Connections held: handshake done, neither refused nor lost. Median of the rounds.
    pub held: u64,
    /// Connections served while all talk. Median of the rounds.
    pub served: u64,
    /// Connected and never served while all talk. Median of the rounds.
    pub starved: u64,
    /// Served, but only after the window in which they had asked. Largest of the rounds.
    pub late: u64,
    /// Refused by the server at its limit. Median of the rounds.
    pub refused: u64,
    /// Lost after they had been served. Median of the rounds.
    pub lost: u64,
    /// System calls per request while all talk.
    pub system_calls_per_request: Option<Estimate>,
    /// CPU share while all connections were open and nobody talked.
    pub silent_cpu_share: Option<Estimate>,
    /// Memory per connection held; `None` where not all that are held are served, for what lies in an accept queue costs
    /// a server nothing and would flatter it.
    pub memory_bytes_per_connection: Option<Estimate>,
    /// How much of it was the server's own, as a share; the kernel's is the rest.
    pub memory_user_share: Option<Estimate>,
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
            Some(backlog) if limit == super::ACCEPT_BACKLOG => Some(format!("backlog {backlog}")),
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
    /// Offered rates, ascending; empty in a closed loop.
    pub rates_per_s: Vec<f64>,
    /// How those fared over time, at the largest connection count, who asked for nothing slow; empty where all requests are
    /// alike.
    pub others: Vec<Others>,
    /// A window in which the server was stopped, told by two clocks; `None` where there is none to tell of.
    pub stall: Option<Stall>,
    /// What else there is to see, at the largest connection count.
    pub details: Details,
    /// Windows whose latencies disagree with Little's law.
    pub suspect: Vec<Suspect>,
    /// Servers that are wrong on purpose.
    pub faulty: Vec<String>,
}

impl Summary {
    /// The largest connection count: what tables and the first chart show.
    #[must_use]
    pub fn most_conns(&self) -> u64 {
        self.conns.last().copied().unwrap_or(0)
    }

    /// Whether a line is that of a server which is wrong on purpose.
    #[must_use]
    pub fn is_faulty(&self, line: &Line) -> bool {
        self.faulty.contains(&line.server)
    }

    /// What charts and findings are about: servers that are wrong on purpose show a fault, and nothing of a model.
    #[must_use]
    pub fn compared(&self) -> Self {
        let mut compared = self.clone();
        compared.lines.retain(|line| !self.is_faulty(line));
        compared.others.retain(|others| !self.faulty.contains(&others.server));
        compared.details = compared.details.without(&self.faulty);
        compared.stall = compared.stall.filter(|stall| !self.faulty.contains(&stall.server));
        compared
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
    let compared = rows.iter().filter(|row| !run.faulty.contains(&row.server));
    let suspect = compared.filter_map(suspect).collect();
    Summary {
        others: others(&run.servers, rows, conns.last().copied().unwrap_or(0)),
        details: details(&run.servers, rows, conns.last().copied().unwrap_or(0)),
        lines,
        conns,
        active: run.settings.active,
        rates_per_s: run.settings.rates_per_s.clone(),
        stall: stall(rows),
        suspect,
        faulty: run.faulty.clone(),
    }
}

/// A window in which mean latency × rate is not the number of requests under way: something else was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// The cell.
    pub cell: String,
    /// The window.
    pub window: Window,
    /// Requests a second that were to be offered, in an open loop.
    pub rate_per_s: Option<f64>,
    /// Mean latency × rate.
    pub observed: f64,
    /// Requests that were under way.
    pub expected: f64,
}

fn suspect(row: &Row) -> Option<Suspect> {
    let law = row.littles_law.filter(|law| !law.holds)?;
    Some(Suspect {
        cell: row.cell_id.clone(),
        window: row.window,
        rate_per_s: row.load.rate_per_s,
        observed: law.observed,
        expected: law.expected,
    })
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
    // Under an offered rate all talk too, and the first of them is the one that says least about the server's limits.
    let lowest = rows.iter().filter_map(|row| row.load.rate_per_s).reduce(f64::min);
    let all_talk: Vec<&Row> = match lowest {
        Some(rate) => of(Window::Open)
            .into_iter()
            .filter(|row| row.load.rate_per_s == Some(rate))
            .collect(),
        None => busy.clone(),
    };
    let measured: Vec<&Row> = all_talk
        .iter()
        .copied()
        .filter(|row| row.verdict != Verdict::Failed)
        .collect();
    let states = || measured.iter().filter_map(|row| row.connections);
    let median = |of: fn(&Connections) -> u64| {
        Estimate::of(states().map(|c| of(&c) as f64)).map_or(0, |estimate| estimate.median.round() as u64)
    };
    let mut failures: Vec<String> = rows.iter().filter_map(|row| row.reason.clone()).collect();
    failures.sort();
    failures.dedup();
    let (held, served) = (median(Connections::held), median(|c| c.served));
    let curve = curve(rows);
    let memory = |row: &&&Row| row.memory_bytes_per_connection.filter(|_| served >= held);
    Some(Line {
        server: first.server.clone(),
        family: first.family.clone(),
        conns: first.conns,
        rounds: measured.len(),
        held,
        served,
        starved: median(|c| c.starved),
        late: states().map(|c| c.late).max().unwrap_or(0),
        refused: median(|c| c.refused),
        lost: median(|c| c.lost),
        system_calls_per_request: Estimate::of(
            measured
                .iter()
                .filter_map(|row| row.server_cost.system_calls_per_request),
        ),
        silent_cpu_share: Estimate::of(measured.iter().filter_map(|row| row.server_cost.silent_cpu_share)),
        memory_bytes_per_connection: Estimate::of(measured.iter().filter_map(|row| memory(&row))),
        memory_user_share: Estimate::of(measured.iter().filter_map(|row| {
            let user = row.server_cost.user_bytes_per_connection?;
            Some((user / memory(&row)?).clamp(0.0, 1.0))
        })),
        limited_by: measured.iter().find_map(|row| row.limited_by.clone()),
        backlog: measured.iter().find_map(|row| row.ready.as_ref()?.backlog.effective),
        verdict: rows.iter().map(|row| row.verdict).max().unwrap_or(Verdict::Failed),
        failures,
        idle: (!idle.is_empty()).then(|| window(&idle)),
        others_p99_ns: Estimate::of(
            measured
                .iter()
                .filter_map(|row| Some(row.others_response_ns.or(row.others_ns)?.p99? as f64)),
        ),
        knee_per_s: knee_of(&curve),
        curve,
        busy: window(&busy),
    })
}

fn window(rows: &[&Row]) -> WindowSummary {
    let rows: Vec<&Row> = rows
        .iter()
        .copied()
        .filter(|row| row.verdict != Verdict::Failed)
        .collect();
    let estimate = |of: fn(&Row) -> Option<f64>| Estimate::of(rows.iter().filter_map(|row| of(row)));
    let has = |verdict| rows.iter().any(|row| row.verdicts.contains(&verdict));
    WindowSummary {
        active: rows.first().map_or(0, |row| row.load.active),
        rate_per_s: estimate(|row| row.rate_per_s),
        lower_bound: has(Verdict::ClientBound),
        unsound: has(Verdict::Unsound),
        p99: waits(rows.iter().map(|row| row.latency_ns.p99)),
        served: estimate(|row| Some(row.connections?.served as f64)),
        server_share: estimate(|row| row.server_cost.cpu_share),
        cpu_ns_per_request: estimate(|row| row.cpu_ns_per_request),
        switches_per_request: estimate(|row| row.context_switches_per_request),
        cpu_user_share: estimate(|row| Some(row.server_cost.cpu_user_ns? / row.server_cost.cpu_ns?)),
    }
}

/// A percentile over the rounds, by its middle one ([`median_wait`]). It has a range where it is known in all of them: of
/// those in which it is, the range would leave out the worst.
pub(crate) fn waits(rounds: impl Iterator<Item = Option<u64>> + Clone) -> Option<Estimate> {
    let known = Estimate::of(rounds.clone().flatten().map(|ns| ns as f64))?;
    let all = rounds.clone().count();
    let median = median_wait(rounds)? as f64;
    let range = if known.rounds == all {
        (known.low, known.high)
    } else {
        (median, median)
    };
    Some(Estimate {
        median,
        low: range.0,
        high: range.1,
        ..known
    })
}

/// The median over the rounds of a percentile, where none means longer than the window. Of the two in the middle of an
/// even number the longer one: percentiles are not averaged.
pub(crate) fn median_wait(rounds: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    let mut rounds: Vec<u64> = rounds.map(|ns| ns.unwrap_or(u64::MAX)).collect();
    rounds.sort_unstable();
    rounds.get(rounds.len() / 2).copied().filter(|&ns| ns < u64::MAX)
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
    fn the_middle_round_tells_the_percentile() {
        let median = |rounds: &[Option<u64>]| median_wait(rounds.iter().copied());
        assert_eq!(median(&[Some(9), Some(1), Some(5)]), Some(5));
        assert_eq!(
            median(&[Some(9), None, Some(5)]),
            Some(9),
            "one round of three was worse than any number"
        );
        assert_eq!(median(&[Some(9), None, None]), None);
        assert_eq!(median(&[Some(4), Some(8)]), Some(8), "not a mean of percentiles");
        assert_eq!(median(&[Some(4), None]), None);
        assert_eq!(median(&[]), None);
        let all = waits([Some(9), None, Some(5)].into_iter()).unwrap();
        assert_eq!(
            (all.low, all.median, all.high, all.rounds),
            (9.0, 9.0, 9.0, 2),
            "the third lies somewhere beyond"
        );
        let known = waits([Some(9), Some(7), Some(5)].into_iter()).unwrap();
        assert_eq!((known.low, known.median, known.high), (5.0, 7.0, 9.0));
        assert_eq!(waits([Some(9), None, None].into_iter()), None);
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
