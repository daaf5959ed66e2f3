//! What a run shows beside rates and costs, at its largest connection count: the far end of latency, how alike connections
//! are treated, throughput through a window, and how long connecting took.

use super::steady::{self, Trend, trend};
use super::summary::{Estimate, waits};
use crate::record::{Row, Verdict, Window};

/// The far end: one in so many requests takes longer than what is told.
const ONE_IN: [u64; 4] = [10, 100, 1_000, 10_000];
/// A SYN without an answer is sent again after a second (RFC 6298, 2.1; Linux: `TCP_TIMEOUT_INIT`).
const SENT_AGAIN_NS: u64 = 1_000_000_000;

/// All of it. None has a row that has failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// The far end of latency; `None` where no window was measured.
    pub tails: Option<Tails>,
    /// How alike connections are treated while all talk, for each server that answered any.
    pub fairness: Vec<Fairness>,
    /// Throughput through the first window in which all talk, for each server that served all.
    pub paces: Vec<Pace>,
    /// The offered rate of that window, in an open loop: the lowest.
    pub pace_rate_per_s: Option<f64>,
    /// How long connecting took, for each server that was connected to.
    pub connects: Vec<Connect>,
}

/// The far end of latency: in the window in which few talk, where there is one, else while all do; under offered rates, at
/// the highest with which most servers keep up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tails {
    /// The window.
    pub window: Window,
    /// Connections asked for.
    pub conns: u64,
    /// Connections that talk.
    pub active: u64,
    /// The offered rate, in an open loop.
    pub rate_per_s: Option<f64>,
    /// A server each.
    pub servers: Vec<Tail>,
}

/// The far end of one server's latency: response times in an open loop, service times in a closed one.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// The server.
    pub server: String,
    /// Its family.
    pub family: String,
    /// Nanoseconds that one in so many requests exceeds; no rarer ones than there were requests.
    pub points: Vec<(u64, Estimate)>,
    /// Whether the generator was late in some round: what is told is at most so much.
    pub at_most: bool,
    /// From here on it is not known in most rounds: it falls among clients without a reply.
    pub unknown_from: Option<u64>,
}

impl Tail {
    /// What one in so many requests exceeds.
    #[must_use]
    pub fn at(&self, one_in: u64) -> Option<Estimate> {
        self.points.iter().find(|(n, _)| *n == one_in).map(|(_, ns)| *ns)
    }
}

/// The connections that wait least and longest, of those that got replies.
#[derive(Clone, Debug, PartialEq)]
pub struct Fairness {
    /// The server.
    pub server: String,
    /// Jain's index of the replies of each connection; the median of the rounds.
    pub jain: Option<f64>,
    /// Mean latency of the fastest connection, in nanoseconds.
    pub fastest: Estimate,
    /// Mean latency of the slowest.
    pub slowest: Estimate,
    /// How many times as long the slowest waits, round by round.
    pub ratio: Estimate,
}

/// Throughput through a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// The server.
    pub server: String,
    /// Its family.
    pub family: String,
    /// Correct replies per second, by the end of each interval in seconds since the window began.
    pub rates: Vec<(f64, f64)>,
    /// The longest time without any reply, in seconds; 0 where there was one in each interval, or few in any.
    pub silent_s: f64,
    /// Whether the window is long enough for a trend to be told.
    pub told: bool,
    /// The trend, if there is one.
    pub trend: Option<Trend>,
}

/// Time from connect(2) to the end of the handshake.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// The server.
    pub server: String,
    /// Half of the connections took no longer, in nanoseconds.
    pub p50: Estimate,
    /// 99 of 100 took no longer.
    pub p99: Estimate,
    /// The longest of all rounds.
    pub max_ns: u64,
    /// Connections that were never made, in the round with most of them.
    pub never: u64,
    /// Whether some took as long as only a handshake does that was sent again.
    pub sent_again: bool,
}

impl Details {
    /// The same without some servers.
    #[must_use]
    pub fn without(&self, servers: &[String]) -> Self {
        let mut left = self.clone();
        let stays = |server: &String| !servers.contains(server);
        if let Some(tails) = &mut left.tails {
            tails.servers.retain(|tail| stays(&tail.server));
        }
        left.fairness.retain(|one| stays(&one.server));
        left.paces.retain(|one| stays(&one.server));
        left.connects.retain(|one| stays(&one.server));
        left
    }
}

/// What `rows` show of `servers` at `conns` connections.
#[must_use]
pub(super) fn details(servers: &[String], rows: &[Row], conns: u64) -> Details {
    let rows: Vec<&Row> = rows
        .iter()
        .filter(|row| row.conns == conns && row.verdict != Verdict::Failed)
        .collect();
    let of = |server: &String| {
        rows.iter()
            .copied()
            .filter(|row| row.server == *server)
            .collect::<Vec<_>>()
    };
    // Under several offered rates the first of them says least about the server's limits.
    let lowest = rows.iter().filter_map(|row| row.load.rate_per_s).reduce(f64::min);
    let all_talk = |server: &String| {
        let mut own = of(server);
        own.retain(|row| row.window != Window::Idle && row.load.rate_per_s == lowest);
        own
    };
    Details {
        tails: tails(servers, &rows),
        fairness: servers
            .iter()
            .filter_map(|server| fairness(&all_talk(server)))
            .collect(),
        paces: servers.iter().filter_map(|server| pace(&all_talk(server))).collect(),
        pace_rate_per_s: lowest,
        connects: servers.iter().filter_map(|server| connect(&of(server))).collect(),
    }
}

fn tails(servers: &[String], rows: &[&Row]) -> Option<Tails> {
    let has = |window| rows.iter().any(|row| row.window == window);
    let window = [Window::Open, Window::Idle, Window::Busy]
        .into_iter()
        .find(|&window| has(window))?;
    let mut rows: Vec<&Row> = rows.iter().copied().filter(|row| row.window == window).collect();
    let rate_per_s = kept_up_with(servers, &rows);
    rows.retain(|row| row.load.rate_per_s == rate_per_s);
    let first = rows.first()?;
    let of = |server: &String| {
        tail(
            &rows
                .iter()
                .copied()
                .filter(|row| row.server == *server)
                .collect::<Vec<_>>(),
        )
    };
    Some(Tails {
        window,
        conns: first.conns,
        active: first.load.active,
        rate_per_s,
        servers: servers.iter().filter_map(of).collect(),
    })
}

/// The highest offered rate with which more than half of the servers keep up; the lowest where there is none.
fn kept_up_with(servers: &[String], rows: &[&Row]) -> Option<f64> {
    let mut rates: Vec<f64> = rows.iter().filter_map(|row| row.load.rate_per_s).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let most_keep_up = |rate: &&f64| {
        let own = |server: &&String| {
            let mut own = rows
                .iter()
                .filter(|row| row.server == **server && row.load.rate_per_s == Some(**rate))
                .peekable();
            own.peek().is_some()
                && own.all(|row| !row.verdicts.contains(&Verdict::Behind) && row.verdict != Verdict::Behind)
        };
        2 * servers.iter().filter(own).count() > servers.len()
    };
    rates.iter().rfind(most_keep_up).or(rates.first()).copied()
}

fn tail(rows: &[&Row]) -> Option<Tail> {
    let first = rows.first()?;
    let fewest = rows.iter().filter_map(|row| row.requests).min().unwrap_or(0);
    let (mut points, mut unknown_from) = (Vec::new(), None);
    for one_in in ONE_IN.into_iter().take_while(|&one_in| one_in <= fewest.max(1)) {
        let times = rows.iter().map(|row| {
            let times = row.response_ns.as_ref().unwrap_or(&row.latency_ns);
            match one_in {
                10 => times.p90,
                100 => times.p99,
                1_000 => times.p999,
                _ => times.p9999,
            }
        });
        let Some(times) = waits(times) else {
            unknown_from = Some(one_in);
            break;
        };
        points.push((one_in, times));
    }
    Some(Tail {
        server: first.server.clone(),
        family: first.family.clone(),
        points,
        at_most: rows.iter().any(|row| row.verdicts.contains(&Verdict::ClientBound)),
        unknown_from,
    })
}

fn fairness(rows: &[&Row]) -> Option<Fairness> {
    let ends: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| Some((row.fastest?.mean_ns, row.slowest?.mean_ns)))
        .filter(|(fastest, _)| *fastest > 0.0)
        .collect();
    let over_rounds = |of: fn(&(f64, f64)) -> f64| Estimate::of(ends.iter().map(of));
    Some(Fairness {
        server: rows.first()?.server.clone(),
        jain: Estimate::of(rows.iter().filter_map(|row| row.jain_index)).map(|jain| jain.median),
        fastest: over_rounds(|ends| ends.0)?,
        slowest: over_rounds(|ends| ends.1)?,
        ratio: Estimate::of(ends.iter().map(|(fastest, slowest)| slowest / fastest))?,
    })
}

fn pace(rows: &[&Row]) -> Option<Pace> {
    let row = rows
        .iter()
        .find(|row| row.round == 1 && row.verdict < Verdict::Capped)?;
    let series = row.series.as_ref()?;
    let at = |(i, &requests): (usize, &u64)| ((i + 1) as f64 * series.interval_s, requests as f64 / series.interval_s);
    Some(Pace {
        server: row.server.clone(),
        family: row.family.clone(),
        rates: series.requests.iter().enumerate().map(at).collect(),
        silent_s: silence(&series.requests) as f64 * series.interval_s,
        told: series.requests.len() >= steady::SHORTEST,
        trend: trend(&series.requests),
    })
}

/// The most intervals in a row without any reply, where there are so many in most that one without is no chance.
fn silence(requests: &[u64]) -> usize {
    const MANY: u64 = 20;
    let mut sorted = requests.to_vec();
    sorted.sort_unstable();
    if sorted.get(sorted.len() / 2).is_none_or(|&median| median < MANY) {
        return 0;
    }
    let runs = requests.split(|&requests| requests > 0);
    runs.map(<[u64]>::len).max().unwrap_or(0)
}

fn connect(rows: &[&Row]) -> Option<Connect> {
    let max_ns = rows.iter().filter_map(|row| row.connect_ns.max).max()?;
    let never = rows.iter().filter_map(|row| row.connections);
    Some(Connect {
        server: rows.first()?.server.clone(),
        p50: waits(rows.iter().map(|row| row.connect_ns.p50))?,
        p99: waits(rows.iter().map(|row| row.connect_ns.p99))?,
        max_ns,
        never: never
            .map(|states| states.requested.saturating_sub(states.connected))
            .max()
            .unwrap_or(0),
        sent_again: max_ns >= SENT_AGAIN_NS,
    })
}

#[cfg(test)]
mod tests;
