//! The sign-flip test: what the coin tosses that were not made would have shown.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Most pairs for which all assignments of signs are counted.
pub const EXACT: usize = 24;
/// Assignments that are drawn where there are more pairs.
pub const DRAWS: u32 = 100_000;
/// Sums that are closer than this part of all magnitudes together are equal. Rounding makes a hundredth of it, and must
/// neither break a tie nor depend on the unit.
const TIE: f64 = 1e-12;

/// One-sided p value that the mean of `data` is above 0: the share of all 2ⁿ assignments of signs whose sum is no less
/// than the observed one. Ties count, so that data that is all 0 has p = 1.
///
/// R. A. Fisher, *The Design of Experiments*, 1935, § 21. Up to [`EXACT`] pairs every assignment is counted; beyond, of
/// [`DRAWS`] that `seed` determines, (hits + 1) / (draws + 1), which is no less valid for being drawn (B. Phipson and
/// G. K. Smyth, Permutation P-values Should Never Be Zero, 2010).
///
/// 1 without data; NaN where a value is not finite.
#[must_use]
pub fn sign_flip_p(data: &[f64], seed: u64) -> f64 {
    if data.iter().any(|x| !x.is_finite()) {
        return f64::NAN;
    }
    let largest = data.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest == 0.0 {
        return 1.0;
    }
    // As parts of the largest, no sum overflows.
    let data: Vec<f64> = data.iter().map(|x| x / largest).collect();
    let tie = TIE * data.iter().map(|x| x.abs()).sum::<f64>();
    if data.len() <= EXACT {
        counted(&data, tie)
    } else {
        drawn(&data, tie, seed)
    }
}

/// The least p that `n` pairs can give: 2⁻ⁿ, or where assignments are drawn, that no draw was a hit.
#[must_use]
pub fn least_p(n: usize) -> f64 {
    if n <= EXACT {
        0.5_f64.powi(n as i32)
    } else {
        1.0 / f64::from(DRAWS + 1)
    }
}

/// Flipping the signs of some pairs makes the sum no less where their values sum to no more than 0. So what is counted
/// are the subsets with such a sum, by meeting in the middle (E. Horowitz and S. Sahni, Computing Partitions with
/// Applications to the Knapsack Problem, *JACM* 21, 1974): the larger the sum of a subset of one half, the fewer of the
/// other half's go with it.
fn counted(data: &[f64], tie: f64) -> f64 {
    let (left, right) = data.split_at(data.len() / 2);
    let (left, right) = (subset_sums(left), subset_sums(right));
    let (mut hits, mut fitting) = (0, right.len());
    for sum in left {
        while fitting > 0 && sum + right[fitting - 1] > tie {
            fitting -= 1;
        }
        hits += fitting;
    }
    hits as f64 * least_p(data.len())
}

/// The sums of all subsets, ascending.
fn subset_sums(data: &[f64]) -> Vec<f64> {
    data.iter().fold(vec![0.0], |sums, x| {
        // Those without x and those with it ascend each by themselves, and are merged.
        let (mut without, mut with) = (0, 0);
        let mut merged = Vec::with_capacity(2 * sums.len());
        while merged.len() < 2 * sums.len() {
            if with == sums.len() || (without < sums.len() && sums[without] <= sums[with] + x) {
                merged.push(sums[without]);
                without += 1;
            } else {
                merged.push(sums[with] + x);
                with += 1;
            }
        }
        merged
    })
}

fn drawn(data: &[f64], tie: f64, seed: u64) -> f64 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut flipped = || {
        let mut sum = 0.0;
        for block in data.chunks(64) {
            let tosses: u64 = random.random();
            for (i, x) in block.iter().enumerate() {
                if tosses >> i & 1 == 1 {
                    sum += x;
                }
            }
        }
        sum
    };
    let hits = (0..DRAWS).filter(|_| flipped() <= tie).count();
    (hits + 1) as f64 / f64::from(DRAWS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word for word.
    fn brute_force(data: &[f64]) -> f64 {
        let observed: f64 = data.iter().sum();
        let sum = |signs: u32| -> f64 {
            let signed = data.iter().enumerate();
            signed.map(|(i, x)| if signs >> i & 1 == 1 { -x } else { *x }).sum()
        };
        let all = 1_u32 << data.len();
        let hits = (0..all).filter(|&signs| sum(signs) >= observed - 1e-9).count();
        hits as f64 / f64::from(all)
    }

    fn some(random: &mut StdRng, n: usize) -> Vec<f64> {
        (0..n).map(|_| random.random::<f64>() - 0.4).collect()
    }

    #[test]
    fn it_is_what_fisher_counted_by_hand() {
        // Darwin's maize, in eighths of an inch: of 32,768 sums 835 exceed the observed 314, and 28 equal it
        // (The Design of Experiments, § 21).
        let maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48].map(f64::from);
        assert_eq!(sign_flip_p(&maize, 0), 863.0 / 32_768.0);
    }

    #[test]
    fn it_is_what_the_definition_says() {
        let mut random = StdRng::seed_from_u64(1);
        for n in 0..=10 {
            for _ in 0..20 {
                let data = some(&mut random, n);
                assert_eq!(sign_flip_p(&data, 0), brute_force(&data), "{data:?}");
                // Rounded to tenths there are ties, and zeros.
                let coarse: Vec<f64> = data.iter().map(|x| (x * 10.0).round() / 10.0).collect();
                assert_eq!(sign_flip_p(&coarse, 0), brute_force(&coarse), "{coarse:?}");
            }
        }
    }

    #[test]
    fn identical_data_and_one_sided_data_have_the_extreme_values() {
        for n in 1..=EXACT {
            assert_eq!(sign_flip_p(&vec![0.0; n], 0), 1.0);
            assert_eq!(sign_flip_p(&vec![0.1; n], 0), least_p(n), "{n}");
            assert_eq!(sign_flip_p(&vec![-0.1; n], 0), 1.0, "{n}");
        }
        assert_eq!(sign_flip_p(&[0.0; 40], 0), 1.0);
        assert_eq!(sign_flip_p(&[0.1; 40], 0), least_p(40));
        assert_eq!(sign_flip_p(&[-0.1; 40], 0), 1.0);
        assert_eq!(least_p(7), 0.0078125);
        assert_eq!(sign_flip_p(&[], 0), 1.0);
    }

    #[test]
    fn scaling_changes_nothing() {
        let mut random = StdRng::seed_from_u64(2);
        for _ in 0..50 {
            let data: Vec<f64> = some(&mut random, 12)
                .iter()
                .map(|x| (x * 10.0).round() / 10.0)
                .collect();
            let p = sign_flip_p(&data, 0);
            for scale in [1e-300, 3e-7, 0.1, 1.7, 1e300] {
                let scaled: Vec<f64> = data.iter().map(|x| x * scale).collect();
                assert_eq!(sign_flip_p(&scaled, 0), p, "{data:?} times {scale}");
            }
        }
    }

    #[test]
    fn what_is_drawn_comes_close_to_what_is_counted_and_repeats() {
        let mut random = StdRng::seed_from_u64(3);
        for _ in 0..5 {
            let data: Vec<f64> = some(&mut random, EXACT).iter().map(|x| x - 0.05).collect();
            let tie = TIE * data.len() as f64;
            let (counted, drawn_p) = (counted(&data, tie), drawn(&data, tie, 7));
            let error = (counted * (1.0 - counted) / f64::from(DRAWS)).sqrt();
            assert!((counted - drawn_p).abs() < 4.0 * error + 1e-5, "{counted} {drawn_p}");
            assert_eq!(drawn_p, drawn(&data, tie, 7));
        }
        // More pairs than a word has bits: those beyond the 64th are flipped too.
        let mut late = vec![0.0; 70];
        late[69] = 1.0;
        assert!(
            (0.49..0.51).contains(&sign_flip_p(&late, 1)),
            "{}",
            sign_flip_p(&late, 1)
        );
    }

    #[test]
    fn what_is_no_number_has_no_p() {
        assert!(sign_flip_p(&[1.0, f64::NAN], 0).is_nan());
        assert!(sign_flip_p(&[1.0, f64::INFINITY], 0).is_nan());
    }
}
