//! A finished chart, and its PNG.

use std::collections::BTreeMap;

use anyhow::Context;
use resvg::{tiny_skia, usvg};

use super::font;
use super::group::Said;

/// A chart as SVG, complete in itself: the font is inside.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The document.
    pub svg: String,
    /// What its points and bars say, in the order in which they were drawn.
    pub said: Vec<Said>,
    /// Characters that no embedded font has, each with the first text in which it stands. What is drawn in their place is
    /// [`font::REPLACEMENT`].
    pub missing: BTreeMap<char, String>,
    /// The font as it stands in the document; empty where that has only outlines.
    pub(super) font: &'static str,
}

impl Picture {
    /// The SVG without the font, for a page that embeds [`font::style_element`] once for many charts.
    pub fn without_font(&self) -> String {
        self.svg.replacen(self.font, "", 1)
    }

    /// The same picture as PNG, of the same size.
    ///
    /// plotters' own bitmap backend is not used: it misplaces thick strokes and has been seen to hang.
    pub fn png(&self) -> anyhow::Result<Vec<u8>> {
        // The renderer has the font already and would only have to skip it.
        let tree =
            usvg::Tree::from_str(&self.without_font(), &font::options()).context("cannot read the chart's SVG")?;
        let size = tree.size().to_int_size();
        let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).context("cannot make an empty picture")?;
        resvg::render(&tree, tiny_skia::Transform::default(), &mut pixels.as_mut());
        pixels.encode_png().context("cannot encode the chart as PNG")
    }
}
