//! What watching costs: time against descriptors watched, of a call beside that of a request.
//!
//! Two panels on one logarithmic axis of time: on the left a call by itself, in which one is ready, on the right a server
//! in which the call's price is shared by all requests that it finds. A line that climbs pays for those that are silent.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Sheet, check, highlight, message, values};
use super::number::{thousands, tick_time};
use super::picture::Picture;
use super::theme::Theme;

/// What such a chart shows.
#[derive(Clone, Debug)]
pub struct Watching {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// Nanoseconds against descriptors watched, from left to right.
    pub panels: Vec<Panel>,
}

const AXES: Axes = Axes {
    words: "CPU time against connections watched, both log scale",
    linear: false,
    x: thousands,
    y: tick_time,
    ring: "",
    end: "✗: no more can be watched",
};

pub(super) fn draw(data: &Watching, theme: &Theme) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(theme, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panels.iter().all(|panel| panel.series.is_empty()) {
            return message(canvas, plot, "nothing was measured");
        }
        let sheet = Sheet {
            panels: &data.panels,
            columns: data.panels.len(),
            chosen: data.panels.iter().map(highlight::choose).collect(),
            context: false,
            models: true,
            axes: AXES,
        };
        lines::draw(canvas, plot, &sheet, values(&data.panels))
    })
}
