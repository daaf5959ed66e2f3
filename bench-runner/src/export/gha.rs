//! `gha-bigger` and `gha-smaller`: what github-action-benchmark reads as `customBiggerIsBetter` and
//! `customSmallerIsBetter` (<https://github.com/benchmark-action/github-action-benchmark>).

use anyhow::Result;
use serde::Serialize;

use super::groups::Group;
use super::measures::{Value, measured};
use super::notes::Notes;

/// Its `BenchmarkResult`. It finds an earlier value by the name alone, so that the measure is in there too.
#[derive(Serialize)]
struct Benchmark {
    name: String,
    unit: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// The benchmarks of which more is better, or less; `None` without any, which the action takes for a failure.
pub(super) fn benchmarks(groups: &[Group], run_id: &str, bigger: bool) -> Result<(Option<String>, Notes)> {
    let (values, notes) = measured(groups, |measure| measure.bigger_is_better() == bigger);
    let benchmarks: Vec<Benchmark> = values.iter().map(|value| benchmark(value, run_id)).collect();
    let text = serde_json::to_string_pretty(&benchmarks)? + "\n";
    Ok(((!benchmarks.is_empty()).then_some(text), notes))
}

fn benchmark(value: &Value, run_id: &str) -> Benchmark {
    let rounds = value.rounds;
    // The action scales a range together with its value only where it is a single number behind this sign.
    let furthest = (rounds.high - rounds.median).max(rounds.median - rounds.low);
    let spread = match rounds.rounds {
        1 => "one round".to_owned(),
        n => format!("median of {n} rounds, {:.3} to {:.3}", rounds.low, rounds.high),
    };
    Benchmark {
        name: format!("{} {}", value.name, value.measure.slug()),
        unit: value.measure.unit(),
        value: rounds.median,
        range: (rounds.rounds > 1).then(|| format!("± {furthest:.3}")),
        extra: format!("{spread}\nverdict: {}\nrun: {run_id}", value.verdict.name()),
    }
}
