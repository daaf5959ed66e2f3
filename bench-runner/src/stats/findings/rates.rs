//! How far servers are apart by rate. Only what may be held against each other is.

use loadgen::units::{grouped, short};

use crate::stats::{Estimate, Line, Summary};

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
        let like = |one: &Estimate| {
            let same = |other: &Estimate| !other.clearly_above(one) && !one.clearly_above(other);
            valued.iter().filter(|(_, other)| same(other)).count() - 1
        };
        Some(Self {
            low: (low.0, low.1, like(&low.1)),
            high: (high.0, high.1, like(&high.1)),
        })
    }

    /// The larger over the smaller.
    fn ratio(&self) -> f64 {
        self.high.1.median / self.low.1.median
    }

    /// The smaller value, and who has it: which one of several that are no different is the first is chance.
    pub(super) fn low(&self) -> (f64, String) {
        (self.low.1.median, with_its_like(self.low.0, self.low.2))
    }

    /// The larger value, and who has it.
    pub(super) fn high(&self) -> (f64, String) {
        (self.high.1.median, with_its_like(self.high.0, self.high.2))
    }
}

fn with_its_like(line: &Line, others: usize) -> String {
    match others {
        0 => line.server.clone(),
        others => format!("{} and {others} like it", line.server),
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
pub(super) fn unranked(lines: &[&Line]) -> Option<String> {
    let bounded = |line: &&&Line| line.busy.lower_bound || line.idle.as_ref().is_some_and(|idle| idle.lower_bound);
    let names: Vec<&str> = lines.iter().filter(bounded).map(|line| &*line.server).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Not ranked where the load generator gave out first (≥): {}.",
            names.join(", ")
        )
    })
}

/// How far the servers are apart while all talk, and while few do.
pub(super) fn watched(lines: &[&Line], active: u64) -> Option<String> {
    let conns = lines.first()?.conns;
    let compared = |value: fn(&Line) -> Option<Estimate>| {
        let ranked = lines.iter().filter(|line| value(line).is_some()).count();
        (ranked > 1).then(|| Apart::of(lines, value))
    };
    let none = || "no clear difference".to_owned();
    let all =
        compared(busy_rate).map(|apart| apart.map_or_else(none, |apart| format!("{} apart", times(apart.ratio()))));
    let few = compared(idle_rate).map(|apart| {
        let few = apart.map_or_else(none, |apart| {
            let ((_, slow), (_, fast)) = (apart.low(), apart.high());
            let is = if apart.high.2 > 0 { "are" } else { "is" };
            format!("{fast} {is} {} {slow}", ahead(apart.ratio()))
        });
        format!("{} of {} talk: {few}", grouped(active), grouped(conns))
    });
    match (all, few) {
        (Some(all), Some(few)) => Some(format!("All talk: {all}; {few}.")),
        (Some(all), None) => Some(format!("All {} talk: {all}.", grouped(conns))),
        (None, few) => Some(format!("{}.", few?)),
    }
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
pub(super) fn collapse(line: &Line, active: u64) -> Option<String> {
    // While all talk a lower bound does no harm: what the server falls from is even more.
    let (busy, idle) = (line.busy.rate_per_s?, idle_rate(line)?);
    let share = line.idle.as_ref()?.server_share?;
    let pays = !line.busy.unsound
        && busy.clearly_above(&idle)
        && busy.median > COLLAPSE * idle.median
        && share.low >= SATURATED;
    pays.then(|| {
        format!(
            "With {} of {} talking, {} falls from {} to {} requests a second with its CPU used up: it pays for the \
             connections it watches.",
            grouped(active),
            grouped(line.conns),
            line.server,
            short(busy.median),
            short(idle.median)
        )
    })
}

/// The servers that use much of their CPUs while nobody asks anything of them, in every round.
pub(super) fn burning(lines: &[&Line]) -> Option<String> {
    let burns = |line: &&Line| {
        let share = line.silent_cpu_share.filter(|share| share.low >= BURNING)?;
        Some(format!("{} uses {:.0} % of its CPU", line.server, share.median * 100.0))
    };
    let burning: Vec<String> = lines.iter().filter_map(burns).collect();
    (!burning.is_empty()).then(|| format!("While nobody talks, {}.", burning.join(", ")))
}

/// How throughput follows the number of connections while all talk, where there were several: who has clearly less at
/// the largest number than at its best.
pub(super) fn scaling(summary: &Summary) -> Option<String> {
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
    let most = grouped(most);
    match (furthest, &*known) {
        (_, []) => None,
        (None, [(_, _, only)]) => Some(format!(
            "{only} has no clear loss of throughput up to {most} connections."
        )),
        (None, _) => Some(format!(
            "No model has a clear loss of throughput up to {most} connections."
        )),
        (Some((_, left, only)), [_]) => {
            let left = left * 100.0;
            Some(format!(
                "With {most} connections that all talk, {only} has {left:.0} % of its best rate."
            ))
        }
        (Some((_, left, name)), _) => Some(format!(
            "With {most} connections that all talk, {} of {} have clearly less than their best rate, down to {:.0} % in \
             {name}.",
            fallen.count(),
            known.len(),
            left * 100.0
        )),
    }
}

/// `12×`, `1.4×`, or a percentage for what is less than half as much again.
fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 9.95 => format!("{ratio:.0}×"),
        ratio if ratio >= 1.5 => format!("{ratio:.1}×"),
        ratio => format!("{:.0} %", (ratio - 1.0) * 100.0),
    }
}

fn ahead(ratio: f64) -> String {
    if ratio >= 1.5 {
        format!("{} as fast as", times(ratio))
    } else {
        format!("{} faster than", times(ratio))
    }
}
