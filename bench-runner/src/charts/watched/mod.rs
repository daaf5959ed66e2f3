//! Chart 2: throughput against connections watched. What does an idle connection cost?
//!
//! Two panels (all connections talk; few of them do) on one logarithmic axis of requests per second, because the
//! finding is a ratio, and a ratio is the same distance everywhere on such an axis. One count of connections is drawn
//! as dots, one row a model; a line needs at least two.

use std::collections::BTreeSet;

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Series, all, check, highlight, message, values};
use super::names;
use super::number::{thousands, tick};
use super::picture::Picture;
use super::style::Style;
use crate::words::{Lang, charts as words};

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

pub(super) fn parts(data: &Watched) -> Vec<&str> {
    if counts(data) == Some(1) {
        dots::parts(data)
    } else {
        names(&data.panels)
    }
}

/// At how many counts of connections the series was measured that has most of them.
fn counts(data: &Watched) -> Option<usize> {
    let distinct = |series: &Series| series.points.iter().map(|p| p.x).collect::<BTreeSet<_>>().len();
    all(&data.panels).map(distinct).max()
}

pub(super) fn draw(data: &Watched, style: &Style) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        let rates = values(&data.panels);
        match counts(data) {
            None => message(canvas, plot, words::no_model(canvas.lang)),
            Some(0) => dots::draw_failures(canvas, plot, data),
            Some(1) => dots::draw(canvas, plot, data, rates),
            Some(_) => {
                // The same in both, so that the eye can go from one to the other.
                let chosen = data
                    .panels
                    .iter()
                    .rev()
                    .map(|panel| highlight::chosen(panel, canvas.style));
                let chosen = chosen.into_iter().find(|chosen| !chosen.is_empty()).unwrap_or_default();
                let sheet = lines::Sheet {
                    panels: &data.panels,
                    columns: 2,
                    chosen: vec![chosen; 2],
                    context: false,
                    models: true,
                    axes: line_axes(canvas.lang),
                    aside: "",
                };
                lines::draw(canvas, plot, &sheet, rates)
            }
        }
    })
}

/// What the axes of a panel of lines are.
pub(super) fn line_axes(lang: Lang) -> Axes {
    Axes {
        words: words::rates_axes(lang),
        linear: false,
        x: |conns, _| thousands(conns),
        y: tick,
        ring: "",
        end: words::broke(lang),
        slow: false,
    }
}
