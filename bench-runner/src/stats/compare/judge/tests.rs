//! Known answers, and what must hold of any.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// Less is better, with a limit of a tenth.
const COST: Rule = Rule {
    more_is_better: false,
    limit: 0.1,
    reported: 1.05,
    factors: None,
    least: 0.0,
    base_bounded: false,
    current_bounded: false,
};
const RATE: Rule = Rule {
    more_is_better: true,
    ..COST
};

fn said(base: &[f64], current: &[f64], rule: &Rule) -> Judgement {
    judge(base, current, rule).unwrap().judgement
}

#[test]
fn few_rounds_name_only_a_fifth_between_ranges_that_are_apart() {
    let base = [100.0, 101.0, 102.0];
    assert_eq!(said(&base, &[125.0, 126.0, 127.0], &COST), Judgement::Worse);
    assert_eq!(said(&base, &[125.0, 126.0, 127.0], &RATE), Judgement::Better);
    assert_eq!(said(&base, &[80.0, 81.0, 82.0], &COST), Judgement::Better);
    let apart = judge(&base, &[114.0, 115.0, 116.0], &COST).unwrap();
    assert_eq!(
        apart.judgement,
        Judgement::CannotTell,
        "apart, beyond the limit, and no fifth"
    );
    assert_eq!(apart.visible, Some(1.2));
    assert_eq!(said(&base, &[101.0, 102.0, 103.0], &COST), Judgement::NoDifference);
    let wide = judge(&base, &[90.0, 100.0, 140.0], &COST).unwrap();
    assert_eq!(wide.judgement, Judgement::CannotTell);
    // 140 ÷ 100 of its own median, and 101 ÷ 100 on the other side.
    assert!((wide.visible.unwrap() - 1.4 * 1.01).abs() < 1e-12, "{wide:?}");
    assert_eq!(wide.ratio.method, Method::Ranges);
    assert_eq!((wide.ratio.low, wide.ratio.high), (90.0 / 102.0, 140.0 / 100.0));
}

#[test]
fn medians_far_apart_are_not_the_same_for_want_of_ranges_that_are() {
    let tail = Rule {
        limit: 0.5,
        reported: 1.25,
        ..COST
    };
    let base = [87.0, 88.0, 125.0];
    assert_eq!(said(&base, &[123.0, 125.0, 126.0], &tail), Judgement::CannotTell);
    assert_eq!(said(&base, &[88.0, 90.0, 99.0], &tail), Judgement::NoDifference);
}

#[test]
fn one_round_names_only_a_factor_of_two() {
    assert_eq!(said(&[100.0], &[190.0], &COST), Judgement::CannotTell);
    assert_eq!(said(&[100.0], &[210.0], &COST), Judgement::Worse);
    assert_eq!(said(&[100.0; 3], &[190.0], &COST), Judgement::CannotTell);
    let near = judge(&[100.0], &[101.0], &COST).unwrap();
    assert_eq!(near.judgement, Judgement::CannotTell, "a round has no range to go by");
    assert_eq!(near.visible, Some(2.0));
}

#[test]
fn rounds_enough_have_an_interval_and_name_what_is_beyond_it() {
    let base = [100.0, 101.0, 102.0, 103.0];
    let seven = base.map(|value| value * 1.07);
    let worse = judge(&base, &seven, &COST).unwrap();
    assert_eq!(worse.ratio.method, Method::RankSum);
    assert_eq!(worse.judgement, Judgement::Worse, "{worse:?}");
    assert!((worse.ratio.estimate - 1.07).abs() < 1e-9);
    assert!((worse.ratio.low - 107.0 / 103.0).abs() < 1e-9);
    assert!((worse.ratio.high - 103.0 * 1.07 / 100.0).abs() < 1e-9);
    let four = base.map(|value| value * 1.04);
    assert_eq!(
        said(&base, &four, &COST),
        Judgement::NoDifference,
        "there, and below what is reported"
    );
    let wide = judge(&[80.0, 95.0, 105.0, 120.0], &[82.0, 99.0, 108.0, 130.0], &COST).unwrap();
    assert_eq!(wide.judgement, Judgement::CannotTell);
    assert!(wide.visible.unwrap() > 1.3, "{wide:?}");
    let certain = [115.0, 114.0, 116.0, 115.0];
    assert_eq!(
        said(&base, &certain, &Rule { reported: 1.2, ..COST }),
        Judgement::CannotTell
    );
}

#[test]
fn a_limit_of_the_users_takes_part_among_ranges() {
    let (base, current) = ([100.0; 3], [130.0; 3]);
    let lenient = Rule {
        limit: 1.0,
        reported: 1.5,
        ..COST
    };
    assert_eq!(said(&base, &current, &COST), Judgement::Worse);
    assert_eq!(said(&base, &current, &lenient), Judgement::NoDifference);
}

#[test]
fn the_exchange_of_the_sides_turns_worse_into_better_and_nothing_else() {
    let mut random = StdRng::seed_from_u64(5);
    let (mut named, mut open) = (0, 0);
    for round in 0..2000 {
        let (m, n) = (1 + round % 6, 1 + round / 7 % 6);
        let level = 1.0 + random.random::<f64>();
        let spread = 0.3 * random.random::<f64>();
        let mut sample = |n: usize, level: f64| {
            (0..n)
                .map(|_| level * (1.0 + spread * (random.random::<f64>() - 0.5)))
                .collect::<Vec<_>>()
        };
        let (base, current) = (sample(m, 1.0), sample(n, level));
        let there = judge(&base, &current, &COST).unwrap();
        let back = judge(&current, &base, &COST).unwrap();
        let opposite = match there.judgement {
            Judgement::Worse => Judgement::Better,
            Judgement::Better => Judgement::Worse,
            same => same,
        };
        assert_eq!(back.judgement, opposite, "{there:?} {back:?}");
        for (a, b) in [
            (there.ratio.estimate, back.ratio.estimate),
            (there.ratio.low, back.ratio.high),
            (there.ratio.high, back.ratio.low),
        ] {
            assert!((a * b - 1.0).abs() < 1e-9, "{there:?} {back:?}");
        }
        // In another unit it is the same.
        let scaled = |values: &[f64]| values.iter().map(|value| value * 1024.0).collect::<Vec<_>>();
        let elsewhere = judge(&scaled(&base), &scaled(&current), &COST).unwrap();
        assert_eq!(elsewhere.judgement, there.judgement);
        assert!((elsewhere.ratio.estimate / there.ratio.estimate - 1.0).abs() < 1e-9);
        named += usize::from(there.judgement == Judgement::Worse);
        open += usize::from(there.judgement == Judgement::CannotTell);
    }
    assert!(named > 200 && open > 200, "{named} {open}");
}

#[test]
fn the_same_numbers_are_no_difference_however_they_scatter() {
    for values in [
        vec![5.0],
        vec![1.0, 9.0, 4.0],
        vec![1.0, 2.0, 4.0, 8.0, 16.0],
        vec![0.0; 3],
        vec![f64::INFINITY; 3],
    ] {
        let mut other = values.clone();
        other.reverse();
        let bounded = Rule {
            base_bounded: true,
            current_bounded: true,
            ..COST
        };
        for rule in [COST, RATE, bounded] {
            assert_eq!(said(&values, &other, &rule), Judgement::NoDifference, "{values:?}");
        }
    }
}

#[test]
fn what_is_missing_is_never_a_difference() {
    assert!(judge(&[], &[1.0], &COST).is_none());
    assert!(judge(&[1.0], &[], &COST).is_none());
    assert!(judge(&[f64::NAN; 3], &[1.0; 3], &COST).is_none());
    let some = judge(&[1.0, f64::NAN, 1.0], &[1.0, 1.0, f64::NAN], &COST).unwrap();
    assert_eq!(some.judgement, Judgement::NoDifference);
    assert_eq!((some.base.rounds, some.current.rounds), (2, 2));
}

#[test]
fn a_percentile_beyond_the_window_is_longer_than_any() {
    let lost = [f64::INFINITY; 3];
    assert_eq!(said(&[1e6; 3], &lost, &COST), Judgement::Worse);
    assert_eq!(said(&lost, &[1e6; 3], &COST), Judgement::Better);
    let once = judge(&[1e6; 3], &[1e6, 1e6, f64::INFINITY], &COST).unwrap();
    assert_eq!((once.judgement, once.visible), (Judgement::CannotTell, None));
}

#[test]
fn what_starts_at_nothing_has_no_ratio_and_may_matter_all_the_same() {
    let counted = Rule { least: 0.01, ..COST };
    assert_eq!(said(&[0.0; 3], &[0.5; 3], &counted), Judgement::Worse);
    assert_eq!(said(&[0.0; 3], &[0.001; 3], &counted), Judgement::NoDifference);
    assert_eq!(
        said(&[0.0001; 5], &[0.0009, 0.001, 0.0011, 0.0012, 0.0013], &counted),
        Judgement::NoDifference
    );
}

#[test]
fn of_a_bounded_side_only_what_is_true_whatever_lies_beyond_is_said() {
    let (slow, fast) = ([100.0, 101.0, 102.0], [150.0, 151.0, 152.0]);
    let base_bounded = Rule {
        base_bounded: true,
        ..RATE
    };
    let current_bounded = Rule {
        current_bounded: true,
        ..RATE
    };
    let both = Rule {
        base_bounded: true,
        current_bounded: true,
        ..RATE
    };
    let told = |base: &[f64], current: &[f64], rule: &Rule| {
        let judged = judge(base, current, rule).unwrap();
        (judged.judgement, judged.ratio.bound)
    };
    // Base was at least that fast, so the loss is at least as large.
    assert_eq!(
        told(&fast, &slow, &base_bounded),
        (Judgement::Worse, Some(Bound::AtMost))
    );
    assert_eq!(
        told(&slow, &fast, &base_bounded),
        (Judgement::CannotTell, Some(Bound::AtMost))
    );
    assert_eq!(
        told(&slow, &fast, &current_bounded),
        (Judgement::Better, Some(Bound::AtLeast))
    );
    assert_eq!(
        told(&fast, &slow, &current_bounded),
        (Judgement::CannotTell, Some(Bound::AtLeast))
    );
    assert_eq!(
        told(&slow, &[100.5, 101.0, 102.0], &current_bounded).0,
        Judgement::CannotTell
    );
    assert_eq!(told(&fast, &slow, &both), (Judgement::CannotTell, None));
    assert_eq!(told(&slow, &fast, &both), (Judgement::CannotTell, None));
    // Of a latency that the generator lengthened it is known that the truth was no longer.
    let base_bounded = Rule {
        base_bounded: true,
        ..COST
    };
    assert_eq!(
        told(&slow, &fast, &base_bounded),
        (Judgement::Worse, Some(Bound::AtLeast))
    );
    assert_eq!(
        told(&fast, &slow, &base_bounded),
        (Judgement::CannotTell, Some(Bound::AtLeast))
    );
}

#[test]
fn equal_servers_are_seldom_called_different() {
    let mut random = StdRng::seed_from_u64(3);
    let mut normal = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    for (rounds, noise, most) in [(3, 0.05, 5), (3, 0.10, 60), (5, 0.03, 45), (8, 0.10, 120)] {
        let mut sample = || {
            (0..rounds)
                .map(|_| 100.0 * (noise * normal()).exp())
                .collect::<Vec<_>>()
        };
        let named = (0..2000).filter(|_| {
            let judged = judge(&sample(), &sample(), &COST).unwrap();
            matches!(judged.judgement, Judgement::Worse | Judgement::Better)
        });
        let named = named.count();
        assert!(named <= most, "{named} of 2,000 with {rounds} rounds of {noise}");
    }
}
