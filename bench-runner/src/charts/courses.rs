//! Ratios over time: a panel a course, with its levels and where they changed.
//!
//! Points stand side by side in the order of time, however long it was between two of them. Every panel has an axis of its
//! own, because a change of a twentieth would not be seen on one that they share.

use anyhow::ensure;

use super::canvas::{Align, Canvas, paint};
use super::frame::frame;
use super::lines::message;
use super::number::tick;
use super::palette;
use super::picture::Picture;
use super::place::Area;
use super::scale::{Scale, ticks_between};
use super::style::Style;
use super::text::{bold, regular};

mod changes;
mod data;

use data::check;
pub use data::{CoursePanel, Courses, Level};

/// More panels than this are too small for a room.
pub const MOST_PANELS: usize = 12;

/// Under all panels, for what the marks mean.
const NOTE: f64 = 36.0;
/// Between panels that stand side by side.
const GUTTER: f64 = 36.0;
/// Between panels that stand one below the other.
const BETWEEN: f64 = 14.0;
/// Under a panel, for its days.
const DAYS: f64 = 34.0;
/// Between the ends of the axes and the panel, so that points at the ends are whole.
const INSET: f64 = 12.0;
/// Pixels per em of what is no heading.
const SMALL: f64 = 21.0;
/// An axis spans at least this part of its middle, so that noise of a hundredth does not look like a change.
const LEAST_SPAN: f64 = 0.1;

pub(super) fn parts(data: &Courses) -> Vec<&str> {
    data.panels.iter().map(|panel| &*panel.heading).collect()
}

pub(super) fn draw(data: &Courses, style: &Style) -> anyhow::Result<Picture> {
    data.panels.iter().try_for_each(check)?;
    let n = data.panels.len();
    ensure!(n <= MOST_PANELS, "cannot draw {n} courses: at most {MOST_PANELS} fit");
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if n == 0 {
            return message(canvas, plot, "there is no history yet");
        }
        // Time needs width.
        let columns = match n {
            1..=2 => 1,
            3..=6 => 2,
            _ => 3,
        };
        let lines = n.div_ceil(columns);
        let width = (plot.width() - GUTTER * (columns - 1) as f64) / columns as f64;
        let height = (plot.height() - NOTE + BETWEEN) / lines as f64;
        let mut wordless = false;
        for (i, panel) in data.panels.iter().enumerate() {
            let x0 = plot.x0 + (width + GUTTER) * (i % columns) as f64;
            let y0 = plot.y0 + height * (i / columns) as f64;
            let area = Area {
                x0,
                y0,
                x1: x0 + width,
                y1: y0 + height - BETWEEN,
            };
            wordless |= canvas.part(&panel.heading, || draw_panel(canvas, area, panel, lines))?;
        }
        note(canvas, plot, data, wordless)
    })
}

/// Where a panel draws.
struct Plot<'a> {
    panel: &'a CoursePanel,
    field: Area,
    /// From the index of a ratio to its pixel.
    x: Scale,
    /// From a ratio to its pixel.
    y: Scale,
}

/// Draws a panel of a sheet of so many `lines`; tells whether there was no room for what is to be said of some change.
fn draw_panel(canvas: &Canvas<'_>, area: Area, panel: &CoursePanel, lines: usize) -> anyhow::Result<bool> {
    let span = span(&panel.ratios);
    let small = regular(SMALL);
    let (name, heading) = (bold(if lines > 3 { 25.0 } else { 30.0 }), &panel.heading);
    // The remark stands behind the heading where there is room for both.
    let base = area.y0 + name.px;
    let behind = name.width(heading) + 18.0;
    let remark_at = if behind + small.width(&panel.remark) <= area.width() {
        (area.x0 + behind, base)
    } else {
        (area.x0, base + SMALL * 1.3)
    };
    let words = name.fit(heading, area.width());
    canvas.text(name, canvas.theme.ink, Align::Left, area.x0, base, &words)?;
    let field = Area {
        x0: area.x0,
        y0: remark_at.1 + 10.0,
        x1: area.x1,
        y1: area.y1 - DAYS,
    };
    let (ticks, step) = ticks_between(span, (field.height() / 44.0).clamp(2.0, 5.0));
    let axis = ticks.iter().map(|tick| small.width(&times(*tick, step)));
    let field = Area {
        x0: area.x0 + axis.fold(0.0, f64::max) + 14.0,
        ..field
    };
    let x = Scale::linear(
        (0.0, panel.ratios.len().saturating_sub(1) as f64),
        (field.x0 + INSET, field.x1 - INSET),
    );
    let labels = changes::lay_out(panel, &x, field);
    let y = Scale::linear(span, (field.y1 - INSET, field.y0 + changes::room(&labels) + INSET));
    let plot = Plot { panel, field, x, y };
    let remark = small.fit(&panel.remark, area.x1 - remark_at.0);
    canvas.text(
        small,
        canvas.theme.quiet,
        Align::Left,
        remark_at.0,
        remark_at.1,
        &remark,
    )?;
    // From the bottom; where words have taken most of the room, not every line is labelled.
    let mut free = f64::INFINITY;
    for tick in ticks {
        let at = plot.y.at(tick);
        canvas.line(&[(field.x0, at), (field.x1, at)], canvas.theme.grid, 2)?;
        if at + SMALL < free {
            canvas.label(
                small,
                canvas.theme.quiet,
                Align::Right,
                field.x0 - 8.0,
                at,
                &times(tick, step),
            )?;
            free = at;
        }
    }
    plot.days(canvas)?;
    changes::draw(canvas, &plot, &labels)?;
    plot.points(canvas)?;
    Ok(labels.iter().any(|label| label.lane.is_none()))
}

impl Plot<'_> {
    /// The days below, as many as there is room for, the newest for certain.
    fn days(&self, canvas: &Canvas<'_>) -> anyhow::Result<()> {
        let (face, days) = (regular(SMALL), &self.panel.days);
        let widest = days.iter().map(|day| face.width(day)).fold(0.0, f64::max);
        let most = (self.field.width() / (widest * 1.8)).floor().max(2.0) as usize;
        let every = days.len().saturating_sub(1).div_ceil(most.max(2) - 1).max(1);
        let (mut free, mut said) = (f64::INFINITY, "");
        for i in (0..days.len()).rev().step_by(every) {
            let (x, day) = (self.x.at(i as f64), &days[i]);
            canvas.line(&[(x, self.field.y1), (x, self.field.y1 + 6.0)], canvas.theme.edge, 2)?;
            let half = face.width(day) / 2.0;
            let middle = x.clamp(self.field.x0 + half, (self.field.x1 - half).max(self.field.x0 + half));
            if day != said && middle + half + 16.0 < free {
                let base = self.field.y1 + DAYS - 8.0;
                canvas.text(face, canvas.theme.quiet, Align::Middle, middle, base, day)?;
                (free, said) = (middle - half, day);
            }
        }
        Ok(())
    }

    /// The ratios, and over them the levels.
    fn points(&self, canvas: &Canvas<'_>) -> anyhow::Result<()> {
        let (theme, model) = (canvas.theme, &self.panel.model);
        let (color, marker) = (theme.color_of(model), palette::look(model).marker);
        let n = self.panel.ratios.len();
        let apart = self.field.width() / n.max(1) as f64;
        let size = (apart * 0.3).clamp(2.5, 7.0);
        for (i, &ratio) in self.panel.ratios.iter().enumerate() {
            let at = (self.x.at(i as f64), self.y.at(ratio));
            canvas.marker(at, marker, size, theme.tint(color, 0.6), false)?;
        }
        let ends = self.panel.levels.iter().skip(1).map(|level| level.start).chain([n]);
        for (level, end) in self.panel.levels.iter().zip(ends) {
            let y = self.y.at(level.median);
            // A level of a single ratio is seen too.
            let (from, to) = (self.x.at(level.start as f64) - 6.0, self.x.at(end as f64 - 1.0) + 6.0);
            canvas.line(&[(from, y), (to, y)], color, 5)?;
        }
        Ok(())
    }
}

/// What the axis of a panel spans.
fn span(ratios: &[f64]) -> (f64, f64) {
    let low = ratios.iter().copied().reduce(f64::min).unwrap_or(1.0);
    let high = ratios.iter().copied().reduce(f64::max).unwrap_or(1.0);
    let middle = f64::midpoint(low, high);
    let half = ((high - low) / 2.0).max(middle * LEAST_SPAN / 2.0);
    (middle - half, middle + half)
}

/// A ratio on an axis whose lines are `step` apart: `1.05×`.
fn times(ratio: f64, step: f64) -> String {
    if !(1e-6..1e3).contains(&step) {
        return format!("{}×", tick(ratio));
    }
    let is_whole = |digits: &i32| {
        let scaled = step * 10f64.powi(*digits);
        (scaled - scaled.round()).abs() < 1e-6
    };
    let digits = (0..8).find(is_whole).unwrap_or(8) as usize;
    format!("{ratio:.digits$}×")
}

/// One line under the panels: what the marks mean.
fn note(canvas: &Canvas<'_>, plot: Area, data: &Courses, wordless: bool) -> anyhow::Result<()> {
    let mut words = vec!["a point a run, in the order of time", "lines: medians of the levels"];
    if data.panels.iter().any(|panel| panel.levels.len() > 1) {
        words.push("dashed: a change, red where it is for the worse");
    }
    if wordless {
        words.push("only the newest changes have words");
    }
    if data.panels.len() > 1 {
        words.push("each panel has its own axis");
    }
    let words = words.join("  ·  ");
    let fits = |px: &f64| regular(*px).width(&words) <= plot.width();
    let face = regular([22.0, 20.0, 18.0, 16.0].into_iter().find(fits).unwrap_or(14.0));
    canvas.text(face, canvas.theme.quiet, Align::Left, plot.x0, plot.y1, &words)
}
