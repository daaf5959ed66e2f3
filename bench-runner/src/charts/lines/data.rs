//! What panels of lines show: series of points, and where they end.

use std::collections::BTreeSet;

use anyhow::ensure;

use super::super::scale::span;

/// Some lines over the same axes.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// What it shows ("all connections talk").
    pub heading: String,
    /// One series a model, each name once.
    pub series: Vec<Series>,
}

/// One model in a panel.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The model's name, which tells its colour.
    pub name: String,
    /// What is written for it, where that is not its name.
    pub label: Option<String>,
    /// What was measured; may be empty.
    pub points: Vec<Point>,
    /// Where and why there is no more.
    pub ended: Option<Ended>,
    /// Where a point has a ring around it.
    pub ring: Option<u64>,
}

impl Series {
    /// What is written for it.
    pub(super) fn shown(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Where it stands: connections open, or requests offered.
    pub x: u64,
    /// What was measured there.
    pub y: f64,
    /// The lowest round.
    pub low: f64,
    /// The highest round.
    pub high: f64,
    /// Whether it is only a bound of what the server can do, and on which side.
    pub bound: Option<Bound>,
}

/// What a bound bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It is this much or more.
    AtLeast,
    /// It is this much or less.
    AtMost,
}

impl Bound {
    /// Before the number.
    pub(in super::super) fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::AtMost => "≤",
        }
    }
}

/// The end of a series because the model broke.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Where it broke.
    pub x: u64,
    /// What it was ("FD_SETSIZE"); empty where × says it all.
    pub label: String,
}

/// What an axis of all values spans.
pub(in super::super) fn values(panels: &[Panel]) -> (f64, f64) {
    let values = all(panels).flat_map(|s| &s.points).flat_map(|p| [p.y, p.low, p.high]);
    // If all are zero any axis shows it.
    span(values).unwrap_or((1.0, 10.0))
}

pub(in super::super) fn all(panels: &[Panel]) -> impl Iterator<Item = &Series> {
    panels.iter().flat_map(|panel| &panel.series)
}

/// Refuses what has no place on the axes.
pub(in super::super) fn check(panels: &[Panel]) -> anyhow::Result<()> {
    for panel in panels {
        let mut names = BTreeSet::new();
        for series in &panel.series {
            let name = &series.name;
            ensure!(
                names.insert(name),
                "panel '{}' has two series named '{name}'",
                panel.heading
            );
            let mut places = BTreeSet::new();
            for Point { x, y, low, high, .. } in &series.points {
                ensure!(
                    [y, low, high].iter().all(|v| v.is_finite() && **v >= 0.0),
                    "{y} ({low} to {high}) of '{name}' at {x} has no place on an axis"
                );
                ensure!(places.insert(x), "'{name}' has two points at {x}");
                ensure!(*x > 0, "'{name}' has {y} at 0, which a logarithmic axis does not have");
            }
        }
    }
    Ok(())
}
