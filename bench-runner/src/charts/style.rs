//! How a picture is made: everything about it but what it shows.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

use super::theme::{self, Theme};
use crate::words::Lang;

/// How a picture is made.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// Its colours.
    pub theme: Theme,
    /// How large it is.
    pub size: Size,
    /// The language of its own words; its data is in that language already.
    pub lang: Lang,
    /// What texts are made of.
    pub letters: Letters,
    /// Models that are brought forward, while all others are grey; none where a chart is to choose by itself.
    pub highlight: BTreeSet<String>,
    /// What is there of a chart that is built up; all of it where there is none.
    pub step: Option<Step>,
}

/// What texts are made of in an SVG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Letters {
    /// Letters, with the fonts embedded
    #[default]
    Fonts,
    /// Outlines, for programs that ignore embedded fonts
    Paths,
}

/// A step on the way to a whole chart, with everything in its final place.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is there already, by [`Chart::parts`](super::Chart::parts).
    pub shown: BTreeSet<String>,
    /// What the chart is about: stands for the title, which would give away how it ends.
    pub topic: String,
}

impl From<Theme> for Style {
    fn from(theme: Theme) -> Self {
        Self {
            theme,
            ..Self::default()
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        theme::LIGHT
    }
}

/// The size of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
}

/// The sheet on which charts are laid out has at least so many units across and down, whatever its size in pixels: what
/// is small is drawn smaller, and not with less in it.
const LEAST_UNITS: (f64, f64) = (1440.0, 1080.0);
/// With fewer pixels than these the smallest text, of 20 units, would have less than nine pixels, and nobody could read
/// it.
const LEAST: (u32, u32) = (640, 480);
/// With more than these a picture takes hundreds of megabytes of memory.
const MOST: u32 = 8192;

impl Size {
    /// A size in pixels.
    ///
    /// # Errors
    /// When it is too small to be read, or larger than anybody could want; says what is possible.
    pub fn new(width: u32, height: u32) -> Result<Self, String> {
        let (least, most) = (LEAST, MOST);
        if width < least.0 || height < least.1 {
            return Err(format!(
                "a picture of {width}x{height} pixels could not be read; the least is {}x{}",
                least.0, least.1
            ));
        }
        if width > most || height > most {
            return Err(format!(
                "a picture of {width}x{height} pixels is too large; the most is {most}x{most}"
            ));
        }
        Ok(Self { width, height })
    }

    /// Across and down, in pixels.
    #[must_use]
    pub fn pixels(self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The sheet's units across and down.
    pub(super) fn units(self) -> (f64, f64) {
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        let unit = (width / LEAST_UNITS.0).min(height / LEAST_UNITS.1);
        (width / unit, height / unit)
    }
}

impl Default for Size {
    /// That of most projectors and slides.
    fn default() -> Self {
        Self {
            width: 1920,
            height: 1080,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is no size in pixels; write it as 1920x1080");
        let (width, height) = text.split_once(['x', 'X', '×']).ok_or_else(bad)?;
        let side = |text: &str| text.parse().map_err(|_| bad());
        Self::new(side(width)?, side(height)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_nobody_could_read_is_refused_with_the_least() {
        assert_eq!("1920x1080".parse(), Ok(Size::default()));
        assert_eq!("640x480".parse::<Size>().map(Size::pixels), Ok((640, 480)));
        for small in ["639x480", "640x479", "0x0"] {
            let refusal = small.parse::<Size>().unwrap_err();
            assert!(refusal.contains(small) && refusal.contains("640x480"), "{refusal}");
        }
        assert!("9000x1080".parse::<Size>().unwrap_err().contains("8192x8192"));
        for bad in ["", "1920", "1920x", "x1080", "-1x5", "1920x1080x2", "big"] {
            let refusal = bad.parse::<Size>().unwrap_err();
            assert!(
                refusal.contains(&format!("'{bad}'")) && refusal.contains("1920x1080"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_sheet_has_the_proportions_of_its_picture_and_room_for_its_text() {
        for (width, height) in [
            (1920, 1080),
            (1280, 720),
            (2560, 1440),
            (1080, 1080),
            (1080, 1920),
            (2000, 480),
        ] {
            let (across, down) = Size::new(width, height).unwrap().units();
            assert!((across / down - f64::from(width) / f64::from(height)).abs() < 1e-9);
            assert!(across >= 1440.0 - 1e-9 && down >= 1080.0 - 1e-9, "{across} by {down}");
        }
        assert_eq!(Size::default().units(), (1920.0, 1080.0));
        assert_eq!(Size::new(1280, 720).unwrap().units(), (1920.0, 1080.0));
    }
}
