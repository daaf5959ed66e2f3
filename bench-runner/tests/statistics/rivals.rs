//! The gate's test and estimate beside the t test and the mean, under each noise.

use std::fmt::Write;
use std::sync::LazyLock;

use bench_runner::stats::gate::{Judged, Rule, Verdict, judge};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::noise::{CAMPAIGNS, NOISES, Noise, PAIRS, dealt, seeds};

static CRITICAL: LazyLock<f64> = LazyLock::new(|| {
    let t = StudentsT::new(0.0, 1.0, PAIRS as f64 - 1.0).unwrap();
    t.inverse_cdf(1.0 - Rule::default().alpha)
});

/// Whether the one-sided t test of paired data rejects at the gate's alpha (Student, 1908).
pub(crate) fn t_test_rejects(data: &[f64]) -> bool {
    let (n, mean) = (data.len() as f64, mean(data));
    let variance = data.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    mean / (variance / n).sqrt() > *CRITICAL
}

fn mean(data: &[f64]) -> f64 {
    data.iter().sum::<f64>() / data.len() as f64
}

/// What 2,000 campaigns with a true 5 % under one kind of noise came to.
struct Rivals {
    /// p of the sign-flip test below alpha.
    sign_flip: usize,
    /// p of the t test below alpha.
    t_test: usize,
    /// p of Wilcoxon's signed-rank test below alpha: the interval that belongs to it lies above 0.
    ranks: usize,
    /// How far the estimate was from the truth: the root of the mean square.
    hodges_lehmann: f64,
    /// The same of the mean.
    mean: f64,
    /// Campaigns that pass, although head is as bad as the limit.
    passed: usize,
}

static RIVALS: LazyLock<Vec<Rivals>> = LazyLock::new(|| NOISES.iter().map(rivals).collect());

fn rivals(noise: &Noise) -> Rivals {
    let rule = Rule::default();
    let effect = rule.limit.ln_1p();
    let campaign = |seed| {
        let data = dealt(noise, effect, seed);
        (judge(std::slice::from_ref(&data), &rule, seed).unwrap()[0], data)
    };
    let campaigns: Vec<(Judged, Vec<f64>)> = seeds(noise).map(campaign).collect();
    let count = |what: &dyn Fn(&Judged) -> bool| campaigns.iter().filter(|(judged, _)| what(judged)).count();
    let error = |estimates: &mut dyn Iterator<Item = f64>| {
        let squares: f64 = estimates.map(|estimate| (estimate - effect).powi(2)).sum();
        (squares / CAMPAIGNS as f64).sqrt()
    };
    Rivals {
        sign_flip: count(&|judged| judged.p_worse < rule.alpha),
        t_test: campaigns.iter().filter(|(_, data)| t_test_rejects(data)).count(),
        ranks: count(&|judged| judged.interval.is_some_and(|interval| interval.low > 0.0)),
        hodges_lehmann: error(&mut campaigns.iter().map(|(judged, _)| judged.estimate)),
        mean: error(&mut campaigns.iter().map(|(_, data)| mean(data))),
        passed: count(&|judged| judged.verdict == Verdict::NoDifference),
    }
}

#[test]
fn under_no_noise_does_what_is_as_bad_as_the_limit_pass_more_often_than_alpha() {
    for (noise, rivals) in NOISES.iter().zip(&*RIVALS) {
        assert!(rivals.passed <= 31, "{}: {} passed", noise.name, rivals.passed);
    }
}

#[test]
fn spikes_carry_the_mean_away_and_not_the_estimate() {
    let (spikes, normal) = (&RIVALS[4], &RIVALS[0]);
    assert!(
        spikes.hodges_lehmann < spikes.mean / 2.0,
        "{} {}",
        spikes.hodges_lehmann,
        spikes.mean
    );
    // What that costs where there are none: the mean's error over the estimate's is √(3/π) of normal data.
    let efficiency = normal.mean / normal.hodges_lehmann;
    assert!((0.95..1.0).contains(&efficiency), "{efficiency}");
}

#[test]
fn the_sign_flip_test_finds_what_the_t_test_finds() {
    for (noise, rivals) in NOISES.iter().zip(&*RIVALS) {
        let (ours, theirs) = (rivals.sign_flip, rivals.t_test);
        assert!(ours + 40 >= theirs, "{}: {ours} {theirs}", noise.name);
    }
}

pub(crate) fn table() -> String {
    let mut table =
        "| noise | found by sign flip | by t test | by ranks | error of Hodges-Lehmann | of the mean | passed |\n\
                     | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    let share = |count| count as f64 * 100.0 / CAMPAIGNS as f64;
    for (noise, r) in NOISES.iter().zip(&*RIVALS) {
        writeln!(
            table,
            "| {} | {:.1} % | {:.1} % | {:.1} % | {:.2} % | {:.2} % | {:.1} % |",
            noise.name,
            share(r.sign_flip),
            share(r.t_test),
            share(r.ranks),
            r.hodges_lehmann * 100.0,
            r.mean * 100.0,
            share(r.passed)
        )
        .unwrap();
    }
    table
}
