//! The far end of latency, a panel a family: what one in ten, in a hundred, in a thousand requests takes, and more.
//!
//! Each nine has the same room, as in chart 5. A line ends with × where the percentile falls among clients without a reply.

use super::clocks::percentile;
use super::lines::{self, Axes, Panel};
use super::names;
use super::number::tick_time;
use super::picture::Picture;
use super::style::Style;
use crate::words::{Lang, charts as words};

/// What such a chart shows.
#[derive(Clone, Debug)]
pub struct Percentiles {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// Nanoseconds against 1 ÷ (1 − quantile), one a family.
    pub panels: Vec<Panel>,
}

fn axes(lang: Lang) -> Axes {
    Axes {
        words: words::percentiles_axes(lang),
        linear: false,
        x: percentile,
        y: tick_time,
        ring: "",
        end: words::no_longer_known(lang),
        slow: true,
    }
}

pub(super) fn parts(data: &Percentiles) -> Vec<&str> {
    names(&data.panels)
}

pub(super) fn draw(data: &Percentiles, style: &Style) -> anyhow::Result<Picture> {
    lines::families(
        style,
        [&data.title, &data.subtitle, &data.footer],
        &data.panels,
        (axes, ""),
    )
}
