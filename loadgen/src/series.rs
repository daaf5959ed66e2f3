//! A window as it went: what came in each tenth of a second.

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// Length of an interval.
const INTERVAL_NS: u64 = 100_000_000;

/// The intervals of a window, as they are recorded.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// When the current interval ends.
    ends_ns: u64,
    current: Histogram,
    done: Vec<Histogram>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            ends_ns: u64::MAX,
            current: Histogram::coarse(),
            done: Vec::new(),
        }
    }
}

impl Recorder {
    /// The first interval begins at `start_ns`; there is room for all that end by `end_ns`.
    pub(crate) fn open(&mut self, start_ns: u64, end_ns: u64) {
        self.ends_ns = start_ns + INTERVAL_NS;
        self.current.clear();
        self.done = Vec::with_capacity(((end_ns - start_ns) / INTERVAL_NS) as usize);
    }

    /// A reply came at `now`, after `ns`.
    #[inline]
    pub(crate) fn record(&mut self, now: u64, ns: u64) {
        if now >= self.ends_ns {
            self.advance(now);
        }
        self.current.record(ns);
    }

    /// Goes on to the interval that `now` is in.
    #[cold]
    fn advance(&mut self, now: u64) {
        while now >= self.ends_ns {
            self.done
                .push(std::mem::replace(&mut self.current, Histogram::coarse()));
            self.ends_ns += INTERVAL_NS;
        }
    }

    /// The window ends at `end_ns`. What came in a last interval that is not whole is in none.
    pub(crate) fn close(&mut self, end_ns: u64) {
        self.advance(end_ns);
        self.ends_ns = u64::MAX;
    }

    /// Latencies of each whole interval.
    pub(crate) fn intervals(&self) -> &[Histogram] {
        &self.done
    }
}

/// A window in intervals of a tenth of a second; the lists have a value for each of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Length of an interval in seconds.
    pub interval_s: f64,
    /// Correct replies.
    pub requests: Vec<u64>,
    /// Median of their latencies, to two digits; null in an interval without any.
    pub p50_ns: Vec<Option<u64>>,
    /// 99th percentile.
    pub p99_ns: Vec<Option<u64>>,
    /// The longest.
    pub max_ns: Vec<Option<u64>>,
}

impl Series {
    /// What several shards saw together, as far as all of them have the interval.
    #[must_use]
    pub(crate) fn merge(shards: &[&[Histogram]]) -> Self {
        let intervals = shards.iter().map(|shard| shard.len()).min().unwrap_or(0);
        let mut series = Self {
            interval_s: INTERVAL_NS as f64 / 1e9,
            ..Self::default()
        };
        for i in 0..intervals {
            let mut all = Histogram::coarse();
            shards.iter().for_each(|shard| all.merge(&shard[i]));
            let quantile = |q| (!all.is_empty()).then(|| all.quantile(q));
            series.requests.push(all.len());
            series.p50_ns.push(quantile(0.5));
            series.p99_ns.push(quantile(0.99));
            series.max_ns.push(quantile(1.0));
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_is_in_the_interval_in_which_it_came() {
        let mut recorder = Recorder::default();
        let start = 5_000_000_000;
        recorder.open(start, start + 450_000_000);
        for (at_ms, ns) in [(0, 100), (99, 300), (100, 1000), (310, 7), (449, 9)] {
            recorder.record(start + at_ms * 1_000_000, ns);
        }
        recorder.close(start + 450_000_000);
        let series = Series::merge(&[recorder.intervals(), recorder.intervals()]);
        assert_eq!(series.requests, [4, 2, 0, 2], "what is left of the end is in none");
        assert_eq!(series.p50_ns, [Some(100), Some(1003), None, Some(7)], "to two digits");
        assert_eq!(series.max_ns[0], Some(301));
        assert_eq!(series.interval_s, 0.1);
    }

    #[test]
    fn no_shard_is_left_out_of_an_interval() {
        let one = vec![Histogram::coarse(); 3];
        assert_eq!(Series::merge(&[&one, &one[..2]]).requests.len(), 2);
        assert_eq!(Series::merge(&[]).requests.len(), 0);
    }
}
