//! The one font of every chart, Inter, in two weights, embedded.
//!
//! A chart must look the same on a slide, on a code host and in a report, and none of these has Inter. So the same
//! subset goes everywhere: as TTF to plotters, to the measurer and to the renderer of PNGs, as WOFF2 (a third of the
//! size) into each SVG. `scripts/make-fonts` tells how the files were made; the licence lies beside them.

use std::sync::{Arc, LazyLock, OnceLock};

use anyhow::{anyhow, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use plotters::style::{FontStyle, register_font};
use resvg::usvg;

/// The family name inside the font files. Under any other name the renderer draws no text and says nothing.
pub const FAMILY: &str = "Inter";

static REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-Bold.ttf");
static REGULAR_WOFF2: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.woff2");
static BOLD_WOFF2: &[u8] = include_bytes!("../../assets/fonts/Inter-Bold.woff2");

/// The two weights that are embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// 400
    Regular,
    /// 700
    Bold,
}

impl Weight {
    /// The parsed font, for measuring.
    pub(super) fn face(self) -> &'static ttf_parser::Face<'static> {
        static FACES: LazyLock<[ttf_parser::Face<'static>; 2]> = LazyLock::new(|| {
            [REGULAR, BOLD].map(|bytes| ttf_parser::Face::parse(bytes, 0).expect("the embedded font is a font"))
        });
        &FACES[self as usize]
    }
}

/// Makes both weights known to plotters under [`FAMILY`]. Cheap when done before.
pub fn register() -> anyhow::Result<()> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    if *done {
        Ok(())
    } else {
        Err(anyhow!("plotters does not accept the embedded font '{FAMILY}'"))
    }
}

/// The first character of `text` for which the embedded font has no glyph in both weights.
pub fn first_missing(text: &str) -> Option<char> {
    let covered = |c: char| {
        [Weight::Regular, Weight::Bold]
            .iter()
            .all(|w| w.face().glyph_index(c).is_some())
    };
    text.chars().find(|&c| !covered(c))
}

/// Refuses `text` if a character of it could not be drawn, naming the character.
pub fn require(text: &str) -> anyhow::Result<()> {
    if let Some(c) = first_missing(text) {
        bail!(
            "cannot draw '{}' (U+{:04X}) of '{}': the embedded font {FAMILY} has no such glyph; \
             add it in scripts/make-fonts or reword",
            c.escape_debug(),
            u32::from(c),
            text.escape_debug(),
        );
    }
    Ok(())
}

/// The `<style>` element with both weights as data URIs; a document needs it once, whatever number of charts it holds.
pub fn style_element() -> &'static str {
    static STYLE: LazyLock<String> = LazyLock::new(|| {
        let face = |weight: u16, bytes: &[u8]| {
            format!(
                "@font-face{{font-family:{FAMILY};font-weight:{weight};\
                 src:url(data:font/woff2;base64,{}) format(\"woff2\")}}\n",
                STANDARD.encode(bytes)
            )
        };
        format!(
            "<style>\n{}{}</style>\n",
            face(400, REGULAR_WOFF2),
            face(700, BOLD_WOFF2)
        )
    });
    &STYLE
}

/// What the renderer needs to find the same font that the SVG names, and no other.
pub(super) fn options() -> usvg::Options<'static> {
    static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        Arc::new(fonts)
    });
    usvg::Options {
        fontdb: Arc::clone(&FONTS),
        font_family: FAMILY.to_string(),
        ..usvg::Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_carry_the_name_and_the_weights() {
        let options = options();
        let faces: Vec<_> = options
            .fontdb
            .faces()
            .map(|f| (f.families[0].0.clone(), f.weight.0))
            .collect();
        assert_eq!(faces, [(FAMILY.to_string(), 400), (FAMILY.to_string(), 700)]);
    }

    #[test]
    fn the_signs_of_a_chart_are_covered() {
        assert_eq!(
            first_missing("0123456789 ABCxyz éüß × ≥ ≤ ≈ ± µ μ – — · … ✗ ✓ → ’ ‘ “ ” % / ° ½ − ○ ● « »"),
            None
        );
    }

    #[test]
    fn a_character_without_a_glyph_is_refused_by_name() {
        let refusal = require("server 你好").unwrap_err().to_string();
        assert!(refusal.contains("'你' (U+4F60)"), "{refusal}");
        assert!(require("tab\there").unwrap_err().to_string().contains("U+0009"));
    }
}
