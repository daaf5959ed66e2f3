//! Two recorded runs held against each other: what differs in their circumstances, and what in their numbers.
//!
//! Rows are compared by their key: server, connections, window, offered rate. No interval here knows how the machine has drifted between the two runs.

mod changes;
mod comparison;
mod differences;
mod judge;
mod load;
mod metric;
mod rounds;

use std::collections::BTreeMap;

use self::changes::changes;
pub use self::comparison::{Absent, Change, Comparison, LeftOut, Standing, Why};
pub use self::differences::{Difference, Group, Programs};
use self::differences::{differences, programs};
pub use self::judge::{Bound, Judgement, Method, Ratio};
use self::load::another_load;
pub use self::metric::Metric;
pub use self::rounds::Key;
use self::rounds::{Rounds, keys};
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
