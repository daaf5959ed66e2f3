//! Chart 5: one run, two clocks. What do the percentiles of a stalled server say, told from when requests were due, and
//! from when they were sent?
//!
//! Each nine has the same room (as Gil Tene's HdrHistogram plots have it): the place of a percentile is how many requests
//! it takes to meet one that is slower.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Sheet, check, message, values};
use super::names;
use super::number::{thousands, tick_time};
use super::picture::Picture;
use super::style::Style;
use crate::words::{Lang, charts as words};

/// What chart 5 shows.
#[derive(Clone, Debug)]
pub struct Clocks {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// Nanoseconds against 1 ÷ (1 − quantile), a panel a server, a series a clock.
    pub panels: Vec<Panel>,
}

fn axes(lang: Lang) -> Axes {
    Axes {
        words: words::clocks_axes(lang),
        linear: false,
        x: percentile,
        y: tick_time,
        ring: "",
        end: words::no_longer_known(lang),
        slow: true,
    }
}

/// The percentile that one of so many requests exceeds.
pub(super) fn percentile(one_in: u64, lang: Lang) -> String {
    match one_in {
        2 => "50 %".to_owned(),
        10 => "90 %".to_owned(),
        100 => "99 %".to_owned(),
        1_000 => "99.9 %".to_owned(),
        10_000 => "99.99 %".to_owned(),
        other => words::one_in(&thousands(other), lang),
    }
}

pub(super) fn parts(data: &Clocks) -> Vec<&str> {
    names(&data.panels)
}

pub(super) fn draw(data: &Clocks, style: &Style) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panels.is_empty() {
            return message(canvas, plot, words::no_model(canvas.lang));
        }
        let all = |panel: &Panel| panel.series.iter().map(|series| series.name.clone()).collect();
        let sheet = Sheet {
            panels: &data.panels,
            columns: data.panels.len().min(2),
            chosen: data.panels.iter().map(all).collect(),
            context: false,
            models: false,
            axes: axes(canvas.lang),
            aside: "",
        };
        lines::draw(canvas, plot, &sheet, values(&data.panels))
    })
}
