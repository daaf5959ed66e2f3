//! Horizontal axes under rows.

use super::canvas::{Align, Canvas};
use super::place::Area;
use super::scale::{Scale, log_ticks};
use super::text::regular;

/// Room that an axis takes under its rows, in pixels.
pub(super) const AXIS: f64 = 50.0;
/// Pixels per em of its labels.
const PX: f64 = 24.0;
/// Between two labels.
const APART: f64 = 10.0;

/// The lines and labels of a logarithmic axis that spans `values`.
pub(super) fn log_axis(
    canvas: &Canvas<'_>,
    scale: &Scale,
    values: (f64, f64),
    field: Area,
    write: &dyn Fn(f64) -> String,
) -> anyhow::Result<()> {
    let ticks = log_ticks(values);
    ruled(canvas, scale, &ticks.labelled, field, write)?;
    for value in ticks.between {
        let x = scale.at(value);
        canvas.line(&[(x, field.y1), (x, field.y1 + 8.0)], canvas.theme.edge, 1)?;
    }
    Ok(())
}

/// A line through `field` for each of `values`, which ascend, with labels below as far as there is room for them.
pub(super) fn ruled(
    canvas: &Canvas<'_>,
    scale: &Scale,
    values: &[f64],
    field: Area,
    write: &dyn Fn(f64) -> String,
) -> anyhow::Result<()> {
    let (theme, face) = (canvas.theme, regular(PX));
    let half = |value: &f64| face.width(&write(*value)) / 2.0;
    // Where not every line has room for its label every second has one, or every third.
    let fits = |nth: usize| {
        let shown: Vec<f64> = values.iter().rev().step_by(nth).copied().collect();
        shown
            .windows(2)
            .all(|w| scale.at(w[0]) - half(&w[0]) > scale.at(w[1]) + half(&w[1]) + APART)
    };
    let nth = (1..values.len()).find(|nth| fits(*nth)).unwrap_or(values.len());
    for (i, &value) in values.iter().enumerate() {
        let x = scale.at(value);
        canvas.line(&[(x, field.y0), (x, field.y1 + 8.0)], theme.grid, 2)?;
        // Counted from the end, which everyone looks for.
        if (values.len() - 1 - i).is_multiple_of(nth) {
            canvas.text(face, theme.quiet, Align::Middle, x, field.y1 + 34.0, &write(value))?;
        }
    }
    Ok(())
}
