//! The words in a panel of lines: what broke, beside its ×; zeros beside their points; the names in a column at the
//! right, moved apart, with a thin line back to where they belong.

use super::super::canvas::{Align, Canvas};
use super::super::place::{Area, Ground, spread};
use super::super::text::{ASCENT, CAP_HEIGHT, DESCENT, Face, bold, regular};
use super::{Drawn, LEAD, MARKED, POINT, Plot, Series};
use crate::words::{Lang, charts as words};

/// Pixels per em of what is said inside the panel.
const INSIDE: f64 = 22.0;
/// The longest that a label inside a panel gets, as a part of the panel's width; in a narrow panel it may be as long as it
/// is in one of two, side by side on a slide.
const LONGEST: f64 = 0.6;
const USUAL: f64 = 340.0;

/// The longest that a label inside `plot` gets.
fn longest(plot: &Plot<'_>) -> f64 {
    let width = plot.field.width();
    (width * LONGEST).max(USUAL.min(width * 0.95))
}

/// Says in the panel that it is empty.
pub(super) fn nothing(canvas: &Canvas<'_>, plot: &Plot<'_>, ground: &mut Ground) -> anyhow::Result<()> {
    let (face, field) = (bold(30.0), plot.field);
    let words = face.fit(words::nothing_measured(canvas.lang), field.width());
    let (x, y) = ((field.x0 + field.x1) / 2.0, field.y0 + field.height() * 0.4);
    ground.taken.push(Area::around((x, y), face.width(&words) / 2.0));
    canvas.label(face, canvas.theme.quiet, Align::Middle, x, y, &words)
}

pub(super) fn draw(canvas: &Canvas<'_>, plot: &Plot<'_>, ground: &mut Ground) -> anyhow::Result<()> {
    let mut in_column = Vec::new();
    for drawn in &plot.drawn {
        let placed = match (&drawn.series.ended, drawn.cross) {
            // Whose × needs no words has its name in the column, where there is room for it.
            (Some(ended), Some(at)) if !ended.label.is_empty() => {
                let name = regular(INSIDE).fit(drawn.series.shown(), longest(plot) * 0.5);
                let words = words::became(&name, &ended.label, canvas.lang);
                drawn.group(canvas, None, || inside(canvas, plot, ground, drawn, at, &words))?
            }
            _ => false,
        };
        if !placed {
            in_column.push(drawn);
        }
    }
    for drawn in &plot.drawn {
        for (i, (at, point)) in drawn.points.iter().enumerate() {
            // A logarithmic axis has no zero; the point stands at its foot. Of several in a row one says so.
            let again = i > 0 && drawn.points[i - 1].1.y == 0.0;
            if point.y == 0.0 && !again && drawn.points.len() <= MARKED {
                drawn.group(canvas, None, || inside(canvas, plot, ground, drawn, *at, "0"))?;
            }
        }
    }
    column(canvas, plot, in_column)
}

/// The box of a text `width` wide that starts at `x` with its capitals centred on `y`.
fn room(face: Face, x: f64, y: f64, width: f64) -> Area {
    let base = y + face.px * CAP_HEIGHT / 2.0;
    Area {
        x0: x,
        y0: base - face.px * ASCENT,
        x1: x + width,
        y1: base + face.px * DESCENT,
    }
}

/// Puts `words` near `at` where they cover no text and no point; tells whether such a place was found.
fn inside(
    canvas: &Canvas<'_>,
    plot: &Plot<'_>,
    ground: &mut Ground,
    drawn: &Drawn<'_>,
    at: (f64, f64),
    words: &str,
) -> anyhow::Result<bool> {
    let face = regular(INSIDE);
    let words = face.fit(words, longest(plot));
    let (width, near) = (face.width(&words), POINT + 10.0);
    let ((x, y), mut places) = (at, Vec::new());
    let short = width < 40.0;
    // Around the point in growing rings; a label further away costs more and gets a line to its point.
    for ring in 0..if short { 1 } else { 6 } {
        let up = f64::from(ring) * 30.0;
        let rise = near + INSIDE * 0.5 + up;
        let price = ring as usize * 4;
        if ring == 0 {
            places.push((room(face, x + near, y, width), 0));
            places.push((room(face, x - near - width, y, width), 2));
        }
        for dy in [-rise, rise] {
            for (dx, extra) in [(-width / 2.0, 0), (near, 1), (-near - width, 1)] {
                places.push((room(face, x + dx, y + dy, width), price + 2 + extra));
            }
        }
    }
    let Some(place) = ground.best(&places, &plot.field) else {
        return Ok(false);
    };
    ground.taken.push(Area {
        x0: place.x0 - 6.0,
        x1: place.x1 + 6.0,
        ..place
    });
    let middle = (place.y0 + place.y1) / 2.0;
    if (middle - y).abs() > near + INSIDE {
        let foot = (
            x.clamp(place.x0, place.x1),
            if middle < y { place.y1 } else { place.y0 },
        );
        canvas.line(&[at, foot], drawn.color, 1)?;
    }
    canvas.veil(Area {
        x0: place.x0 - 4.0,
        x1: place.x1 + 4.0,
        ..place
    })?;
    let color = canvas.theme.readable(drawn.color);
    let base = place.y0 + face.px * ASCENT;
    canvas.text(face, color, Align::Left, place.x0, base, &words)?;
    Ok(true)
}

/// What stands in the column for a series. A bound at the end of its line is said here, where it cannot be taken
/// for another line's; further left the open point says it alone.
pub(super) fn name(series: &Series, with_reason: bool, lang: Lang) -> String {
    let name = series.shown();
    match (&series.ended, series.points.iter().max_by_key(|p| p.x)) {
        (Some(ended), _) if with_reason && !ended.label.is_empty() => format!("{name} ✗ {}", ended.label),
        (Some(_), _) => format!("{name} ✗"),
        (None, None) => words::not_measured_of(name, lang),
        (_, last) => match last.and_then(|point| point.bound) {
            Some(bound) => format!("{} {name}", bound.sign()),
            None => name.to_owned(),
        },
    }
}

/// The names that are not in the panel, each as near to the end of its line as the others let it.
fn column(canvas: &Canvas<'_>, plot: &Plot<'_>, mut drawn: Vec<&Drawn<'_>>) -> anyhow::Result<()> {
    let (field, px) = (plot.field, plot.name_px);
    // A series without any point is named at the foot.
    let wanted = |d: &Drawn<'_>| d.end().map_or(field.y1, |(_, y)| y);
    drawn.sort_by(|a, b| wanted(a).total_cmp(&wanted(b)).then(a.series.name.cmp(&b.series.name)));
    let ys: Vec<f64> = drawn.iter().map(|d| wanted(d)).collect();
    let half = px / 2.0;
    for (d, y) in drawn
        .iter()
        .zip(spread(&ys, px * 1.14, field.y0 + half, field.y1 - half))
    {
        d.group(canvas, None, || {
            let color = canvas.theme.readable(d.color);
            if let Some((x, end)) = d.end() {
                let from = x + POINT + 6.0;
                canvas.line(
                    &[(from, end), (from.max(field.x1), end), (field.x1 + LEAD - 6.0, y)],
                    d.color,
                    1,
                )?;
            }
            let face = if d.bold { bold(px) } else { regular(px) };
            // A reason of which only the beginning can be read is none.
            let whole = name(d.series, true, canvas.lang);
            let words = if face.width(&whole) <= plot.name_room {
                whole
            } else {
                name(d.series, false, canvas.lang)
            };
            let words = face.fit(&words, plot.name_room);
            canvas.label(face, color, Align::Left, field.x1 + LEAD, y, &words)
        })?;
    }
    Ok(())
}
