//! A window as it went: what came in each tenth of a second, or in each longer interval of a long window.

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::wire::Window;

/// Length of an interval, where a window has no more than [`MOST`] of them.
const SHORTEST_NS: u64 = 100_000_000;
/// Intervals that a window has at most: in a longer one each is longer.
const MOST: u64 = 600;

/// The intervals of a window, as they are recorded. All that it needs is there before the window begins.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// Latencies of each interval, and of what comes after the last whole one.
    intervals: Vec<Histogram>,
    current: usize,
    /// When the current interval ends.
    ends_ns: u64,
    length_ns: u64,
}

impl Recorder {
    /// The first interval begins at `start_ns`.
    pub(crate) fn open(&mut self, start_ns: u64, end_ns: u64) {
        let window = end_ns - start_ns;
        self.length_ns = SHORTEST_NS * window.div_ceil(SHORTEST_NS * MOST).max(1);
        (self.current, self.ends_ns) = (0, start_ns + self.length_ns);
        self.intervals
            .resize_with((window / self.length_ns) as usize + 1, Histogram::coarse);
        self.intervals.iter_mut().for_each(Histogram::clear);
    }

    /// A reply came at `now`, inside the window, after `ns`.
    #[inline]
    pub(crate) fn record(&mut self, now: u64, ns: u64) {
        while now >= self.ends_ns {
            self.current += 1;
            self.ends_ns += self.length_ns;
        }
        if let Some(interval) = self.intervals.get_mut(self.current) {
            interval.record(ns);
        }
    }

    /// The length of an interval, and the latencies in each whole one.
    pub(crate) fn told(&self) -> (u64, Vec<Histogram>) {
        let whole = &self.intervals[..self.intervals.len().saturating_sub(1)];
        (self.length_ns, whole.to_vec())
    }
}

/// A window in intervals; the lists have a value for each of them.
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
    /// What several shards saw together of what `of` picks, as far as all of them have the interval; nothing where theirs
    /// differ.
    #[must_use]
    pub(crate) fn merge(shards: &[Window], of: fn(&Window) -> &[Histogram]) -> Self {
        let length_ns = shards.first().map_or(0, |shard| shard.interval_ns);
        let alike = shards.iter().all(|shard| shard.interval_ns == length_ns);
        let intervals = shards.iter().map(|shard| of(shard).len()).min().filter(|_| alike);
        let intervals = intervals.unwrap_or(0);
        let mut series = Self {
            interval_s: length_ns as f64 / 1e9,
            ..Self::default()
        };
        for i in 0..intervals {
            let mut all = Histogram::coarse();
            shards.iter().for_each(|shard| all.merge(&of(shard)[i]));
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

    /// A window of `window_ms`, with replies at the instants (in ms) after times (in ns).
    fn window(window_ms: u64, replies: &[(u64, u64)]) -> Window {
        let (mut recorder, start) = (Recorder::default(), 5_000_000_000);
        // What an earlier window has left must not show.
        recorder.open(0, 1_000_000_000);
        recorder.record(999_999_999, 1);
        recorder.open(start, start + window_ms * 1_000_000);
        for (at_ms, ns) in replies {
            recorder.record(start + at_ms * 1_000_000, *ns);
        }
        let mut window = Window::default();
        (window.interval_ns, window.series) = recorder.told();
        window
    }

    fn merge(shards: &[Window]) -> Series {
        Series::merge(shards, |shard| &shard.series)
    }

    #[test]
    fn each_reply_is_in_the_interval_in_which_it_came() {
        let one = window(450, &[(0, 100), (99, 300), (100, 1000), (310, 7), (449, 9)]);
        let series = merge(&[one.clone(), one]);
        assert_eq!(series.requests, [4, 2, 0, 2], "what is left of the end is in none");
        assert_eq!(series.p50_ns, [Some(100), Some(1003), None, Some(7)], "to two digits");
        assert_eq!(series.max_ns[0], Some(301));
        assert_eq!(series.interval_s, 0.1);
    }

    #[test]
    fn a_long_window_has_longer_intervals_and_no_more_of_them() {
        let series = merge(&[window(3_600_000, &[(0, 1), (3_599_999, 2)])]);
        assert_eq!((series.requests.len(), series.interval_s), (600, 6.0));
        assert_eq!((series.requests[0], series.requests[599]), (1, 1));
    }

    #[test]
    fn no_shard_is_left_out_of_an_interval() {
        assert_eq!(merge(&[window(300, &[]), window(200, &[])]).requests.len(), 2);
        assert_eq!(merge(&[window(300, &[]), window(600_000, &[])]).requests.len(), 0);
        assert_eq!(merge(&[]).requests.len(), 0);
    }
}
