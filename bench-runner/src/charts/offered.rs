//! Chart 6: response time against offered rate. How much can be asked of a server before its clients wait?
//!
//! Both axes are logarithmic. A ring marks the knee of a curve; a curve ends with × before the rate with which the server
//! did not keep up, because there a response time tells how long the window was, and nothing about the server.

use super::canvas::paint;
use super::frame::frame;
use super::lines::{self, Axes, Panel, Sheet, check, highlight, message, values};
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
    /// Nanoseconds against requests a second.
    pub panel: Panel,
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
    names([&data.panel])
}

pub(super) fn draw(data: &Offered, style: &Style) -> anyhow::Result<Picture> {
    let panels = std::slice::from_ref(&data.panel);
    check(panels)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.panel.series.is_empty() {
            return message(canvas, plot, words::no_model(canvas.lang));
        }
        let sheet = Sheet {
            panels,
            columns: 1,
            chosen: vec![highlight::chosen(&data.panel, canvas.style)],
            context: false,
            models: true,
            axes: axes(canvas.lang),
            aside: "",
        };
        lines::draw(canvas, plot, &sheet, values(panels))
    })
}
