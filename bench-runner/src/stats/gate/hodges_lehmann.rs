//! How large the difference is: the estimate of Hodges and Lehmann, and the interval that belongs to it.

use crate::stats::Estimate;

/// An interval of confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end, in the unit of the data.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The confidence that it has, as a probability: no less than what was asked for.
    pub confidence: f64,
}

/// The median of all averages of two values, a value with itself among them (*Walsh averages*); NaN without data.
///
/// J. L. Hodges and E. L. Lehmann, Estimates of Location Based on Rank Tests, *Annals of Mathematical Statistics* 34, 1963.
/// A few wild values hardly move it, and of normal data it is as good as the mean of 3/π as many.
#[must_use]
pub fn hodges_lehmann(data: &[f64]) -> f64 {
    Estimate::of(walsh_averages(data)).map_or(f64::NAN, |estimate| estimate.median)
}

/// The interval of at least `confidence` about [`hodges_lehmann()`], from the exact distribution of Wilcoxon's signed-rank
/// statistic T: the k-th smallest and the k-th largest Walsh average, with the largest k for which P(T ≤ k − 1) is no more
/// than what may be missed on either side.
///
/// M. Hollander, D. A. Wolfe and E. Chicken, *Nonparametric Statistical Methods*, 3rd ed., 2014, § 3.3; J. W. Tukey, 1949.
/// Its confidence holds for data that is symmetric about the effect; with ties it is a lower bound.
///
/// `None` where that many values cannot have such an interval: 2⁻ⁿ is more than may be missed; or where `confidence` is no
/// number from 0 to below 1.
#[must_use]
pub fn signed_rank_interval(data: &[f64], confidence: f64) -> Option<Interval> {
    if !(0.0..1.0).contains(&confidence) {
        return None;
    }
    let may_miss = (1.0 - confidence) / 2.0;
    let (mut k, mut misses) = (0_usize, 0.0);
    for p in signed_rank_distribution(data.len()) {
        if misses + p > may_miss {
            break;
        }
        misses += p;
        k += 1;
    }
    let averages = walsh_averages(data);
    Some(Interval {
        low: *averages.get(k.checked_sub(1)?)?,
        high: *averages.get(averages.len() - k)?,
        confidence: 1.0 - 2.0 * misses,
    })
}

/// Ascending.
fn walsh_averages(data: &[f64]) -> Vec<f64> {
    let pairs = data
        .iter()
        .enumerate()
        .flat_map(|(i, &x)| data[i..].iter().map(move |&y| f64::midpoint(x, y)));
    let mut averages: Vec<f64> = pairs.collect();
    averages.sort_by(f64::total_cmp);
    averages
}

/// The probability of each value of T, from 0 on: each of the ranks 1 to n is in the sum or not, with even odds.
fn signed_rank_distribution(n: usize) -> Vec<f64> {
    (1..=n).fold(vec![1.0], |without, rank| {
        let mut with = vec![0.0; without.len() + rank];
        for (sum, p) in without.iter().enumerate() {
            with[sum] += p / 2.0;
            with[sum + rank] += p / 2.0;
        }
        with
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hamilton's depression scale factor of nine patients before and after, as R's `wilcox.test` has it among its
    /// examples (Hollander and Wolfe, table 3.1).
    fn depression() -> Vec<f64> {
        let before = [1_830, 500, 1_620, 2_480, 1_680, 1_880, 1_550, 3_060, 1_300];
        let after = [878, 647, 598, 2_050, 1_060, 1_290, 1_060, 3_140, 1_290];
        let change = |(before, after): (i32, i32)| f64::from(before - after) / 1_000.0;
        before.into_iter().zip(after).map(change).collect()
    }

    #[test]
    fn a_published_example_comes_out() {
        assert!((hodges_lehmann(&depression()) - 0.46).abs() < 1e-12);
        let interval = signed_rank_interval(&depression(), 0.95).unwrap();
        assert!((interval.low - 0.01).abs() < 1e-12, "{interval:?}");
        assert!((interval.high - 0.786).abs() < 1e-12, "{interval:?}");
        assert_eq!(interval.confidence, 1.0 - 2.0 * 10.0 / 512.0);
    }

    #[test]
    fn ranks_are_those_of_the_published_tables() {
        // Critical values of T (F. Wilcoxon and R. A. Wilcox, 1964; R. L. McCornack, 1965): n, one-sided level, T.
        let published = [
            (5, 0.05, 0),
            (6, 0.025, 0),
            (7, 0.01, 0),
            (8, 0.025, 3),
            (8, 0.01, 1),
            (9, 0.025, 5),
            (10, 0.05, 10),
            (10, 0.025, 8),
            (10, 0.01, 5),
            (10, 0.005, 3),
            (12, 0.025, 13),
            (12, 0.01, 9),
            (15, 0.025, 25),
            (16, 0.025, 29),
            (16, 0.01, 23),
            (20, 0.025, 52),
            (20, 0.01, 43),
        ];
        for (n, level, critical) in published {
            // Powers of two, that every Walsh average is another.
            let data: Vec<f64> = (0..n).map(|i| 2_f64.powi(i)).collect();
            let averages = walsh_averages(&data);
            let interval = signed_rank_interval(&data, 1.0 - 2.0 * level).unwrap();
            assert_eq!(interval.low, averages[critical], "{n} {level}");
            assert_eq!(interval.high, averages[averages.len() - 1 - critical], "{n} {level}");
            assert!(interval.confidence >= 1.0 - 2.0 * level, "{interval:?}");
        }
        // The ranks 9 and 47 of ten values' 55 averages.
        assert_eq!(
            signed_rank_interval(&[0.0; 10], 0.95).unwrap().confidence,
            1.0 - 2.0 * 25.0 / 1024.0
        );
    }

    #[test]
    fn the_distribution_is_that_of_all_subsets() {
        let counts: Vec<f64> = signed_rank_distribution(4).iter().map(|p| p * 16.0).collect();
        assert_eq!(counts, [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0]);
        assert!((signed_rank_distribution(60).iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_wild_value_does_not_carry_the_estimate_away() {
        let mut data: Vec<f64> = (-8..=8).map(|i| f64::from(i) * 0.01).collect();
        assert_eq!(hodges_lehmann(&data), 0.0);
        data[16] = 1e6;
        assert!(hodges_lehmann(&data) < 0.02, "{}", hodges_lehmann(&data));
    }

    #[test]
    fn nothing_is_made_of_too_little() {
        assert!(hodges_lehmann(&[]).is_nan());
        assert_eq!(hodges_lehmann(&[0.25]), 0.25);
        assert_eq!(signed_rank_interval(&[], 0.5), None);
        assert_eq!(signed_rank_interval(&[1.0; 5], 0.95), None, "1/32 is more than 0.025");
        assert!(signed_rank_interval(&[1.0; 6], 0.95).is_some());
        assert_eq!(signed_rank_interval(&[1.0; 6], 0.98), None, "1/64 is more than 0.01");
        assert!(signed_rank_interval(&[1.0; 7], 0.98).is_some());
        for senseless in [1.0, -0.1, f64::NAN] {
            assert_eq!(signed_rank_interval(&[1.0; 40], senseless), None);
        }
    }
}
