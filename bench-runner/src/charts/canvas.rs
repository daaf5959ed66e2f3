//! A sheet of 1920 × 1080 and the few strokes that charts are made of, on top of plotters' SVG backend.
//!
//! Coordinates are pixels from the top left corner, as `f64`, rounded here and nowhere else. Text is placed by its
//! baseline, because the backend's other anchors depend on how a viewer defines `ex`.

use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::font::{self, Weight};
use super::group::{Groups, escaped};
use super::palette::{Dash, Marker};
use super::picture::Picture;
use super::place::Area;
use super::text::{CAP_HEIGHT, Face, tidy};
use super::theme::Theme;

/// Width of every chart in pixels.
pub const WIDTH: u32 = 1920;
/// Height of every chart in pixels.
pub const HEIGHT: u32 = 1080;

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
    pub groups: Groups,
}

/// Makes a picture: an empty sheet, what `draw` puts on it, the font. `name` is what a screen reader says.
pub(super) fn paint(
    theme: &Theme,
    name: &str,
    draw: impl FnOnce(&Canvas<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Picture> {
    font::register()?;
    let name = tidy(name);
    font::require(&name)?;
    let mut svg = String::new();
    let groups = {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        area.fill(&theme.background).map_err(drawing)?;
        let canvas = Canvas {
            area,
            theme,
            groups: Groups::default(),
        };
        draw(&canvas)?;
        canvas.area.present().map_err(drawing)?;
        canvas.groups
    };
    let (svg, said) = groups.finish(&svg);
    let (head, body) = svg
        .split_once(">\n")
        .ok_or_else(|| anyhow!("the SVG backend wrote no document"))?;
    let attributes = head.trim_start_matches("<svg");
    let open = format!("<svg role=\"img\" aria-label=\"{}\"{attributes}>", escaped(&name));
    Ok(Picture {
        svg: format!("{open}\n{}{body}", font::style_element()),
        said,
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

impl Canvas<'_> {
    /// `text` with its baseline at `y`. An error if the font lacks one of its characters.
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
        font::require(&text)?;
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
        self.area
            .draw(&Rectangle::new(corners, color.filled()))
            .map_err(drawing)
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
        self.area
            .draw(&PathElement::new(points, stroke(color, width)))
            .map_err(drawing)
    }

    pub(super) fn dashed(&self, points: &[(f64, f64)], color: RGBColor, width: u32, dash: Dash) -> anyhow::Result<()> {
        let (on, off) = match dash {
            Dash::Solid => return self.line(points, color, width),
            Dash::Long => (16, 8),
            Dash::Short => (5, 6),
        };
        let points: Vec<_> = points.iter().map(|&(x, y)| px(x, y)).collect();
        self.area
            .draw(&DashedPathElement::new(points, on, off, stroke(color, width)))
            .map_err(drawing)
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
            self.area
                .draw(&Circle::new(px(x, y), radius, inside.filled()))
                .map_err(drawing)?;
            return self
                .area
                .draw(&Circle::new(px(x, y), radius, stroke(color, width)))
                .map_err(drawing);
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
        self.area
            .draw(&Polygon::new(polygon, inside.filled()))
            .map_err(drawing)?;
        // Once around and one side more, so that the first corner is joined as well.
        path.extend_from_within(..2);
        self.line(&path, color, width)
    }

    /// A ring around a point.
    pub(super) fn ring(&self, (x, y): (f64, f64), radius: f64, color: RGBColor) -> anyhow::Result<()> {
        self.area
            .draw(&Circle::new(px(x, y), radius.round() as i32, stroke(color, 3)))
            .map_err(drawing)
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
