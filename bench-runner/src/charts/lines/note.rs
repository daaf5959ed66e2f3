//! Under the panels: what the axes are, and what the marks that occur mean; nothing about those that do not.

use super::super::canvas::{Align, Canvas};
use super::super::place::Area;
use super::super::text::{Face, regular};
use super::{Axes, Bound, Panel, Series, all};
use crate::words::Lang;
use crate::words::breaks::parts;
use crate::words::charts::{at_least, at_most, whiskers, whiskers_of_some};

/// Between what is said.
const DOT: &str = "  ·  ";
/// From one line to the next, in em.
const LINE: f64 = 1.36;

/// `words` in as many lines as they need, broken where their language lets them be.
fn broken(face: Face, words: &str, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (space, part) in parts(words) {
        let line = lines.last_mut().expect("there is a first line");
        let longer = format!("{line}{}{part}", if space && !line.is_empty() { " " } else { "" });
        if face.width(&longer) <= room || line.is_empty() {
            *line = longer;
        } else {
            lines.push(part.to_owned());
        }
    }
    lines.iter().map(|line| face.fit(line, room)).collect()
}

/// The words, broken into lines.
pub(in super::super) struct Note {
    face: Face,
    lines: Vec<String>,
}

impl Note {
    /// `words` say what the axes are; `aside` what else is to be said, last of all.
    pub(in super::super) fn new(
        panels: &[Panel],
        axes: &Axes,
        (words, aside): (&str, &str),
        room: f64,
        lang: Lang,
        stands_out: impl Fn(usize, &Series) -> bool,
    ) -> Self {
        let points = || all(panels).flat_map(|s| &s.points);
        // Ranges and rings are drawn of those that stand out, and of no others.
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        for (i, panel) in panels.iter().enumerate() {
            let (bold, grey): (Vec<&Series>, Vec<&Series>) =
                panel.series.iter().partition(|series| stands_out(i, series));
            before.extend(bold);
            behind.extend(grey);
        }
        let ranges = |all: &[&Series]| all.iter().flat_map(|s| &s.points).any(|p| p.low < p.y || p.high > p.y);
        let of_some = ranges(&behind);
        let marks = [
            (ranges(&before) && !of_some, whiskers(lang)),
            (ranges(&before) && of_some, whiskers_of_some(lang)),
            (points().any(|p| p.bound == Some(Bound::AtLeast)), at_least(lang)),
            (points().any(|p| p.bound == Some(Bound::AtMost)), at_most(lang)),
            (before.iter().any(|s| s.ring.is_some()), axes.ring),
            (all(panels).any(|s| s.ended.is_some()), axes.end),
            (!aside.is_empty(), aside),
        ];
        let said = marks.iter().filter(|(occurs, _)| *occurs).map(|(_, words)| *words);
        let said: Vec<&str> = words.split(DOT).chain(said).collect();
        // What the marks mean is no use when it is cut off.
        let fits = |px: &f64| regular(*px).width(&said.join(DOT)) <= room;
        if let Some(px) = [24.0, 22.0, 20.0, 18.0].into_iter().find(fits) {
            let lines = vec![said.join(DOT)];
            return Self {
                face: regular(px),
                lines,
            };
        }
        let face = regular(22.0);
        let mut lines: Vec<String> = Vec::new();
        for words in said {
            match lines.last_mut() {
                Some(line) if face.width(&format!("{line}{DOT}{words}")) <= room => {
                    line.push_str(DOT);
                    line.push_str(words);
                }
                _ => lines.extend(broken(face, words, room)),
            }
        }
        Self { face, lines }
    }

    /// The room that it takes beyond that of one line.
    pub(in super::super) fn more(&self) -> f64 {
        self.face.px * LINE * (self.lines.len() - 1) as f64
    }

    /// Draws it at the foot of `plot`.
    pub(in super::super) fn draw(&self, canvas: &Canvas<'_>, plot: Area) -> anyhow::Result<()> {
        for (i, line) in self.lines.iter().rev().enumerate() {
            let y = plot.y1 - self.face.px * LINE * i as f64;
            canvas.text(self.face, canvas.theme.quiet, Align::Left, plot.x0, y, line)?;
        }
        Ok(())
    }
}
