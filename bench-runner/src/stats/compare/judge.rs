//! Two samples of one number, before and after: the ratio, how well it is known, and what may be said of it.

use serde::Serialize;

use crate::stats::rank_sum::shift;
use crate::stats::summary::Estimate;

/// What is said of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// It got worse.
    Worse,
    /// It got better.
    Better,
    /// The rounds cannot tell: a change that matters could be in them unseen.
    CannotTell,
    /// There is no change that matters.
    NoDifference,
}

impl Judgement {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::CannotTell => "cannot tell",
            Self::NoDifference => "no difference",
        }
    }
}

/// Where the ends of a ratio come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The exact 95 % interval of the rank-sum test; the ratio is Hodges and Lehmann's estimate.
    RankSum,
    /// The ratios of the ends of the rounds' ranges; the ratio is that of the medians.
    Ranges,
}

/// On which side of the true ratio the one that was seen lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The true ratio is this or larger.
    AtLeast,
    /// The true ratio is this or smaller.
    AtMost,
}

/// Current ÷ base.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// As `method` has it; null in JSON where it is infinite.
    pub estimate: f64,
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Where the ends come from.
    pub method: Method,
    /// Where the generator gave out on one side: what is known of the true ratio.
    pub bound: Option<Bound>,
}

/// What a change is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) more_is_better: bool,
    /// Up to this share a change does no harm.
    pub(super) limit: f64,
    /// From this ratio on a change is reported, where an interval has shown that there is one.
    pub(super) reported: f64,
    /// The factor by which medians have to differ where there are only ranges, for few rounds and for one; `None` for
    /// that of [`Estimate::least_factor`].
    pub(super) factors: Option<(f64, f64)>,
    /// The least difference of consequence.
    pub(super) least: f64,
    /// Whether the truth of base is what was seen or better.
    pub(super) base_bounded: bool,
    /// Whether that of current is.
    pub(super) current_bounded: bool,
}

/// What may be said of two samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) base: Estimate,
    pub(super) current: Estimate,
    pub(super) ratio: Ratio,
    pub(super) judgement: Judgement,
    /// The smallest ratio, above 1, that rounds which scatter as these do would have shown; `None` where none would.
    pub(super) visible: Option<f64>,
    /// Whether it cannot be told because of a bound.
    pub(super) for_the_bound: bool,
    /// Whether the two are the same numbers: two measurements never are, to the last bit, so that these are one, or
    /// counts.
    pub(super) identical: bool,
}

/// Judges `current` by `base`, one value a round on each side; `None` where a side has none.
///
/// Where both have rounds enough for a 95 % interval, a change is named when the interval excludes 1 and the estimate
/// reaches what is reported; there is none when the interval lies within the limit. Where they have not, a change is
/// named when the ranges are apart and the medians differ by a fifth ([`Estimate::clearly_above`]), and there is none
/// when so small a change would have been seen. Everything works on ratios, so that units do not matter and the
/// exchange of the sides turns `Worse` into `Better` and nothing else.
pub(super) fn judge(base: &[f64], current: &[f64], rule: &Rule) -> Option<Judged> {
    let (before, after) = (sorted(base), sorted(current));
    let b = Estimate::of(before.iter().copied())?;
    let c = Estimate::of(after.iter().copied())?;
    let measure = measure(&before, &after, b, c, rule);
    let Measure { mut ratio, .. } = measure;
    ratio.bound = bound(rule);
    let identical = before == after;
    let within = |values: &[f64]| values.first().zip(values.last()).map(|(low, high)| (*low, *high));
    let (low, high) = within(&before)
        .zip(within(&after))
        .map(|(b, a)| (b.0.min(a.0), b.1.max(a.1)))?;
    let trifling = high - low < rule.least || (c.median - b.median).abs() < rule.least;
    let grew = measure.change.filter(|_| !identical && !trifling);
    let better = grew.map(|grew| grew == rule.more_is_better);
    let (judgement, for_the_bound) = match better {
        // Of a bounded side it is known that it was at least that good.
        Some(true) if rule.base_bounded => (Judgement::CannotTell, true),
        Some(false) if rule.current_bounded => (Judgement::CannotTell, true),
        Some(true) => (Judgement::Better, false),
        Some(false) => (Judgement::Worse, false),
        None if identical => (Judgement::NoDifference, false),
        None if rule.base_bounded || rule.current_bounded => (Judgement::CannotTell, true),
        None if trifling || measure.within_the_limit => (Judgement::NoDifference, false),
        None => (Judgement::CannotTell, false),
    };
    Some(Judged {
        base: b,
        current: c,
        ratio,
        judgement,
        visible: measure.visible,
        for_the_bound,
        identical,
    })
}

/// What the samples show, whatever is good or bad.
struct Measure {
    ratio: Ratio,
    /// Whether it grew or shrank; `None` where neither may be said.
    change: Option<bool>,
    within_the_limit: bool,
    visible: Option<f64>,
}

fn measure(before: &[f64], after: &[f64], b: Estimate, c: Estimate, rule: &Rule) -> Measure {
    // Zeros and infinities have no logarithm to reckon with.
    let logarithms = |values: &[f64]| -> Option<Vec<f64>> {
        let ln = |value: &f64| Some(value.ln()).filter(|ln| ln.is_finite());
        values.iter().map(ln).collect()
    };
    let shifted = logarithms(before)
        .zip(logarithms(after))
        .and_then(|(before, after)| shift(&before, &after));
    match shifted {
        Some(s) => {
            let (reported, limit) = (rule.reported.ln(), (1.0 + rule.limit).ln());
            let grew = s.low > 0.0 && s.estimate >= reported;
            let shrank = s.high < 0.0 && -s.estimate >= reported;
            Measure {
                ratio: ratio(s.estimate.exp(), s.low.exp(), s.high.exp(), Method::RankSum),
                change: direction(grew, shrank),
                within_the_limit: s.low >= -limit && s.high <= limit,
                visible: Some(reported.max(s.estimate - s.low).max(s.high - s.estimate).exp()),
            }
        }
        None => ranges(b, c, rule),
    }
}

fn ranges(b: Estimate, c: Estimate, rule: &Rule) -> Measure {
    let one_round = b.rounds.min(c.rounds) == 1;
    let factor = match rule.factors {
        Some((_, one)) if one_round => one,
        Some((few, _)) => few,
        None => b.least_factor(&c),
    };
    let factor = factor.max(rule.reported);
    let grew = c.above_by(&b, factor);
    let shrank = b.above_by(&c, factor);
    let estimate = c.median / b.median;
    // Rounds that scatter about another median as they do about theirs: from here on they would not meet.
    let apart = |upper: Estimate, lower: Estimate| (upper.high / upper.median) * (lower.median / lower.low);
    let visible = [apart(b, c), apart(c, b)].into_iter().fold(factor, f64::max);
    let visible = Some(visible).filter(|_| [b, c].iter().all(|e| e.low > 0.0 && e.high.is_finite()));
    let limit = 1.0 + rule.limit;
    // Without an interval nothing smaller than a fifth can be excluded of what scatters, nor is it asked for.
    let allowed = match rule.factors {
        None if !one_round => limit.max(b.least_factor(&c)),
        _ => limit,
    };
    // Medians that would be called different, were it not for the ranges, are not called the same.
    let alike = limit.min(factor);
    Measure {
        ratio: ratio(estimate, c.low / b.high, c.high / b.low, Method::Ranges),
        change: direction(grew, shrank),
        within_the_limit: visible.is_some_and(|visible| visible <= allowed)
            && (1.0 / alike..=alike).contains(&estimate),
        visible,
    }
}

fn direction(grew: bool, shrank: bool) -> Option<bool> {
    (grew || shrank).then_some(grew)
}

fn ratio(estimate: f64, low: f64, high: f64, method: Method) -> Ratio {
    Ratio {
        estimate,
        low,
        high,
        method,
        bound: None,
    }
}

/// The truth of a bounded side is what was seen or better.
fn bound(rule: &Rule) -> Option<Bound> {
    let (better_current, better_base) = if rule.more_is_better {
        (Bound::AtLeast, Bound::AtMost)
    } else {
        (Bound::AtMost, Bound::AtLeast)
    };
    match (rule.base_bounded, rule.current_bounded) {
        (false, true) => Some(better_current),
        (true, false) => Some(better_base),
        _ => None,
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests;
