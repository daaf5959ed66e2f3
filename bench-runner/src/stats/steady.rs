//! Whether a window was steady: a rate that climbs or falls all through it is that of no moment.

/// A trend that chance makes once in a thousand windows (two-sided, of a normal distribution).
const SIGNIFICANT: f64 = 3.29;
/// The least change that matters, as a part of the rate: what a finding may name a difference.
const MATTERS: f64 = 0.2;
/// Intervals that are taken together, because neighbours are alike and the test believes that they are not.
const BLOCK: usize = 5;
/// With fewer blocks not even a rate that always climbs is beyond chance.
const FEWEST: usize = 8;

/// A shorter series has no trend.
pub(super) const SHORTEST: usize = BLOCK * FEWEST;

/// A trend in a series of counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// How far beyond chance it is, in standard deviations; negative where it falls.
    pub z: f64,
    /// Change from the first block to the last, as a part of the median.
    pub change: f64,
}

/// The trend of `counts`, if there is one that is both beyond chance and large.
///
/// Whether it is beyond chance is the rank test of H. B. Mann (1945) and M. G. Kendall (1975) over blocks of intervals:
/// of all pairs of blocks, how many more rise than fall, against the variance of that number without a trend, ties
/// taken out. How large it is is the median of the slopes of all pairs (P. K. Sen, 1968). Both heed order alone, so that
/// a few spikes make no trend.
#[must_use]
pub fn trend(counts: &[u64]) -> Option<Trend> {
    let counts: Vec<u64> = counts.chunks_exact(BLOCK).map(|block| block.iter().sum()).collect();
    let n = counts.len();
    if n < FEWEST {
        return None;
    }
    let (mut rising, mut slopes) = (0_i64, Vec::with_capacity(n * (n - 1) / 2));
    for (i, &earlier) in counts.iter().enumerate() {
        for (j, &later) in counts.iter().enumerate().skip(i + 1) {
            rising += (later as i64 - earlier as i64).signum();
            slopes.push((later as f64 - earlier as f64) / (j - i) as f64);
        }
    }
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let spread = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|tied| spread(tied.len() as f64))
        .sum();
    let variance = (spread(n as f64) - ties) / 18.0;
    let median = sorted[n / 2] as f64;
    if variance <= 0.0 || median == 0.0 {
        return None;
    }
    // One off for continuity.
    let z = (rising - rising.signum()) as f64 / variance.sqrt();
    slopes.sort_by(f64::total_cmp);
    let change = slopes[slopes.len() / 2] * (n - 1) as f64 / median;
    (z.abs() > SIGNIFICANT && change.abs() > MATTERS).then_some(Trend { z, change })
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// 40 intervals about 10,000 with noise of ± `noise`, rising by `rise` of it.
    fn series(seed: u64, noise: f64, rise: f64) -> Vec<u64> {
        let mut random = StdRng::seed_from_u64(seed);
        let one = |i: u32| {
            let level = 10_000.0 * (1.0 + rise * f64::from(i) / 39.0);
            (level * (1.0 + noise * (random.random::<f64>() * 2.0 - 1.0))) as u64
        };
        (0..40).map(one).collect()
    }

    #[test]
    fn a_climb_and_a_fall_are_found_with_their_size() {
        let climb = trend(&series(1, 0.05, 0.5)).expect("it climbs by half");
        assert!(climb.z > 3.0 && (0.3..0.5).contains(&climb.change), "{climb:?}");
        let fall = trend(&series(1, 0.05, -0.5)).expect("it falls by half");
        assert!(fall.z < -3.0 && fall.change < -0.3, "{fall:?}");
    }

    #[test]
    fn noise_spikes_and_small_drifts_are_no_trend() {
        let found = (0..2000)
            .filter(|&seed| trend(&series(seed, 0.3, 0.0)).is_some())
            .count();
        assert!(found <= 2, "{found} of 2,000 flat windows with independent noise");
        assert_eq!(trend(&series(1, 0.005, 0.1)), None, "certain, but too small to matter");
        let mut spikes = series(2, 0.02, 0.0);
        (spikes[37], spikes[38], spikes[39]) = (1, 1, 1);
        assert_eq!(trend(&spikes), None, "a pause is told as a stall or in the latencies");
    }

    #[test]
    fn intervals_that_are_like_their_neighbours_are_seldom_taken_for_a_trend() {
        // Each deviates by 0.8 of what the one before did, and by as much again as to make a tenth in all.
        let correlated = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            let mut normal = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            let mut deviation = normal() * 0.1;
            let mut next = || {
                deviation = 0.8 * deviation + 0.6 * 0.1 * normal();
                (10_000.0 * (1.0 + deviation)) as u64
            };
            (0..40).map(|_| next()).collect::<Vec<u64>>()
        };
        let found = (0..2000).filter(|&seed| trend(&correlated(seed)).is_some()).count();
        assert!(found <= 20, "{found} of 2,000");
    }

    #[test]
    fn nothing_is_made_of_too_little() {
        assert_eq!(trend(&[]), None);
        assert_eq!(trend(&(1..=39).collect::<Vec<_>>()), None, "less than eight blocks");
        assert_eq!(trend(&[0; 40]), None);
        assert_eq!(trend(&[5; 40]), None);
        assert!(trend(&(1..=40).collect::<Vec<_>>()).is_some());
    }
}
