//! Where a series changed its level: change points by E-divisive.
//!
//! D. S. Matteson and N. A. James, A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data,
//! *JASA* 109, 2014, 334–345, for histories of performance as D. Daly, W. Brown, H. Ingo, J. O'Leary and D. Bradford
//! have it (The Use of Change Point Detection to Identify Software Performance Regressions in a Continuous Integration
//! System, *ICPE* 2020, 67–75) and Hunter (M. Fleming et al., *ICPE* 2023): no shape of the noise is taken for granted,
//! only that the values between two changes could have come in any order.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::summary::Estimate;

/// A segment has at least so many values: fewer would make a change of a few bad days.
const SMALLEST_SEGMENT: usize = 5;
/// A change is at least so large, as a part of the level before it: one that is certain and smaller does not matter.
const SMALLEST_CHANGE: f64 = 0.03;
/// Orders of the values that a split is held against.
const PERMUTATIONS: usize = 999;
/// A split that chance makes as often as this, or less often, is a change. An order of magnitude below the 0.05 of the
/// paper, because a history is looked at again after every point of it, and there are as many histories as servers.
const SIGNIFICANCE: f64 = 0.005;
/// With fewer values no split is that rare: a clean one of n into two of at least five is met, with its mirror image, in
/// 2 of C(n, 5) or more orders, which is 2 of 462 with 11 values, about the limit, and 2 of 792 with 12.
pub(super) const FEWEST: usize = 12;

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// Index of the first value of the new level.
    pub index: usize,
    /// How often chance makes such a split: the part of the permutations that have one at least as good, this one counted
    /// in (B. Phipson and G. K. Smyth, 2010).
    pub p: f64,
    /// From the median of the values before it, back to the last change, to that of those after it, up to the next: as a
    /// part of the former, 0.08 for 8 % more.
    pub size: f64,
}

/// The changes of level in `values`, which are above 0 and in the order of time.
///
/// What is looked at are logarithms, so that a doubling and a halving weigh the same. The best of all splits of all
/// segments is taken if it is significant, then the best in what it leaves, and so on until one is not: the values of each
/// segment are put into `PERMUTATIONS` random orders, and the best split of each is looked for in the same way. In the
/// end neighbours that are closer than `SMALLEST_CHANGE` are made one again, the closest first. The same `seed` gives
/// the same answer.
#[must_use]
pub fn change_points(values: &[f64], seed: u64) -> Vec<ChangePoint> {
    if values.len() < FEWEST {
        return Vec::new();
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let mut random = StdRng::seed_from_u64(seed);
    // Where each segment begins, with the p of its beginning; the first begins for no reason.
    let mut segments = vec![(0, 1.0)];
    while let Some(split) = best_of_all(&logs, &segments) {
        let Some(p) = significant(&logs, &segments, split.q, &mut random) else {
            break;
        };
        segments.push((split.index, p));
        segments.sort_by_key(|&(start, _)| start);
    }
    merge(&logs, segments)
}

/// A way to divide a segment in two.
#[derive(Clone, Copy, Debug)]
struct Split {
    /// How far apart its parts are.
    q: f64,
    /// Index of the first value of the second part.
    index: usize,
}

/// The segments as ranges of indices.
fn ranges(segments: &[(usize, f64)], len: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let ends = segments.iter().skip(1).map(|&(start, _)| start).chain([len]);
    segments.iter().zip(ends).map(|(&(start, _), end)| start..end)
}

/// The best split of any segment; none where none is better than no split.
fn best_of_all(logs: &[f64], segments: &[(usize, f64)]) -> Option<Split> {
    let splits = ranges(segments, logs.len()).filter_map(|range| {
        let split = best(&logs[range.clone()])?;
        Some(Split {
            index: range.start + split.index,
            ..split
        })
    });
    splits.filter(|split| split.q > 0.0).max_by(|a, b| a.q.total_cmp(&b.q))
}

/// The best split of one segment, by Q̂ of the paper with α = 1:
///
/// the values before τ, X, and those from τ up to κ, Y, are apart by the mean of |x − y| twice, less the mean of |x − x'|,
/// less the mean of |y − y'|, times mn ÷ (m + n). κ ends before the segment does where what follows would hide the
/// change, as the way back of a bump. The sums for one τ come from those for the next by adding a value, so that all of
/// them together take n² steps.
fn best(values: &[f64]) -> Option<Split> {
    let n = values.len();
    if n < 2 * SMALLEST_SEGMENT {
        return None;
    }
    // Sums of the distances between any two of the first k.
    let mut first = vec![0.0; n + 1];
    for k in 1..=n {
        let last = values[k - 1];
        first[k] = first[k - 1] + values[..k - 1].iter().map(|value| (value - last).abs()).sum::<f64>();
    }
    // The same of those from τ up to k.
    let mut rest = vec![0.0; n + 1];
    let mut best: Option<Split> = None;
    for tau in (SMALLEST_SEGMENT..n).rev() {
        let mut added = 0.0;
        for k in tau + 2..=n {
            added += (values[tau] - values[k - 1]).abs();
            rest[k] += added;
        }
        for kappa in tau + SMALLEST_SEGMENT..=n {
            let (m, n) = (tau as f64, (kappa - tau) as f64);
            let between = first[kappa] - first[tau] - rest[kappa];
            let within = first[tau] / (m * (m - 1.0)) + rest[kappa] / (n * (n - 1.0));
            let q = m * n / (m + n) * 2.0 * (between / (m * n) - within);
            if best.is_none_or(|best| q > best.q) {
                best = Some(Split { q, index: tau });
            }
        }
    }
    best
}

/// How often chance makes a split as good as `q`, if that is seldom enough. No more orders are tried than it takes to
/// know that it is not (J. Besag and P. Clifford, Sequential Monte Carlo p-values, *Biometrika* 78, 1991, 301–304).
fn significant(logs: &[f64], segments: &[(usize, f64)], q: f64, random: &mut StdRng) -> Option<f64> {
    let p = |as_good: usize| (as_good + 1) as f64 / (PERMUTATIONS + 1) as f64;
    let mut shuffled = logs.to_vec();
    let mut as_good = 0;
    for _ in 0..PERMUTATIONS {
        for range in ranges(segments, logs.len()) {
            shuffled[range].shuffle(random);
        }
        // Sums of the same distances in another order differ in their last bits.
        if best_of_all(&shuffled, segments).is_some_and(|split| split.q >= q * (1.0 - 1e-9)) {
            as_good += 1;
        }
        if p(as_good) > SIGNIFICANCE {
            return None;
        }
    }
    Some(p(as_good))
}

/// The changes between the segments, once those that are too small are none.
fn merge(logs: &[f64], mut segments: Vec<(usize, f64)>) -> Vec<ChangePoint> {
    loop {
        let levels: Vec<f64> = ranges(&segments, logs.len())
            .filter_map(|range| Estimate::of(logs[range].iter().copied()))
            .map(|level| level.median)
            .collect();
        let steps = || levels.windows(2).map(|pair| pair[1] - pair[0]).zip(1..);
        let smallest = steps().min_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
        match smallest {
            Some((step, i)) if step.abs() < SMALLEST_CHANGE.ln_1p() => {
                segments.remove(i);
            }
            _ => {
                let change = |(step, i): (f64, usize)| ChangePoint {
                    index: segments[i].0,
                    p: segments[i].1,
                    size: step.exp_m1(),
                };
                return steps().map(change).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests;
