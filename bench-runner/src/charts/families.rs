//! Throughput against connections, a panel a family: all models in full colour, and none of them in a tangle.
//!
//! The lines of the other families stand faint behind each panel's own, so that each can be seen against all.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{Panel, Sheet, check, draw as draw_lines, message, values};
use super::names;
use super::picture::Picture;
use super::style::Style;
use super::watched::line_axes;
use crate::words::charts as words;

/// What such a chart shows.
#[derive(Clone, Debug)]
pub struct Families {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// One a family.
    pub panels: Vec<Panel>,
}

pub(super) fn parts(data: &Families) -> Vec<&str> {
    names(&data.panels)
}

pub(super) fn draw(data: &Families, style: &Style) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panels.is_empty() {
            return message(canvas, plot, words::no_model(canvas.lang));
        }
        let sheet = Sheet::of_families(&data.panels, line_axes(canvas.lang), canvas.style);
        draw_lines(canvas, plot, &sheet, values(&data.panels))
    })
}
