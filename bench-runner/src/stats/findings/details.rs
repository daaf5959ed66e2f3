//! What else there is to see: the far end of latency, fairness, throughput through a window, connecting.

use super::rates::Apart;
use super::{Message, Named, serving};
use crate::record::Window;
use crate::stats::{Estimate, Line, Summary, Tails, WindowSummary};

/// What the charts of a report state.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Detail {
    /// The 99.9th percentile, in nanoseconds.
    Tails { talk: Talk, said: Compared },
    /// How many times as long the slowest connection waits as the fastest; the least and the most of those that are alike.
    Fairness { said: Compared, alike: (f64, f64) },
    /// The title where no server serves all.
    NoFairness,
    /// Some answer nobody for a while, of so many; the one that does so for longest, and for how many seconds.
    Silent {
        silent: usize,
        servers: usize,
        longest: String,
        for_s: f64,
    },
    /// None of several has a trend, or the only one has none.
    Steady { only: Option<String>, servers: usize },
    /// Some have; the one that changes most, and by what part of its rate.
    Changing {
        changing: usize,
        servers: usize,
        most: String,
        change: f64,
    },
    /// Windows too short for a trend.
    TooShort,
    /// No server serves all.
    NoPace,
    /// The longest that any connection took to be made, in nanoseconds.
    Connected { within: u64, never: Never },
    /// Servers with connections that took as long as a handshake that was sent again.
    SentAgain { servers: Vec<String>, never: Never },
    /// No connection was made.
    NotConnected,
}

/// Servers of which some connections were never made, of so many, and the most of them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Never {
    pub servers: usize,
    pub of: usize,
    pub most: u64,
}

/// Who talks.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Talk {
    All { conns: u64 },
    Few { active: u64, conns: u64 },
    Rate(f64),
}

/// What comes of comparing servers by a value of which less is better.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Compared {
    Apart { low: (f64, Named), high: (f64, Named) },
    One { server: String, value: f64 },
    Alike,
    Nothing,
}

impl Compared {
    fn of(lines: &[&Line], value: impl Fn(&Line) -> Option<Estimate>) -> Self {
        let known: Vec<(&str, Estimate)> = lines
            .iter()
            .filter_map(|line| Some((&*line.server, value(line)?)))
            .collect();
        match (Apart::of(lines, value), &*known) {
            (Some(apart), _) => Self::Apart {
                low: apart.low(),
                high: apart.high(),
            },
            (None, []) => Self::Nothing,
            (None, [(only, value)]) => Self::One {
                server: (*only).to_owned(),
                value: value.median,
            },
            (None, _) => Self::Alike,
        }
    }
}

/// The title of the chart of the far end of latency.
#[must_use]
pub fn tails_title(summary: &Summary) -> Message {
    let conns = summary.most_conns();
    let talk = summary
        .details
        .tails
        .as_ref()
        .map(|tails| match (tails.rate_per_s, tails.window) {
            (Some(rate), _) => Talk::Rate(rate),
            (None, Window::Idle) => Talk::Few {
                active: tails.active,
                conns: tails.conns,
            },
            (None, _) => Talk::All { conns: tails.conns },
        });
    let p999 = |line: &Line| {
        let tails = summary.details.tails.as_ref()?;
        let tail = tails.servers.iter().find(|tail| tail.server == line.server)?;
        // Known in some rounds only, it would be that of the better ones.
        tail.at(1_000)
            .filter(|ns| ns.rounds >= line.rounds && is_the_servers(tails, line))
    };
    Message::Detail(Detail::Tails {
        talk: talk.unwrap_or(Talk::All { conns }),
        said: Compared::of(&serving(summary), p999),
    })
}

/// Whether latencies are those of the server, and not what the generator made late.
fn is_the_servers(tails: &Tails, line: &Line) -> bool {
    match tails.window {
        Window::Busy => line.busy.ranks(),
        Window::Idle => line.idle.as_ref().is_some_and(WindowSummary::ranks),
        Window::Open => line
            .curve
            .iter()
            .all(|point| Some(point.rate_per_s) != tails.rate_per_s || !point.upper_bound),
    }
}

/// The title of the chart of fairness.
#[must_use]
pub fn fairness_title(summary: &Summary) -> Message {
    let ratio = |line: &Line| {
        let fairness = &summary.details.fairness;
        Some(fairness.iter().find(|one| one.server == line.server)?.ratio)
    };
    let lines = serving(summary);
    let medians = || lines.iter().filter_map(|line| Some(ratio(line)?.median));
    let alike = (medians().fold(f64::INFINITY, f64::min), medians().fold(0.0, f64::max));
    Message::Detail(match Compared::of(&lines, ratio) {
        Compared::Nothing => Detail::NoFairness,
        said => Detail::Fairness { said, alike },
    })
}

/// The title of the chart of throughput through a window.
#[must_use]
pub fn pace_title(summary: &Summary) -> Message {
    let paces = &summary.details.paces;
    let changing = || paces.iter().filter_map(|pace| Some((&pace.server, pace.trend?.change)));
    let most = changing().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let silent = || paces.iter().filter(|pace| pace.silent_s > 0.0);
    if let Some(longest) = silent().max_by(|a, b| a.silent_s.total_cmp(&b.silent_s)) {
        return Message::Detail(Detail::Silent {
            silent: silent().count(),
            servers: paces.len(),
            longest: longest.server.clone(),
            for_s: longest.silent_s,
        });
    }
    Message::Detail(match (&**paces, most) {
        ([], _) => Detail::NoPace,
        (paces, _) if paces.iter().any(|pace| !pace.told) => Detail::TooShort,
        (paces, Some((most, change))) => Detail::Changing {
            changing: changing().count(),
            servers: paces.len(),
            most: most.clone(),
            change,
        },
        ([only], None) => Detail::Steady {
            only: Some(only.server.clone()),
            servers: 1,
        },
        (paces, None) => Detail::Steady {
            only: None,
            servers: paces.len(),
        },
    })
}

/// The title of the chart of how long connecting took.
#[must_use]
pub fn connect_title(summary: &Summary) -> Message {
    let connects = &summary.details.connects;
    let again: Vec<String> = connects
        .iter()
        .filter(|connect| connect.sent_again)
        .map(|connect| connect.server.clone())
        .collect();
    let longest = connects.iter().map(|connect| connect.max_ns).max();
    let never = Never {
        servers: connects.iter().filter(|connect| connect.never > 0).count(),
        of: connects.len(),
        most: connects.iter().map(|connect| connect.never).max().unwrap_or(0),
    };
    Message::Detail(match (longest, &*again) {
        (None, _) => Detail::NotConnected,
        (Some(within), []) => Detail::Connected { within, never },
        (Some(_), _) => Detail::SentAgain { servers: again, never },
    })
}
