//! How wide text is, and making it fit.
//!
//! plotters' own estimate is off by up to 14 % either way, so widths are added up from the advance widths and the pair
//! kerning of the embedded font; the tests hold them against what the renderer draws.

use std::sync::LazyLock;

use ttf_parser::GlyphId;
use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};

use super::font::Weight;

/// A size and a weight of the embedded font.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Face {
    /// Pixels per em.
    pub px: f64,
    pub weight: Weight,
}

/// Heights of Inter in em, above and below the baseline.
pub(super) const CAP_HEIGHT: f64 = 0.727;
pub(super) const ASCENT: f64 = 0.80;
pub(super) const DESCENT: f64 = 0.23;

pub(super) fn regular(px: f64) -> Face {
    Face {
        px,
        weight: Weight::Regular,
    }
}

pub(super) fn bold(px: f64) -> Face {
    Face {
        px,
        weight: Weight::Bold,
    }
}

/// Newlines and tabs as an SVG viewer shows them: one space for any run of white space, none at the ends.
pub(super) fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Pixels per em of what stands in a row of `pitch` pixels: what fits while rows are many, and in a chart of few rows
/// more, but not in proportion.
pub(super) fn row_px(pitch: f64) -> f64 {
    (pitch * 0.78).min(24.0 + pitch * 0.1).floor()
}

impl Face {
    /// The width of `text` in pixels.
    pub(super) fn width(self, text: &str) -> f64 {
        self.widths(text).last().map_or(0.0, |(_, width)| width)
    }

    /// For each character of `text` where it ends in bytes, and how wide, in pixels, the text is up to there.
    fn widths(self, text: &str) -> impl Iterator<Item = (usize, f64)> {
        let metrics = Metrics::of(self.weight);
        let scale = self.px / f64::from(metrics.face.units_per_em());
        let (mut units, mut before) = (0, None);
        text.char_indices().map(move |(at, c)| {
            let glyph = metrics.face.glyph_index(c).unwrap_or_default();
            let kerning = before.map_or(0, |before| metrics.kerning(before, glyph));
            units += i32::from(metrics.face.glyph_hor_advance(glyph).unwrap_or_default()) + i32::from(kerning);
            before = Some(glyph);
            (at + c.len_utf8(), f64::from(units) * scale)
        })
    }

    /// `text` if it is at most `room` pixels wide, else as much of it as fits before an ellipsis.
    pub(super) fn fit(self, text: &str, room: f64) -> String {
        let text = tidy(text);
        if self.width(&text) <= room {
            return text;
        }
        let room = room - self.width("…");
        match self.widths(&text).take_while(|(_, width)| *width <= room).last() {
            Some((end, _)) => text[..end].trim_end().to_string() + "…",
            None => String::new(),
        }
    }

    /// `text` broken between words into lines of at most `room` pixels; a longer word has a line of its own.
    pub(super) fn wrap(self, text: &str, room: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut width = 0.0;
        for word in text.split_whitespace() {
            let more = self.width(&format!(" {word}"));
            match lines.last_mut() {
                // A pixel is kept back for the kerning between the parts, which are measured one by one.
                Some(line) if width + more <= room - 1.0 => {
                    line.push(' ');
                    line.push_str(word);
                    width += more;
                }
                _ => {
                    lines.push(word.to_string());
                    width = self.width(word);
                }
            }
        }
        lines
    }

    /// `text` in at most `most` lines of at most `room` pixels; what is left over ends in an ellipsis.
    pub(super) fn lines(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let mut lines = self.wrap(text, room);
        if lines.len() > most {
            let rest = lines.split_off(most - 1).join(" ");
            lines.push(rest);
        }
        lines.iter().map(|line| self.fit(line, room)).collect()
    }
}

/// What is read from a font to measure text.
struct Metrics {
    face: &'static ttf_parser::Face<'static>,
    /// The pair adjustments of each lookup. The font has no layout feature but kerning, so all of them apply.
    pairs: Vec<Vec<PairAdjustment<'static>>>,
}

impl Metrics {
    fn of(weight: Weight) -> &'static Self {
        static METRICS: LazyLock<[Metrics; 2]> = LazyLock::new(|| [Weight::Regular, Weight::Bold].map(Metrics::read));
        &METRICS[weight as usize]
    }

    fn read(weight: Weight) -> Self {
        let face = weight.face();
        let lookups = face.tables().gpos.iter().flat_map(|gpos| gpos.lookups);
        let pairs = lookups.map(|lookup| {
            let pair = |subtable| match subtable {
                PositioningSubtable::Pair(pair) => Some(pair),
                _ => None,
            };
            lookup.subtables.into_iter().filter_map(pair).collect()
        });
        Self {
            face,
            pairs: pairs.collect(),
        }
    }

    /// How much nearer to `first` than its advance says `second` stands, in font units (mostly negative). In each
    /// lookup the first subtable that knows the pair decides (OpenType 1.9, "GPOS lookup type 2").
    fn kerning(&self, first: GlyphId, second: GlyphId) -> i16 {
        let of = |pair: &PairAdjustment<'_>| match pair {
            PairAdjustment::Format1 { coverage, sets } => {
                Some(sets.get(coverage.get(first)?)?.get(second)?.0.x_advance)
            }
            PairAdjustment::Format2 {
                coverage,
                classes,
                matrix,
            } => {
                coverage.get(first)?;
                Some(matrix.get((classes.0.get(first), classes.1.get(second)))?.0.x_advance)
            }
        };
        self.pairs.iter().filter_map(|lookup| lookup.iter().find_map(of)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::font;
    use super::*;

    const SAMPLES: [&str; 6] = [
        "select stops at 1,019; 13 of 17 serve all 10,000",
        "AVATAR To Type, WAVE — “Yes”, 7.7 %",
        "io-uring",
        "epoll-percore ✗ RLIMIT_NOFILE",
        "≥ 123.4k req/s · µs × 1,111,111",
        "iiiiillll....",
    ];

    #[test]
    fn measured_widths_are_what_the_renderer_draws() {
        for (weight, value) in [(Weight::Regular, 400), (Weight::Bold, 700)] {
            for sample in SAMPLES {
                let svg = format!(
                    "<svg xmlns='http://www.w3.org/2000/svg' width='1920' height='99'><text y='50' font-size='40' \
                     font-family='Inter' font-weight='{value}'>{sample}</text></svg>"
                );
                let tree = resvg::usvg::Tree::from_str(&svg, &font::options()).unwrap();
                let drawn = f64::from(tree.root().bounding_box().width());
                let measured = Face { px: 40.0, weight }.width(sample);
                assert!(
                    (measured - drawn).abs() < 0.1,
                    "{sample}: measured {measured:.2}, drawn {drawn:.2}"
                );
            }
        }
    }

    #[test]
    fn too_long_a_text_ends_in_an_ellipsis_and_fits() {
        let face = regular(30.0);
        let text = "a rather long reason\nfor stopping";
        let short = face.fit(text, 200.0);
        assert!(
            short.starts_with("a rather") && short.ends_with('…') && face.width(&short) <= 200.0,
            "{short}"
        );
        assert_eq!(face.fit(text, 2000.0), "a rather long reason for stopping");
        assert_eq!(face.fit(text, 1.0), "");
    }

    #[test]
    fn lines_keep_every_word_or_say_that_they_do_not() {
        let face = bold(50.0);
        assert_eq!(face.lines("one two three", 2000.0, 2), ["one two three"]);
        assert_eq!(face.lines("one two three", 200.0, 2), ["one two", "three"]);
        let cut = face.lines("one two three four five six", 200.0, 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…'), "{cut:?}");
        assert!(face.lines("", 200.0, 2).is_empty());
    }
}
