//! What is compared, and what a pair of processes says of it.

use super::{Worse, log_ratio};
use crate::record::{GateMetric, PairRow, Side, SlicePair, SliceRow};

/// Which way a metric is worse.
fn worse(metric: GateMetric) -> Worse {
    match metric {
        GateMetric::Throughput | GateMetric::Answered => Worse::Lower,
        _ => Worse::Higher,
    }
}

/// Nanoseconds, or replies per second, of a slice; none for memory, which no slice has.
fn of_slice(metric: GateMetric, slice: &SliceRow) -> Option<f64> {
    match metric {
        GateMetric::Cpu => Some(slice.cpu_ns_per_request()),
        GateMetric::Throughput => Some(slice.rate_per_s()),
        GateMetric::P50 => slice.p50_ns.map(|ns| ns as f64),
        GateMetric::P99 => slice.p99_ns.map(|ns| ns as f64),
        GateMetric::Answered => Some(slice.answered_share()),
        GateMetric::Memory => None,
    }
}

/// A datum for each pair: the mean of ln(head / base) over its slices, positive where head is worse.
///
/// Requests and slices are no independent observations, for what slows one slows the next; process pairs are. A value that
/// a slice lacks makes its pair NaN, which is refused where it is judged.
#[must_use]
pub fn paired(pairs: &[PairRow], metric: GateMetric) -> Vec<f64> {
    let datum = |pair: &PairRow| {
        let of = |slice: &SliceRow| of_slice(metric, slice).unwrap_or(f64::NAN);
        let ratio = |slices: &SlicePair| log_ratio(of(&slices.head), of(&slices.base), worse(metric));
        pair.slices.iter().map(ratio).sum::<f64>() / pair.slices.len() as f64
    };
    pairs.iter().map(datum).collect()
}

/// Whether a side lacks a value, or has one that is none, in any slice of a pair.
#[must_use]
pub fn lacks(pair: &PairRow, metric: GateMetric, side: Side) -> bool {
    pair.slices.is_empty()
        || pair.slices.iter().any(|slices| {
            let slice = match side {
                Side::Base => &slices.base,
                Side::Head => &slices.head,
            };
            of_slice(metric, slice).is_none_or(|value| !value.is_finite() || value <= 0.0)
        })
}

/// The median over all pairs of what one side had, in the metric's unit: to show how much a change is.
#[must_use]
pub fn typical(pairs: &[PairRow], metric: GateMetric, side: Side) -> Option<f64> {
    let of_pair = |pair: &PairRow| {
        if metric == GateMetric::Memory {
            return pair.user_bytes_per_connection[side as usize];
        }
        let slices = pair.slices.iter().filter_map(|slices| {
            let slice = match side {
                Side::Base => &slices.base,
                Side::Head => &slices.head,
            };
            of_slice(metric, slice)
        });
        median(slices.collect())
    };
    median(pairs.iter().filter_map(of_pair).collect())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(values[middle - 1].midpoint(values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Campaign, GATE_SCHEMA, TrialLoad};

    fn slice(cpu_ns: u64, answered: u64) -> SliceRow {
        SliceRow {
            cpu_ns,
            answered,
            unanswered: 0,
            elapsed_ns: 100_000_000,
            p50_ns: Some(20_000),
            p99_ns: Some(90_000),
        }
    }

    fn pair(slices: &[(SliceRow, SliceRow)]) -> PairRow {
        let both = |&(base, head): &(SliceRow, SliceRow)| SlicePair {
            first: Side::Base,
            base,
            head,
        };
        PairRow {
            schema: GATE_SCHEMA,
            server: "mine".to_owned(),
            load: TrialLoad::Offered(1e4),
            campaign: Campaign::First,
            pair: 1,
            first: Side::Head,
            padding_bytes: [1, 2],
            slices: slices.iter().map(both).collect(),
            user_bytes_per_connection: [Some(100.0), Some(120.0)],
        }
    }

    #[test]
    fn a_pair_is_the_mean_of_its_slices_ratios() {
        let pairs = [pair(&[
            (slice(1000, 10), slice(1100, 10)),
            (slice(2000, 10), slice(2000, 20)),
        ])];
        let expected = (1.1_f64.ln() + 0.5_f64.ln()) / 2.0;
        assert!((paired(&pairs, GateMetric::Cpu)[0] - expected).abs() < 1e-12);
        // Twice as many replies in the same time are no worse.
        assert!(paired(&pairs, GateMetric::Throughput)[0] < 0.0);
        assert_eq!(paired(&pairs, GateMetric::P99), [0.0]);
    }

    #[test]
    fn what_is_missing_or_zero_is_no_number() {
        let dead = [pair(&[(slice(1000, 10), slice(1000, 0))])];
        assert!(paired(&dead, GateMetric::Cpu)[0].is_nan());
        let unknown = SliceRow {
            p99_ns: None,
            ..slice(1000, 10)
        };
        assert!(paired(&[pair(&[(slice(1000, 10), unknown)])], GateMetric::P99)[0].is_nan());
        assert!(paired(&[pair(&[])], GateMetric::Cpu)[0].is_nan());
    }

    #[test]
    fn a_typical_value_is_a_median_of_each_side() {
        let pairs = [
            pair(&[(slice(1000, 10), slice(3000, 10))]),
            pair(&[(slice(2000, 10), slice(3000, 10))]),
            pair(&[(slice(9000, 10), slice(3000, 10))]),
        ];
        assert_eq!(typical(&pairs, GateMetric::Cpu, Side::Base), Some(200.0));
        assert_eq!(typical(&pairs, GateMetric::Memory, Side::Head), Some(120.0));
        assert_eq!(typical(&[], GateMetric::Cpu, Side::Base), None);
    }
}
