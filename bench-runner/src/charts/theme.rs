//! What a picture is painted with, apart from the models' own colours.

use plotters::style::RGBColor;

use super::palette;

/// The colours of a light or of a dark picture.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Whether models take the variant of their colour that is made for a dark ground.
    pub dark: bool,
    /// The ground.
    pub background: RGBColor,
    /// Titles and names.
    pub ink: RGBColor,
    /// Subtitles, axis labels, reasons.
    pub quiet: RGBColor,
    /// Grid lines and guides.
    pub grid: RGBColor,
    /// The empty part of a bar.
    pub track: RGBColor,
    /// Small ticks.
    pub edge: RGBColor,
    /// Series that stand back.
    pub muted: RGBColor,
    /// What failed.
    pub failure: RGBColor,
}

/// For paper, reports and bright rooms.
pub const LIGHT: Theme = Theme {
    dark: false,
    background: RGBColor(0xFF, 0xFF, 0xFF),
    ink: RGBColor(0x16, 0x1A, 0x1F),
    quiet: RGBColor(0x55, 0x5C, 0x66),
    grid: RGBColor(0xDD, 0xE0, 0xE4),
    track: RGBColor(0xEB, 0xED, 0xF0),
    edge: RGBColor(0xC9, 0xCE, 0xD4),
    muted: RGBColor(0x8A, 0x91, 0x99),
    failure: RGBColor(0xB0, 0x00, 0x20),
};

/// For dark slides.
pub const DARK: Theme = Theme {
    dark: true,
    background: RGBColor(0x14, 0x17, 0x1C),
    ink: RGBColor(0xF2, 0xF4, 0xF7),
    quiet: RGBColor(0xAD, 0xB4, 0xBE),
    grid: RGBColor(0x33, 0x38, 0x40),
    track: RGBColor(0x26, 0x2B, 0x33),
    edge: RGBColor(0x4A, 0x50, 0x59),
    muted: RGBColor(0x6B, 0x73, 0x7E),
    failure: RGBColor(0xFF, 0x6B, 0x7A),
};

/// The least contrast between a text and its ground (WCAG 2.1, 1.4.3, for text of any size).
pub(super) const READABLE: f64 = 4.5;

impl Theme {
    /// The colour of a model in this theme.
    pub fn color_of(&self, name: &str) -> RGBColor {
        let look = palette::look(name);
        if self.dark { look.dark } else { look.light }
    }

    /// A colour as near to `color` as text on this ground may be.
    pub fn readable(&self, color: RGBColor) -> RGBColor {
        (0..=20)
            .map(|step| mix(color, self.ink, f64::from(step) / 20.0))
            .find(|&c| contrast(c, self.background) >= READABLE)
            .unwrap_or(self.ink)
    }

    /// `color` thinned to `part` (0 to 1) of its strength on this ground.
    pub fn tint(&self, color: RGBColor, part: f64) -> RGBColor {
        mix(self.background, color, part)
    }
}

/// `part` (0 to 1) of the way from `a` to `b`.
fn mix(a: RGBColor, b: RGBColor, part: f64) -> RGBColor {
    let between = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    RGBColor(between(a.0, b.0), between(a.1, b.1), between(a.2, b.2))
}

/// A colour as an SVG has it: `#A1B2C3`.
pub(super) fn parse(text: &str) -> Option<RGBColor> {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let [_, r, g, b] = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
    Some(RGBColor(r, g, b))
}

/// Light intensities (0 to 1) of the three channels, from sRGB.
pub(super) fn linear(color: RGBColor) -> [f64; 3] {
    [color.0, color.1, color.2].map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    })
}

/// WCAG 2 contrast ratio, 1 to 21.
pub(super) fn contrast(a: RGBColor, b: RGBColor) -> f64 {
    let luminance = |color| {
        let [r, g, b] = linear(color);
        0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
    };
    let (a, b) = (luminance(a), luminance(b));
    a.max(b) / a.min(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        let (black, white) = (RGBColor(0, 0, 0), RGBColor(255, 255, 255));
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        assert!((contrast(RGBColor(0x77, 0x77, 0x77), white) - 4.48).abs() < 0.01);
    }

    #[test]
    fn all_text_can_be_read_in_both_themes() {
        for theme in [LIGHT, DARK] {
            for color in [theme.ink, theme.quiet, theme.failure] {
                assert!(contrast(color, theme.background) >= READABLE, "{color:?}");
                // The labels of short bars stand on the empty part of the bar.
                assert!(contrast(color, theme.track) >= READABLE, "{color:?}");
            }
            assert!(contrast(theme.readable(theme.muted), theme.background) >= READABLE);
        }
    }

    #[test]
    fn what_stands_back_is_still_seen_in_both_themes() {
        for theme in [LIGHT, DARK] {
            // As WCAG 2.1 asks of graphics (1.4.11); the models' own colours are the palette's to test.
            assert!(contrast(theme.muted, theme.background) >= 3.0);
        }
    }
}
