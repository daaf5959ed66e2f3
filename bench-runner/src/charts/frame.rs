//! What every chart has around its plot: the finding, how it was measured, where it comes from.

use super::canvas::{Align, Canvas};
use super::place::Area;
use super::text::{bold, regular};

/// The empty border, left and right.
const MARGIN: f64 = 64.0;
/// The title shrinks from the first of these sizes to the last before it is cut; from the back of a room anything
/// smaller is no title.
const TITLE_PX: [f64; 4] = [54.0, 50.0, 46.0, 42.0];
const SUBTITLE_PX: [f64; 3] = [28.0, 26.0, 24.0];
const FOOTER_PX: f64 = 20.0;

/// Draws the three texts and returns the room that is left for the plot.
pub(super) fn frame(canvas: &Canvas<'_>, title: &str, subtitle: &str, footer: &str) -> anyhow::Result<Area> {
    let room = canvas.units.0 - 2.0 * MARGIN;
    let largest = |sizes: &[f64], fits: &dyn Fn(f64) -> bool| {
        sizes
            .iter()
            .copied()
            .find(|px| fits(*px))
            .unwrap_or(sizes[sizes.len() - 1])
    };
    let mut y = 40.0;

    let face = bold(largest(&TITLE_PX, &|px| bold(px).wrap(title, room).len() <= 2));
    let lines = face.lines(title, room, 2);
    let shown = match &canvas.style.step {
        None => lines.clone(),
        // In the room of the title, so that nothing moves when that takes its place.
        Some(step) => face.lines(&step.topic, room, lines.len().max(1)),
    };
    for (i, line) in shown.iter().enumerate() {
        let y = y + face.px * (1.16 * (i + 1) as f64 - 0.16);
        canvas.text(face, canvas.theme.ink, Align::Left, MARGIN, y, line)?;
    }
    y += face.px * 1.16 * lines.len() as f64;
    y += 14.0;

    let face = regular(largest(&SUBTITLE_PX, &|px| regular(px).wrap(subtitle, room).len() <= 2));
    for line in face.lines(subtitle, room, 2) {
        y += face.px * 1.32;
        canvas.text(face, canvas.theme.quiet, Align::Left, MARGIN, y - face.px * 0.32, &line)?;
    }
    y += 26.0;

    let face = regular(FOOTER_PX);
    let base = canvas.units.1 - 26.0;
    canvas.text(
        face,
        canvas.theme.quiet,
        Align::Left,
        MARGIN,
        base,
        &face.fit(footer, room),
    )?;
    Ok(Area {
        x0: MARGIN,
        y0: y,
        x1: MARGIN + room,
        y1: base - 40.0,
    })
}
