//! Throughput against connections, a panel a family: all models in full colour, and none of them in a tangle.
//!
//! The lines of the other families stand faint behind each panel's own, so that each can be seen against all.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{Panel, Sheet, check, draw as draw_lines, message, values};
use super::picture::Picture;
use super::theme::Theme;
use super::watched::LINE_AXES;

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

pub(super) fn draw(data: &Families, theme: &Theme) -> anyhow::Result<Picture> {
    check(&data.panels)?;
    paint(theme, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panels.is_empty() {
            return message(canvas, plot, "no model was run");
        }
        let sheet = Sheet::of_families(&data.panels, LINE_AXES);
        draw_lines(canvas, plot, &sheet, values(&data.panels))
    })
}
