//! Changes of level in a panel: a line across it, and over the points what is to be said, in as many rows as it takes.

use super::super::canvas::{Align, Canvas};
use super::super::palette::Dash;
use super::super::place::Area;
use super::super::scale::Scale;
use super::super::text::regular;
use super::{CoursePanel, Plot, SMALL};

/// From one row of words to the next.
const LANE: f64 = SMALL * 1.25;
/// The part of a panel that words may take.
const MOST: f64 = 0.4;
/// Between two in the same row.
const APART: f64 = 14.0;

/// A change, and where its words stand.
pub(super) struct Label {
    /// Index of its level.
    level: usize,
    words: String,
    /// The middle between the last point of the old level and the first of the new one.
    x: f64,
    /// Where its words begin and end.
    words_x: (f64, f64),
    /// In which row, counted from the points up; none where there is no room.
    pub lane: Option<usize>,
}

/// A place for the words of each change, the newest first, because that is the one that is looked for.
pub(super) fn lay_out(panel: &CoursePanel, x: &Scale, field: Area) -> Vec<Label> {
    let face = regular(SMALL);
    let lanes = ((field.height() * MOST / LANE) as usize).max(1);
    let mut placed: Vec<Label> = Vec::new();
    for (level, begun) in panel.levels.iter().enumerate().skip(1).rev() {
        let words = face.fit(&begun.change, field.width());
        let at = x.at(begun.start as f64 - 0.5);
        let width = face.width(&words);
        let from = (at - width / 2.0).clamp(field.x0, (field.x1 - width).max(field.x0));
        let words_x = (from, from + width);
        let meets = |other: &Label| other.words_x.0 < words_x.1 + APART && words_x.0 < other.words_x.1 + APART;
        let is_free = |lane: &usize| !placed.iter().any(|other| other.lane == Some(*lane) && meets(other));
        placed.push(Label {
            lane: (0..lanes).find(is_free),
            level,
            words,
            x: at,
            words_x,
        });
    }
    placed
}

/// How much of the panel the words take.
pub(super) fn room(labels: &[Label]) -> f64 {
    let lanes = labels
        .iter()
        .filter_map(|label| label.lane)
        .max()
        .map_or(0, |lane| lane + 1);
    lanes as f64 * LANE
}

pub(super) fn draw(canvas: &Canvas<'_>, plot: &Plot<'_>, labels: &[Label]) -> anyhow::Result<()> {
    let (theme, field) = (canvas.theme, plot.field);
    let foot = field.y0 + room(labels);
    let middle = |lane: usize| foot - LANE * (lane as f64 + 0.5);
    let color = |label: &Label| match plot.panel.levels[label.level].worse {
        true => theme.failure,
        false => theme.quiet,
    };
    for label in labels {
        let top = label.lane.map_or(foot, |lane| middle(lane) + LANE / 2.0);
        canvas.dashed(&[(label.x, field.y1), (label.x, top)], color(label), 2, Dash::Short)?;
    }
    // On top, for a line to a higher row may pass a lower one.
    for label in labels {
        if let Some(lane) = label.lane {
            let (from, to) = label.words_x;
            let ground = Area {
                x0: from - 4.0,
                y0: middle(lane) - LANE / 2.0,
                x1: to + 4.0,
                y1: middle(lane) + LANE / 2.0,
            };
            canvas.fill(ground, theme.background)?;
            canvas.label(
                regular(SMALL),
                color(label),
                Align::Left,
                from,
                middle(lane),
                &label.words,
            )?;
        }
    }
    Ok(())
}
