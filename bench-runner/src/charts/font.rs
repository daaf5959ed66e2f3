//! The fonts of every chart, in two weights, embedded: Inter, and Noto Sans SC for the Chinese signs that Inter lacks.
//!
//! A chart must look the same on a slide, on a code host and in a report, and none of these has the fonts. So the same
//! subsets go everywhere: as TTF to plotters, to the measurer and to the renderer of PNGs, as WOFF2 (smaller) into each
//! SVG. `scripts/make-fonts` tells how the files were made; the licences lie beside them.
//!
//! Both go by one name, and a browser takes each sign from the font that has it.

use std::sync::{Arc, LazyLock, OnceLock};

use anyhow::anyhow;
use base64::{Engine, engine::general_purpose::STANDARD};
use plotters::style::{FontStyle, register_font};
use resvg::usvg;
use ttf_parser::GlyphId;

/// The family name inside the Latin font's files. Under any other name the renderer draws no text and says nothing.
pub const FAMILY: &str = "Inter";
/// Stands for a character that no embedded font has, so that it can be seen that there is one.
pub const REPLACEMENT: char = '□';

static REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-Bold.ttf");
static WIDE_REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Regular.ttf");
static WIDE_BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Bold.ttf");
static REGULAR_WOFF2: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.woff2");
static BOLD_WOFF2: &[u8] = include_bytes!("../../assets/fonts/Inter-Bold.woff2");
static WIDE_REGULAR_WOFF2: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Regular.woff2");
static WIDE_BOLD_WOFF2: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Bold.woff2");

/// The two weights that are embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// 400
    Regular,
    /// 700
    Bold,
}

/// The two fonts that are embedded, in the order in which they are asked for a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Wide,
}

impl Weight {
    /// The parsed font, for measuring.
    pub(super) fn face(self, script: Script) -> &'static ttf_parser::Face<'static> {
        static FACES: LazyLock<[[ttf_parser::Face<'static>; 2]; 2]> = LazyLock::new(|| {
            [[REGULAR, WIDE_REGULAR], [BOLD, WIDE_BOLD]].map(|scripts| {
                scripts.map(|bytes| ttf_parser::Face::parse(bytes, 0).expect("the embedded font is a font"))
            })
        });
        &FACES[self as usize][script as usize]
    }

    /// The glyph of a character, and the font that has it.
    pub(super) fn glyph(self, c: char) -> Option<(Script, GlyphId)> {
        let of = |script| Some((script, self.face(script).glyph_index(c)?));
        of(Script::Latin).or_else(|| of(Script::Wide))
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

/// Whether the embedded fonts have a glyph for it, in both weights.
pub fn has(c: char) -> bool {
    [Weight::Regular, Weight::Bold]
        .iter()
        .all(|weight| weight.glyph(c).is_some())
}

/// The characters of `text` that the embedded fonts lack.
pub fn missing(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|&c| !has(c))
}

/// The character as it is drawn.
pub(super) fn drawn(c: char) -> char {
    if has(c) { c } else { REPLACEMENT }
}

/// Whether `text` has signs that are drawn from the Chinese font.
pub(super) fn needs_wide(text: &str) -> bool {
    let wide = |c| matches!(Weight::Regular.glyph(c), Some((Script::Wide, _)));
    text.chars().any(wide)
}

/// The `<style>` element with the Latin font as data URIs, and with the Chinese one where that is needed. A document needs
/// it once, whatever number of charts it holds.
pub fn style_element(chinese: bool) -> &'static str {
    static STYLES: LazyLock<[String; 2]> = LazyLock::new(|| {
        let face = |weight: u16, bytes: &[u8], range: &str| {
            format!(
                "@font-face{{font-family:{FAMILY};font-weight:{weight};\
                 src:url(data:font/woff2;base64,{}) format(\"woff2\"){range}}}\n",
                STANDARD.encode(bytes)
            )
        };
        let latin = face(400, REGULAR_WOFF2, "") + &face(700, BOLD_WOFF2, "");
        // Under the name of the other, for what that has not: a viewer need not know a second name.
        let range = ";unicode-range:U+2E80-FFFF,U+20000-3FFFF";
        let wide = face(400, WIDE_REGULAR_WOFF2, range) + &face(700, WIDE_BOLD_WOFF2, range);
        [latin.clone(), latin + &wide].map(|faces| format!("<style>\n{faces}</style>\n"))
    });
    &STYLES[usize::from(chinese)]
}

/// What the renderer needs to find the same fonts that the SVG names, and no other.
pub(super) fn options() -> usvg::Options<'static> {
    static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = usvg::fontdb::Database::new();
        for bytes in [REGULAR, BOLD, WIDE_REGULAR, WIDE_BOLD] {
            fonts.load_font_data(bytes.to_vec());
        }
        Arc::new(fonts)
    });
    // The renderer's own choice heeds no weight.
    let same_weight: usvg::FallbackSelectionFn<'static> = Box::new(|c, used, fonts| {
        let weight = fonts.face(*used.first()?)?.weight;
        let fits = |face: &&usvg::fontdb::FaceInfo| face.weight == weight && !used.contains(&face.id);
        fonts.faces().find(fits).map(|face| face.id).filter(|_| has(c))
    });
    usvg::Options {
        fontdb: Arc::clone(&FONTS),
        font_family: FAMILY.to_string(),
        font_resolver: usvg::FontResolver {
            select_font: usvg::FontResolver::default_font_selector(),
            select_fallback: same_weight,
        },
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
        // Cut from a variable font, whose default is thin, and so called after that.
        let wide = "Noto Sans SC Thin".to_string();
        let latin = FAMILY.to_string();
        assert_eq!(
            faces,
            [(latin.clone(), 400), (latin, 700), (wide.clone(), 400), (wide, 700)]
        );
    }

    #[test]
    fn the_signs_of_a_chart_are_covered() {
        let signs = "0123456789 ABCxyz éüß × ≥ ≤ ≈ ± µ μ – — · … ✗ ✓ → ’ ‘ “ ” % / ° ½ − ○ ● « » □";
        assert_eq!(missing(signs).collect::<String>(), "");
        assert!(!needs_wide(signs), "all of them are in the Latin font");
    }

    #[test]
    fn every_sign_of_every_language_is_covered() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/words");
        let mut words = String::new();
        let mut directories = vec![std::path::PathBuf::from(directory)];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    words += &std::fs::read_to_string(path).unwrap();
                }
            }
        }
        assert!(needs_wide(&words), "the tables were not found");
        let lacking: String = missing(&words).filter(|c| !c.is_ascii_control()).collect();
        assert_eq!(lacking, "", "not in the fonts: run scripts/make-fonts");
    }

    #[test]
    fn what_no_font_has_is_replaced() {
        assert_eq!(missing("tab\there, ฬ連").collect::<String>(), "\tฬ連");
        assert_eq!("aฬb".chars().map(drawn).collect::<String>(), "a□b");
        assert!(has(REPLACEMENT));
    }
}
