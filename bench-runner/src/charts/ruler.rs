//! One ruler: what each step costs, from a coroutine's switch to a fork, on one logarithmic axis of time.
//!
//! A row a step, the quickest first. A step that was measured at several sizes has a dot for each of them, from the
//! smallest to the largest: how far these are apart is what it costs to watch more.

use anyhow::ensure;
use loadgen::units;
use plotters::style::RGBColor;

use super::axis::{AXIS, log_axis};
use super::canvas::{Align, Canvas, paint};
use super::frame::frame;
use super::group::range;
use super::number::{compact, thousands, tick_time};
use super::palette;
use super::picture::Picture;
use super::place::Area;
use super::rows::Rows;
use super::scale::{Scale, span};
use super::style::Style;
use super::text::{Face, bold, regular};
use crate::words::{Lang, charts as words};

/// What such a chart shows.
#[derive(Clone, Debug, Default)]
pub struct Ruler {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// One a row, from top to bottom.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What is done once.
    pub name: String,
    /// The model whose colour and marker it has.
    pub model: String,
    /// What it takes, by size; one of size `None` where it has no sizes.
    pub times: Vec<Time>,
}

/// What a step takes.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// How many it was over, if that can differ.
    pub size: Option<u64>,
    /// Nanoseconds.
    pub ns: f64,
    /// The lower end of the interval.
    pub low_ns: f64,
    /// The upper end.
    pub high_ns: f64,
}

/// The widest that the column of names gets, in pixels.
const NAMES: f64 = 520.0;
/// Between the ends of the axis and the outermost dots.
const INSET: f64 = 16.0;

pub(super) fn parts(data: &Ruler) -> Vec<&str> {
    data.steps.iter().map(|step| &*step.name).collect()
}

pub(super) fn draw(data: &Ruler, style: &Style) -> anyhow::Result<Picture> {
    for step in &data.steps {
        for time in &step.times {
            ensure!(
                [time.ns, time.low_ns, time.high_ns]
                    .iter()
                    .all(|v| v.is_finite() && *v > 0.0),
                "{} ns ({} to {}) for '{}' is no time",
                time.ns,
                time.low_ns,
                time.high_ns,
                step.name
            );
        }
    }
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        let times = data.steps.iter().flat_map(|step| &step.times);
        let Some(range) = span(times.flat_map(|t| [t.ns, t.low_ns, t.high_ns])) else {
            let (x, y) = ((plot.x0 + plot.x1) / 2.0, (plot.y0 + plot.y1) / 2.0);
            return canvas.label(
                bold(36.0),
                canvas.theme.quiet,
                Align::Middle,
                x,
                y,
                words::nothing_measured(canvas.lang),
            );
        };
        let room = Area {
            y0: plot.y0 + 8.0,
            y1: plot.y1 - AXIS,
            ..plot
        };
        let rows = Rows::new(room, data.steps.iter().map(|step| &*step.name), NAMES)?;
        let labels: Vec<Label> = data
            .steps
            .iter()
            .map(|step| Label::of(step, rows.px, canvas.lang))
            .collect();
        // Every label stands behind the last dot of its row; the axis leaves room for the longest.
        let sized = data.steps.iter().any(|step| step.times.len() > 1);
        let gap = rows.dot() * 1.3 + 12.0;
        // A size over the last dot is wider than that.
        let behind = gap + if sized { rows.px } else { 0.0 };
        let most = labels
            .iter()
            .map(Label::room)
            .fold(0.0, f64::max)
            .min(rows.field.width() * 0.45);
        let scale = Scale::log(range, (rows.field.x0 + INSET, rows.field.x1 - most - behind));
        let field = Area {
            x1: rows.field.x1 - most - behind + INSET,
            ..rows.field
        };
        log_axis(canvas, &scale, range, field, &tick_time)?;
        for (i, (step, label)) in data.steps.iter().zip(&labels).enumerate() {
            if !canvas.shows(&step.name) {
                continue;
            }
            rows.name(canvas, i, &step.name, &step.model)?;
            let sizes = draw_step(canvas, &rows, i, &scale, step)?;
            let last = step.times.iter().map(|t| scale.at(t.ns.max(t.high_ns)));
            let x = (last.fold(field.x0, f64::max) + gap).max(sizes);
            label.draw(canvas, canvas.ink_of(&step.model), x, rows.y(i), rows.field.x1)?;
        }
        Ok(())
    })
}

/// Draws the dots of a row; tells where the sizes over them end.
fn draw_step(canvas: &Canvas<'_>, rows: &Rows, i: usize, scale: &Scale, step: &Step) -> anyhow::Result<f64> {
    let (theme, y) = (canvas.theme, rows.y(i));
    // Over smaller dots there is room for larger words.
    let size = if step.times.len() > 1 {
        rows.dot() * 0.7
    } else {
        rows.dot()
    };
    let (color, marker) = (canvas.color_of(&step.model), palette::look(&step.model).marker);
    let ends = |pick: fn(f64, f64) -> f64| step.times.iter().map(|t| scale.at(t.ns)).reduce(pick);
    if let (Some(from), Some(to)) = (ends(f64::min), ends(f64::max)) {
        canvas.line(&[(rows.field.x0, y), (from, y)], theme.grid, 1)?;
        canvas.line(&[(from, y), (to, y)], color, 3)?;
    }
    let mut free = f64::NEG_INFINITY;
    for time in &step.times {
        let (x, low, high) = (scale.at(time.ns), scale.at(time.low_ns), scale.at(time.high_ns));
        // A range that is narrower than its dot cannot be seen.
        if x - low > size * 1.3 || high - x > size * 1.3 {
            canvas.line(&[(low, y), (high, y)], color, 2)?;
            for end in [low, high] {
                canvas.line(&[(end, y - size), (end, y + size)], color, 2)?;
            }
        }
        // A step has the colour of a model and is none.
        canvas.group(None, Some(&says(step, time)), || {
            canvas.marker((x, y), marker, size, color, false)
        })?;
        // The size stands over its dot, where there is room for it.
        let px = (rows.px * 0.62).min(rows.pitch / 2.0 - size * 1.3);
        if let (Some(n), true) = (time.size, px >= 11.0) {
            let (face, words) = (regular(px), thousands(n));
            let half = face.width(&words) / 2.0;
            if x - half > free {
                canvas.text(face, theme.quiet, Align::Middle, x, y - size * 1.3 - 2.0, &words)?;
                free = x + half + 6.0;
            }
        }
    }
    Ok(free)
}

/// What a dot says: the step, over how many, how long, and the interval.
fn says(step: &Step, time: &Time) -> String {
    let size = time.size.map(|n| format!(" · {}", thousands(n))).unwrap_or_default();
    let range = range(time.ns, time.low_ns, time.high_ns, units::time);
    format!("{}{size} · {}{range}", step.name, units::time(time.ns))
}

/// What stands behind a row's last dot.
struct Label {
    number: String,
    remark: String,
    px: f64,
}

impl Label {
    fn of(step: &Step, px: f64, lang: Lang) -> Self {
        let by_size = |pick: fn(&&Time) -> Option<u64>| step.times.iter().max_by_key(pick);
        let (most, least) = (by_size(|t| t.size), step.times.iter().min_by_key(|t| t.size));
        let number = most.map_or_else(String::new, |most| units::time(most.ns));
        let remark = match (least, most) {
            (Some(least), Some(most)) if least.size != most.size => {
                let (from, to) = (least.size.unwrap_or(0), most.size.unwrap_or(0));
                let growth = most.ns / least.ns;
                let growth = if growth >= 9.95 {
                    thousands(units::three_digits(growth))
                } else {
                    format!("{growth:.1}")
                };
                words::growth(&thousands(to), &growth, &thousands(from), lang)
            }
            (_, Some(only)) => {
                let size = only.size.map(thousands);
                words::per_second(size.as_deref(), &compact(1e9 / only.ns), lang)
            }
            _ => String::new(),
        };
        Self { number, remark, px }
    }

    fn faces(&self) -> (Face, Face) {
        (bold(self.px), regular(self.px * 0.86))
    }

    fn room(&self) -> f64 {
        let (strong, plain) = self.faces();
        strong.width(&self.number) + self.px * 0.5 + plain.width(&self.remark)
    }

    fn draw(&self, canvas: &Canvas<'_>, ink: RGBColor, x: f64, y: f64, right: f64) -> anyhow::Result<()> {
        let (strong, plain) = self.faces();
        let number = strong.fit(&self.number, right - x);
        canvas.words(strong, ink, x, y, &number)?;
        let x = x + strong.width(&number) + self.px * 0.5;
        canvas.words(plain, canvas.theme.quiet, x, y, &plain.fit(&self.remark, right - x))
    }
}
