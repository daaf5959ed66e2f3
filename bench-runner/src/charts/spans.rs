//! Times that belong together, a row a model: from the shortest to the longest on one logarithmic axis, each with a mark of
//! its own.

use anyhow::ensure;
use loadgen::units;
use plotters::style::RGBColor;

use super::axis::{AXIS, log_axis};
use super::canvas::{Canvas, paint};
use super::frame::frame;
use super::group::range;
use super::key::Key;
use super::lines::message;
use super::number::tick_time;
use super::palette::Marker;
use super::picture::Picture;
use super::place::Area;
use super::rows::Rows;
use super::scale::{Scale, span};
use super::style::Style;
use super::text::{Face, bold, regular};
use crate::words::charts as words;

/// What such a chart shows.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// What each time of a row is, from the shortest to the longest; at most four.
    pub marks: Vec<String>,
    /// One a row, from top to bottom.
    pub rows: Vec<Span>,
}

/// A model's times.
#[derive(Clone, Debug, Default)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// As many as there are marks; none where they are not known.
    pub times: Vec<SpanTime>,
    /// What is said of them first.
    pub number: String,
    /// What else is to be said.
    pub remark: String,
    /// Whether it stands aside, because its times are not those of all connections.
    pub aside: bool,
    /// Whether the remark tells of a failure.
    pub failed: bool,
}

/// A time, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct SpanTime {
    /// The median of the rounds.
    pub ns: f64,
    /// The lowest round.
    pub low: f64,
    /// The highest round.
    pub high: f64,
}

impl From<f64> for SpanTime {
    /// Without a range.
    fn from(ns: f64) -> Self {
        Self { ns, low: ns, high: ns }
    }
}

/// The widest that the column of names gets, in pixels.
const NAMES: f64 = 360.0;
/// Between the ends of the axis and the outermost marks.
const INSET: f64 = 16.0;
/// A shape each, in the order of the times.
const SHAPES: [Marker; 4] = [Marker::Circle, Marker::Diamond, Marker::Square, Marker::Up];

pub(super) fn parts(data: &Spans) -> Vec<&str> {
    data.rows.iter().map(|row| &*row.name).collect()
}

pub(super) fn draw(data: &Spans, style: &Style) -> anyhow::Result<Picture> {
    check(data)?;
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.rows.is_empty() {
            return message(canvas, plot, words::no_model(canvas.lang));
        }
        let times = data.rows.iter().flat_map(|row| &row.times);
        let Some(range) = span(times.flat_map(|time| [time.ns, time.low, time.high])) else {
            let failed: Vec<&str> = data.rows.iter().map(|row| &*row.name).collect();
            return message(canvas, plot, &words::all_failed(&failed, canvas.lang));
        };
        let marks: Vec<&str> = data.marks.iter().map(String::as_str).collect();
        let key = Key::new(&marks, 24.0, plot.width());
        let room = Area {
            y0: plot.y0 + 52.0 + key.more(),
            y1: plot.y1 - AXIS,
            ..plot
        };
        let rows = Rows::new(room, data.rows.iter().map(|row| &*row.name), NAMES)?;
        key.draw(canvas, rows.field, rows.field.y0 - 34.0, &|i, sample| {
            let at = ((sample.x0 + sample.x1) / 2.0, (sample.y0 + sample.y1) / 2.0);
            canvas.marker(at, SHAPES[i], 9.0, canvas.theme.quiet, i == 0)
        })?;
        // Every label stands behind the last mark of its row; the axis leaves room for the longest.
        let behind = rows.dot() * 1.3 + 12.0;
        let labels = data.rows.iter().map(|row| Label::of(row, rows.px).room());
        let most = labels.fold(0.0, f64::max).min(rows.field.width() * 0.45);
        let field = Area {
            x1: rows.field.x1 - most - behind + INSET,
            ..rows.field
        };
        let scale = Scale::log(range, (field.x0 + INSET, field.x1 - INSET));
        log_axis(canvas, &scale, range, field, &tick_time)?;
        for (i, row) in data.rows.iter().enumerate() {
            canvas.group(Some(&row.name), None, || {
                draw_row(canvas, (&rows, i), &scale, row, &data.marks)?;
                let last = row
                    .times
                    .iter()
                    .map(|time| scale.at(time.high))
                    .fold(field.x0, f64::max);
                let ink = canvas.ink_of(&row.name);
                Label::of(row, rows.px).draw(canvas, ink, last + behind, rows.y(i), rows.field.x1)
            })?;
        }
        Ok(())
    })
}

/// Refuses what has no place on the axis.
fn check(data: &Spans) -> anyhow::Result<()> {
    let marks = data.marks.len();
    ensure!(
        marks <= SHAPES.len(),
        "there are {marks} marks, and {} shapes",
        SHAPES.len()
    );
    for Span { name, times, .. } in &data.rows {
        ensure!(
            times
                .iter()
                .flat_map(|time| [time.ns, time.low, time.high])
                .all(|ns| ns.is_finite() && ns > 0.0),
            "{times:?} ns of '{name}' are no times"
        );
        ensure!(
            times.is_empty() || times.len() == marks,
            "'{name}' has {} times, and there are {marks} marks",
            times.len()
        );
    }
    Ok(())
}

/// Draws the name of row `i` and its times.
fn draw_row(
    canvas: &Canvas<'_>,
    (rows, i): (&Rows, usize),
    scale: &Scale,
    row: &Span,
    marks: &[String],
) -> anyhow::Result<()> {
    let y = rows.y(i);
    rows.name(canvas, i, &row.name, &row.name)?;
    let color = if row.aside {
        canvas.theme.muted
    } else {
        canvas.color_of(&row.name)
    };
    let ends = |pick: fn(f64, f64) -> f64| row.times.iter().map(|time| scale.at(time.ns)).reduce(pick);
    if let (Some(from), Some(to)) = (ends(f64::min), ends(f64::max)) {
        canvas.line(&[(rows.field.x0, y), (from, y)], canvas.theme.grid, 1)?;
        canvas.line(&[(from, y), (to, y)], color, 3)?;
    }
    for ((time, mark), (i, shape)) in row.times.iter().zip(marks).zip(SHAPES.into_iter().enumerate()) {
        let range = range(time.ns, time.low, time.high, units::time);
        let says = format!("{} · {mark} · {}{range}", row.name, units::time(time.ns));
        canvas.group(Some(&row.name), Some(&says), || {
            whisker(canvas, (scale.at(time.low), scale.at(time.high)), y, rows.dot(), color)?;
            canvas.marker((scale.at(time.ns), y), shape, rows.dot() * 0.8, color, i == 0)
        })?;
    }
    Ok(())
}

/// The range of the rounds, under the line through the times, which would hide it; nothing where it is narrower than a mark.
fn whisker(canvas: &Canvas<'_>, (low, high): (f64, f64), y: f64, dot: f64, color: RGBColor) -> anyhow::Result<()> {
    if high - low <= 2.0 * dot {
        return Ok(());
    }
    let (under, tick) = (y + dot * 1.15, dot * 0.35);
    canvas.line(&[(low, under), (high, under)], color, 2)?;
    for end in [low, high] {
        canvas.line(&[(end, under - tick), (end, under + tick)], color, 2)?;
    }
    Ok(())
}

/// What stands behind a row's last mark.
struct Label<'a> {
    row: &'a Span,
    px: f64,
}

impl<'a> Label<'a> {
    fn of(row: &'a Span, px: f64) -> Self {
        Self { row, px }
    }

    fn faces(&self) -> (Face, Face) {
        (bold(self.px), regular(self.px * 0.86))
    }

    fn space(&self) -> f64 {
        if self.row.number.is_empty() { 0.0 } else { self.px * 0.5 }
    }

    fn remark(&self) -> String {
        if self.row.failed {
            format!("✗ {}", self.row.remark)
        } else {
            self.row.remark.clone()
        }
    }

    fn room(&self) -> f64 {
        let (strong, plain) = self.faces();
        strong.width(&self.row.number) + self.space() + plain.width(&self.remark())
    }

    fn draw(&self, canvas: &Canvas<'_>, ink: RGBColor, x: f64, y: f64, right: f64) -> anyhow::Result<()> {
        let (strong, plain) = self.faces();
        let number = strong.fit(&self.row.number, right - x);
        canvas.words(strong, ink, x, y, &number)?;
        let x = x + strong.width(&number) + self.space();
        let color = if self.row.failed {
            canvas.theme.failure
        } else {
            canvas.theme.quiet
        };
        canvas.words(plain, color, x, y, &plain.fit(&self.remark(), right - x))
    }
}
