//! What the shades of a chart mean: in one line over its rows, in several where the sheet is narrow.

use super::canvas::{Align, Canvas};
use super::place::Area;
use super::text::{Face, regular};

/// Pixels per em.
const PX: f64 = 24.0;
/// Between a sample and its words.
const GAP: f64 = 12.0;
/// Between two entries.
const BETWEEN: f64 = 44.0;
/// From one line to the next.
const LINE: f64 = 36.0;

/// The entries of a key, line by line.
pub(super) struct Key {
    /// How wide a sample is.
    sample: f64,
    lines: Vec<Vec<String>>,
}

impl Key {
    /// A key of `words`, with samples that are `sample` wide, in `room`.
    pub(super) fn new(words: &[&str], sample: f64, room: f64) -> Self {
        let mut lines: Vec<Vec<String>> = Vec::new();
        let mut end = 0.0;
        for words in words {
            let words = Self::face().fit(words, room - sample - GAP);
            let long = Self::long(&words, sample);
            match lines.last_mut() {
                Some(line) if end + BETWEEN + long <= room => {
                    end += BETWEEN + long;
                    line.push(words);
                }
                _ => {
                    end = long;
                    lines.push(vec![words]);
                }
            }
        }
        Self { sample, lines }
    }

    fn face() -> Face {
        regular(PX)
    }

    fn long(words: &str, sample: f64) -> f64 {
        sample + GAP + Self::face().width(words)
    }

    /// The room that it takes beyond that of one line.
    pub(super) fn more(&self) -> f64 {
        LINE * (self.lines.len().max(1) - 1) as f64
    }

    /// Draws it with its last line at `y`, from `field` on as far as there is room, else from further left; `paint` makes
    /// the sample of the entry that it is told the number of.
    pub(super) fn draw(
        &self,
        canvas: &Canvas<'_>,
        field: Area,
        y: f64,
        paint: &dyn Fn(usize, Area) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut entry = 0;
        let long = |line: &Vec<String>| {
            let between = BETWEEN * (line.len() - 1) as f64;
            line.iter().map(|words| Self::long(words, self.sample)).sum::<f64>() + between
        };
        // All lines begin below each other.
        let widest = self.lines.iter().map(long).fold(0.0, f64::max);
        let left = field.x0.min(field.x1 - widest);
        for (i, line) in self.lines.iter().enumerate() {
            let y = y - LINE * (self.lines.len() - 1 - i) as f64;
            let mut x = left;
            for words in line {
                let sample = Area {
                    x0: x,
                    y0: y - 12.0,
                    x1: x + self.sample,
                    y1: y + 12.0,
                };
                paint(entry, sample)?;
                canvas.label(Self::face(), canvas.theme.quiet, Align::Left, sample.x1 + GAP, y, words)?;
                x += Self::long(words, self.sample) + BETWEEN;
                entry += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_as_many_lines_as_it_needs() {
        let words = ["one", "a second one", "and a third one that is longer than the others"];
        let lines = |room| Key::new(&words, 40.0, room).lines;
        assert_eq!(lines(2000.0), [words.to_vec()]);
        assert_eq!(lines(700.0), [vec!["one", "a second one"], vec![words[2]]]);
        assert!(lines(300.0)[2][0].ends_with('…'));
        assert_eq!(Key::new(&words, 40.0, 700.0).more(), LINE);
        assert_eq!(Key::new(&[], 40.0, 700.0).more(), 0.0);
    }
}
