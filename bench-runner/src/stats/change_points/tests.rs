//! Histories that are made up: what is in them is known.

use rand::RngExt;

use super::*;

/// `n` ratios about 1 with a standard deviation of `noise`, each times what `level` says of it.
fn history(seed: u64, n: usize, noise: f64, level: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut normal = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    (0..n).map(|i| level(i) * (noise * normal()).exp()).collect()
}

fn found(values: &[f64]) -> Vec<ChangePoint> {
    change_points(values, 1)
}

/// How many of 10 histories have exactly the changes at `places`, two places off at most.
fn right(n: usize, noise: f64, level: impl Fn(usize) -> f64 + Copy, places: &[usize]) -> usize {
    let is_right = |seed: &u64| {
        let found = found(&history(*seed, n, noise, level));
        found.len() == places.len()
            && found
                .iter()
                .zip(places)
                .all(|(change, &place)| change.index.abs_diff(place) <= 2)
    };
    (0..10).filter(is_right).count()
}

fn step(at: usize, factor: f64) -> impl Fn(usize) -> f64 + Copy {
    move |i| if i < at { 1.0 } else { factor }
}

#[test]
fn a_step_is_found_where_it_is_and_as_large_as_it_is() {
    let [change] = found(&history(1, 40, 0.02, step(20, 1.08)))[..] else {
        panic!("one change")
    };
    assert!(change.index.abs_diff(20) <= 2, "{change:?}");
    assert!((0.06..0.1).contains(&change.size), "{change:?}");
    assert_eq!(change.p, 0.001, "no order of chance is as good");
    let [back] = found(&history(1, 40, 0.02, step(20, 1.0 / 1.08)))[..] else {
        panic!("one change")
    };
    assert!((-0.1..-0.06).contains(&back.size), "{back:?}");
    assert!(right(40, 0.02, step(20, 1.08), &[20]) >= 9);
    // A level far from 1 is a level.
    assert!(right(40, 0.02, |i| 40.0 * step(20, 1.08)(i), &[20]) >= 9);
}

#[test]
fn a_large_step_is_found_as_soon_as_it_has_a_segment() {
    assert!(right(35, 0.02, step(30, 1.1), &[30]) >= 9);
    assert!(right(32, 0.02, step(30, 1.1), &[]) >= 9, "two values are no segment");
}

#[test]
fn the_least_that_a_change_can_be_told_from_is_twelve_points() {
    assert!(right(FEWEST, 0.01, step(6, 1.2), &[6]) >= 9);
    assert!(found(&history(1, FEWEST - 1, 0.0001, step(6, 2.0))).is_empty());
    assert!(found(&[]).is_empty());
}

#[test]
fn two_steps_are_found_up_and_up_and_up_and_back() {
    let stairs = |i: usize| step(15, 1.08)(i) * step(30, 1.08)(i);
    assert!(right(45, 0.02, stairs, &[15, 30]) >= 9);
    let bump = |i: usize| step(15, 1.08)(i) / step(23, 1.08)(i);
    assert!(
        right(40, 0.02, bump, &[15, 23]) >= 9,
        "it is not hidden by its way back"
    );
}

#[test]
fn a_drift_is_told_as_steps_in_its_direction() {
    for seed in 0..4 {
        let found = found(&history(seed, 50, 0.02, |i| 1.0 + 0.2 * i as f64 / 49.0));
        assert!((1..=5).contains(&found.len()), "seed {seed}: {found:?}");
        assert!(found.iter().all(|change| change.size > 0.0), "seed {seed}: {found:?}");
        let all: f64 = found.iter().map(|change| change.size.ln_1p()).sum();
        assert!((0.08..0.2).contains(&all), "seed {seed}: {all} of {}", 0.2_f64.ln_1p());
    }
}

#[test]
fn outliers_are_no_change() {
    for seed in 0..20 {
        // Three in a row are most of the smallest segment, and are a change there and back.
        for outliers in [1, 2] {
            let mut values = history(seed, 40, 0.02, |_| 1.0);
            values[20..20 + outliers].fill(3.0);
            assert_eq!(found(&values), [], "{outliers}, seed {seed}");
            values.rotate_left(20 + outliers);
            assert_eq!(found(&values), [], "{outliers} at the end, seed {seed}");
        }
    }
}

#[test]
fn what_is_certain_and_small_is_no_change() {
    assert_eq!(right(40, 0.002, step(20, 1.02), &[]), 10);
    assert_eq!(right(40, 0.002, step(20, 1.04), &[20]), 10);
}

#[test]
fn a_flat_history_of_equal_values_is_flat() {
    assert_eq!(found(&[1.0; 40]), []);
    let mut one = [1.0; 40];
    one[20] = 1.5;
    assert_eq!(found(&one), []);
}

/// docs/TREND.md states these rates: of 200 flat histories of each kind, none to two have a change.
#[test]
fn flat_histories_seldom_have_a_change() {
    for (n, noise) in [(20, 0.033), (60, 0.02), (60, 0.033), (60, 0.08)] {
        let wrong = (0..200).filter(|&seed| !found(&history(seed, n, noise, |_| 1.0)).is_empty());
        let wrong = wrong.count();
        assert!(wrong <= 2, "{wrong} of 200 with {n} values and {noise} noise");
    }
    // A value in ten is three times as far off: nothing hangs on the noise being normal.
    let heavy = |seed: u64| {
        let mut values = history(seed, 60, 0.033, |_| 1.0);
        values.iter_mut().step_by(10).for_each(|value| *value = value.powi(3));
        values.shuffle(&mut StdRng::seed_from_u64(seed));
        values
    };
    let wrong = (0..200).filter(|&seed| !found(&heavy(seed)).is_empty()).count();
    assert!(wrong <= 2, "{wrong} of 200 with outliers");
}

/// docs/TREND.md states this rate too: a history is looked at again after each point of it.
#[test]
fn a_flat_history_that_is_looked_at_after_each_point_seldom_has_a_change_ever() {
    let ever = |seed: &u64| {
        let values = history(*seed, 60, 0.033, |_| 1.0);
        (FEWEST..=60).any(|n| !found(&values[..n]).is_empty())
    };
    let wrong = (0..40).filter(ever).count();
    assert!(wrong <= 2, "{wrong} of 40");
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let values = history(3, 40, 0.033, step(20, 1.1));
    assert_eq!(change_points(&values, 7), change_points(&values, 7));
    let places = |seed| -> Vec<usize> { change_points(&values, seed).iter().map(|change| change.index).collect() };
    assert_eq!(places(7), places(8), "what is clear does not hang on it");
}

/// Q̂ written as the paper has it, without any sums kept.
fn plain(values: &[f64]) -> (f64, usize) {
    let mean = |a: &[f64], b: &[f64]| {
        let all = a.iter().flat_map(|x| b.iter().map(move |y| (x - y).abs())).sum::<f64>();
        all / (a.len() * b.len()) as f64
    };
    // Over pairs of different values.
    let within = |a: &[f64]| mean(a, a) * a.len() as f64 / (a.len() - 1) as f64;
    let mut best = (f64::NEG_INFINITY, 0);
    for tau in SMALLEST_SEGMENT..=values.len() - SMALLEST_SEGMENT {
        for kappa in tau + SMALLEST_SEGMENT..=values.len() {
            let (x, y) = (&values[..tau], &values[tau..kappa]);
            let weight = (x.len() * y.len()) as f64 / (x.len() + y.len()) as f64;
            let q = weight * (2.0 * mean(x, y) - within(x) - within(y));
            if q > best.0 {
                best = (q, tau);
            }
        }
    }
    best
}

#[test]
fn the_statistic_is_that_of_the_paper() {
    for seed in 0..20 {
        let values = history(seed, 23, 0.1, step(9, 1.1));
        let (q, index) = plain(&values);
        let quick = best(&values).unwrap();
        assert_eq!(quick.index, index);
        assert!((quick.q - q).abs() < 1e-9, "{quick:?} and {q}");
    }
    // By hand: five times 0 and five times 1 are apart by 1, and each is one: 2 · 25 ÷ 10.
    let split = best(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
    assert_eq!((split.index, split.q), (5, 5.0));
}
