//! Panels of lines with markers, named at their ends; the axis up is logarithmic, the one along mostly.
//!
//! What the axes count is up to whoever fills in the data: rates against connections, times against rates.

use std::collections::BTreeSet;

use anyhow::ensure;
use plotters::style::RGBColor;

use super::axis::AXIS;
use super::canvas::{Align, Canvas, paint};
use super::frame::frame;
use super::group::range;
use super::palette::{self, Dash, Look};
use super::picture::Picture;
use super::place::{Area, Ground};
use super::scale::{Scale, log_ticks, round_ticks};
use super::style::Style;
use super::text::{bold, regular};
use crate::words::{Lang, charts as words};

mod data;
pub(super) mod highlight;
mod labels;
mod note;

pub use data::{Bound, Ended, Panel, Point, Series};
pub(super) use data::{all, check, values};
pub(super) use note::Note;

/// What the axes are.
#[derive(Clone, Copy)]
pub(super) struct Axes {
    /// In words, for the note under the panels.
    pub words: &'static str,
    /// Whether it is linear along, from 0 on, and logarithmic only up.
    pub linear: bool,
    /// How a value along it is written.
    pub x: fn(u64, Lang) -> String,
    /// How a value up it is written.
    pub y: fn(f64) -> String,
    /// What a ring around a point means.
    pub ring: &'static str,
    /// What × means.
    pub end: &'static str,
    /// Whether up is slow: a series that ends before its first point stands at the top then, else at the foot.
    pub slow: bool,
}

/// The widest that a column of names gets, in pixels.
const NAMES: f64 = 300.0;
/// From the panel's edge to the names: room for the lines that lead there.
pub(super) const LEAD: f64 = 40.0;
/// Between the ends of the axes and the panel, so that points at the ends are whole.
const INSET: f64 = 18.0;
/// Over a panel, for its heading.
const HEADING: f64 = 56.0;
/// Between panels that stand one below the other.
const BETWEEN: f64 = 22.0;
/// Between panels that stand side by side.
const GUTTER: f64 = 28.0;
/// Under all panels, for what the marks mean.
pub(super) const NOTE: f64 = 36.0;
/// A panel is not made higher than this many times its width: its lines would have no room to go anywhere.
const SLENDER: f64 = 1.25;
/// A line of more points than this has no marker on each.
const MARKED: usize = 12;
/// A point's radius in pixels.
pub(super) const POINT: f64 = 8.0;

/// A panel, and everything that is known about where it draws.
pub(super) struct Plot<'a> {
    pub field: Area,
    pub x: Scale,
    pub y: Scale,
    /// Pixels per em of the names, and how wide they may be.
    pub name_px: f64,
    pub name_room: f64,
    /// How values along and up are written.
    axes: Axes,
    pub drawn: Vec<Drawn<'a>>,
    /// What other panels have, faint and without names.
    behind: Vec<Drawn<'a>>,
}

/// A series and how it is drawn.
pub(super) struct Drawn<'a> {
    pub series: &'a Series,
    pub look: Look,
    pub color: RGBColor,
    /// The model whose it is; a series need not be one.
    pub model: Option<&'a str>,
    /// Whether it stands out.
    pub bold: bool,
    /// Its points from left to right, in pixels.
    pub points: Vec<((f64, f64), &'a Point)>,
    /// Where its × is.
    pub cross: Option<(f64, f64)>,
}

/// How panels are put on a sheet.
pub(super) struct Sheet<'a> {
    /// From left to right, then from top to bottom.
    pub panels: &'a [Panel],
    /// How many stand side by side.
    pub columns: usize,
    /// The names that stand out, in each of the panels.
    pub chosen: Vec<BTreeSet<String>>,
    /// Whether each panel has the lines of the others behind its own, without their names.
    pub context: bool,
    /// Whether each series is a model.
    pub models: bool,
    /// What its axes are.
    pub axes: Axes,
    /// What else is said under all panels; may be empty.
    pub aside: &'a str,
}

impl<'a> Sheet<'a> {
    /// A panel a family: each has its own lines in full colour, as far as they are no tangle, before those of the others.
    pub(super) fn of_families(panels: &'a [Panel], (axes, aside): (Axes, &'a str), style: &Style) -> Self {
        let own = |panel: &Panel| highlight::chosen(panel, style);
        Self {
            panels,
            columns: match panels.len() {
                1 => 1,
                2..=4 => 2,
                _ => 3,
            },
            chosen: panels.iter().map(own).collect(),
            context: true,
            models: true,
            axes,
            aside,
        }
    }

    /// How many panels stand side by side in `plot`: fewer where they would be slender.
    fn columns_in(&self, plot: Area) -> usize {
        let slender = |columns: &usize| {
            let lines = self.panels.len().div_ceil(*columns);
            plot.height() / lines as f64 > SLENDER * plot.width() / *columns as f64
        };
        (1..=self.columns.max(1))
            .rev()
            .find(|columns| !slender(columns))
            .unwrap_or(1)
    }
}

/// All panels; `rates` is what the one axis that they share spans.
pub(super) fn draw(canvas: &Canvas<'_>, plot: Area, sheet: &Sheet<'_>, rates: (f64, f64)) -> anyhow::Result<()> {
    let panels = sheet.panels;
    let stands_out = |i: usize, series: &Series| sheet.chosen[i].contains(&series.name);
    let words = (sheet.axes.words, sheet.aside);
    let note = Note::new(panels, &sheet.axes, words, plot.width(), canvas.lang, stands_out);
    let whole = plot;
    let plot = Area {
        y1: plot.y1 - NOTE - note.more(),
        ..plot
    };
    let side_by_side = sheet.columns_in(plot);
    let (columns, lines) = (side_by_side as f64, panels.len().div_ceil(side_by_side) as f64);
    let each = (plot.height() + BETWEEN) / lines;
    let height = each - HEADING - AXIS - BETWEEN;
    let most = panels.iter().map(|panel| panel.series.len()).max().unwrap_or(0).max(1);
    let name_px = (height / most as f64 / 1.14).min(26.0).floor();
    ensure!(
        name_px >= 8.0,
        "cannot draw {most} models in one panel: at most {} fit",
        (height / 9.2) as u64
    );
    let name_room = all(panels)
        .map(|s| bold(name_px).width(&labels::name(s, false, canvas.lang)))
        .fold(0.0, f64::max)
        .min(NAMES);

    let ticks = log_ticks(rates);
    let axis_room = ticks
        .labelled
        .iter()
        .map(|v| regular(24.0).width(&(sheet.axes.y)(*v)))
        .fold(0.0, f64::max)
        + 16.0;
    let column = (plot.width() - axis_room - GUTTER * (columns - 1.0)) / columns;
    let width = column - LEAD - name_room;

    let ends = all(panels).filter_map(|s| s.ended.as_ref()).map(|ended| ended.x);
    let measured: BTreeSet<u64> = all(panels).flat_map(|s| &s.points).map(|p| p.x).collect();
    let counts: BTreeSet<u64> = measured
        .iter()
        .copied()
        .chain(ends)
        .filter(|&conns| conns > 0)
        .collect();
    // Where points are dense it is round values that are labelled, else it is those that were measured.
    let measured = if sheet.axes.linear {
        round_ticks(counts.last().map_or(1.0, |&last| last as f64))
            .into_iter()
            .map(|tick| tick as u64)
            .collect()
    } else {
        measured
    };
    let span = counts
        .first()
        .zip(counts.last())
        .map_or((1.0, 10.0), |(a, b)| (*a as f64, *b as f64));

    for (i, panel) in panels.iter().enumerate() {
        let (line, at) = (i / side_by_side, i % side_by_side);
        let (x0, y0) = (
            plot.x0 + axis_room + (column + GUTTER) * at as f64,
            plot.y0 + each * line as f64,
        );
        let field = Area {
            x0,
            y0: y0 + HEADING,
            x1: x0 + width,
            y1: y0 + each - AXIS - BETWEEN,
        };
        heading(canvas, panel, x0, y0 + 26.0, column)?;
        let pixels = (field.x0 + INSET, field.x1 - INSET);
        let x = if sheet.axes.linear {
            Scale::linear((0.0, span.1), pixels)
        } else {
            Scale::log(span, pixels)
        };
        let y = Scale::log(rates, (field.y1 - INSET, field.y0 + INSET));
        let place = |s, bold| Drawn::new(s, sheet, canvas, bold, (&x, &y));
        let drawn = panel
            .series
            .iter()
            .map(|s| place(s, sheet.chosen[i].contains(&s.name)))
            .collect();
        let others = panels
            .iter()
            .enumerate()
            .filter(|&(other, _)| sheet.context && other != i);
        let behind = others.flat_map(|(_, panel)| &panel.series).map(|s| place(s, false));
        let plot = Plot {
            field,
            x,
            y,
            name_px,
            name_room,
            axes: sheet.axes,
            drawn,
            behind: behind.collect(),
        };
        plot.grid(canvas, rates, &measured, (at == 0, &sheet.axes))?;
        plot.draw(canvas, panel)?;
    }
    note.draw(canvas, whole)
}

/// A chart of a panel a family: `head` is its title, subtitle and footer; beside its axes, what else is said under it.
pub(super) fn families(
    style: &Style,
    head: [&str; 3],
    panels: &[Panel],
    (axes, aside): (fn(Lang) -> Axes, &str),
) -> anyhow::Result<Picture> {
    check(panels)?;
    let [title, subtitle, footer] = head;
    paint(style, title, |canvas| {
        let plot = frame(canvas, title, subtitle, footer)?;
        if panels.is_empty() {
            return message(canvas, plot, words::no_model(canvas.lang));
        }
        let sheet = Sheet::of_families(panels, (axes(canvas.lang), aside), canvas.style);
        draw(canvas, plot, &sheet, values(panels))
    })
}

impl<'a> Drawn<'a> {
    fn new(series: &'a Series, sheet: &Sheet<'_>, canvas: &Canvas<'_>, bold: bool, (x, y): (&Scale, &Scale)) -> Self {
        let without = y.at(if sheet.axes.slow { f64::MAX } else { 0.0 });
        let mut points: Vec<_> = series
            .points
            .iter()
            .map(|p| ((x.at(p.x as f64), y.at(p.y)), p))
            .collect();
        points.sort_by_key(|(_, p)| p.x);
        let cross = series.ended.as_ref().map(|ended| {
            let before = points.iter().rev().find(|(_, p)| p.x <= ended.x).or(points.first());
            (x.at(ended.x as f64), before.map_or(without, |((_, y), _)| *y))
        });
        let color = if bold {
            canvas.theme.color_of(&series.name)
        } else {
            canvas.theme.muted
        };
        Self {
            series,
            look: palette::look(&series.name),
            model: sheet.models.then_some(&*series.name),
            color,
            bold,
            points,
            cross,
        }
    }

    /// What `draw` draws is this series'; `says` is what it says.
    pub(super) fn group<T>(
        &self,
        canvas: &Canvas<'_>,
        says: Option<&str>,
        draw: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        canvas.part(&self.series.name, || canvas.group(self.model, says, draw))
    }

    /// The line through its points, and on to its × if that lies further right.
    pub(super) fn path(&self) -> Vec<(f64, f64)> {
        let points = self.points.iter().map(|(at, _)| *at);
        let end = self
            .cross
            .filter(|(x, _)| self.points.last().is_some_and(|((last, _), _)| x > last));
        points.chain(end).collect()
    }

    /// Where a name that belongs to it points to.
    pub(super) fn end(&self) -> Option<(f64, f64)> {
        self.cross.or(self.points.last().map(|(at, _)| *at))
    }
}

impl Plot<'_> {
    fn grid(
        &self,
        canvas: &Canvas<'_>,
        rates: (f64, f64),
        counts: &BTreeSet<u64>,
        (with_labels, axes): (bool, &Axes),
    ) -> anyhow::Result<()> {
        let (theme, face, field) = (canvas.theme, regular(24.0), self.field);
        let ticks = log_ticks(rates);
        for value in ticks.between {
            let y = self.y.at(value);
            canvas.line(&[(field.x0, y), (field.x1, y)], theme.track, 1)?;
        }
        for value in ticks.labelled {
            let y = self.y.at(value);
            canvas.line(&[(field.x0, y), (field.x1, y)], theme.grid, 2)?;
            if with_labels {
                canvas.label(face, theme.quiet, Align::Right, field.x0 - 12.0, y, &(axes.y)(value))?;
            }
        }
        // From the right: the largest count is the one that the title speaks of.
        let mut free = f64::INFINITY;
        for &count in counts.iter().rev() {
            let x = self.x.at(count as f64);
            canvas.line(&[(x, field.y1), (x, field.y1 + 8.0)], theme.edge, 2)?;
            let words = (axes.x)(count, canvas.lang);
            let half = face.width(&words) / 2.0;
            if x + half + 14.0 < free {
                canvas.text(face, theme.quiet, Align::Middle, x, field.y1 + 36.0, &words)?;
                free = x - half;
            }
        }
        Ok(())
    }

    fn draw(&self, canvas: &Canvas<'_>, panel: &Panel) -> anyhow::Result<()> {
        let mut ground = Ground::default();
        for drawn in &self.behind {
            let path = drawn.path();
            if path.len() > 1 {
                let line = || canvas.line(&path, canvas.theme.edge, 2);
                drawn.group(canvas, None, line)?;
            }
        }
        let mut order: Vec<&Drawn<'_>> = self.drawn.iter().collect();
        // The ones that stand out are drawn last, on top.
        order.sort_by_key(|d| d.bold);
        for drawn in &order {
            drawn.group(canvas, None, || self.line(canvas, drawn, &mut ground))?;
        }
        for drawn in &order {
            let size = if drawn.bold { POINT } else { POINT * 0.6 };
            // Of many points the last one tells which line it is.
            let skip = if drawn.points.len() > MARKED {
                drawn.points.len() - 1
            } else {
                0
            };
            for &(at, point) in &drawn.points[skip..] {
                let open = point.bound.is_some() || point.y == 0.0;
                let marker = || canvas.marker(at, drawn.look.marker, size, drawn.color, open);
                drawn.group(canvas, Some(&self.says(panel, drawn, point, canvas.lang)), marker)?;
                ground.taken.push(Area::around(at, size + 4.0));
            }
        }
        for drawn in &order {
            let ringed = |(_, point): &&((f64, f64), &Point)| drawn.bold && drawn.series.ring == Some(point.x);
            if let Some(&(at, _)) = drawn.points.iter().find(ringed) {
                drawn.group(canvas, None, || canvas.ring(at, POINT * 1.9, drawn.color))?;
            }
            if let Some(at) = drawn.cross {
                let color = if drawn.bold { canvas.theme.failure } else { drawn.color };
                let ended = drawn
                    .series
                    .ended
                    .as_ref()
                    .map(|ended| self.says_end(panel, drawn, ended, canvas.lang));
                drawn.group(canvas, ended.as_deref(), || canvas.cross(at, 11.0, color))?;
                ground.taken.push(Area::around(at, 14.0));
            }
        }
        if panel.series.iter().all(|s| s.points.is_empty()) {
            labels::nothing(canvas, self, &mut ground)?;
        }
        labels::draw(canvas, self, &mut ground)
    }

    /// The line of a series, and the ranges of its points; of those that stand back their points alone tell them.
    fn line(&self, canvas: &Canvas<'_>, drawn: &Drawn<'_>, ground: &mut Ground) -> anyhow::Result<()> {
        let path = drawn.path();
        if path.len() > 1 {
            let (width, dash) = if drawn.bold {
                (4, drawn.look.dash)
            } else {
                (2, Dash::Solid)
            };
            canvas.dashed(&path, drawn.color, width, dash)?;
        }
        ground.add_line(&path);
        for &((x, _), point) in &drawn.points {
            let (low, high) = (self.y.at(point.low), self.y.at(point.high));
            if drawn.bold && low - high > 3.0 * POINT {
                canvas.line(&[(x, low), (x, high)], drawn.color, 2)?;
                for end in [low, high] {
                    canvas.line(&[(x - 6.0, end), (x + 6.0, end)], drawn.color, 2)?;
                }
                ground.add_line(&[(x, low), (x, high)]);
            }
        }
        Ok(())
    }

    /// What a point says: whose it is, where it stands, how much it is.
    fn says(&self, panel: &Panel, drawn: &Drawn<'_>, point: &Point, lang: Lang) -> String {
        let (name, x) = (drawn.series.shown(), (self.axes.x)(point.x, lang));
        let sign = point.bound.map_or("", Bound::sign);
        let range = range(point.y, point.low, point.high, self.axes.y);
        format!(
            "{name} · {x} · {sign}{}{range} · {}",
            (self.axes.y)(point.y),
            panel.heading
        )
    }

    /// What the end of a series says.
    fn says_end(&self, panel: &Panel, drawn: &Drawn<'_>, ended: &Ended, lang: Lang) -> String {
        let (name, x) = (drawn.series.shown(), (self.axes.x)(ended.x, lang));
        let label = if ended.label.is_empty() {
            self.axes.end
        } else {
            &ended.label
        };
        format!(
            "{name} · {x} · ✗ {} · {}",
            label.trim_start_matches("✗: "),
            panel.heading
        )
    }
}

pub(super) fn message(canvas: &Canvas<'_>, plot: Area, words: &str) -> anyhow::Result<()> {
    let (x, y) = ((plot.x0 + plot.x1) / 2.0, (plot.y0 + plot.y1) / 2.0);
    let face = bold(36.0);
    canvas.label(
        face,
        canvas.theme.quiet,
        Align::Middle,
        x,
        y,
        &face.fit(words, plot.width()),
    )
}

/// What stands over a panel.
pub(super) fn heading(canvas: &Canvas<'_>, panel: &Panel, x: f64, y: f64, room: f64) -> anyhow::Result<()> {
    let face = bold(32.0);
    canvas.text(
        face,
        canvas.theme.ink,
        Align::Left,
        x,
        y,
        &face.fit(&panel.heading, room),
    )
}
