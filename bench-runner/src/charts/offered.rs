//! Chart 6: response time against offered rate. How much can be asked of a server before its clients wait?
//!
//! Few models share a panel; many have one a family, before the faint lines of the others, for around the rate at which
//! most give out all curves meet. Both axes are logarithmic. A ring marks the knee of a curve; a curve ends with × before the rate with which the server
//! did not keep up, because there a response time tells how long the window was, and nothing about the server.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Sheet, all, check, highlight, message, values};
use super::names;
use super::number::{tick, tick_time};
use super::picture::Picture;
use super::style::Style;
use crate::words::{Lang, charts as words};

/// What chart 6 shows.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// What stands over all of them, where they share a panel.
    pub heading: String,
    /// Nanoseconds against requests a second, one a family.
    pub panels: Vec<Panel>,
}

fn axes(lang: Lang) -> Axes {
    Axes {
        words: words::offered_axes(lang),
        linear: false,
        x: |rate, _| tick(rate as f64),
        y: tick_time,
        ring: words::knee(lang),
        end: words::behind(lang),
        slow: true,
    }
}

pub(super) fn parts(data: &Offered) -> Vec<&str> {
    names(&data.panels)
}

pub(super) fn draw(data: &Offered, style: &Style) -> anyhow::Result<Picture> {
    // Whoever brings some forward wants to see them side by side.
    if all(&data.panels).count() > highlight::MOST && style.highlight.is_empty() {
        return lines::families(
            style,
            [&data.title, &data.subtitle, &data.footer],
            &data.panels,
            (axes, ""),
        );
    }
    let panel = Panel {
        heading: data.heading.clone(),
        series: all(&data.panels).cloned().collect(),
    };
    let panels = std::slice::from_ref(&panel);
    check(panels)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if panel.series.is_empty() {
            return message(canvas, plot, words::no_model(canvas.lang));
        }
        let sheet = Sheet {
            panels,
            columns: 1,
            chosen: vec![highlight::chosen(&panel, canvas.style)],
            context: false,
            models: true,
            axes: axes(canvas.lang),
            aside: "",
        };
        lines::draw(canvas, plot, &sheet, values(panels))
    })
}
