//! Latency over the clients that *asked*, not only over those that were answered.
//!
//! A server that serves one client of 10,000 answers that one at once; told over the replies alone it would win. Each
//! client that asked has the same weight: those that were served share the distribution of the replies, those that
//! were not waited longer than the window, and a percentile that falls among them has no value.

use loadgen::{Histogram, Quantiles};

/// The quantile `q` (0 to 1) over `asked` clients of which `served` got the latencies of `replies`.
#[must_use]
pub fn asked_quantile(replies: &Histogram, served: u64, asked: u64, q: f64) -> Option<u64> {
    if replies.is_empty() || served == 0 || asked == 0 {
        return None;
    }
    // The served clients take up the first part of the distribution, however long their own waits.
    let share = served as f64 / asked as f64;
    (q <= share).then(|| replies.quantile((q / share).min(1.0)))
}

/// The usual percentiles over the clients that asked; mean and maximum only where all of them were served.
#[must_use]
pub fn asked_quantiles(replies: &Histogram, served: u64, asked: u64) -> Quantiles {
    let quantile = |q| asked_quantile(replies, served, asked, q);
    Quantiles {
        mean: (served == asked && !replies.is_empty()).then(|| replies.mean()),
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        p999: quantile(0.999),
        p9999: quantile(0.9999),
        max: quantile(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies() -> Histogram {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|ns| histogram.record(ns));
        histogram
    }

    #[test]
    fn when_all_are_served_nothing_changes() {
        assert_eq!(asked_quantiles(&replies(), 7, 7), replies().quantiles());
    }

    #[test]
    fn a_percentile_among_the_unserved_has_no_value() {
        let told = asked_quantiles(&replies(), 60, 100);
        assert_eq!((told.p90, told.p99, told.max, told.mean), (None, None, None, None));
        // The median of all is the 5/6 quantile of those that were served.
        assert_eq!(told.p50, Some(834));
        assert_eq!(asked_quantiles(&replies(), 1, 10_000), Quantiles::default());
    }

    #[test]
    fn nobody_served_is_no_latency() {
        assert_eq!(asked_quantile(&Histogram::default(), 0, 10, 0.5), None);
    }
}
