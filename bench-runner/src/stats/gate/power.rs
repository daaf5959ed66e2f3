//! What a campaign can see, told from the noise alone: before it, what a budget is good for; after it, what an inconclusive
//! verdict leaves open.

use std::f64::consts::PI;

use statrs::distribution::{Beta, ContinuousCDF, Normal, StudentsT};

use super::Rule;
use super::sign_flip::{EXACT, least_p};

/// The smallest true effect that one campaign of `pairs` pairs finds with a chance of `power`, as a part of base, where
/// the paired data has a standard deviation of `sd` (of ln(head/base)). Infinite where the rule refuses the plan, or `sd`
/// is not known, or `power` is not between 0 and 1.
///
/// The largest of three, since each condition has to be met:
/// - that the test rejects: (t(1 − level) + t(power)) · sd / √n with n − 1 degrees of freedom, the minimum detectable
///   difference of J. H. Zar, *Biostatistical Analysis*, of the t test, which the sign-flip test equals in large samples
///   (W. Hoeffding, The Large-Sample Power of Tests Based on Permutations of Observations, 1952). The level is what Holm
///   leaves the smallest p value of the family, rounded down to what 2ⁿ assignments can hit;
/// - that with few pairs hardly one may be negative: j values of which none sums to more than 0 already make 2ʲ
///   assignments, so that with K allowed no more than log₂ K are, and with a chance of `power` there must be so few;
/// - that the estimate reaches the report size: ln(1 + report) + z(power) · sd · √(π / 3n), the standard error of the
///   Hodges-Lehmann estimate of normal data.
///
/// Of two conditions that bind at once each is met with `power`, both a little less often; docs/STATISTICS.md holds the
/// shares that campaigns find of what this says. A verdict that fresh pairs must confirm is red with the square of it.
#[must_use]
pub fn visible_effect(rule: &Rule, sd: f64, pairs: usize, power: f64) -> f64 {
    let known = sd.is_finite() && sd >= 0.0 && power > 0.0 && power < 1.0;
    if !known || rule.check_plan(pairs).is_err() {
        return f64::INFINITY;
    }
    let n = pairs as f64;
    let t = StudentsT::new(0.0, 1.0, n - 1.0).expect("a plan that can reject has two pairs or more");
    let rejects = (t.inverse_cdf(1.0 - level(rule, pairs)) + t.inverse_cdf(power)) / n.sqrt();
    let reaches = z(power) * (PI / 3.0 / n).sqrt();
    let effect = (rejects.max(signs(rule, pairs, power)) * sd).max(rule.report.ln_1p() + reaches * sd);
    effect.exp_m1()
}

/// How many assignments may have a sum no less than the observed one, that the adjusted p is still below alpha; up to
/// [`EXACT`] pairs.
fn allowed(rule: &Rule, pairs: usize) -> u64 {
    let metrics = rule.family as f64;
    let mut allowed = (rule.alpha / metrics / least_p(pairs)).floor();
    while allowed > 1.0 && allowed * least_p(pairs) * metrics >= rule.alpha {
        allowed -= 1.0;
    }
    allowed as u64
}

/// The level at which the smallest p value of the family is really tested.
fn level(rule: &Rule, pairs: usize) -> f64 {
    if pairs <= EXACT {
        allowed(rule, pairs) as f64 * least_p(pairs)
    } else {
        rule.alpha / rule.family as f64
    }
}

/// The effect, in standard deviations, at which no more pairs are negative than the test can bear, with a chance of
/// `power`: the probability at which so few of n are, by Clopper and Pearson, as a quantile of the normal distribution.
fn signs(rule: &Rule, pairs: usize, power: f64) -> f64 {
    let negative = if pairs <= EXACT {
        u64::from(allowed(rule, pairs).max(1).ilog2())
    } else {
        return 0.0;
    };
    let (few, others) = (negative as f64 + 1.0, pairs as f64 - negative as f64);
    let beta =
        Beta::new(few, others).expect("fewer assignments than all are allowed, so that one pair is not negative");
    -z(beta.inverse_cdf(1.0 - power))
}

fn z(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visible(sd: f64, pairs: usize) -> f64 {
        visible_effect(&Rule::default(), sd, pairs, 0.9)
    }

    #[test]
    fn it_is_what_tables_of_t_and_z_give() {
        // t(0.99; 15) = 2.602, t(0.9; 15) = 1.341, z(0.9) = 1.2816.
        let by_test = ((2.602 + 1.341) * 0.08 / 4.0_f64).exp_m1();
        assert!(
            (visible(0.08, 16) - by_test).abs() < 1e-4,
            "{} {by_test}",
            visible(0.08, 16)
        );
        let by_size = (1.025_f64.ln() + 1.2816 * 0.03 * (PI / 48.0).sqrt()).exp_m1();
        assert!(
            (visible(0.03, 16) - by_size).abs() < 1e-5,
            "{} {by_size}",
            visible(0.03, 16)
        );
        // With seven pairs all must be positive: (1 - q)^7 = 0.9, and z(0.98506) = 2.172.
        let by_signs = (2.172 * 0.03_f64).exp_m1();
        assert!(
            (visible(0.03, 7) - by_signs).abs() < 1e-4,
            "{} {by_signs}",
            visible(0.03, 7)
        );
    }

    #[test]
    fn without_noise_it_is_the_report_size_and_never_less() {
        for pairs in [7, 16, 24, 25, 100] {
            assert!((visible(0.0, pairs) - 0.025).abs() < 1e-12);
            assert!(visible(0.001, pairs) > 0.025);
        }
    }

    #[test]
    fn noise_and_further_metrics_hide_and_pairs_and_patience_show() {
        let sds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.3];
        assert!(sds.windows(2).all(|sd| visible(sd[0], 16) < visible(sd[1], 16)));
        for pairs in 8..40 {
            assert!(visible(0.05, pairs) < visible(0.05, pairs - 1), "{pairs}");
        }
        let of = |family, power| {
            visible_effect(
                &Rule {
                    family,
                    ..Rule::default()
                },
                0.05,
                16,
                power,
            )
        };
        assert!(of(1, 0.9) < of(2, 0.9) && of(2, 0.9) < of(4, 0.9));
        assert!(of(1, 0.5) < of(1, 0.9) && of(1, 0.9) < of(1, 0.99));
    }

    #[test]
    fn what_can_find_nothing_sees_nothing() {
        assert_eq!(visible(0.0, 6), f64::INFINITY);
        assert_eq!(visible(0.0, 0), f64::INFINITY);
        assert_eq!(visible(f64::NAN, 16), f64::INFINITY);
        for power in [0.0, 1.0, f64::NAN] {
            assert_eq!(visible_effect(&Rule::default(), 0.01, 16, power), f64::INFINITY);
        }
    }

    #[test]
    fn the_level_is_one_that_the_assignments_can_hit() {
        let rule = Rule::default();
        assert_eq!((allowed(&rule, 7), allowed(&rule, 8), allowed(&rule, 16)), (1, 2, 655));
        // 4 of 256 are exactly this alpha, which is not below it.
        let exact = Rule {
            alpha: 4.0 / 256.0,
            ..rule
        };
        assert_eq!(allowed(&exact, 8), 3);
    }
}
