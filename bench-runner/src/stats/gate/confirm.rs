//! A red verdict is given only when fresh pairs say it too.

use super::{Judged, Verdict};

/// The verdict that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Final {
    /// What is said of the metric.
    pub verdict: Verdict,
    /// Whether the first campaign said regression and the second did not: inconclusive for that reason, *not confirmed*.
    pub not_confirmed: bool,
}

impl Final {
    /// The verdict of one metric, after what fresh pairs said of it, if they were asked.
    ///
    /// A regression only where both say so. One that was red at first and is not again, or was not judged again, is
    /// inconclusive, and never passes on the strength of the second look. Any other keeps its first verdict, whatever the
    /// second campaign says: looking again must not be a second chance to find something.
    #[must_use]
    pub fn of(first: Verdict, again: Option<Verdict>) -> Self {
        let not_confirmed = first == Verdict::Regression && again != Some(Verdict::Regression);
        Self {
            verdict: if not_confirmed { Verdict::Inconclusive } else { first },
            not_confirmed,
        }
    }
}

/// The verdict of each metric of a family, after a second campaign on fresh pairs.
///
/// With independent noise the chance of a false alarm is the square of that of one campaign; so is the power.
#[must_use]
pub fn confirmed(first: &[Judged], second: &[Judged]) -> Vec<Final> {
    let again = |i: usize| second.get(i).map(|judged| judged.verdict);
    let each = first.iter().enumerate();
    each.map(|(i, judged)| Final::of(judged.verdict, again(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Improvement, Inconclusive, NoDifference, Regression};
    use super::*;

    fn judged(verdicts: &[Verdict]) -> Vec<Judged> {
        let one = |&verdict: &Verdict| Judged {
            verdict,
            estimate: 0.0,
            interval: None,
            p_worse: 1.0,
            p_better: 1.0,
            adjusted_worse: 1.0,
            adjusted_better: 1.0,
            pairs: 16,
            sd: 0.0,
            visible: 0.0,
        };
        verdicts.iter().map(one).collect()
    }

    #[test]
    fn red_is_what_both_say_and_nothing_else_changes() {
        let all = [Regression, Improvement, NoDifference, Inconclusive];
        for first in all {
            for second in all {
                let told = confirmed(&judged(&[first]), &judged(&[second]))[0];
                let red_at_first = first == Regression;
                assert_eq!(told.verdict == Regression, red_at_first && second == Regression);
                assert_eq!(told.not_confirmed, red_at_first && second != Regression);
                let expected = if told.not_confirmed { Inconclusive } else { first };
                assert_eq!(told.verdict, expected);
            }
        }
    }

    #[test]
    fn metrics_are_confirmed_each_by_itself() {
        let told = confirmed(
            &judged(&[Regression, Regression, NoDifference]),
            &judged(&[NoDifference, Regression, Regression]),
        );
        let verdicts: Vec<Verdict> = told.iter().map(|told| told.verdict).collect();
        assert_eq!(verdicts, [Inconclusive, Regression, NoDifference]);
    }

    #[test]
    fn without_a_second_campaign_nothing_is_red() {
        let first = judged(&[Regression, NoDifference]);
        let told = confirmed(&first, &[]);
        assert!(told[0].not_confirmed && told[0].verdict == Inconclusive);
        assert_eq!(told[1].verdict, NoDifference);
    }
}
