//! How wide text is, and making it fit.
//!
//! plotters' own estimate is off by up to 14 % either way, so widths are added up from the advance widths and the pair
//! kerning of the embedded font; the tests hold them against what the renderer draws.

use std::sync::LazyLock;

use ttf_parser::GlyphId;
use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};

use super::font::{self, Script, Weight};
use crate::words::breaks::parts;

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

/// A character as it is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    /// The font that it is from.
    pub script: Script,
    /// Which glyph of that.
    pub id: GlyphId,
    /// Where the character ends in the text, in bytes.
    end: usize,
    /// How much further right it stands than the end of the one before, in pixels; mostly negative.
    pub kerning: f64,
    /// How wide it is, in pixels.
    pub advance: f64,
}

impl Face {
    /// The glyphs of `text`, from left to right.
    pub(super) fn glyphs(self, text: &str) -> impl Iterator<Item = Glyph> {
        let metrics = Metrics::of(self.weight);
        let mut before = None;
        text.char_indices().map(move |(at, c)| {
            let (script, id) = self.weight.glyph(font::drawn(c)).unwrap_or((Script::Latin, GlyphId(0)));
            let face = self.weight.face(script);
            let scale = self.px / f64::from(face.units_per_em());
            // Only pairs of one font are kerned, and of these only the Latin ones.
            let kerning = match (before, script) {
                (Some(before), Script::Latin) => metrics.kerning(before, id),
                _ => 0,
            };
            before = (script == Script::Latin).then_some(id);
            Glyph {
                script,
                id,
                end: at + c.len_utf8(),
                kerning: f64::from(kerning) * scale,
                advance: f64::from(face.glyph_hor_advance(id).unwrap_or_default()) * scale,
            }
        })
    }

    /// The width of `text` in pixels.
    pub(super) fn width(self, text: &str) -> f64 {
        self.widths(text).last().map_or(0.0, |(_, width)| width)
    }

    /// For each character of `text` where it ends in bytes, and how wide, in pixels, the text is up to there.
    fn widths(self, text: &str) -> impl Iterator<Item = (usize, f64)> {
        let mut width = 0.0;
        self.glyphs(text).map(move |glyph| {
            width += glyph.kerning + glyph.advance;
            (glyph.end, width)
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

    /// `text` broken between words (Chinese: between signs) into lines of at most `room` pixels; a longer word has a line of its own.
    pub(super) fn wrap(self, text: &str, room: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut width = 0.0;
        for (space, word) in parts(text) {
            let space = if space { " " } else { "" };
            let more = self.width(&format!("{space}{word}"));
            match lines.last_mut() {
                // A pixel is kept back for the kerning between the parts, which are measured one by one.
                Some(line) if width + more <= room - 1.0 => {
                    line.push_str(space);
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
            // The lines that are too many make the last one longer than there is room, which cuts it.
            let rest = lines.split_off(most - 1).join(" ");
            lines.push(rest);
        }
        lines.iter().map(|line| self.fit(line, room)).collect()
    }
}

/// What is read from a font to measure text.
struct Metrics {
    /// The pair adjustments of each lookup. The font has no layout feature but kerning, so all of them apply.
    pairs: Vec<Vec<PairAdjustment<'static>>>,
}

impl Metrics {
    fn of(weight: Weight) -> &'static Self {
        static METRICS: LazyLock<[Metrics; 2]> = LazyLock::new(|| [Weight::Regular, Weight::Bold].map(Metrics::read));
        &METRICS[weight as usize]
    }

    fn read(weight: Weight) -> Self {
        let face = weight.face(Script::Latin);
        let lookups = face.tables().gpos.iter().flat_map(|gpos| gpos.lookups);
        let pairs = lookups.map(|lookup| {
            let pair = |subtable| match subtable {
                PositioningSubtable::Pair(pair) => Some(pair),
                _ => None,
            };
            lookup.subtables.into_iter().filter_map(pair).collect()
        });
        Self { pairs: pairs.collect() }
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

    const SAMPLES: [&str; 8] = [
        "select stops at 1,019; 13 of 17 serve all 10,000",
        "AVATAR To Type, WAVE — “Yes”, 7.7 %",
        "io-uring",
        "epoll-percore ✗ RLIMIT_NOFILE",
        "≥ 123.4k req/s · µs × 1,111,111",
        "iiiiillll....",
        "select 止步于 1,019 个；13 个模型服务了全部连接（WAVE 拒绝 To 个）",
        "无明显差异",
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
    fn what_no_font_has_is_as_wide_as_what_stands_for_it() {
        let face = bold(40.0);
        assert_eq!(face.width("aฬb"), face.width("a□b"));
    }

    #[test]
    fn chinese_is_broken_between_signs() {
        let lines = bold(50.0).wrap("没有一个服务器服务了全部连接，select 除外", 320.0);
        assert_eq!(lines, ["没有一个服务", "器服务了全部", "连接，select", "除外"]);
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
