//! Chart 4: one slow handler. What does a request that takes long do to everybody else?
//!
//! A panel a family, with time along it: a model whose handlers stand in each other's way has a peak for each slow
//! request, one that keeps them apart has none. The lines of the other families stand faint behind each panel's own.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Sheet, check, message, values};
use super::number::tick_time;
use super::picture::Picture;
use super::theme::Theme;

/// What chart 4 shows.
#[derive(Clone, Debug)]
pub struct Others {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// Nanoseconds against milliseconds since the window began, one a family.
    pub panels: Vec<Panel>,
}

const AXES: Axes = Axes {
    words: "p99 of the requests that asked for nothing slow in each interval, log scale, against time in seconds",
    linear: true,
    x: |ms| format!("{}", ms as f64 / 1e3),
    y: tick_time,
    ring: "",
    end: "✗: no longer answered",
};

pub(super) fn draw(data: &Others, theme: &Theme) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(theme, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panels.is_empty() {
            return message(canvas, plot, "no model was run");
        }
        let sheet = Sheet::of_families(&data.panels, AXES);
        lines::draw(canvas, plot, &sheet, values(&data.panels))
    })
}
