//! Two recorded runs held against each other: what differs in their circumstances, and what in their numbers.
//!
//! Rows are compared by their key: server, connections, window, offered rate. What of it may be said is the business of
//! [`judge`]. No interval here knows how the machine has drifted between the two runs.

mod changes;
mod differences;
mod judge;
mod load;
mod metric;
mod rounds;

use std::collections::BTreeMap;

use serde::Serialize;

use self::changes::changes;
pub use self::differences::{Difference, Group, Programs};
use self::differences::{differences, programs};
pub use self::judge::{Bound, Judgement, Method, Ratio};
use self::load::another_load;
pub use self::metric::Metric;
pub use self::rounds::Key;
use self::rounds::{Rounds, keys};
use super::summary::Estimate;
use crate::record::{Row, Run};

/// What is to be compared.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// These metrics alone; all where there are none.
    pub metrics: Vec<Metric>,
    /// These servers alone; all where it is `None`.
    pub servers: Option<Vec<String>>,
    /// These connection counts alone; all where there are none.
    pub conns: Vec<u64>,
    /// Limits as shares, in place of [`Metric::limit`].
    pub limits: BTreeMap<Metric, f64>,
}

impl Options {
    /// The metrics that are compared, in their order.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> + '_ {
        let wanted = |metric: &Metric| self.metrics.is_empty() || self.metrics.contains(metric);
        Metric::ALL.into_iter().filter(wanted)
    }

    /// The limit of a metric, as a share.
    #[must_use]
    pub fn limit(&self, metric: Metric) -> f64 {
        self.limits.get(&metric).copied().unwrap_or_else(|| metric.limit())
    }

    fn takes(&self, name: &str) -> bool {
        self.servers
            .as_ref()
            .is_none_or(|servers| servers.iter().any(|server| server == name))
    }

    fn selects(&self, key: &Key) -> bool {
        self.takes(&key.server) && (self.conns.is_empty() || self.conns.contains(&key.conns))
    }
}

/// Why nothing more is said of a change than its two values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "text")]
pub enum Why {
    /// Rounds failed in current and none in base, and why.
    Failed(String),
    /// Rounds failed in base and none in current, and why.
    Mended(String),
    /// Fewer clients were served because of the limit of this name.
    Limit(String),
    /// Other clients were served, so that what each had, and what it cost, is no comparison.
    OtherClients,
    /// The load generator gave out first.
    Bounded,
    /// The load generator contradicted itself in a round.
    Unsound,
    /// The two were not read from the same place.
    OtherSource(String),
}

/// One metric of one window, before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which window.
    #[serde(flatten)]
    pub key: Key,
    /// What of it.
    pub metric: Metric,
    /// What is said of it.
    pub judgement: Judgement,
    /// The rounds of base.
    pub base: Option<Estimate>,
    /// The rounds of current.
    pub current: Option<Estimate>,
    /// Current ÷ base; `None` where the two are no comparison.
    pub ratio: Option<Ratio>,
    /// The smallest ratio, above 1, that rounds like these would have shown, either way; `None` where none would, or
    /// where it is not the rounds that decide.
    pub visible: Option<f64>,
    /// Why, where the numbers alone do not say it.
    pub why: Option<Why>,
}

impl Change {
    /// Whether a server has failed, or answered wrongly, that did not in base.
    #[must_use]
    pub fn broke(&self) -> bool {
        matches!(self.why, Some(Why::Failed(_)))
    }
}

/// Windows that are not compared though both runs have them, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// How their load differs.
    pub because: String,
    /// How many windows.
    pub windows: usize,
}

/// A metric that one of the runs lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// The metric.
    pub metric: Metric,
    /// Whether it is base that lacks it; else it is current.
    pub in_base: bool,
    /// In how many windows.
    pub windows: usize,
    /// Why in the first of them, where the record says so.
    pub because: Option<String>,
}

/// All that can be said of two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What differs in their circumstances.
    pub differences: Vec<Difference>,
    /// Which servers are the same programs.
    pub programs: Programs,
    /// Every metric of every window that both have, worst first.
    pub changes: Vec<Change>,
    /// Windows that only base has.
    pub only_in_base: Vec<Key>,
    /// Windows that only current has.
    pub only_in_current: Vec<Key>,
    /// Windows with another load.
    pub left_out: Vec<LeftOut>,
    /// Metrics that one of them lacks.
    pub absent: Vec<Absent>,
}

/// How a comparison ends, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing got worse, and that could be told of everything that base has.
    Pass,
    /// Nothing is known to have got worse, but not of everything could it be told.
    Inconclusive,
    /// Something got worse.
    Regression,
    /// A server failed, or answered wrongly, that did not in base.
    Broken,
}

impl Standing {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "nothing got worse",
            Self::Inconclusive => "inconclusive",
            Self::Regression => "worse",
            Self::Broken => "broken",
        }
    }
}

impl Comparison {
    /// How it ends.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let any = |judgement| self.of(judgement).next().is_some();
        if self.changes.iter().any(Change::broke) {
            Standing::Broken
        } else if any(Judgement::Worse) {
            Standing::Regression
        } else if any(Judgement::CannotTell)
            || !self.only_in_base.is_empty()
            || !self.left_out.is_empty()
            || self.absent.iter().any(|absent| !absent.in_base)
        {
            Standing::Inconclusive
        } else {
            Standing::Pass
        }
    }

    /// The changes of which one thing is said, worst first.
    pub fn of(&self, judgement: Judgement) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.judgement == judgement)
    }
}

/// Compares two runs.
#[must_use]
pub fn compare(base: (&Run, &[Row]), current: (&Run, &[Row]), options: &Options) -> Comparison {
    let mut comparison = Comparison {
        differences: differences(base, current),
        programs: programs(base.0, current.0, |server| options.takes(server)),
        changes: Vec::new(),
        only_in_base: Vec::new(),
        only_in_current: Vec::new(),
        left_out: Vec::new(),
        absent: Vec::new(),
    };
    let [before, after] = [base, current].map(|(run, rows)| {
        let mut keys = keys(&run.servers, rows);
        keys.retain(|key| options.selects(key));
        keys
    });
    let (both, only_in_base): (Vec<Key>, Vec<Key>) = before.iter().cloned().partition(|key| after.contains(key));
    comparison.only_in_base = only_in_base;
    comparison.only_in_current = after.into_iter().filter(|key| !before.contains(key)).collect();
    for key in &both {
        let (b, c) = (Rounds::of(base.1, key), Rounds::of(current.1, key));
        let rows = b.first().zip(c.first());
        if let Some(because) =
            rows.and_then(|(before, after)| another_load((before, &base.0.settings), (after, &current.0.settings)))
        {
            leave_out(&mut comparison.left_out, because);
            continue;
        }
        let first = is_the_first(key, &both);
        changes(&mut comparison, key, &b, &c, first, options);
    }
    comparison.changes.sort_by(worst_first);
    comparison
}

/// Whether a cell's costs, which are read once and stand in all its rows, are told with this window.
fn is_the_first(key: &Key, all: &[Key]) -> bool {
    let own = all
        .iter()
        .find(|other| other.server == key.server && other.conns == key.conns);
    own == Some(key)
}

fn leave_out(left_out: &mut Vec<LeftOut>, because: String) {
    match left_out.iter_mut().find(|known| known.because == because) {
        Some(known) => known.windows += 1,
        None => left_out.push(LeftOut { because, windows: 1 }),
    }
}

/// What is said, then failures, then clients that are not served, then by the factor.
fn worst_first(a: &Change, b: &Change) -> std::cmp::Ordering {
    let size = |change: &Change| {
        let estimate = change.ratio.map_or(1.0, |ratio| ratio.estimate);
        let factor = estimate.ln().abs();
        // From nothing to something is more than any factor.
        if factor.is_nan() { f64::INFINITY } else { factor }
    };
    let rank = |change: &Change| (change.judgement, !change.broke(), change.metric != Metric::Served);
    // Of what cannot be told, that first which could be largest.
    let unseen = |change: &Change| match change.judgement {
        Judgement::CannotTell => change.visible.unwrap_or(f64::INFINITY),
        _ => 0.0,
    };
    rank(a)
        .cmp(&rank(b))
        .then(unseen(b).total_cmp(&unseen(a)))
        .then(size(b).total_cmp(&size(a)))
}

#[cfg(test)]
mod tests;
