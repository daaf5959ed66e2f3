//! What must not matter, and what must turn a verdict round.

use bench_runner::stats::gate::{Bad, Interval, Judged, Rule, Verdict, Worse, judge, log_ratio};

use crate::noise::{NOISES, dealt};

/// CPU per request of base and head in each pair, in ns: of whole ns, so that some pairs are tied.
fn raw(effect: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let base: Vec<f64> = dealt(&NOISES[1], 0.0, seed)
        .iter()
        .map(|x| (8_000.0 * x.exp()).round())
        .collect();
    let ratios = dealt(&NOISES[seed as usize % 6], effect, seed + 1);
    let head = base
        .iter()
        .zip(ratios)
        .map(|(base, x)| (base * x.exp()).round())
        .collect();
    (base, head)
}

fn data(base: &[f64], head: &[f64], worse: Worse) -> Vec<f64> {
    base.iter()
        .zip(head)
        .map(|(&base, &head)| log_ratio(head, base, worse))
        .collect()
}

fn judged(data: Vec<f64>) -> Judged {
    judge(&[data], &Rule::default(), 1).unwrap()[0]
}

fn turned(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Regression => Verdict::Improvement,
        Verdict::Improvement => Verdict::Regression,
        other => other,
    }
}

/// Effects of either sign, large and small, under all noises.
fn cases() -> impl Iterator<Item = (Vec<f64>, Vec<f64>)> {
    let effects = [-0.3, -0.06, -0.02, 0.0, 0.02, 0.06, 0.3];
    (0..126).map(move |seed| raw(effects[seed as usize % effects.len()], 20_000_000 + seed))
}

#[test]
fn head_and_base_exchanged_turn_everything_round() {
    let mut seen = Vec::new();
    for (base, head) in cases() {
        let there = judged(data(&base, &head, Worse::Higher));
        let back = judged(data(&head, &base, Worse::Higher));
        assert_eq!(back.estimate, -there.estimate);
        assert_eq!((back.p_worse, back.p_better), (there.p_better, there.p_worse));
        assert_eq!(
            (back.adjusted_worse, back.adjusted_better),
            (there.adjusted_better, there.adjusted_worse)
        );
        let Interval { low, high, confidence } = there.interval.unwrap();
        let opposite = Interval {
            low: -high,
            high: -low,
            confidence,
        };
        assert_eq!(back.interval, Some(opposite));
        assert_eq!((back.visible, back.pairs), (there.visible, there.pairs));
        assert!((back.sd - there.sd).abs() < 1e-15);
        // Passing is one-sided: a difference for the better passes, the same for the worse need not.
        let directed = |verdict| matches!(verdict, Verdict::Regression | Verdict::Improvement);
        if directed(there.verdict) || directed(back.verdict) {
            assert_eq!(back.verdict, turned(there.verdict));
        }
        seen.push(there.verdict);
        // A metric of which less is worse is the same turned round.
        assert_eq!(judged(data(&base, &head, Worse::Lower)), back);
    }
    let all = [
        Verdict::Regression,
        Verdict::Improvement,
        Verdict::NoDifference,
        Verdict::Inconclusive,
    ];
    assert!(all.iter().all(|verdict| seen.contains(verdict)), "{seen:?}");
}

#[test]
fn the_unit_does_not_matter() {
    for (base, head) in cases() {
        let in_ns = judged(data(&base, &head, Worse::Higher));
        for unit in [1e-9, 0.001, 0.3, 7.0, 1e12] {
            let scaled = |values: &[f64]| values.iter().map(|x| x * unit).collect::<Vec<f64>>();
            let other = judged(data(&scaled(&base), &scaled(&head), Worse::Higher));
            assert_eq!(other.verdict, in_ns.verdict);
            assert_eq!((other.p_worse, other.p_better), (in_ns.p_worse, in_ns.p_better));
            assert!((other.estimate - in_ns.estimate).abs() < 1e-14);
            assert!((other.visible - in_ns.visible).abs() < 1e-13);
        }
    }
}

#[test]
fn the_order_of_pairs_does_not_matter() {
    for (base, head) in cases() {
        let forth = judged(data(&base, &head, Worse::Higher));
        let reversed = |values: &[f64]| values.iter().rev().copied().collect::<Vec<f64>>();
        let back = judged(data(&reversed(&base), &reversed(&head), Worse::Higher));
        assert_eq!(
            (back.verdict, back.estimate, back.interval),
            (forth.verdict, forth.estimate, forth.interval)
        );
        assert_eq!((back.p_worse, back.p_better), (forth.p_worse, forth.p_better));
    }
}

#[test]
fn what_is_the_same_passes_with_a_p_of_one() {
    for pairs in [7, 16, 24, 25, 60] {
        let values = vec![8_123.0; pairs];
        let told = judged(data(&values, &values, Worse::Higher));
        assert_eq!(told.verdict, Verdict::NoDifference);
        assert_eq!((told.p_worse, told.p_better), (1.0, 1.0));
        assert_eq!((told.estimate, told.sd), (0.0, 0.0));
        let Interval { low, high, .. } = told.interval.unwrap();
        assert_eq!((low, high), (0.0, 0.0));
        assert!((told.visible - 0.025).abs() < 1e-12);
    }
}

#[test]
fn a_worse_head_never_has_a_better_verdict() {
    // Every pair a little worse, step by step: the p value falls, and there is no way back from red.
    for seed in 0..60 {
        let noise = dealt(&NOISES[seed as usize % 6], 0.0, 21_000_000 + seed);
        let at = |step: u32| judged(noise.iter().map(|x| x + f64::from(step) * 0.005 - 0.1).collect());
        let rank = |verdict| match verdict {
            Verdict::Improvement => 0,
            Verdict::NoDifference => 1,
            Verdict::Inconclusive => 2,
            Verdict::Regression => 3,
        };
        let steps: Vec<Judged> = (0..80).map(at).collect();
        for pair in steps.windows(2) {
            assert!(pair[1].p_worse <= pair[0].p_worse && pair[1].p_better >= pair[0].p_better);
            assert!(pair[1].estimate > pair[0].estimate);
            assert!(rank(pair[1].verdict) >= rank(pair[0].verdict), "{pair:?}");
        }
    }
}

#[test]
fn values_of_which_nothing_can_be_said_are_refused_by_name() {
    let rule = Rule {
        family: 2,
        ..Rule::default()
    };
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for wrong_head in [false, true] {
            let (mut base, mut head) = raw(0.05, 22_000_000);
            let fine = data(&base, &head, Worse::Higher);
            let side = if wrong_head { &mut head } else { &mut base };
            side[4] = wrong;
            let refused = judge(&[fine, data(&base, &head, Worse::Higher)], &rule, 1).unwrap_err();
            assert!(
                matches!(refused, Bad::NotFinite { metric: 1, pair: 4, .. }),
                "{refused:?}"
            );
            assert!(
                refused
                    .to_string()
                    .starts_with("metric 2, pair 5: ln(head/base) is 'NaN'"),
                "{refused}"
            );
        }
    }
    let fine = vec![0.01; 16];
    for wrong in [f64::INFINITY, f64::NEG_INFINITY] {
        let mut data = fine.clone();
        data[15] = wrong;
        let refused = judge(&[data, fine.clone()], &rule, 1).unwrap_err();
        assert_eq!(
            refused,
            Bad::NotFinite {
                metric: 0,
                pair: 15,
                value: wrong
            }
        );
    }
    assert_eq!(judge(&[fine.clone(), vec![]], &rule, 1), Err(Bad::Empty { metric: 1 }));
    assert_eq!(judge(&[fine], &rule, 1), Err(Bad::Family { planned: 2, given: 1 }));
}

#[test]
fn a_plan_that_cannot_reject_is_refused_and_never_passes() {
    for family in 1..=4 {
        let rule = Rule {
            family,
            ..Rule::default()
        };
        for pairs in 1..=24 {
            // What could not be clearer, either way, and what does not differ at all.
            for value in [1.0, -1.0, 0.0] {
                let told = judge(&vec![vec![value; pairs]; family], &rule, 1);
                match (rule.check_plan(pairs), told) {
                    (Err(why), Err(refused)) => assert_eq!(refused, Bad::Plan(why)),
                    (Ok(()), Ok(judged)) if value > 0.0 => {
                        assert!(
                            judged.iter().all(|judged| judged.verdict == Verdict::Regression),
                            "{family} {pairs}"
                        );
                    }
                    (Ok(()), Ok(judged)) if value < 0.0 => {
                        assert!(
                            judged.iter().all(|judged| judged.verdict == Verdict::Improvement),
                            "{family} {pairs}"
                        );
                    }
                    (Ok(()), Ok(judged)) => {
                        assert!(
                            judged.iter().all(|judged| judged.verdict == Verdict::NoDifference),
                            "{family} {pairs}"
                        );
                    }
                    (plan, told) => panic!("{family} metrics, {pairs} pairs: {plan:?}, but {told:?}"),
                }
            }
        }
        // One metric of the family with too few pairs is enough.
        let mut short = vec![vec![1.0; 16]; family];
        short[family - 1].truncate(6);
        assert!(matches!(judge(&short, &rule, 1), Err(Bad::Plan(_))));
    }
}
