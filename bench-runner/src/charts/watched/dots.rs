//! Chart 2 with one count of connections: one row a model, a dot in each panel, rows by rate.
//!
//! Dots at one x of a line chart would lie on top of each other; side by side on a horizontal axis each has a row for
//! its name and its number, and the shared order lets the eye go from one panel to the other.

use std::collections::BTreeMap;

use plotters::style::RGBColor;

use super::super::axis::{AXIS, log_axis};
use super::super::canvas::{Align, Canvas};
use super::super::group::range;
use super::super::lines::{NOTE, Note, Panel, Point, Series, all, heading};
use super::super::number::{compact, thousands, tick};
use super::super::palette;
use super::super::place::Area;
use super::super::rows::Rows;
use super::super::scale::Scale;
use super::super::text::{Face, bold, regular};
use super::{Watched, line_axes};
use crate::words::charts as words;

/// The widest that the column of names gets, in pixels.
const NAMES: f64 = 360.0;
/// Between the panels.
const GUTTER: f64 = 56.0;
/// Between the ends of the axis and the panel, so that a dot at the end is a whole dot.
const INSET: f64 = 14.0;

/// One row, and where its series is in each panel.
struct Row<'a> {
    name: &'a str,
    series: [Option<&'a Series>; 2],
}

/// Where things stand.
struct Layout {
    rows: Rows,
    /// The rows of each panel.
    fields: [Area; 2],
}

impl Layout {
    fn new(plot: Area, rows: &[Row<'_>], foot: f64) -> anyhow::Result<Self> {
        let room = Area {
            y0: plot.y0 + 52.0,
            y1: plot.y1 - foot,
            ..plot
        };
        let rows = Rows::new(room, rows.iter().map(|row| row.name), NAMES)?;
        let width = (rows.field.width() - GUTTER) / 2.0;
        let fields = [rows.field.x0, rows.field.x0 + width + GUTTER].map(|x0| Area {
            x0,
            x1: x0 + width,
            ..rows.field
        });
        Ok(Self { rows, fields })
    }

    /// From the middle of a dot to its label.
    fn clear(&self) -> f64 {
        self.rows.dot() * 1.3 + 10.0
    }

    fn names(&self, canvas: &Canvas<'_>, rows: &[Row<'_>]) -> anyhow::Result<()> {
        rows.iter().enumerate().try_for_each(|(i, row)| {
            canvas.group(Some(row.name), None, || self.rows.name(canvas, i, row.name, row.name))
        })
    }
}

/// The names of the rows, from top to bottom.
pub(super) fn parts(data: &Watched) -> Vec<&str> {
    rows(data).into_iter().map(|row| row.name).collect()
}

/// One row a model; `rates` is what both axes span.
pub(super) fn draw(canvas: &Canvas<'_>, plot: Area, data: &Watched, rates: (f64, f64)) -> anyhow::Result<()> {
    let rows = rows(data);
    let usual = usual_count(data);
    let lang = canvas.lang;
    let axes = words::rates_axis(&thousands(usual), lang);
    let note = Note::new(
        &data.panels,
        &line_axes(lang),
        (&axes, ""),
        plot.width(),
        lang,
        |_, _| true,
    );
    let layout = Layout::new(plot, &rows, AXIS + NOTE + note.more())?;
    // Every number stands to the right of its dot, so that numbers can be compared; the axis leaves room for them.
    let labels = all(&data.panels).map(|series| Label::of(Some(series), layout.rows.px, usual, canvas));
    let numbers = labels.map(|label| label.number_width()).fold(0.0, f64::max) + layout.clear();
    layout.names(canvas, &rows)?;
    for (p, panel) in data.panels.iter().enumerate() {
        let field = layout.fields[p];
        heading(canvas, panel, field.x0, field.y0 - 26.0, field.width())?;
        let scale = Scale::log(rates, (field.x0 + INSET, field.x1 - numbers));
        log_axis(canvas, &scale, rates, field, &tick)?;
        for (i, row) in rows.iter().enumerate() {
            let says = row.series[p].map(|series| says(panel, series));
            canvas.group(Some(row.name), says.as_deref(), || {
                draw_series(canvas, &layout, field, &scale, layout.rows.y(i), row.series[p], usual)
            })?;
        }
    }
    note.draw(canvas, plot)
}

/// The same rows without an axis, when nothing at all was measured.
pub(super) fn draw_failures(canvas: &Canvas<'_>, plot: Area, data: &Watched) -> anyhow::Result<()> {
    let rows = rows(data);
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    let message = words::all_failed(&names, canvas.lang);
    let face = bold(36.0);
    let message = face.fit(&message, plot.width());
    canvas.text(
        face,
        canvas.theme.failure,
        Align::Left,
        plot.x0,
        plot.y0 + 34.0,
        &message,
    )?;
    let plot = Area {
        y0: plot.y0 + 84.0,
        ..plot
    };
    let layout = Layout::new(plot, &rows, AXIS + NOTE)?;
    layout.names(canvas, &rows)?;
    for (p, panel) in data.panels.iter().enumerate() {
        let field = layout.fields[p];
        heading(canvas, panel, field.x0, field.y0 - 26.0, field.width())?;
        for (i, row) in rows.iter().enumerate() {
            let label = Label::of(row.series[p], layout.rows.px, 0, canvas);
            canvas.group(Some(row.name), None, || {
                label.draw(canvas, field.x0, layout.rows.y(i), field.x1 - field.x0)
            })?;
        }
    }
    Ok(())
}

/// All names once, the fastest first: by the right panel, then by the left one, then as they were given.
fn rows(data: &Watched) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (p, panel) in data.panels.iter().enumerate() {
        for series in &panel.series {
            let row = rows.iter().position(|row| row.name == series.name).unwrap_or_else(|| {
                rows.push(Row {
                    name: &series.name,
                    series: [None, None],
                });
                rows.len() - 1
            });
            rows[row].series[p] = Some(series);
        }
    }
    let rate = |row: &Row<'_>, p: usize| row.series[p].and_then(|s| s.points.first()).map_or(-1.0, |pt| pt.y);
    rows.sort_by(|a, b| {
        rate(b, 1)
            .total_cmp(&rate(a, 1))
            .then(rate(b, 0).total_cmp(&rate(a, 0)))
    });
    rows
}

/// The count at which most was measured; where a model differs, its label says so.
fn usual_count(data: &Watched) -> u64 {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for point in all(&data.panels).flat_map(|s| &s.points) {
        *counts.entry(point.x).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|&(conns, n)| (n, conns))
        .map_or(0, |(conns, _)| conns)
}

/// What a row says in a panel: whose it is, at how many connections, how much, and why there is no more.
fn says(panel: &Panel, series: &Series) -> String {
    let mut parts = vec![series.name.clone()];
    parts.extend(series.points.first().map(|point| {
        let sign = point.bound.map_or("", |bound| bound.sign());
        let range = range(point.y, point.low, point.high, compact);
        format!("{} · {sign}{}{range}", thousands(point.x), compact(point.y))
    }));
    parts.extend(series.ended.as_ref().map(|ended| format!("✗ {}", ended.label)));
    parts.push(panel.heading.clone());
    parts.join(" · ")
}

fn draw_series(
    canvas: &Canvas<'_>,
    layout: &Layout,
    field: Area,
    scale: &Scale,
    y: f64,
    series: Option<&Series>,
    usual: u64,
) -> anyhow::Result<()> {
    let theme = canvas.theme;
    let label = Label::of(series, layout.rows.px, usual, canvas);
    let Some((series, point)) = series.and_then(|series| Some((series, series.points.first()?))) else {
        let x = field.x0 + INSET + 10.0;
        return label.draw(canvas, x, y, field.x1 - x);
    };
    let (x, low, high) = (scale.at(point.y), scale.at(point.low), scale.at(point.high));
    let (color, size) = (canvas.color_of(&series.name), layout.rows.dot());
    canvas.line(&[(field.x0, y), (x, y)], theme.grid, 1)?;
    if point.y > 0.0 {
        // A range that is narrower than its dot cannot be seen; its ends would be but a fringe.
        if x - low > size * 1.3 || high - x > size * 1.3 {
            let width = if size < 8.0 { 1 } else { 3 };
            canvas.line(&[(low, y), (high, y)], color, width)?;
            for end in [low, high] {
                canvas.line(&[(end, y - size), (end, y + size)], color, width)?;
            }
        }
        canvas.marker(
            (x, y),
            palette::look(&series.name).marker,
            size,
            color,
            point.bound.is_some(),
        )?;
    }
    let (before, after) = (low.min(x) - layout.clear(), high.max(x) + layout.clear());
    label.draw_around(canvas, y, (field.x0, before), (after, field.x1))
}

/// The number of a row, and what else is to be said about it.
struct Label {
    number: String,
    remark: String,
    broke: bool,
    px: f64,
    ink: RGBColor,
}

impl Label {
    fn of(series: Option<&Series>, px: f64, usual: u64, canvas: &Canvas<'_>) -> Self {
        let lang = canvas.lang;
        let ink = series.map_or(canvas.theme.quiet, |series| canvas.ink_of(&series.name));
        let point: Option<&Point> = series.and_then(|series| series.points.first());
        let number = point.map_or_else(String::new, |p| {
            format!(
                "{}{}",
                p.bound.map_or(String::new(), |bound| format!("{} ", bound.sign())),
                compact(p.y)
            )
        });
        let elsewhere = point.filter(|p| p.x != usual).map(|p| words::at(&thousands(p.x), lang));
        let ended = series.and_then(|series| series.ended.as_ref());
        let why = match ended {
            Some(ended) => Some(format!("✗ {}", ended.label)),
            None if point.is_none() => Some(words::not_measured(lang).to_owned()),
            None => None,
        };
        let remark = why.into_iter().chain(elsewhere).collect::<Vec<_>>().join(" ");
        Self {
            number,
            remark,
            broke: ended.is_some(),
            px,
            ink,
        }
    }

    fn faces(&self) -> (Face, Face) {
        (bold(self.px), regular(self.px))
    }

    fn number_width(&self) -> f64 {
        self.faces().0.width(&self.number)
    }

    /// Draws what fits into `room` pixels from `x`, the number first.
    fn draw(&self, canvas: &Canvas<'_>, x: f64, y: f64, room: f64) -> anyhow::Result<()> {
        let strong = self.faces().0;
        let number = strong.fit(&self.number, room);
        canvas.words(strong, self.ink, x, y, &number)?;
        let space = if number.is_empty() {
            0.0
        } else {
            strong.width(&number) + self.px * 0.4
        };
        self.draw_remark(canvas, x + space, y, room - space)
    }

    fn draw_remark(&self, canvas: &Canvas<'_>, x: f64, y: f64, room: f64) -> anyhow::Result<()> {
        let plain = self.faces().1;
        let color = if self.broke {
            canvas.theme.failure
        } else {
            canvas.theme.quiet
        };
        canvas.words(plain, color, x, y, &plain.fit(&self.remark, room))
    }

    /// Draws the number into the stretch after the dot, and the remark behind it or, where there is more room for it,
    /// into the stretch before the dot.
    fn draw_around(&self, canvas: &Canvas<'_>, y: f64, before: (f64, f64), after: (f64, f64)) -> anyhow::Result<()> {
        let (strong, plain) = self.faces();
        let wish = plain.width(&self.remark);
        let behind = after.1 - after.0 - self.number_width() - self.px * 0.4;
        if wish <= behind || before.1 - before.0 <= behind {
            return self.draw(canvas, after.0, y, after.1 - after.0);
        }
        let width = wish.min(before.1 - before.0);
        self.draw_remark(canvas, before.1 - width, y, width)?;
        canvas.words(strong, self.ink, after.0, y, &self.number)
    }
}
