//! Texts as outlines, for programs that ignore the font that an SVG brings along.

use std::fmt::Write as _;

use anyhow::{Context, anyhow};
use resvg::usvg::roxmltree::{Document, Node};
use ttf_parser::OutlineBuilder;

use super::text::{Face, bold, regular, tidy};

/// `svg` with a `<path>` in the place of each `<text>`, which looks the same; what it says stays beside it, for those who
/// search or cannot see.
pub(super) fn outlined(svg: &str) -> anyhow::Result<String> {
    let document = Document::parse(svg).context("the SVG backend wrote what is no XML")?;
    let (mut out, mut done) = (String::with_capacity(svg.len()), 0);
    for text in document.descendants().filter(|node| node.tag_name().name() == "text") {
        let place = text.range();
        out.push_str(&svg[done..place.start]);
        path(text, &mut out)?;
        done = place.end;
    }
    out.push_str(&svg[done..]);
    Ok(out)
}

/// Writes the outlines of a text, read as [`Canvas::text`](super::canvas::Canvas::text) has it written.
fn path(text: Node<'_, '_>, out: &mut String) -> anyhow::Result<()> {
    let attribute = |name| text.attribute(name).unwrap_or_default();
    let number = |name| -> anyhow::Result<f64> {
        let value = attribute(name);
        value.parse().map_err(|_| anyhow!("'{value}' is no {name} of a text"))
    };
    let (px, words) = (number("font-size")?, tidy(text.text().unwrap_or_default()));
    let face: Face = if attribute("font-weight") == "bold" {
        bold(px)
    } else {
        regular(px)
    };
    let width = face.width(&words);
    let before = match attribute("text-anchor") {
        "end" => width,
        "middle" => width / 2.0,
        _ => 0.0,
    };
    let fall: f64 = attribute("dy")
        .strip_suffix("em")
        .and_then(|em| em.parse().ok())
        .unwrap_or(0.0);
    let mut pen = Pen {
        x: number("x")? - before,
        y: number("y")? + fall * px,
        scale: 1.0,
        path: String::new(),
    };
    for glyph in face.glyphs(&words) {
        let font = face.weight.face(glyph.script);
        pen.x += glyph.kerning;
        pen.scale = px / f64::from(font.units_per_em());
        font.outline_glyph(glyph.id, &mut pen);
        pen.x += glyph.advance;
    }
    let label = words.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let (fill, path) = (attribute("fill"), &pen.path);
    write!(
        out,
        "<path role=\"img\" aria-label=\"{label}\" fill=\"{fill}\" d=\"{path}\"/>"
    )?;
    Ok(())
}

/// Draws glyphs where it stands.
struct Pen {
    x: f64,
    y: f64,
    /// Units of the sheet for one of the font.
    scale: f64,
    path: String,
}

impl Pen {
    fn point(&mut self, before: &str, x: f32, y: f32) {
        let (x, y) = (self.x + f64::from(x) * self.scale, self.y - f64::from(y) * self.scale);
        // A hundredth of a pixel is seen by nobody; writing to a string does not fail.
        let _ = write!(self.path, "{before}{} {}", hundredths(x), hundredths(y));
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.point("M", x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.point("L", x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.point("Q", x1, y1);
        self.point(" ", x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.point("C", x1, y1);
        self.point(" ", x2, y2);
        self.point(" ", x, y);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_paths_that_keep_their_words_and_nothing_else_changes() {
        let svg = "<svg xmlns='http://www.w3.org/2000/svg'><rect/><text x='10' y='5' dy='0.76em' font-size='20' \
                   fill='#123456'>\na &amp; \"b\"\n</text><g><text x='0' y='0' font-size='1'></text></g></svg>";
        let out = outlined(svg).unwrap();
        assert!(
            out.starts_with("<svg xmlns='http://www.w3.org/2000/svg'><rect/><path role=\"img\" "),
            "{out}"
        );
        assert!(
            out.contains("aria-label=\"a &amp; &quot;b&quot;\" fill=\"#123456\" d=\"M"),
            "{out}"
        );
        assert!(!out.contains("<text") && out.ends_with("</g></svg>"), "{out}");
        assert!(outlined("<svg><text x='a' font-size='2'>b</text></svg>").is_err());
    }
}
