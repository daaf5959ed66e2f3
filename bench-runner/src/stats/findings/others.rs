//! What a slow request does to the others.

use super::rates::Apart;
use super::{Message, Named, serving};
use crate::stats::{Estimate, Line, Summary};

/// What there is to say about those who asked for nothing slow: their 99th percentile, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Waiting {
    /// With whom they wait least and with whom longest.
    Apart { quick: (f64, Named), slow: (f64, Named) },
    /// With the only server.
    One { server: String, p99: f64 },
    /// No clear difference.
    Alike,
    /// The title where nobody answered them.
    Nothing,
}

fn others_of(line: &Line) -> Option<Estimate> {
    line.others_p99_ns
}

/// How long the others wait, with whom they wait least and with whom longest.
pub(super) fn waiting(lines: &[&Line]) -> Option<Waiting> {
    let known: Vec<(&str, Estimate)> = lines
        .iter()
        .filter_map(|line| Some((&*line.server, others_of(line)?)))
        .collect();
    match (Apart::of(lines, others_of), &*known) {
        (Some(apart), _) => Some(Waiting::Apart {
            quick: apart.low(),
            slow: apart.high(),
        }),
        (None, []) => None,
        (None, [(only, p99)]) => Some(Waiting::One {
            server: (*only).to_owned(),
            p99: p99.median,
        }),
        (None, _) => Some(Waiting::Alike),
    }
}

/// The title of the chart of one slow handler.
#[must_use]
pub fn others_title(summary: &Summary) -> Message {
    Message::Waiting(waiting(&serving(summary)).unwrap_or(Waiting::Nothing))
}
