//! A bar of two parts a model, on a linear axis from 0: what a connection takes, what a request takes.
//!
//! Linear, because the parts of a bar add up to its whole, and on a logarithmic axis lengths do not add.

use anyhow::ensure;
use plotters::style::RGBColor;

use super::axis::{AXIS, ruled};
use super::canvas::{Align, Canvas, paint};
use super::frame::frame;
use super::group::range;
use super::key::Key;
use super::number::{compact, tick};
use super::picture::Picture;
use super::place::Area;
use super::rows::Rows;
use super::scale::{Scale, round_ticks};
use super::style::Style;
use super::text::{Face, bold, regular};
use crate::words::charts as words;

/// What such a chart shows.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// The unit of all values ("µs").
    pub unit: String,
    /// What the two parts are, the one nearer to the axis first.
    pub parts: [String; 2],
    /// One bar a model, from top to bottom.
    pub bars: Vec<PartsBar>,
}

/// One model.
#[derive(Clone, Debug, Default)]
pub struct PartsBar {
    /// The model's name.
    pub name: String,
    /// What was measured, if anything was.
    pub value: Option<PartsValue>,
    /// What else is to be said: the other side of the number, or why there is none.
    pub remark: String,
    /// Whether it stands back, because its value may not be held against the others'.
    pub aside: bool,
    /// Whether the remark tells of a failure.
    pub failed: bool,
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct PartsValue {
    /// The whole.
    pub whole: f64,
    /// The lowest round.
    pub low: f64,
    /// The highest round.
    pub high: f64,
    /// How much of the whole the first part is, from 0 to 1, where that is known.
    pub first: Option<f64>,
}

/// The widest that the column of names gets, in pixels.
const NAMES: f64 = 360.0;
/// Between a bar and its label.
const GAP: f64 = 14.0;
/// The em that bars leave to the longest remark: that on CPU time is no longer, and of a failure it is the beginning.
const ROOM: f64 = 20.0;
/// How strong the colour of the second part is.
const SECOND: f64 = 0.42;
/// How wide the edge of a bar is.
const EDGE: u32 = 1;

pub(super) fn parts(data: &Parts) -> Vec<&str> {
    data.bars.iter().map(|bar| &*bar.name).collect()
}

pub(super) fn draw(data: &Parts, style: &Style) -> anyhow::Result<Picture> {
    check(data)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.bars.is_empty() {
            let (x, y) = ((plot.x0 + plot.x1) / 2.0, (plot.y0 + plot.y1) / 2.0);
            return canvas.label(
                bold(36.0),
                canvas.theme.quiet,
                Align::Middle,
                x,
                y,
                words::no_model(canvas.lang),
            );
        }
        let layout = Layout::new(data, plot)?;
        if data.bars.iter().any(|bar| bar.value.is_some()) {
            layout.key(canvas)?;
            let write = |value: f64| format!("{} {}", tick(value), data.unit);
            ruled(canvas, &layout.scale, &layout.ticks, layout.rows.field, &write)?;
        }
        for (i, bar) in data.bars.iter().enumerate() {
            canvas.group(Some(&bar.name), Some(&says(data, bar)), || {
                layout.bar(canvas, data, i, bar)
            })?;
        }
        Ok(())
    })
}

/// What a bar says: whose it is, how much, from where to where, and what else is to be said.
fn says(data: &Parts, bar: &PartsBar) -> String {
    let write = |value: f64| format!("{} {}", compact(value), data.unit);
    let value = bar
        .value
        .map(|PartsValue { whole, low, high, .. }| write(whole) + &range(whole, low, high, write));
    let remark = if bar.failed {
        format!("✗ {}", bar.remark)
    } else {
        bar.remark.clone()
    };
    let parts = [
        Some(bar.name.clone()),
        value,
        Some(remark).filter(|remark| !remark.is_empty()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Refuses what has no place on the axis.
fn check(data: &Parts) -> anyhow::Result<()> {
    for bar in &data.bars {
        let Some(value) = bar.value else { continue };
        let PartsValue {
            whole,
            low,
            high,
            first,
        } = value;
        ensure!(
            [whole, low, high].iter().all(|v| v.is_finite() && *v >= 0.0),
            "{whole} {} ({low} to {high}) of '{}' is no amount",
            data.unit,
            bar.name
        );
        ensure!(
            first.is_none_or(|first| (0.0..=1.0).contains(&first)),
            "a share of {first:?} of '{}' is no share",
            bar.name
        );
    }
    Ok(())
}

/// Where things stand.
struct Layout {
    rows: Rows,
    scale: Scale,
    ticks: Vec<f64>,
    key: Key,
}

impl Layout {
    fn new(data: &Parts, plot: Area) -> anyhow::Result<Self> {
        let key = Key::new(&[&data.parts[0], &data.parts[1]], 24.0, plot.width());
        let room = Area {
            y0: plot.y0 + 52.0 + key.more(),
            y1: plot.y1 - AXIS,
            ..plot
        };
        let rows = Rows::new(room, data.bars.iter().map(|bar| &*bar.name), NAMES)?;
        let most = data
            .bars
            .iter()
            .filter_map(|bar| bar.value)
            .map(|value| value.whole.max(value.high))
            .fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let full = rows.field.width();
        // The bars take the width at which every label still fits behind its bar; a long remark is cut instead.
        let width = data
            .bars
            .iter()
            .filter_map(|bar| {
                let value = bar.value?;
                let part = value.whole.max(value.high) / most;
                (part > 0.0).then(|| (full - GAP - Label::of(bar, data, rows.px).room()) / part)
            })
            .fold(full - 60.0, f64::min)
            .max(full * 0.4);
        let scale = Scale::linear((0.0, most), (rows.field.x0, rows.field.x0 + width));
        Ok(Self {
            rows,
            scale,
            ticks: round_ticks(most),
            key,
        })
    }

    /// What the two shades mean, in no model's colour.
    fn key(&self, canvas: &Canvas<'_>) -> anyhow::Result<()> {
        let (field, color) = (self.rows.field, canvas.theme.quiet);
        let shades = [color, canvas.theme.tint(color, SECOND)];
        self.key.draw(canvas, field, field.y0 - 34.0, &|shade, sample| {
            canvas.fill(sample, shades[shade])?;
            canvas.outline(sample, color, EDGE)
        })
    }

    fn bar(&self, canvas: &Canvas<'_>, data: &Parts, i: usize, bar: &PartsBar) -> anyhow::Result<()> {
        let (theme, rows) = (canvas.theme, &self.rows);
        let (field, y, half) = (rows.field, rows.y(i), rows.half());
        rows.name(canvas, i, &bar.name, &bar.name)?;
        let color = if bar.aside {
            theme.muted
        } else {
            canvas.color_of(&bar.name)
        };
        let ink = canvas.ink_of(&bar.name);
        let mut end = field.x0;
        if let Some(value) = bar.value {
            let span = |from: f64, to: f64| Area {
                x0: from,
                y0: y - half,
                x1: to,
                y1: y + half,
            };
            let whole = self.scale.at(value.whole);
            // Without a division the whole has the shade of neither part.
            let (first, rest) = match value.first {
                Some(share) => (self.scale.at(value.whole * share), SECOND),
                None => (field.x0, 0.7),
            };
            canvas.fill(span(first, whole), theme.tint(color, rest))?;
            if first > field.x0 {
                canvas.fill(span(field.x0, first), color)?;
            }
            // The lighter shade alone could not be told from the ground by everybody.
            if whole > field.x0 {
                canvas.outline(span(field.x0, whole), color, EDGE)?;
            }
            let (low, high) = (self.scale.at(value.low), self.scale.at(value.high));
            end = whole;
            // A range that cannot be seen is but a fringe.
            if high - low > 6.0 {
                let (width, tip) = if half < 8.0 { (1, half * 0.6) } else { (2, half * 0.4) };
                canvas.line(&[(low, y), (high, y)], ink, width)?;
                for x in [low, high] {
                    canvas.line(&[(x, y - tip), (x, y + tip)], ink, width)?;
                }
                end = whole.max(high);
            }
        }
        Label::of(bar, data, rows.px).draw(canvas, ink, end + GAP, y, field.x1)
    }
}

/// What stands behind a bar.
struct Label {
    number: String,
    remark: String,
    failed: bool,
    px: f64,
}

impl Label {
    fn of(bar: &PartsBar, data: &Parts, px: f64) -> Self {
        let number = bar
            .value
            .map_or_else(String::new, |value| format!("{} {}", compact(value.whole), data.unit));
        Self {
            number,
            remark: if bar.failed {
                format!("✗ {}", bar.remark)
            } else {
                bar.remark.clone()
            },
            failed: bar.failed,
            px,
        }
    }

    fn faces(&self) -> (Face, Face) {
        (bold(self.px), regular(self.px))
    }

    fn space(&self) -> f64 {
        if self.number.is_empty() { 0.0 } else { self.px * 0.5 }
    }

    /// The room that bars leave to it: the number, and enough of the remark to recognise it by.
    fn room(&self) -> f64 {
        let (strong, plain) = self.faces();
        strong.width(&self.number) + self.space() + plain.width(&self.remark).min(ROOM * self.px)
    }

    /// Draws what fits from `x` to `right`, the number first, on the colour of the ground.
    fn draw(&self, canvas: &Canvas<'_>, ink: RGBColor, x: f64, y: f64, right: f64) -> anyhow::Result<()> {
        let theme = canvas.theme;
        let (strong, plain) = self.faces();
        let number = strong.fit(&self.number, right - x);
        canvas.words(strong, ink, x, y, &number)?;
        let x = x + strong.width(&number) + self.space();
        let color = if self.failed { theme.failure } else { theme.quiet };
        canvas.words(plain, color, x, y, &plain.fit(&self.remark, right - x))
    }
}
