//! From the pairs to what is said of each metric.

use anyhow::Result;

use super::accept::Accepted;
use super::sides::Sides;
use super::{Gate, Task};
use crate::execute::Broken;
use crate::record::{Again, GateMetric, GateVerdict, Line, Side, Trial, TrialLoad};
use crate::stats::gate::{Bad, Final, Judged, Rule, Verdict, judge_each, lacks, paired, typical};

/// Memory comes in pages: less than so many bytes in all make no difference that could be told.
const FEW_PAGES: f64 = 65_536.0;

impl Gate<'_> {
    pub(super) fn judge(&self, sides: &Sides, tasks: &[Task<'_>], seed: u64) -> Result<Vec<Trial>> {
        let gated: Vec<(usize, GateMetric)> = tasks
            .iter()
            .enumerate()
            .flat_map(|(i, task)| self.gated(task).into_iter().map(move |metric| (i, metric)))
            .collect();
        let accepted = |task: usize, metric| Accepted::of(&sides.accepted, &tasks[task].entry.name, metric);
        let data = |task: usize, metric, accepted: f64| -> Vec<f64> {
            paired(&tasks[task].pairs, metric)
                .iter()
                .map(|datum| datum - accepted.ln_1p())
                .collect()
        };
        let rules: Vec<Rule> = gated
            .iter()
            .map(|&(_, metric)| self.rule(metric, gated.len()))
            .collect();
        let family: Vec<Vec<f64>> = gated
            .iter()
            .map(|&(i, metric)| data(i, metric, accepted(i, metric)))
            .collect();
        let judged = judge_each(&family, &rules, seed).map_err(|bad| Self::refused(tasks, &gated, &bad))?;
        // Whether head answers what is due is a family of its own: nearly always all of it is answered, and that should
        // cost the others nothing.
        let answered = GateMetric::Answered;
        let offered: Vec<usize> = (0..tasks.len())
            .filter(|&i| tasks[i].load.rate_per_s().is_some())
            .collect();
        let shares: Vec<Vec<f64>> = offered
            .iter()
            .map(|&i| data(i, answered, accepted(i, answered)))
            .collect();
        let rules = vec![self.rule(answered, offered.len()); offered.len()];
        let of_offered: Vec<(usize, GateMetric)> = offered.iter().map(|&i| (i, answered)).collect();
        let answers = match offered.is_empty() {
            true => Vec::new(),
            false => judge_each(&shares, &rules, seed).map_err(|bad| Self::refused(tasks, &of_offered, &bad))?,
        };
        let mut trials = Vec::new();
        for (i, task) in tasks.iter().enumerate() {
            let mut lines = Vec::new();
            for metric in GateMetric::ALL {
                if metric == GateMetric::Memory {
                    // Once for each server, however it is loaded.
                    if tasks[..i].iter().all(|other| other.entry.name != task.entry.name) {
                        lines.push(self.memory(task, accepted(i, metric)));
                    }
                    continue;
                }
                if metric == answered {
                    if let Some(at) = offered.iter().position(|&task| task == i) {
                        let limit = self.rule(metric, 1).limit;
                        lines.push(line(task, metric, &answers[at], limit, accepted(i, metric), true));
                    }
                    continue;
                }
                let rule = self.rule(metric, 1);
                let of_load = match task.load {
                    TrialLoad::Offered(_) => metric != GateMetric::Throughput,
                    TrialLoad::Saturated => !matches!(metric, GateMetric::P50 | GateMetric::P99),
                };
                match gated.iter().position(|&(task, other)| (task, other) == (i, metric)) {
                    Some(at) => lines.push(line(task, metric, &judged[at], rule.limit, accepted(i, metric), true)),
                    None if of_load => {
                        // Shown, whether or not it could be judged.
                        if let Ok(judged) = judge_each(&[data(i, metric, 0.0)], &[rule], seed) {
                            lines.push(line(task, metric, &judged[0], rule.limit, 0.0, false));
                        }
                    }
                    None => {}
                }
            }
            let slices = || task.pairs.iter().flat_map(|pair| &pair.slices);
            trials.push(Trial {
                server: task.entry.name.clone(),
                conns: self.args.conns,
                load: task.load,
                lines,
                per_request: None,
                behind: [
                    slices().filter(|slices| slices.base.unanswered > 0).count() as u64,
                    slices().filter(|slices| slices.head.unanswered > 0).count() as u64,
                    slices().count() as u64,
                ],
            });
        }
        Ok(trials)
    }

    /// Data of which nothing can be said is a side that did not do what it should.
    fn refused(tasks: &[Task<'_>], gated: &[(usize, GateMetric)], bad: &Bad) -> anyhow::Error {
        let &(Bad::NotFinite { metric, .. } | Bad::Empty { metric }) = bad else {
            return anyhow::anyhow!("{bad}");
        };
        let (task, metric) = (&tasks[gated[metric].0], gated[metric].1);
        let pairs = match bad {
            Bad::NotFinite { pair, .. } => &task.pairs[*pair..=*pair],
            _ => &task.pairs[..],
        };
        let lacks = |side: &Side| pairs.iter().any(|pair| lacks(pair, metric, *side));
        Broken {
            // Where both have it, it is head that is on trial.
            side: Side::BOTH.into_iter().find(lacks).unwrap_or(Side::Head),
            server: task.entry.name.clone(),
            reason: bad.to_string(),
        }
        .into()
    }

    /// Memory does not scatter as time does: the medians of all pairs, and whether they differ by more than pages do.
    fn memory(&self, task: &Task<'_>, accepted: f64) -> Line {
        let sides = Side::BOTH.map(|side| typical(&task.pairs, GateMetric::Memory, side));
        let limit = self.limits[&GateMetric::Memory];
        let verdict = match sides {
            [Some(base), Some(head)] => {
                let grown = (head - base) * self.args.conns as f64;
                let allowed = base * (1.0 + limit) * (1.0 + accepted);
                match grown {
                    grown if grown > FEW_PAGES && head > allowed => GateVerdict::Regression,
                    grown if grown > FEW_PAGES && head > base * (1.0 + limit) => GateVerdict::Accepted,
                    grown if grown < -FEW_PAGES && head < base / (1.0 + limit) => GateVerdict::Improvement,
                    _ => GateVerdict::NoDifference,
                }
            }
            // What nobody could read has not passed.
            _ => GateVerdict::Inconclusive,
        };
        let [base, head] = sides;
        Line {
            metric: GateMetric::Memory,
            gated: true,
            verdict,
            base,
            head,
            change: base
                .zip(head)
                .filter(|(base, _)| *base > 0.0)
                .map(|(base, head)| head / base - 1.0),
            low: None,
            high: None,
            confidence: None,
            p: None,
            limit,
            accepted,
            visible: None,
            sd: None,
            pairs: task.pairs.len() as u64,
            again: None,
        }
    }
}

fn line(task: &Task<'_>, metric: GateMetric, judged: &Judged, limit: f64, accepted: f64, gated: bool) -> Line {
    let [base, head] = Side::BOTH.map(|side| typical(&task.pairs, metric, side));
    // What was accepted was taken off before it was judged, and is shown again.
    let shown = |ln: f64| (ln + accepted.ln_1p()).exp_m1();
    let verdict = match gated {
        true => after_acceptance(judged, limit, accepted),
        false => GateVerdict::Shown,
    };
    Line {
        metric,
        gated,
        verdict,
        base,
        head,
        change: Some(shown(judged.estimate)),
        low: judged.interval.map(|interval| shown(interval.low)),
        high: judged.interval.map(|interval| shown(interval.high)),
        confidence: judged.interval.map(|interval| interval.confidence),
        p: gated.then_some(judged.adjusted_worse),
        limit,
        accepted,
        visible: judged.visible.is_finite().then_some(judged.visible),
        sd: Some(judged.sd),
        pairs: judged.pairs as u64,
        again: None,
    }
}

/// What is said of a metric of which `accepted` was taken off before it was judged.
fn after_acceptance(judged: &Judged, limit: f64, accepted: f64) -> GateVerdict {
    let shown = |ln: f64| (ln + accepted.ln_1p()).exp_m1();
    match judged.verdict {
        Verdict::Regression => GateVerdict::Regression,
        Verdict::NoDifference | Verdict::Improvement if accepted > 0.0 && shown(judged.estimate) > limit / 2.0 => {
            GateVerdict::Accepted
        }
        // Better than what was accepted is not yet better than base.
        Verdict::Improvement if accepted > 0.0 => {
            let better = judged.interval.is_some_and(|interval| shown(interval.high) < 0.0);
            match better && shown(judged.estimate) <= -limit / 2.0 {
                true => GateVerdict::Improvement,
                false => GateVerdict::NoDifference,
            }
        }
        Verdict::Improvement => GateVerdict::Improvement,
        Verdict::NoDifference => GateVerdict::NoDifference,
        Verdict::Inconclusive => GateVerdict::Inconclusive,
    }
}

pub(super) fn says(trial: &Trial, verdict: GateVerdict) -> bool {
    trial.lines.iter().any(|line| line.gated && line.verdict == verdict)
}

/// A red verdict stays one only where fresh pairs are red too.
pub(super) fn confirm(first: &mut [Trial], again: &[Trial]) {
    for trial in first {
        let same = again
            .iter()
            .find(|other| other.server == trial.server && same_load(other.load, trial.load));
        for line in trial
            .lines
            .iter_mut()
            .filter(|line| line.verdict == GateVerdict::Regression)
        {
            let second = same.and_then(|other| other.lines.iter().find(|other| other.metric == line.metric));
            let again = second.map(|second| match second.verdict {
                GateVerdict::Regression => Verdict::Regression,
                _ => Verdict::Inconclusive,
            });
            if Final::of(Verdict::Regression, again).not_confirmed {
                line.verdict = GateVerdict::NotConfirmed;
            }
            line.again = second.and_then(|second| {
                Some(Again {
                    change: second.change?,
                    low: second.low,
                    high: second.high,
                    p: second.p,
                })
            });
        }
    }
}

fn same_load(one: TrialLoad, other: TrialLoad) -> bool {
    one.rate_per_s().is_some() == other.rate_per_s().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::gate::judge;

    /// What is said of pairs that are all worse by about `change`, where `accepted` may be.
    fn said(change: f64, accepted: f64) -> GateVerdict {
        let datum = |i: i32| change.ln_1p() + f64::from(i % 5 - 2) * 0.002 - accepted.ln_1p();
        let judged = judge(&[(0..16).map(datum).collect()], &Rule::default(), 0).unwrap();
        after_acceptance(&judged[0], 0.05, accepted)
    }

    #[test]
    fn what_was_accepted_passes_as_that_and_better_than_that_is_no_improvement() {
        assert_eq!(said(0.08, 0.0), GateVerdict::Regression);
        assert_eq!(said(0.08, 0.08), GateVerdict::Accepted);
        assert_eq!(said(0.20, 0.08), GateVerdict::Regression, "more than was accepted");
        assert_eq!(
            said(0.00, 0.08),
            GateVerdict::NoDifference,
            "the change that was meant is not there"
        );
        assert_eq!(said(0.02, 0.08), GateVerdict::NoDifference);
        assert_eq!(said(0.04, 0.08), GateVerdict::Accepted, "by more than half the limit");
        assert_eq!(said(-0.06, 0.08), GateVerdict::Improvement);
        assert_eq!(said(-0.06, 0.0), GateVerdict::Improvement);
    }
}
