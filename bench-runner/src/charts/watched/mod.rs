//! Chart 2: throughput against connections watched. What does an idle connection cost?
//!
//! Two panels (all connections talk; few of them do) on one logarithmic axis of requests per second, because the
//! finding is a ratio, and a ratio is the same distance everywhere on such an axis. One count of connections is drawn
//! as dots, one row a model; a line needs at least two.

use std::collections::BTreeSet;

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, all, check, highlight, message, values};
use super::number::{thousands, tick};
use super::picture::Picture;
use super::theme::Theme;

mod dots;

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

pub(super) fn draw(data: &Watched, theme: &Theme) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(theme, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        let rates = values(&data.panels);
        match all(&data.panels)
            .map(|s| s.points.iter().map(|p| p.x).collect::<BTreeSet<_>>().len())
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
                    models: true,
                    axes: LINE_AXES,
                };
                lines::draw(canvas, plot, &sheet, rates)
            }
        }
    })
}

/// What the axes of a panel of lines are.
pub(super) const LINE_AXES: Axes = Axes {
    words: "requests per second against connections open, both log scale",
    linear: false,
    x: thousands,
    y: tick,
    ring: "",
    end: "✗: broke, drawn at its last rate",
};
