//! A sheet and the few strokes that charts are made of, on top of plotters' SVG backend.
//!
//! Coordinates are the sheet's units (pixels, in a picture of 1920 × 1080) from the top left corner, as `f64`, rounded
//! here and nowhere else. Text is placed by its baseline, because the backend's other anchors depend on how a viewer
//! defines `ex`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::element::{
    BackendCoordOnly, Circle, DashedPathElement, Drawable, PathElement, PointCollection, Polygon, Rectangle,
};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::font::{self, Weight};
use super::group::{Groups, escaped};
use super::outline::outlined;
use super::palette::{Dash, Marker};
use super::picture::Picture;
use super::place::Area;
use super::style::{Letters, Style};
use super::text::{CAP_HEIGHT, Face, tidy};
use super::theme::Theme;
use crate::words::Lang;

/// How much a veil takes back of what lies under it.
const VEIL: f64 = 0.8;

/// Where a text stands against its x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// The sheet.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    pub theme: &'a Theme,
    pub style: &'a Style,
    /// The sheet's units across and down.
    pub units: (f64, f64),
    pub lang: Lang,
    pub groups: Groups,
    /// Whether strokes are left out, because what they belong to is not there yet.
    pub(super) hidden: Cell<bool>,
    /// Characters that no font has, each with the first text in which it stands.
    missing: RefCell<BTreeMap<char, String>>,
    /// Whether any text needs the Chinese font.
    wide: Cell<bool>,
}

/// Makes a picture: an empty sheet, what `draw` puts on it, the font. `name` is what a screen reader says.
pub(super) fn paint(
    style: &Style,
    name: &str,
    draw: impl FnOnce(&Canvas<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Picture> {
    font::register()?;
    let name = style.step.as_ref().map_or(name, |step| &step.topic);
    let name: String = tidy(name).chars().map(font::drawn).collect();
    let (theme, units) = (&style.theme, style.size.units());
    // Whole units cover the sheet, also where its own are no whole number.
    let whole = (units.0.ceil() as u32, units.1.ceil() as u32);
    let mut svg = String::new();
    let (groups, missing, wide);
    {
        let area = SVGBackend::with_string(&mut svg, whole).into_drawing_area();
        area.fill(&theme.background).map_err(drawing)?;
        let canvas = Canvas {
            area,
            theme,
            style,
            units,
            lang: style.lang,
            groups: Groups::default(),
            hidden: Cell::new(false),
            missing: RefCell::default(),
            wide: Cell::new(false),
        };
        draw(&canvas)?;
        canvas.area.present().map_err(drawing)?;
        (missing, wide) = (canvas.missing.take(), canvas.wide.get());
        groups = canvas.groups;
    }
    let (svg, said) = groups.finish(&svg);
    // Its own head says how large the sheet is, and nothing of pixels.
    let (_, body) = svg
        .split_once(">\n")
        .ok_or_else(|| anyhow!("the SVG backend wrote no document"))?;
    let (width, height) = style.size.pixels();
    let font = match style.letters {
        Letters::Fonts => font::style_element(wide),
        Letters::Paths => "",
    };
    let mut svg = format!(
        "<svg role=\"img\" aria-label=\"{}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n{font}{body}",
        escaped(&name),
        units.0,
        units.1,
    );
    if style.letters == Letters::Paths {
        svg = outlined(&svg)?;
    }
    Ok(Picture {
        svg,
        said,
        missing,
        font,
    })
}

fn drawing(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}

fn px(x: f64, y: f64) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

fn stroke(color: RGBColor, width: u32) -> ShapeStyle {
    color.stroke_width(width)
}

impl<'a> Canvas<'a> {
    /// Whether a part of the chart is there yet.
    pub(super) fn shows(&self, part: &str) -> bool {
        self.style.step.as_ref().is_none_or(|step| step.shown.contains(part))
    }

    /// Whether a model stands back, because others are brought forward.
    fn stands_back(&self, model: &str) -> bool {
        !self.style.highlight.is_empty() && !self.style.highlight.contains(model)
    }

    /// The colour of a model's data.
    pub(super) fn color_of(&self, model: &str) -> RGBColor {
        if self.stands_back(model) {
            self.theme.muted
        } else {
            self.theme.color_of(model)
        }
    }

    /// The colour of a model's name and numbers.
    pub(super) fn ink_of(&self, model: &str) -> RGBColor {
        if self.stands_back(model) {
            self.theme.quiet
        } else {
            self.theme.ink
        }
    }

    /// Draws one element, unless what it belongs to is not there yet.
    fn stroke<'e, E>(&self, element: &'e E) -> anyhow::Result<()>
    where
        &'e E: PointCollection<'e, (i32, i32), BackendCoordOnly>,
        E: Drawable<SVGBackend<'a>, BackendCoordOnly>,
    {
        if self.hidden.get() {
            return Ok(());
        }
        self.area.draw(element).map_err(drawing)
    }

    /// `text` with its baseline at `y`. What no font has is replaced, and remembered.
    pub(super) fn text(
        &self,
        face: Face,
        color: RGBColor,
        align: Align,
        x: f64,
        y: f64,
        text: &str,
    ) -> anyhow::Result<()> {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        for c in font::missing(&text) {
            self.missing.borrow_mut().entry(c).or_insert_with(|| text.clone());
        }
        let text: String = text.chars().map(font::drawn).collect();
        self.wide.set(self.wide.get() || font::needs_wide(&text));
        let style = match face.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let h_pos = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        // The backend divides sizes by 1.24 and puts the baseline of a "top" text 0.76 em below its y.
        let style = TextStyle::from((font::FAMILY, face.px * 1.24).into_font().style(style))
            .color(&color)
            .pos(Pos::new(h_pos, VPos::Top));
        if self.hidden.get() {
            return Ok(());
        }
        self.area
            .draw_text(&text, &style, px(x, y - 0.76 * face.px))
            .map_err(drawing)
    }

    /// `text` with its capitals centred on `y`.
    pub(super) fn label(
        &self,
        face: Face,
        color: RGBColor,
        align: Align,
        x: f64,
        y: f64,
        text: &str,
    ) -> anyhow::Result<()> {
        self.text(face, color, align, x, y + face.px * CAP_HEIGHT / 2.0, text)
    }

    /// [`label`](Self::label) from `x` on, on the colour of the ground, so that no line of the grid runs through it.
    pub(super) fn words(&self, face: Face, color: RGBColor, x: f64, y: f64, text: &str) -> anyhow::Result<()> {
        if !text.is_empty() {
            let half = face.px * 0.5;
            let ground = Area {
                x0: x - 4.0,
                y0: y - half,
                x1: x + face.width(text) + 4.0,
                y1: y + half,
            };
            self.fill(ground, self.theme.background)?;
        }
        self.label(face, color, Align::Left, x, y, text)
    }

    pub(super) fn fill(&self, area: Area, color: RGBColor) -> anyhow::Result<()> {
        let corners = [px(area.x0, area.y0), px(area.x1, area.y1)];
        self.stroke(&Rectangle::new(corners, color.filled()))
    }

    /// Takes what lies in `area` back until a text upon it can be read, and lets it be seen all the same.
    pub(super) fn veil(&self, area: Area) -> anyhow::Result<()> {
        let corners = [px(area.x0, area.y0), px(area.x1, area.y1)];
        self.stroke(&Rectangle::new(corners, self.theme.background.mix(VEIL).filled()))
    }

    pub(super) fn outline(&self, area: Area, color: RGBColor, width: u32) -> anyhow::Result<()> {
        let Area { x0, y0, x1, y1 } = area;
        self.line(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], color, width)
    }

    /// Slanted lines over `area`, so that it can be told from a full one without colour.
    pub(super) fn hatch(&self, area: Area, color: RGBColor, step: f64) -> anyhow::Result<()> {
        let height = area.y1 - area.y0;
        let mut foot = area.x0 - height + step / 2.0;
        while foot < area.x1 {
            let (from, to) = (foot.max(area.x0), (foot + height).min(area.x1));
            if to - from >= 1.0 {
                self.line(
                    &[(from, area.y1 - (from - foot)), (to, area.y1 - (to - foot))],
                    color,
                    2,
                )?;
            }
            foot += step;
        }
        Ok(())
    }

    pub(super) fn line(&self, points: &[(f64, f64)], color: RGBColor, width: u32) -> anyhow::Result<()> {
        let points: Vec<_> = points.iter().map(|&(x, y)| px(x, y)).collect();
        self.stroke(&PathElement::new(points, stroke(color, width)))
    }

    pub(super) fn dashed(&self, points: &[(f64, f64)], color: RGBColor, width: u32, dash: Dash) -> anyhow::Result<()> {
        let (on, off) = match dash {
            Dash::Solid => return self.line(points, color, width),
            Dash::Long => (16, 8),
            Dash::Short => (5, 6),
        };
        let points: Vec<_> = points.iter().map(|&(x, y)| px(x, y)).collect();
        self.stroke(&DashedPathElement::new(points, on, off, stroke(color, width)))
    }

    /// A text that stands for a tag, until the sheet is done.
    pub(super) fn tag(&self, sign: &str) -> anyhow::Result<()> {
        let style = TextStyle::from((font::FAMILY, 1.0).into_font()).color(&self.theme.ink);
        self.area.draw_text(sign, &style, (0, 0)).map_err(drawing)
    }

    /// A point; an open one is filled with the ground, so that lines do not show through.
    pub(super) fn marker(
        &self,
        at: (f64, f64),
        shape: Marker,
        size: f64,
        color: RGBColor,
        open: bool,
    ) -> anyhow::Result<()> {
        let inside = if open { self.theme.background } else { color };
        let ((x, y), width) = (at, if size < 6.0 { 1 } else { 3 });
        if shape == Marker::Circle {
            let radius = size.round() as i32;
            self.stroke(&Circle::new(px(x, y), radius, inside.filled()))?;
            return self.stroke(&Circle::new(px(x, y), radius, stroke(color, width)));
        }
        // Sized to look as large as a circle of that radius.
        let corners = match shape {
            Marker::Circle | Marker::Square => vec![(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Marker::Diamond => vec![(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
            Marker::Up => vec![(0.0, -1.25), (1.15, 0.85), (-1.15, 0.85)],
            Marker::Down => vec![(0.0, 1.25), (1.15, -0.85), (-1.15, -0.85)],
        };
        let mut path: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx * size, y + dy * size)).collect();
        let polygon: Vec<_> = path.iter().map(|&(x, y)| px(x, y)).collect();
        self.stroke(&Polygon::new(polygon, inside.filled()))?;
        // Once around and one side more, so that the first corner is joined as well.
        path.extend_from_within(..2);
        self.line(&path, color, width)
    }

    /// A ring around a point.
    pub(super) fn ring(&self, (x, y): (f64, f64), radius: f64, color: RGBColor) -> anyhow::Result<()> {
        self.stroke(&Circle::new(px(x, y), radius.round() as i32, stroke(color, 3)))
    }

    /// The × at which something ended.
    pub(super) fn cross(&self, at: (f64, f64), size: f64, color: RGBColor) -> anyhow::Result<()> {
        let (x, y) = at;
        // On a wider one in the colour of the ground, so that it stands out from the lines that it lies on.
        for (color, width) in [(self.theme.background, 10), (color, 5)] {
            self.line(&[(x - size, y - size), (x + size, y + size)], color, width)?;
            self.line(&[(x - size, y + size), (x + size, y - size)], color, width)?;
        }
        Ok(())
    }
}
