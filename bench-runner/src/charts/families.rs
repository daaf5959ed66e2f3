//! Throughput against connections, a panel a family: all models in full colour, and none of them in a tangle.
//!
//! The lines of the other families stand faint behind each panel's own, so that each can be seen against all.

use super::lines::{self, Panel};
use super::names;
use super::picture::Picture;
use super::style::Style;
use super::watched::line_axes;

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
    lines::families(
        style,
        [&data.title, &data.subtitle, &data.footer],
        &data.panels,
        (line_axes, ""),
    )
}
