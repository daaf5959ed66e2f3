//! What watching costs: time against descriptors watched, of a call beside that of a request.
//!
//! Two panels on one logarithmic axis of time: on the left a call by itself, in which one is ready, on the right a server
//! in which the call's price is shared by all requests that it finds. A line that climbs pays for those that are silent.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Sheet, check, highlight, message, values};
use super::names;
use super::number::{thousands, tick_time};
use super::picture::Picture;
use super::style::Style;
use crate::words::Lang;
use crate::words::charts as words;

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

fn axes(lang: Lang) -> Axes {
    Axes {
        words: words::watching_axes(lang),
        linear: false,
        x: |count, _| thousands(count),
        y: tick_time,
        ring: "",
        end: words::no_more_watched(lang),
        slow: true,
    }
}

pub(super) fn parts(data: &Watching) -> Vec<&str> {
    names(&data.panels)
}

pub(super) fn draw(data: &Watching, style: &Style) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panels.iter().all(|panel| panel.series.is_empty()) {
            return message(canvas, plot, words::nothing_measured(canvas.lang));
        }
        let sheet = Sheet {
            panels: &data.panels,
            columns: data.panels.len(),
            chosen: data
                .panels
                .iter()
                .map(|panel| highlight::chosen(panel, canvas.style))
                .collect(),
            context: false,
            models: true,
            axes: axes(canvas.lang),
            aside: "",
        };
        lines::draw(canvas, plot, &sheet, values(&data.panels))
    })
}
