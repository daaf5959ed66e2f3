//! How far servers are apart by rate. Only what may be held against each other is.

use super::{Message, Named, serving};
use crate::stats::{Estimate, Line, Summary};

/// What there is to say about rates.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Rates {
    /// How far servers are apart while all talk, and while few do; at least one of the two.
    Watched {
        conns: u64,
        active: u64,
        all: Option<Compared<f64>>,
        few: Option<Compared<Ahead>>,
    },
    /// Those that the load generator bounded.
    Unranked { servers: Vec<String> },
    /// One that pays for the connections it watches, and falls from one rate to another.
    Collapse {
        server: String,
        conns: u64,
        active: u64,
        from: f64,
        to: f64,
    },
    /// Those that use their CPU while nobody talks, each with the share of it.
    Burning { servers: Vec<(String, f64)> },
    /// No clear loss of throughput, of several or of the only one.
    Holds { only: Option<String>, conns: u64 },
    /// The only one has this share of its best rate left.
    Falls { server: String, conns: u64, left: f64 },
    /// Some of several have clearly less than their best rate; the one that has least.
    SomeFall {
        fallen: usize,
        known: usize,
        conns: u64,
        server: String,
        left: f64,
    },
    /// The title where there is only one.
    OneServes { server: String, conns: u64 },
    /// The title where no two can be compared.
    NotCompared,
    /// The title where none serves all.
    NoneServes,
    /// The title where no throughput is known up to the largest count.
    NotFollowed,
}

/// What comes of a comparison.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Compared<T> {
    /// No clear difference.
    Alike,
    /// A clear one.
    Apart(T),
}

/// Who is ahead of whom.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Ahead {
    pub fast: Named,
    pub slow: Named,
    /// The faster rate over the slower.
    pub ratio: f64,
}

/// Two lines that are furthest apart, of those that are clearly different, each with how many others are no different
/// from it.
pub(super) struct Apart<'a> {
    low: (&'a Line, Estimate, usize),
    high: (&'a Line, Estimate, usize),
}

impl<'a> Apart<'a> {
    /// `None` where no two of `lines` are clearly different.
    pub(super) fn of(lines: &[&'a Line], value: impl Fn(&Line) -> Option<Estimate>) -> Option<Self> {
        let valued: Vec<(&Line, Estimate)> = lines.iter().filter_map(|line| Some((*line, value(line)?))).collect();
        let pairs = valued.iter().flat_map(|low| valued.iter().map(move |high| (low, high)));
        let clear = pairs.filter(|(low, high)| high.1.clearly_above(&low.1));
        let ratio = |low: &Estimate, high: &Estimate| high.median / low.median;
        let (low, high) = clear.max_by(|a, b| ratio(&a.0.1, &a.1.1).total_cmp(&ratio(&b.0.1, &b.1.1)))?;
        // Like the one end is who cannot be told from it, and can be told from the other.
        let same = |one: &Estimate, other: &Estimate| !other.clearly_above(one) && !one.clearly_above(other);
        let like_low = valued
            .iter()
            .filter(|(_, other)| same(&low.1, other) && high.1.clearly_above(other));
        let like_high = valued
            .iter()
            .filter(|(_, other)| same(&high.1, other) && other.clearly_above(&low.1));
        Some(Self {
            low: (low.0, low.1, like_low.count() - 1),
            high: (high.0, high.1, like_high.count() - 1),
        })
    }

    /// The larger over the smaller.
    fn ratio(&self) -> f64 {
        self.high.1.median / self.low.1.median
    }

    /// The smaller value, and who has it.
    pub(super) fn low(&self) -> (f64, Named) {
        (self.low.1.median, named(self.low.0, self.low.2))
    }

    /// The larger value, and who has it.
    pub(super) fn high(&self) -> (f64, Named) {
        (self.high.1.median, named(self.high.0, self.high.2))
    }
}

fn named(line: &Line, like: usize) -> Named {
    Named {
        server: line.server.clone(),
        like,
    }
}

/// A rate that says something of the server: not one that the generator bounded, or about which it contradicts itself.
fn busy_rate(line: &Line) -> Option<Estimate> {
    line.busy.rate_per_s.filter(|_| line.busy.ranks())
}

pub(super) fn idle_rate(line: &Line) -> Option<Estimate> {
    let idle = line.idle.as_ref()?;
    idle.rate_per_s.filter(|_| idle.ranks() && !idle.over_fewer())
}

/// The servers of which a window takes no part in the ranking by rate.
pub(super) fn unranked(lines: &[&Line]) -> Option<Rates> {
    let bounded = |line: &&&Line| line.busy.lower_bound || line.idle.as_ref().is_some_and(|idle| idle.lower_bound);
    let servers: Vec<String> = lines.iter().filter(bounded).map(|line| line.server.clone()).collect();
    (!servers.is_empty()).then_some(Rates::Unranked { servers })
}

/// How far the servers are apart while all talk, and while few do.
pub(super) fn watched(lines: &[&Line], active: u64) -> Option<Rates> {
    let conns = lines.first()?.conns;
    let compared = |value: fn(&Line) -> Option<Estimate>| {
        let ranked = lines.iter().filter(|line| value(line).is_some()).count();
        (ranked > 1).then(|| match Apart::of(lines, value) {
            Some(apart) => Compared::Apart(Ahead {
                fast: apart.high().1,
                slow: apart.low().1,
                ratio: apart.ratio(),
            }),
            None => Compared::Alike,
        })
    };
    // While all talk it is the distance that counts: it is small, and who is first changes.
    let all = compared(busy_rate).map(|compared| match compared {
        Compared::Alike => Compared::Alike,
        Compared::Apart(ahead) => Compared::Apart(ahead.ratio),
    });
    let few = compared(idle_rate);
    (all.is_some() || few.is_some()).then_some(Rates::Watched {
        conns,
        active,
        all,
        few,
    })
}

/// From this share of its CPUs on a server is at its limit.
const SATURATED: f64 = 0.9;
/// A server that watches for nothing is not slower when fewer talk. One that scans what it watches loses far more than
/// half; anything less may have another cause.
const COLLAPSE: f64 = 2.0;

/// A server that waits for its clients uses next to nothing while they are silent.
const BURNING: f64 = 0.5;

/// A server that loses when most of its connections fall silent, though it then has less to do. That it pays for the
/// connections it watches is said only where its CPU shows it: used up, in every round, by far fewer requests.
pub(super) fn collapse(line: &Line, active: u64) -> Option<Rates> {
    // While all talk a lower bound does no harm: what the server falls from is even more.
    let (busy, idle) = (line.busy.rate_per_s?, idle_rate(line)?);
    let share = line.idle.as_ref()?.server_share?;
    let pays = !line.busy.unsound
        && busy.clearly_above(&idle)
        && busy.median > COLLAPSE * idle.median
        && share.low >= SATURATED;
    pays.then(|| Rates::Collapse {
        server: line.server.clone(),
        conns: line.conns,
        active,
        from: busy.median,
        to: idle.median,
    })
}

/// The servers that use much of their CPUs while nobody asks anything of them, in every round.
pub(super) fn burning(lines: &[&Line]) -> Option<Rates> {
    let burns = |line: &&Line| {
        let share = line.silent_cpu_share.filter(|share| share.low >= BURNING)?;
        Some((line.server.clone(), share.median))
    };
    let servers: Vec<(String, f64)> = lines.iter().filter_map(burns).collect();
    (!servers.is_empty()).then_some(Rates::Burning { servers })
}

/// How throughput follows the number of connections while all talk, where there were several: who has clearly less at
/// the largest number than at its best.
pub(super) fn scaling(summary: &Summary) -> Option<Rates> {
    let (Some(&most), true) = (summary.conns.last(), summary.conns.len() > 1) else {
        return None;
    };
    let all: Vec<&Line> = summary.at(most).filter(|line| line.serves_all()).collect();
    let fall = |line: &Line| {
        let last = busy_rate(line)?;
        let before = summary.lines.iter().filter(|other| {
            other.server == line.server && other.conns < most && other.serves_all() && !other.busy.unsound
        });
        // Of a lower bound it is known that it was at least that fast.
        let best = before
            .filter_map(|other| other.busy.rate_per_s)
            .max_by(|a, b| a.median.total_cmp(&b.median))?;
        Some((
            best.clearly_above(&last),
            last.median / best.median,
            line.server.clone(),
        ))
    };
    let known: Vec<_> = all.iter().filter_map(|line| fall(line)).collect();
    let fallen = known.iter().filter(|(clear, ..)| *clear);
    let furthest = fallen.clone().min_by(|a, b| a.1.total_cmp(&b.1));
    let conns = most;
    match (furthest, &*known) {
        (_, []) => None,
        (None, [(_, _, only)]) => Some(Rates::Holds {
            only: Some(only.clone()),
            conns,
        }),
        (None, _) => Some(Rates::Holds { only: None, conns }),
        (Some((_, left, only)), [_]) => Some(Rates::Falls {
            server: only.clone(),
            conns,
            left: *left,
        }),
        (Some((_, left, server)), _) => Some(Rates::SomeFall {
            fallen: fallen.count(),
            known: known.len(),
            conns,
            server: server.clone(),
            left: *left,
        }),
    }
}

/// The title of the chart of throughput against connections watched.
#[must_use]
pub fn watched_title(summary: &Summary) -> Message {
    let lines = serving(summary);
    let title = watched(&lines, summary.active);
    Message::Rates(title.unwrap_or_else(|| match &*lines {
        [only] => Rates::OneServes {
            server: only.server.clone(),
            conns: only.conns,
        },
        [] => Rates::NoneServes,
        _ => Rates::NotCompared,
    }))
}

/// The title of the chart of throughput against connections.
#[must_use]
pub fn scaling_title(summary: &Summary) -> Message {
    Message::Rates(scaling(summary).unwrap_or(Rates::NotFollowed))
}
