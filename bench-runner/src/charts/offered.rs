//! Chart 6: response time against offered rate. How much can be asked of a server before its clients wait?
//!
//! Both axes are logarithmic. A ring marks the knee of a curve; a curve ends with × before the rate with which the server
//! did not keep up, because there a response time tells how long the window was, and nothing about the server.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Sheet, check, highlight, message, values};
use super::number::{tick, tick_time};
use super::picture::Picture;
use super::theme::Theme;

/// What chart 6 shows.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// Nanoseconds against requests a second.
    pub panel: Panel,
}

const AXES: Axes = Axes {
    words: "response time against requests offered per second, log scales",
    linear: false,
    x: |rate| tick(rate as f64),
    y: tick_time,
    ring: "ring: knee",
    end: "✗: falls behind when more is offered",
};

pub(super) fn draw(data: &Offered, theme: &Theme) -> anyhow::Result<Picture> {
    let panels = std::slice::from_ref(&data.panel);
    check(panels)?;
    paint(theme, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panel.series.is_empty() {
            return message(canvas, plot, "no model was run");
        }
        let sheet = Sheet {
            panels,
            columns: 1,
            chosen: vec![highlight::choose(&data.panel)],
            context: false,
            models: true,
            axes: AXES,
        };
        lines::draw(canvas, plot, &sheet, values(panels))
    })
}
