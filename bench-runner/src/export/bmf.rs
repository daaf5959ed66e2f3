//! `bmf`: Bencher Metric Format, the JSON that `bencher run --adapter json` takes
//! (<https://bencher.dev/docs/reference/bencher-metric-format/>).

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::groups::Group;
use super::measures::measured;
use super::notes::Notes;

/// A metric: the median of the rounds, and the range that they span; one round spans none.
#[derive(Serialize)]
struct Metric {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

/// Benchmarks by name, each with its measures; `None` without any.
pub(super) fn results(groups: &[Group]) -> Result<(Option<String>, Notes)> {
    let (values, notes) = measured(groups, |_| true);
    let mut benchmarks: BTreeMap<&str, BTreeMap<&str, Metric>> = BTreeMap::new();
    for value in &values {
        let rounds = value.rounds;
        let spread = rounds.rounds > 1;
        let metric = Metric {
            value: rounds.median,
            lower_value: spread.then_some(rounds.low),
            upper_value: spread.then_some(rounds.high),
        };
        let measures = benchmarks.entry(&value.name).or_default();
        measures.insert(value.measure.slug(), metric);
    }
    let text = serde_json::to_string_pretty(&benchmarks)? + "\n";
    Ok(((!values.is_empty()).then_some(text), notes))
}
