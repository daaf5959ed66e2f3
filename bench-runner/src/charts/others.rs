//! Chart 4: one slow handler. What does a request that takes long do to everybody else?
//!
//! A panel a family, with time along it: a model whose handlers stand in each other's way has a peak for each slow
//! request, one that keeps them apart has none. The lines of the other families stand faint behind each panel's own.

use super::lines::{self, Axes, Panel};
use super::names;
use super::number::tick_time;
use super::picture::Picture;
use super::style::Style;
use crate::words::{Lang, charts as words};

/// What chart 4 shows.
#[derive(Clone, Debug)]
pub struct Others {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// What else is said under the panels; may be empty.
    pub aside: String,
    /// Nanoseconds against milliseconds since the window began, one a family.
    pub panels: Vec<Panel>,
}

fn axes(lang: Lang) -> Axes {
    Axes {
        words: words::others_axes(lang),
        linear: true,
        x: |ms, _| format!("{}", ms as f64 / 1e3),
        y: tick_time,
        ring: "",
        end: words::no_longer_answered(lang),
        slow: true,
    }
}

pub(super) fn parts(data: &Others) -> Vec<&str> {
    names(&data.panels)
}

pub(super) fn draw(data: &Others, style: &Style) -> anyhow::Result<Picture> {
    lines::families(
        style,
        [&data.title, &data.subtitle, &data.footer],
        &data.panels,
        (axes, &data.aside),
    )
}
