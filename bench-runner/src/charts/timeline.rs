//! Throughput through a window, a panel a family: whether a rate is that of every moment, or the mean of a climb or a fall.

use super::lines::{self, Axes, Panel};
use super::names;
use super::number::tick;
use super::picture::Picture;
use super::style::Style;
use crate::words::{Lang, charts as words};

/// What such a chart shows.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// What else is said under the panels; may be empty.
    pub aside: String,
    /// Requests a second against milliseconds since the window began, one a family.
    pub panels: Vec<Panel>,
}

fn axes(lang: Lang) -> Axes {
    Axes {
        words: words::timeline_axes(lang),
        linear: true,
        x: |ms, _| format!("{}", ms as f64 / 1e3),
        y: tick,
        ring: "",
        end: words::no_longer_answered(lang),
        slow: false,
    }
}

pub(super) fn parts(data: &Timeline) -> Vec<&str> {
    names(&data.panels)
}

pub(super) fn draw(data: &Timeline, style: &Style) -> anyhow::Result<Picture> {
    lines::families(
        style,
        [&data.title, &data.subtitle, &data.footer],
        &data.panels,
        (axes, &data.aside),
    )
}
