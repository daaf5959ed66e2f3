//! What is told to programs that track numbers, and which rows have such a number: not a bound, nothing over fewer
//! clients than the name says, nothing in place of a failure.

use super::groups::Group;
use super::notes::Notes;
use crate::record::{Row, Verdict, Window};
use crate::stats::{Estimate, median_wait};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    /// Correct replies per second.
    Throughput,
    /// Connections that were to talk and got a correct reply.
    Served,
    /// Median of the latency over the clients that asked: service time in a closed loop, response time in an open one.
    Latency,
    /// Its 99th percentile.
    LatencyP99,
    /// Server CPU time per correct reply.
    CpuPerRequest,
    /// Memory per connection, user and kernel.
    MemoryPerConnection,
    /// System calls of the server per correct reply.
    SystemCallsPerRequest,
}

impl Measure {
    /// What each window has.
    pub(super) const OF_WINDOW: [Self; 5] = [
        Self::Throughput,
        Self::Served,
        Self::Latency,
        Self::LatencyP99,
        Self::CpuPerRequest,
    ];
    /// What was measured once a cell, and stands in the rows of all its windows.
    pub(super) const OF_CELL: [Self; 2] = [Self::MemoryPerConnection, Self::SystemCallsPerRequest];

    /// Its name, in the manner of a slug: `latency` and `throughput` are those of Bencher's own measures.
    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Served => "served",
            Self::Latency => "latency",
            Self::LatencyP99 => "latency-p99",
            Self::CpuPerRequest => "cpu-per-request",
            Self::MemoryPerConnection => "memory-per-connection",
            Self::SystemCallsPerRequest => "system-calls-per-request",
        }
    }

    /// The unit of its values.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Throughput => "req/s",
            Self::Served => "connections",
            Self::Latency | Self::LatencyP99 => "ns",
            Self::CpuPerRequest => "ns/req",
            Self::MemoryPerConnection => "bytes/connection",
            Self::SystemCallsPerRequest => "calls/req",
        }
    }

    /// Whether more of it is better.
    pub(super) fn bigger_is_better(self) -> bool {
        matches!(self, Self::Throughput | Self::Served)
    }

    fn is_latency(self) -> bool {
        matches!(self, Self::Latency | Self::LatencyP99)
    }

    /// Whether it is a property of the load as a whole, which is another one with fewer clients.
    fn depends_on_all_clients(self) -> bool {
        !matches!(self, Self::Served | Self::MemoryPerConnection)
    }
}

/// A measure over the rounds.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// What it is of: `epoll-edge/10000/busy`, or `epoll-edge/10000`.
    pub(super) name: String,
    /// What it is.
    pub(super) measure: Measure,
    /// The rounds' median and range; of percentiles, the middle round's, of an even number the worse of the two.
    pub(super) rounds: Estimate,
    /// The worst verdict of the rounds.
    pub(super) verdict: Verdict,
}

/// All values that can be told, and what cannot.
pub(super) fn measured(groups: &[Group], wanted: impl Fn(Measure) -> bool) -> (Vec<Value>, Notes) {
    let (mut values, mut notes) = (Vec::new(), Notes::default());
    for group in groups {
        let of_cell: &[Measure] = if group.leads { &Measure::OF_CELL } else { &[] };
        for (name, measures) in [(group.name(), &Measure::OF_WINDOW[..]), (group.cell(), of_cell)] {
            let mut left_out = LeftOut::default();
            for measure in measures.iter().copied().filter(|&measure| wanted(measure)) {
                match of_group(group, measure) {
                    Ok(rounds) => values.push(Value {
                        name: name.clone(),
                        measure,
                        rounds,
                        verdict: verdict(group),
                    }),
                    Err(why) => left_out.add(measure, why),
                }
            }
            left_out.tell(&name, &mut notes);
        }
    }
    (values, notes)
}

fn verdict(group: &Group) -> Verdict {
    let verdicts = group.rows.iter().map(|row| row.verdict);
    verdicts.max().unwrap_or(Verdict::Failed)
}

/// The measures of one name that are left out, by reason.
#[derive(Debug, Default, PartialEq)]
pub(super) struct LeftOut(Vec<(String, Vec<&'static str>)>);

impl LeftOut {
    pub(super) fn add(&mut self, measure: Measure, why: String) {
        match self.0.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, measures)) => measures.push(measure.slug()),
            None => self.0.push((why, vec![measure.slug()])),
        }
    }

    pub(super) fn tell(self, name: &str, notes: &mut Notes) {
        for (why, measures) in self.0 {
            notes.add(&format!("left out: {}", measures.join(", ")), name, &why);
        }
    }
}

/// The measure over the rounds of a window, of which each must have it: a median over those that went well would hide
/// the one that did not.
fn of_group(group: &Group, measure: Measure) -> Result<Estimate, String> {
    let values: Result<Vec<f64>, String> = group.rows.iter().map(|row| of_row(row, measure)).collect();
    let values = values?;
    let mut rounds = Estimate::of(values.iter().copied()).ok_or("there is no row")?;
    if measure.is_latency() {
        let middle = median_wait(values.iter().map(|&ns| Some(ns as u64)));
        rounds.median = middle.map_or(rounds.high, |ns| ns as f64);
    }
    Ok(rounds)
}

/// The measure of one row, or why it is none that may be told without its verdict.
pub(super) fn of_row(row: &Row, measure: Measure) -> Result<f64, String> {
    if row.verdict == Verdict::Failed {
        return Err(format!(
            "failed: {}",
            row.reason.as_deref().unwrap_or("for a reason not told")
        ));
    }
    if let Some(why) = spoilt(row, measure) {
        return Err(why.to_owned());
    }
    let latency = match row.window {
        Window::Open => row.response_ns.unwrap_or_default(),
        Window::Busy | Window::Idle => row.latency_ns,
    };
    let cost = &row.server_cost;
    let (value, name) = match measure {
        Measure::Throughput => (row.rate_per_s, "rate_per_s"),
        // A true 0, but every tracker divides by what it is told.
        Measure::Served if row.connections.is_some_and(|c| c.served == 0) => {
            return Err("nobody was served".to_owned());
        }
        Measure::Served => (row.connections.map(|c| c.served as f64), "connections"),
        Measure::Latency | Measure::LatencyP99 => {
            let percentile = if measure == Measure::Latency {
                latency.p50
            } else {
                latency.p99
            };
            let among = "it falls among clients without a reply, or requests that the window's end cut off";
            return percentile.map(|ns| ns as f64).ok_or_else(|| among.to_owned());
        }
        Measure::CpuPerRequest => (row.cpu_ns_per_request, "cpu_ns_per_request"),
        Measure::MemoryPerConnection => (row.memory_bytes_per_connection, "memory_bytes_per_connection"),
        Measure::SystemCallsPerRequest => (cost.system_calls_per_request, "server_cost.system_calls_per_request"),
    };
    let missing = || row.missing.get(name).map_or("it was not measured", String::as_str);
    value.ok_or_else(|| missing().to_owned())
}

/// Why the measure of a row that has one is not what its name says.
fn spoilt(row: &Row, measure: Measure) -> Option<&'static str> {
    let has = |verdict| row.verdicts.contains(&verdict);
    let open = row.window == Window::Open;
    let fewer = row.connections.is_some_and(|c| c.served < row.load.active);
    let waiting = row.connections.is_some_and(|c| c.served < c.held());
    let timed = measure.is_latency() || measure == Measure::Throughput;
    match measure {
        Measure::MemoryPerConnection if waiting => {
            Some("not all connections held were served, and one in an accept queue costs the server nothing")
        }
        _ if has(Verdict::Unsound) && (timed || measure == Measure::CpuPerRequest) => {
            Some("the load generator contradicts itself (unsound)")
        }
        _ if fewer && measure.depends_on_all_clients() => Some("it is over fewer clients than were to talk"),
        _ if has(Verdict::ClientBound) && timed && !open => {
            Some("the load generator gave out first (client-bound): the server could do better")
        }
        _ if has(Verdict::ClientBound) && measure.is_latency() => {
            Some("the load generator sent too late (client-bound): the server was at least that quick")
        }
        _ if has(Verdict::Behind) && measure.is_latency() => {
            Some("it is that of a queue which grew for as long as the window lasted (behind)")
        }
        _ => None,
    }
}
