//! The rounds of one window, which are what is compared, and what of it they have.

use serde::Serialize;

use super::metric::Metric;
use crate::record::{Row, Verdict, Window};

/// One window of one server: what a row of one run has in common with its counterpart in another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Key {
    /// The server.
    pub server: String,
    /// Connections asked for.
    pub conns: u64,
    /// Which window.
    pub window: Window,
    /// The rate that was to be offered, in an open loop.
    pub rate_per_s: Option<f64>,
}

impl Key {
    fn of(row: &Row) -> Self {
        Self {
            server: row.server.clone(),
            conns: row.conns,
            window: row.window,
            rate_per_s: row.load.rate_per_s,
        }
    }

    fn is_of(&self, row: &Row) -> bool {
        self.server == row.server
            && self.conns == row.conns
            && self.window == row.window
            && self.rate_per_s == row.load.rate_per_s
    }
}

/// Each key of `rows` once: servers in their order, then connections, windows and rates, ascending.
pub(super) fn keys(servers: &[String], rows: &[Row]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for row in rows {
        if !keys.iter().any(|key| key.is_of(row)) {
            keys.push(Key::of(row));
        }
    }
    let place = |key: &Key| servers.iter().position(|server| *server == key.server);
    let rate = |key: &Key| key.rate_per_s.unwrap_or(0.0);
    keys.sort_by(|a, b| {
        (place(a), a.conns, a.window)
            .cmp(&(place(b), b.conns, b.window))
            .then(rate(a).total_cmp(&rate(b)))
    });
    keys
}

/// All rounds of one window.
#[derive(Clone, Debug)]
pub(super) struct Rounds<'a> {
    rows: Vec<&'a Row>,
}

impl<'a> Rounds<'a> {
    pub(super) fn of(rows: &'a [Row], key: &Key) -> Self {
        Self {
            rows: rows.iter().filter(|row| key.is_of(row)).collect(),
        }
    }

    pub(super) fn first(&self) -> Option<&'a Row> {
        self.rows.first().copied()
    }

    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn measured(&self) -> impl Iterator<Item = &'a Row> + '_ {
        self.rows.iter().copied().filter(|row| row.verdict != Verdict::Failed)
    }

    pub(super) fn failed(&self) -> usize {
        self.count() - self.measured().count()
    }

    /// Why the first that failed has.
    pub(super) fn reason(&self) -> Option<&'a str> {
        self.rows.iter().find_map(|row| row.reason.as_deref())
    }

    pub(super) fn has(&self, verdict: Verdict) -> bool {
        self.measured().any(|row| row.verdicts.contains(&verdict))
    }

    pub(super) fn values(&self, metric: Metric) -> Vec<f64> {
        self.measured().filter_map(|row| metric.of(row)).collect()
    }

    /// Clients served, a round that failed among them: it served nobody to the end.
    pub(super) fn served(&self) -> Vec<f64> {
        let served = |row: &&Row| {
            let failed = row.verdict == Verdict::Failed;
            if failed { Some(0.0) } else { Metric::Served.of(row) }
        };
        self.rows.iter().filter_map(served).collect()
    }

    /// Whether all that were to talk were served, in every round that was measured.
    pub(super) fn serves_all(&self) -> bool {
        let all = |row: &Row| row.connections.is_some_and(|c| c.served >= c.active);
        self.measured().count() > 0 && self.measured().all(all)
    }

    /// The limit that kept clients from being served.
    pub(super) fn limit(&self) -> Option<&'a str> {
        self.measured().find_map(|row| row.limited_by.as_deref())
    }

    /// Where a metric was read, without why not elsewhere; each place once.
    pub(super) fn sources(&self, metric: Metric) -> Vec<&'a str> {
        let told = self.measured().filter_map(|row| row.sources.get(metric.field()));
        let mut sources: Vec<&str> = told
            .map(|source| source.split(", for want of better").next().unwrap_or(source))
            .collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// Why a metric is missing.
    pub(super) fn missing(&self, metric: Metric) -> Option<&'a str> {
        let mut told = self.measured().filter_map(|row| row.missing.get(metric.field()));
        told.next().map(String::as_str)
    }
}
