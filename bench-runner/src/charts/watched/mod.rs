//! Chart 2: throughput against connections watched. What does an idle connection cost?
//!
//! Two panels (all connections talk; few of them do) on one logarithmic axis of requests per second, because the
//! finding is a ratio, and a ratio is the same distance everywhere on such an axis. One count of connections is drawn
//! as dots, one row a model; a line needs at least two.

use std::collections::BTreeSet;

use anyhow::ensure;

use super::canvas::{Align, Canvas, paint};
use super::frame::frame;
use super::picture::Picture;
use super::place::Area;
use super::scale::span;
use super::text::{bold, regular};
use super::theme::Theme;

mod dots;
mod highlight;
mod labels;
pub(super) mod lines;

/// What chart 2 shows.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// Left and right; rows are ordered by the right one, which is the one that separates the models.
    pub panels: [Panel; 2],
}

/// One of the two panels.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// What its connections did ("all 10,000 talk").
    pub heading: String,
    /// One series a model, each name once.
    pub series: Vec<Series>,
}

/// One model in a panel.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The model's name.
    pub name: String,
    /// What was measured; may be empty.
    pub points: Vec<Point>,
    /// Where and why there is no more.
    pub ended: Option<Ended>,
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Connections open.
    pub conns: u64,
    /// Requests per second.
    pub rate_per_s: f64,
    /// The lowest round, requests per second.
    pub low: f64,
    /// The highest round, requests per second.
    pub high: f64,
    /// Whether the server could have done more than could be measured.
    pub lower_bound: bool,
}

/// The end of a series because the model broke.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Connections at which it broke.
    pub conns: u64,
    /// What it was ("FD_SETSIZE").
    pub label: String,
}

pub(super) fn draw(data: &Watched, theme: &Theme) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(theme, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        let rates = rates(&data.panels);
        match all(&data.panels)
            .map(|s| s.points.iter().map(|p| p.conns).collect::<BTreeSet<_>>().len())
            .max()
        {
            None => message(canvas, plot, "no model was run"),
            Some(0) => dots::draw_failures(canvas, plot, data),
            Some(1) => dots::draw(canvas, plot, data, rates),
            Some(_) => {
                // The same in both, so that the eye can go from one to the other.
                let chosen = data.panels.iter().rev().map(highlight::choose);
                let chosen = chosen.into_iter().find(|chosen| !chosen.is_empty()).unwrap_or_default();
                let sheet = lines::Sheet {
                    panels: &data.panels,
                    columns: 2,
                    chosen: vec![chosen; 2],
                    context: false,
                    axes: LINE_AXES,
                };
                lines::draw(canvas, plot, &sheet, rates)
            }
        }
    })
}

/// What the axes of a panel of lines are.
pub(super) const LINE_AXES: &str = "requests per second against connections open, both log scale";

/// What an axis of all rates spans.
pub(super) fn rates(panels: &[Panel]) -> (f64, f64) {
    let rates = all(panels)
        .flat_map(|s| &s.points)
        .flat_map(|p| [p.rate_per_s, p.low, p.high]);
    // If all rates are zero any axis shows it.
    span(rates).unwrap_or((1.0, 10.0))
}

fn all(panels: &[Panel]) -> impl Iterator<Item = &Series> {
    panels.iter().flat_map(|panel| &panel.series)
}

/// Refuses what has no place on the axes.
pub(super) fn check(panels: &[Panel]) -> anyhow::Result<()> {
    for panel in panels {
        let mut names = BTreeSet::new();
        for series in &panel.series {
            let name = &series.name;
            ensure!(
                names.insert(name),
                "panel '{}' has two series named '{name}'",
                panel.heading
            );
            let mut counts = BTreeSet::new();
            for Point {
                conns,
                rate_per_s,
                low,
                high,
                ..
            } in &series.points
            {
                ensure!(
                    [rate_per_s, low, high].iter().all(|v| v.is_finite() && **v >= 0.0),
                    "rate {rate_per_s} ({low} to {high}) of '{name}' at {conns} connections is no rate"
                );
                ensure!(counts.insert(conns), "'{name}' has two rates at {conns} connections");
                ensure!(*conns > 0, "'{name}' has a rate of {rate_per_s} at 0 connections");
            }
        }
    }
    Ok(())
}

pub(super) fn message(canvas: &Canvas<'_>, plot: Area, words: &str) -> anyhow::Result<()> {
    let (x, y) = ((plot.x0 + plot.x1) / 2.0, (plot.y0 + plot.y1) / 2.0);
    let face = bold(36.0);
    canvas.label(
        face,
        canvas.theme.quiet,
        Align::Middle,
        x,
        y,
        &face.fit(words, plot.width()),
    )
}

/// What stands over a panel.
fn heading(canvas: &Canvas<'_>, panel: &Panel, x: f64, y: f64, room: f64) -> anyhow::Result<()> {
    let face = bold(32.0);
    canvas.text(
        face,
        canvas.theme.ink,
        Align::Left,
        x,
        y,
        &face.fit(&panel.heading, room),
    )
}

/// One line under the panels: what the marks that occur in them mean, and nothing about those that do not.
fn note(canvas: &Canvas<'_>, plot: Area, panels: &[Panel], axes: &str) -> anyhow::Result<()> {
    let points = || all(panels).flat_map(|s| &s.points);
    let marks = [
        (
            points().any(|p| p.low < p.rate_per_s || p.high > p.rate_per_s),
            "bars: range of the rounds, where wider than its mark",
        ),
        (points().any(|p| p.lower_bound), "open, ≥: at least this much"),
        (
            all(panels).any(|s| s.ended.is_some()),
            "✗: broke, drawn at its last rate",
        ),
    ];
    let said = marks.iter().filter(|(occurs, _)| *occurs).map(|(_, words)| *words);
    let words = std::iter::once(axes).chain(said).collect::<Vec<_>>().join("  ·  ");
    let face = regular(24.0);
    canvas.text(
        face,
        canvas.theme.quiet,
        Align::Left,
        plot.x0,
        plot.y1,
        &face.fit(&words, plot.width()),
    )
}
