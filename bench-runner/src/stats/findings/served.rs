//! Who serves how many, and what stops the others.

use super::Message;
use crate::stats::{Line, Summary};

/// What there is to say about connections served.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Served {
    /// The only server serves all, or it does not.
    Alone { server: String, all: bool, conns: u64 },
    /// How many of several serve all.
    Several { serving: usize, servers: usize, conns: u64 },
    /// One that does not in every round.
    Uneven {
        server: String,
        conns: u64,
        limit: Option<String>,
    },
    /// One that serves a part.
    Part(Part),
    /// One that serves all, but some of them late.
    Late { server: String, late: u64, served: u64 },
    /// The title where one stops at a number that can be quoted.
    StopsAt {
        server: String,
        served: u64,
        rest: Box<Served>,
    },
    /// The title where nothing was measured.
    Nothing,
}

/// What became of the connections of a server that serves a part of them.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Part {
    pub server: String,
    pub conns: u64,
    pub served: u64,
    pub refused: u64,
    pub lost: u64,
    pub starved: u64,
    /// Those that never connected.
    pub never: u64,
    /// What stopped it.
    pub limit: Option<String>,
}

pub(super) fn all_served(lines: &[&Line], conns: u64) -> Option<Served> {
    let measured = lines.iter().any(|line| line.rounds > 0);
    let serving = lines.iter().filter(|line| line.serves_all()).count();
    measured.then(|| match lines {
        [line] => Served::Alone {
            server: line.server.clone(),
            all: serving == 1,
            conns,
        },
        _ => Served::Several {
            serving,
            servers: lines.len(),
            conns,
        },
    })
}

pub(super) fn stopped(line: &Line) -> Option<Served> {
    let (server, limit) = (line.server.clone(), line.stopped_by());
    if line.served >= line.conns {
        // That a round has failed is told by itself.
        return line.failures.is_empty().then_some(Served::Uneven {
            server,
            conns: line.conns,
            limit,
        });
    }
    Some(Served::Part(Part {
        server,
        conns: line.conns,
        served: line.served,
        refused: line.refused,
        lost: line.lost,
        starved: line.starved,
        // Medians of an even number of rounds may add up to more than the whole.
        never: line.conns.saturating_sub(line.held + line.refused + line.lost),
        limit,
    }))
}

pub(super) fn late(line: &Line) -> Served {
    Served::Late {
        server: line.server.clone(),
        late: line.late,
        served: line.served,
    }
}

/// The title of the chart of connections served.
#[must_use]
pub fn served_title(summary: &Summary) -> Message {
    let conns = summary.most_conns();
    let lines: Vec<&Line> = summary.at(conns).collect();
    // The most telling limit is one that a server met by itself and that has a number to quote.
    let capped = lines
        .iter()
        .filter(|line| line.rounds > 0 && line.served < line.conns && line.served > 1);
    Message::Served(
        match (capped.max_by_key(|line| line.refused), all_served(&lines, conns)) {
            (Some(line), Some(rest)) => Served::StopsAt {
                server: line.server.clone(),
                served: line.served,
                rest: Box::new(rest),
            },
            (None, Some(all)) => all,
            (_, None) => Served::Nothing,
        },
    )
}
