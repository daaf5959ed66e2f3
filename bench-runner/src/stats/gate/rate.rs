//! What a record of false alarms says of their rate.

use statrs::distribution::{Beta, ContinuousCDF};

/// The confidence of the bound.
const CONFIDENCE: f64 = 0.95;

/// The upper 95 % bound of a rate of which `alarms` in `runs` were seen: the rate at which no more than so many would be
/// seen only once in twenty times. 0 of 20 bound it at 0.139; 1 without any run.
///
/// C. J. Clopper and E. S. Pearson, The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial,
/// *Biometrika* 26, 1934; one-sided, through the quantile of the beta distribution.
#[must_use]
pub fn rate_bound(alarms: u64, runs: u64) -> f64 {
    if alarms >= runs {
        return 1.0;
    }
    let beta = Beta::new(alarms as f64 + 1.0, (runs - alarms) as f64).expect("both are above 0");
    beta.inverse_cdf(CONFIDENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bounds_come_out() {
        // With none in n it is 1 - 0.05^(1/n).
        for runs in [1, 5, 20, 59, 300, 10_000] {
            let exact = 1.0 - 0.05_f64.powf(1.0 / runs as f64);
            assert!(
                (rate_bound(0, runs) - exact).abs() < 1e-9,
                "{runs}: {}",
                rate_bound(0, runs)
            );
        }
        assert!((rate_bound(0, 20) - 0.139).abs() < 5e-4);
        // R: binom.test(1, 20, alternative = "less") and (5, 100).
        assert!((rate_bound(1, 20) - 0.2161).abs() < 5e-5, "{}", rate_bound(1, 20));
        assert!((rate_bound(5, 100) - 0.1023).abs() < 5e-5, "{}", rate_bound(5, 100));
    }

    #[test]
    fn it_holds_what_it_says() {
        // At the bound, as few are seen once in twenty times.
        let binomial = |k: u64, n: u64, p: f64| {
            let ways = (0..k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64);
            ways * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
        };
        for (alarms, runs) in [(0, 3), (1, 7), (2, 20), (9, 10), (20, 50)] {
            let bound = rate_bound(alarms, runs);
            let seen: f64 = (0..=alarms).map(|k| binomial(k, runs, bound)).sum();
            assert!((seen - 0.05).abs() < 1e-8, "{alarms} of {runs}: {seen}");
        }
    }

    #[test]
    fn nothing_known_bounds_nothing() {
        assert_eq!(rate_bound(0, 0), 1.0);
        assert_eq!(rate_bound(3, 3), 1.0);
    }
}
