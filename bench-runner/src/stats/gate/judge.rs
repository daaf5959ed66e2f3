//! A family of metrics judged together.

use std::fmt;

use super::power::visible_effect;
use super::{Interval, Rule, Verdict, hodges_lehmann, holm, sign_flip_p, signed_rank_interval};

/// The power with which an effect counts as visible.
pub const POWER: f64 = 0.9;

/// What one campaign says of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// What the rule makes of it.
    pub verdict: Verdict,
    /// ln(head / base) by [`hodges_lehmann()`]; positive is worse.
    pub estimate: f64,
    /// Its interval, of two-sided confidence 1 − 2·alpha at least: each end is a bound of confidence 1 − alpha.
    pub interval: Option<Interval>,
    /// One-sided p value that head is worse.
    pub p_worse: f64,
    /// That it is better.
    pub p_better: f64,
    /// `p_worse` adjusted for the family.
    pub adjusted_worse: f64,
    /// `p_better` adjusted for the family, which for this direction is one of its own.
    pub adjusted_better: f64,
    /// How many pairs there were.
    pub pairs: usize,
    /// Standard deviation of the paired data.
    pub sd: f64,
    /// The smallest true effect that this campaign would have found with a power of [`POWER`], as a part of base.
    pub visible: f64,
}

/// Data or a plan of which nothing can be said.
#[derive(Clone, Debug, PartialEq)]
pub enum Bad {
    /// The rule has no sense, or so few pairs could not have shown a regression: why, and the way out.
    Plan(String),
    /// Not as many metrics as the rule adjusts for.
    Family {
        /// As many as the rule says.
        planned: usize,
        /// As many as there are.
        given: usize,
    },
    /// A metric without data.
    Empty {
        /// Which, from 0 on.
        metric: usize,
    },
    /// A datum that is not finite: a value was missing, infinite, or not above 0.
    NotFinite {
        /// Of which metric, from 0 on.
        metric: usize,
        /// Of which pair, from 0 on.
        pair: usize,
        /// The datum.
        value: f64,
    },
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(why) => f.write_str(why),
            Self::Family { planned, given } => write!(
                f,
                "{given} metrics are to be judged by a rule for {planned}; both must be the same"
            ),
            Self::Empty { metric } => write!(f, "metric {} has no data; each needs a value a pair", metric + 1),
            Self::NotFinite { metric, pair, value } => write!(
                f,
                "metric {}, pair {}: ln(head/base) is '{value}'; both values must be finite and above 0",
                metric + 1,
                pair + 1
            ),
        }
    }
}

impl std::error::Error for Bad {}

/// Judges a family of metrics together, each by its paired data ln(head / base), turned so that positive is worse
/// ([`log_ratio()`](super::log_ratio())).
///
/// In this order: [`Regression`](Verdict::Regression) where the adjusted one-sided p value is below alpha and the estimate
/// no less than ln(1 + report size); [`Improvement`](Verdict::Improvement), the same turned round;
/// [`NoDifference`](Verdict::NoDifference) where the upper end of the interval is below ln(1 + limit), which a metric
/// within the limit's reach does with a chance of alpha at most; else [`Inconclusive`](Verdict::Inconclusive). That every
/// metric passes needs no adjustment: it is said only where each of them has (R. L. Berger, Multiparameter Hypothesis
/// Testing and Acceptance Sampling, *Technometrics* 24, 1982).
///
/// `seed` matters only where signs are drawn.
///
/// # Errors
///
/// Where the plan is one that [`Rule::check_plan`] refuses, and where data is missing or not finite: nothing is left out
/// to get a verdict.
pub fn judge(family: &[Vec<f64>], rule: &Rule, seed: u64) -> Result<Vec<Judged>, Bad> {
    judge_each(family, &vec![*rule; rule.family], seed)
}

/// As [`judge()`], with a limit and a report size of its own for each metric; the rules have alpha and family in common.
///
/// # Errors
///
/// As [`judge()`].
pub fn judge_each(family: &[Vec<f64>], rules: &[Rule], seed: u64) -> Result<Vec<Judged>, Bad> {
    let plans = rules.iter().map(|rule| rule.family).chain([rules.len()]);
    if let Some(planned) = plans.into_iter().find(|&planned| planned != family.len()) {
        return Err(Bad::Family {
            planned,
            given: family.len(),
        });
    }
    for (metric, (data, rule)) in family.iter().zip(rules).enumerate() {
        check(metric, data)?;
        rule.check_plan(data.len()).map_err(Bad::Plan)?;
    }
    let opposite = |data: &Vec<f64>| data.iter().map(|x| -x).collect::<Vec<f64>>();
    let worse: Vec<f64> = family.iter().map(|data| sign_flip_p(data, seed)).collect();
    let better: Vec<f64> = family.iter().map(|data| sign_flip_p(&opposite(data), seed)).collect();
    let (adjusted_worse, adjusted_better) = (holm(&worse), holm(&better));
    let judged = family.iter().zip(rules).enumerate().map(|(i, (data, rule))| {
        let sd = standard_deviation(data);
        let judged = Judged {
            verdict: Verdict::Inconclusive,
            estimate: hodges_lehmann(data),
            interval: signed_rank_interval(data, 1.0 - 2.0 * rule.alpha),
            p_worse: worse[i],
            p_better: better[i],
            adjusted_worse: adjusted_worse[i],
            adjusted_better: adjusted_better[i],
            pairs: data.len(),
            sd,
            visible: visible_effect(rule, sd, data.len(), POWER),
        };
        Judged {
            verdict: verdict(&judged, rule),
            ..judged
        }
    });
    Ok(judged.collect())
}

fn check(metric: usize, data: &[f64]) -> Result<(), Bad> {
    if data.is_empty() {
        return Err(Bad::Empty { metric });
    }
    match data.iter().position(|x| !x.is_finite()) {
        Some(pair) => Err(Bad::NotFinite {
            metric,
            pair,
            value: data[pair],
        }),
        None => Ok(()),
    }
}

fn verdict(judged: &Judged, rule: &Rule) -> Verdict {
    let report = rule.report.ln_1p();
    if judged.adjusted_worse < rule.alpha && judged.estimate >= report {
        Verdict::Regression
    } else if judged.adjusted_better < rule.alpha && judged.estimate <= -report {
        Verdict::Improvement
    } else if judged
        .interval
        .is_some_and(|interval| interval.high < rule.limit.ln_1p())
    {
        Verdict::NoDifference
    } else {
        Verdict::Inconclusive
    }
}

fn standard_deviation(data: &[f64]) -> f64 {
    let n = data.len() as f64;
    let mean = data.iter().sum::<f64>() / n;
    let squares: f64 = data.iter().map(|x| (x - mean).powi(2)).sum();
    (squares / (n - 1.0)).sqrt()
}
