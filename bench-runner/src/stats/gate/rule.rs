//! The rule of the gate, and the plans that it refuses.

use super::sign_flip::{EXACT, least_p};

/// What is a regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The chance of a false alarm among all gated metrics together, before confirmation; a probability below 0.5.
    pub alpha: f64,
    /// What head may be worse by, as a part of base: a metric passes where it is worse by less than that, with confidence
    /// 1 − alpha.
    pub limit: f64,
    /// The least estimate that is reported as a regression, as a part of base; no more than the limit. Half of it is right:
    /// with the limit itself, a true difference of that size would be found half the time.
    pub report: f64,
    /// How many metrics are gated together.
    pub family: usize,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            limit: 0.05,
            report: 0.025,
            family: 1,
        }
    }
}

impl Rule {
    /// Refuses what could not find a regression however large: a campaign of `pairs` pairs whose least possible p value,
    /// times the number of gated metrics, is not below alpha. It would pass whatever is done to head.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the plan, or with the rule itself, and how many pairs it takes.
    pub fn check_plan(&self, pairs: usize) -> Result<(), String> {
        self.check()?;
        if self.can_reject(pairs) {
            return Ok(());
        }
        let cannot = format!(
            "{pairs} pairs cannot show a regression: the least p value that they can give, {}, times the number of gated \
             metrics, {}, is not below alpha {}",
            Small(least_p(pairs)),
            self.family,
            self.alpha
        );
        // Beyond as many, assignments are drawn, and the least p depends on the draws alone.
        let fewest = (1..=EXACT + 1).find(|&pairs| self.can_reject(pairs));
        Err(match fewest {
            Some(fewest) if self.can_reject(EXACT + 1) => format!("{cannot}; take at least {fewest} pairs"),
            Some(fewest) => format!("{cannot}; take {fewest} to {EXACT} pairs"),
            None => format!("{cannot}, nor do more pairs; gate fewer metrics or take a larger alpha"),
        })
    }

    fn can_reject(&self, pairs: usize) -> bool {
        least_p(pairs) * (self.family as f64) < self.alpha
    }

    fn check(&self) -> Result<(), String> {
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return Err(format!("alpha {} is no probability above 0 and below 0.5", self.alpha));
        }
        if !(self.limit > 0.0 && self.limit.is_finite()) {
            return Err(format!("limit {} is no part above 0; 0.05 is 5 %", self.limit));
        }
        if !(0.0..=self.limit).contains(&self.report) {
            return Err(format!(
                "report size {} is not between 0 and the limit {}; half the limit is right",
                self.report, self.limit
            ));
        }
        if self.family == 0 {
            return Err("no metric is gated; name at least one".to_owned());
        }
        Ok(())
    }
}

/// A p value with as many digits as it needs to be told from 0.
struct Small(f64);

impl std::fmt::Display for Small {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 0.001 {
            write!(f, "{:.1e}", self.0)
        } else {
            write!(f, "{:.4}", self.0)
        }
    }
}

/// What is said of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Head is worse: adjusted p below alpha, and the estimate no less than the report size.
    Regression,
    /// Head is better, by the same rule turned round.
    Improvement,
    /// The upper bound of the difference is below the limit: this passes.
    NoDifference,
    /// None of them: too much noise, or a difference that may lie on either side of the limit.
    Inconclusive,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(family: usize) -> Rule {
        Rule {
            family,
            ..Rule::default()
        }
    }

    #[test]
    fn a_plan_that_cannot_reject_is_refused_with_the_way_out() {
        assert_eq!(family(1).check_plan(7), Ok(()));
        let refused = family(1).check_plan(6).unwrap_err();
        assert_eq!(
            refused,
            "6 pairs cannot show a regression: the least p value that they can give, 0.0156, times the number of gated \
             metrics, 1, is not below alpha 0.01; take at least 7 pairs"
        );
        for (metrics, fewest) in [(1, 7), (2, 8), (3, 9), (4, 9), (6, 10), (12, 11)] {
            let way_out = format!("take at least {fewest} pairs");
            let refused = family(metrics).check_plan(fewest - 1).unwrap_err();
            assert!(refused.ends_with(&way_out), "{refused}");
            assert_eq!(family(metrics).check_plan(fewest), Ok(()));
        }
        assert!(family(1).check_plan(0).is_err());
    }

    #[test]
    fn draws_set_a_limit_too() {
        let strict = Rule {
            alpha: 1e-6,
            ..Rule::default()
        };
        assert_eq!(strict.check_plan(20), Ok(()));
        assert!(strict.check_plan(25).unwrap_err().ends_with("take 20 to 24 pairs"));
        let refused = Rule { alpha: 1e-9, ..strict }.check_plan(24).unwrap_err();
        assert!(
            refused.contains("6.0e-8") && refused.ends_with("a larger alpha"),
            "{refused}"
        );
    }

    #[test]
    fn a_rule_without_sense_is_refused() {
        let right = Rule::default();
        let wrong = [
            Rule { alpha: 0.0, ..right },
            Rule { alpha: 0.5, ..right },
            Rule {
                alpha: f64::NAN,
                ..right
            },
            Rule {
                limit: 0.0,
                report: 0.0,
                ..right
            },
            Rule {
                limit: f64::INFINITY,
                ..right
            },
            Rule { report: 0.06, ..right },
            Rule { report: -0.01, ..right },
            Rule {
                report: f64::NAN,
                ..right
            },
            Rule { family: 0, ..right },
        ];
        for rule in wrong {
            assert!(rule.check_plan(16).is_err(), "{rule:?}");
        }
        assert_eq!(right.check_plan(16), Ok(()));
    }
}
