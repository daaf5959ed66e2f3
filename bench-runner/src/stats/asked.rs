//! Latency over the clients that *asked*, not only over those that were answered.
//!
//! A server that serves one client of 10,000 answers that one at once; told over the replies alone it would win. Each
//! client that asked has the same weight: those that were served share the distribution of the replies, those that
//! were not waited longer than the window, and a percentile that falls among them has no value. The requests that the
//! window's end cut off are not forgotten either, or a server could hide a stall by never coming back from it.

use std::sync::LazyLock;

use loadgen::{Histogram, Outcome, Quantiles};

use crate::record::Row;

static NOTHING: LazyLock<Histogram> = LazyLock::new(Histogram::default);

/// What is known of the service times of a window.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Service times of the replies that came.
    pub replies: &'a Histogram,
    /// Ages of the requests that the window's end cut off: their service times are longer.
    pub unfinished: &'a Histogram,
    /// Clients that got a reply inside the window.
    pub served: u64,
    /// Clients that asked.
    pub asked: u64,
}

impl<'a> Asked<'a> {
    /// What clients waited for in the window of a row: response times in an open loop, service times in a closed one.
    /// `None` where it was not measured.
    #[must_use]
    pub fn of(row: &'a Row) -> Option<Self> {
        Self::response(row).or_else(|| Self::service(row))
    }

    /// Service times, over the clients that were to send.
    #[must_use]
    pub fn service(row: &'a Row) -> Option<Self> {
        let connections = row.connections?;
        // In an open loop the ages of what was cut off count since the requests were due, and belong to response times.
        let open = row.response_histogram.is_some();
        let unfinished = row.unfinished_histogram.as_ref().filter(|_| !open);
        Some(Self {
            replies: row.histogram.as_ref()?,
            unfinished: unfinished.unwrap_or(&NOTHING),
            served: connections
                .served
                .saturating_sub(connections.late + connections.greeted),
            asked: connections.active,
        })
    }

    /// Response times of an open loop: every request that was due is told by itself, whichever client it fell to.
    #[must_use]
    pub fn response(row: &'a Row) -> Option<Self> {
        let replies = row.response_histogram.as_ref()?;
        let unfinished = row.unfinished_histogram.as_ref().unwrap_or(&NOTHING);
        let answered = row.requests?;
        // What connections asked that were never served has no age there, and no end in sight.
        let told = answered + unfinished.len();
        let cut_off = row.outcomes.as_ref()?.count(Outcome::Unfinished);
        Some(Self {
            replies,
            unfinished,
            served: told,
            asked: told.max(answered + cut_off),
        })
    }
}

impl Asked<'_> {
    /// The quantile `q` (0 to 1) over the clients that asked; `None` where it falls among those that were not served,
    /// or lies beyond the longest reply because requests that were cut off had waited for longer.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.replies.is_empty() || self.served == 0 || self.asked == 0 {
            return None;
        }
        // The served clients take up the first part of the distribution, however long their own waits.
        let share = self.served as f64 / self.asked as f64;
        (q <= share)
            .then(|| censored_quantile(self.replies, self.unfinished, (q / share).min(1.0)))
            .flatten()
    }

    /// Several quantiles, which ascend, in one walk through the values.
    #[must_use]
    pub fn ascending(&self, quantiles: &[f64]) -> Vec<Option<u64>> {
        debug_assert!(quantiles.is_sorted());
        if self.replies.is_empty() || self.served == 0 || self.asked == 0 {
            return vec![None; quantiles.len()];
        }
        let share = self.served as f64 / self.asked as f64;
        let among = quantiles.iter().take_while(|&&q| q <= share);
        let wanted: Vec<f64> = among.map(|q| (q / share).min(1.0)).collect();
        let mut told = censored_quantiles(self.replies, self.unfinished, &wanted);
        told.resize(quantiles.len(), None);
        told
    }

    /// The usual percentiles; mean and maximum only where everything was served and nothing was cut off after the last
    /// reply's time.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        let max = self.quantile(1.0);
        Quantiles {
            mean: max.map(|_| self.replies.mean()),
            p50: self.quantile(0.5),
            p90: self.quantile(0.9),
            p99: self.quantile(0.99),
            p999: self.quantile(0.999),
            p9999: self.quantile(0.9999),
            max,
        }
    }
}

/// The quantile of times of which some are known only to be longer than what was seen of them: the product-limit
/// estimate (E. L. Kaplan and P. Meier, 1958). A request that was cut off at an age counts as waiting up to that age
/// and as nothing beyond it. Without such requests it is the quantile of the histogram. `None` where too many were
/// cut off beyond the last value.
fn censored_quantile(values: &Histogram, cut_off: &Histogram, q: f64) -> Option<u64> {
    if cut_off.is_empty() {
        return Some(values.quantile(q));
    }
    let mut waiting = (values.len() + cut_off.len()) as f64;
    let mut surviving = 1.0;
    let mut cut_off = cut_off.counts().peekable();
    for (value, count) in values.counts() {
        while let Some((_, gone)) = cut_off.next_if(|&(age, _)| age < value) {
            waiting -= gone as f64;
        }
        surviving *= 1.0 - count as f64 / waiting;
        waiting -= count as f64;
        // The products round: a hair too much survives.
        if surviving <= 1.0 - q + 1e-12 {
            return Some(value);
        }
    }
    None
}

/// [`censored_quantile`] of each of `quantiles`, which ascend.
fn censored_quantiles(values: &Histogram, cut_off: &Histogram, quantiles: &[f64]) -> Vec<Option<u64>> {
    let (all, censored) = (values.len() as f64, !cut_off.is_empty());
    let mut waiting = all + cut_off.len() as f64;
    let (mut surviving, mut seen) = (1.0, 0);
    let mut cut_off = cut_off.counts().peekable();
    let mut quantiles = quantiles.iter().peekable();
    let mut told = Vec::new();
    for (value, count) in values.counts() {
        while let Some((_, gone)) = cut_off.next_if(|&(age, _)| age < value) {
            waiting -= gone as f64;
        }
        surviving *= 1.0 - count as f64 / waiting;
        waiting -= count as f64;
        seen += count;
        // Without any that was cut off, counts are exact, and products are not.
        let reached = |q: f64| {
            if censored {
                surviving <= 1.0 - q + 1e-12
            } else {
                seen >= ((q * all).ceil() as u64).max(1)
            }
        };
        while quantiles.next_if(|&&q| reached(q)).is_some() {
            told.push(Some(value));
        }
        if quantiles.peek().is_none() {
            break;
        }
    }
    told.extend(quantiles.map(|_| None));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies() -> Histogram {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|ns| histogram.record(ns));
        histogram
    }

    fn told(served: u64, asked: u64) -> Quantiles {
        let (replies, unfinished) = (&replies(), &Histogram::default());
        Asked {
            replies,
            unfinished,
            served,
            asked,
        }
        .quantiles()
    }

    #[test]
    fn when_all_are_served_nothing_changes() {
        assert_eq!(told(7, 7), replies().quantiles());
    }

    #[test]
    fn requests_cut_off_count_as_waiting_for_as_long_as_they_were_seen_to() {
        // Times 1 2 3 4, cut off after 2 and 3. Surviving: 5/6, 4/6, then 2/3 of that (three were left), then none.
        let (mut times, mut ages) = (Histogram::default(), Histogram::default());
        [1, 2, 3, 4].into_iter().for_each(|ns| times.record(ns));
        [2, 3].into_iter().for_each(|ns| ages.record(ns));
        let quantile = |q| censored_quantile(&times, &ages, q);
        assert_eq!(quantile(0.16), Some(1));
        assert_eq!(quantile(0.17), Some(2));
        assert_eq!(quantile(0.33), Some(2));
        assert_eq!(quantile(0.34), Some(3));
        assert_eq!(quantile(0.55), Some(3));
        assert_eq!(quantile(0.56), Some(4));
        assert_eq!(quantile(1.0), Some(4));
    }

    #[test]
    fn a_server_that_hangs_for_the_rest_of_the_window_has_no_tail_to_show() {
        let mut unfinished = Histogram::default();
        (0..20).for_each(|_| unfinished.record(3_000_000_000));
        let all = Asked {
            replies: &replies(),
            unfinished: &unfinished,
            served: 20,
            asked: 20,
        };
        let told = all.quantiles();
        assert_eq!((told.p50, told.p90), (Some(510), Some(918)));
        assert_eq!((told.p99, told.max, told.mean), (None, None, None));
    }

    #[test]
    fn several_quantiles_in_one_walk_are_those_of_one_each() {
        let mut replies = Histogram::default();
        (1..=2_000u64).for_each(|i| replies.record(i * i * 7 % 1_000_003 + 1));
        let mut ages = Histogram::default();
        (1..=300u64).for_each(|i| ages.record(i * i * 11 % 1_200_007 + 1));
        let quantiles: Vec<f64> = (0..=1000).map(|i| f64::from(i) / 1000.0).collect();
        for unfinished in [&Histogram::default(), &ages] {
            for served in [100, 73, 1, 0] {
                let asked = Asked {
                    replies: &replies,
                    unfinished,
                    served,
                    asked: 100,
                };
                let each: Vec<Option<u64>> = quantiles.iter().map(|&q| asked.quantile(q)).collect();
                assert_eq!(asked.ascending(&quantiles), each, "{served} served");
            }
        }
    }

    #[test]
    fn a_percentile_among_the_unserved_has_no_value() {
        let some = told(60, 100);
        assert_eq!((some.p90, some.p99, some.max, some.mean), (None, None, None, None));
        // The median of all is the 5/6 quantile of those that were served.
        assert_eq!(some.p50, Some(834));
        assert_eq!(told(1, 10_000), Quantiles::default());
    }

    #[test]
    fn nobody_served_is_no_latency() {
        let nothing = &Histogram::default();
        let asked = Asked {
            replies: nothing,
            unfinished: nothing,
            served: 0,
            asked: 10,
        };
        assert_eq!(asked.quantile(0.5), None);
    }
}
