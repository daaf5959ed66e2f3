//! The comparison for machines.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use super::Document;
use crate::record::Run;
use crate::stats::compare::{Comparison, Metric, Standing};

/// Version of this form.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Told<'a> {
    schema: u32,
    base: Side<'a>,
    current: Side<'a>,
    standing: Standing,
    limits: BTreeMap<&'static str, f64>,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    run_id: &'a str,
    started_at: Timestamp,
    interrupted: bool,
    rounds: u32,
}

/// One object in a line of its own. Everything is in it, whatever is shown.
///
/// # Errors
/// None that is known of.
pub fn json(document: &Document) -> Result<String> {
    let of = |metric: Metric| (metric.name(), document.options.limit(metric));
    let told = Told {
        schema: SCHEMA,
        base: Side::of(document.base),
        current: Side::of(document.current),
        standing: document.comparison.standing(),
        limits: document.options.metrics().map(of).collect(),
        comparison: document.comparison,
    };
    Ok(serde_json::to_string(&told)? + "\n")
}

impl<'a> Side<'a> {
    fn of((name, run): (&'a str, &'a Run)) -> Self {
        Self {
            name,
            run_id: &run.run_id,
            started_at: run.started_at,
            interrupted: run.interrupted,
            rounds: run.settings.rounds,
        }
    }
}
