//! A against A: how often a difference is found where there is none.

use std::fmt::Write;
use std::sync::LazyLock;

use bench_runner::stats::gate::{Rule, Verdict, confirmed, judge, sign_flip_p};

use crate::noise::{CAMPAIGNS, NOISES, Noise, PAIRS, dealt, seeds, standard, undealt};
use crate::rivals::t_test_rejects;

/// A count that a rate of 1 % exceeds in less than one set of 2,000 campaigns in a hundred: 20 are expected.
const MOST: usize = 31;

/// What 2,000 campaigns under one kind of noise came to.
struct Alarms {
    /// p below alpha.
    test: usize,
    /// The whole rule, report size and all.
    rule: usize,
    /// The same, confirmed on fresh pairs.
    confirmed: usize,
    /// p of the t test below alpha.
    t_test: usize,
    /// p below alpha, where head is always in the second slot.
    without_coin: usize,
}

static ALARMS: LazyLock<Vec<Alarms>> = LazyLock::new(|| NOISES.iter().map(alarms).collect());

fn alarms(noise: &Noise) -> Alarms {
    let rule = Rule::default();
    let campaign = |seed| judge(&[dealt(noise, 0.0, seed)], &rule, seed).unwrap();
    let firsts: Vec<_> = seeds(noise).map(|seed| (seed, campaign(seed))).collect();
    let reds = firsts
        .iter()
        .filter(|(_, first)| first[0].verdict == Verdict::Regression);
    // The second is run where the first is red, as the gate does.
    let stays =
        |(seed, first): &&(u64, Vec<_>)| confirmed(first, &campaign(seed + 500_000))[0].verdict == Verdict::Regression;
    Alarms {
        test: firsts.iter().filter(|(_, first)| first[0].p_worse < rule.alpha).count(),
        rule: reds.clone().count(),
        confirmed: reds.filter(stays).count(),
        t_test: seeds(noise)
            .filter(|&seed| t_test_rejects(&dealt(noise, 0.0, seed)))
            .count(),
        without_coin: seeds(noise)
            .filter(|&seed| sign_flip_p(&undealt(noise, seed), seed) < rule.alpha)
            .count(),
    }
}

#[test]
fn no_noise_raises_more_false_alarms_than_alpha() {
    for (noise, alarms) in NOISES.iter().zip(&*ALARMS) {
        let name = noise.name;
        // The test by itself, that neither report size nor confirmation hides a fault of it.
        assert!(alarms.test <= MOST, "{name}: p below alpha in {}", alarms.test);
        assert!(alarms.rule <= alarms.test, "{name}: {} {}", alarms.rule, alarms.test);
        assert!(
            alarms.confirmed <= 1,
            "{name}: {} of {} confirmed",
            alarms.confirmed,
            alarms.rule
        );
        // And it is a test: it rejects as often as it may, not never.
        assert!(alarms.test >= 9, "{name}: p below alpha in {} only", alarms.test);
    }
}

#[test]
fn without_the_coin_these_very_counts_would_fail() {
    let without: Vec<usize> = ALARMS.iter().map(|alarms| alarms.without_coin).collect();
    // What is like its neighbours, and what changes in mid-run; where slots differ by chance alone no coin is needed.
    assert!(without[2] > 3 * MOST, "AR(1): {without:?}");
    assert!(without[3] > CAMPAIGNS / 2, "a step: {without:?}");
    assert!(without[0] <= MOST, "independent: {without:?}");
}

#[test]
fn a_family_has_one_alpha() {
    // Three metrics of the same pairs: two that go together, one for itself.
    let rule = Rule {
        family: 3,
        ..Rule::default()
    };
    let red = |seed| {
        let (own, other) = (dealt(&NOISES[4], 0.0, seed), dealt(&NOISES[0], 0.0, seed + 500_000));
        let alike = own
            .iter()
            .zip(standard(PAIRS, seed))
            .map(|(x, noise)| x + 0.005 * noise);
        let family = [own.clone(), alike.collect(), other];
        let judged = judge(&family, &rule, seed).unwrap();
        judged.iter().any(|judged| judged.adjusted_worse < rule.alpha)
    };
    let alarms = (8_000_000..).take(CAMPAIGNS).filter(|&seed| red(seed)).count();
    assert!((5..=MOST).contains(&alarms), "{alarms} families with an alarm");
}

pub(crate) fn table() -> String {
    let mut table = "| noise | p < 0.01 | the rule | confirmed | t test, p < 0.01 | p < 0.01 without the coin |\n\
                     | --- | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for (noise, a) in NOISES.iter().zip(&*ALARMS) {
        writeln!(
            table,
            "| {}: {} | {} | {} | {} | {} | {} |",
            noise.name, noise.what, a.test, a.rule, a.confirmed, a.t_test, a.without_coin
        )
        .unwrap();
    }
    table
}
