//! Chart 1: asked, connected, refused, served. Where does each model break, and what stopped it?
//!
//! One bar a model, in the order given, on a *linear* axis from 0 to what was asked for: the lengths are parts of one
//! total, and on a logarithmic axis a model that serves a tenth would look as if it served most.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, paint};
use super::frame::frame;
use super::key::Key;
use super::number::thousands;
use super::picture::Picture;
use super::place::Area;
use super::rows::Rows;
use super::scale::{Scale, count_ticks};
use super::style::Style;
use super::text::{Face, bold, regular};
use crate::words::{Lang, charts as words};

/// What chart 1 shows.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// Connections that were asked of each model.
    pub asked: u64,
    /// One bar a model, from top to bottom.
    pub bars: Vec<ServedBar>,
}

/// One model in chart 1.
#[derive(Clone, Debug, Default)]
pub struct ServedBar {
    /// The model's name.
    pub name: String,
    /// Connections whose handshake was done; served and refused ones are among them.
    pub connected: u64,
    /// Connections that got at least one correct reply.
    pub served: u64,
    /// Connections that the server closed without ever a reply.
    pub refused: u64,
    /// What kept it from serving all ("FD_SETSIZE").
    pub stopped_by: Option<String>,
    /// Why there is no result, or no more of one, if something went wrong.
    pub failed: Option<String>,
}

impl ServedBar {
    /// Connected, not refused, and never served.
    fn starved(&self) -> u64 {
        self.connected.saturating_sub(self.served + self.refused)
    }

    /// The length of what is drawn.
    fn length(&self) -> u64 {
        self.connected.max(self.served + self.refused)
    }
}

/// The widest that the column of names gets, in pixels.
const NAMES: f64 = 400.0;
/// Between a bar and its label.
const GAP: f64 = 16.0;
/// What happened to one connection in ten thousand is still seen.
const SLIVER: f64 = 3.0;

pub(super) fn parts(data: &Served) -> Vec<&str> {
    data.bars.iter().map(|bar| &*bar.name).collect()
}

pub(super) fn draw(data: &Served, style: &Style) -> anyhow::Result<Picture> {
    paint(style, &data.title, |canvas| {
        let plot = frame(canvas, &data.title, &data.subtitle, &data.footer)?;
        if data.bars.is_empty() {
            let (x, y) = ((plot.x0 + plot.x1) / 2.0, (plot.y0 + plot.y1) / 2.0);
            return canvas.label(
                bold(36.0),
                canvas.theme.quiet,
                Align::Middle,
                x,
                y,
                words::no_model(canvas.lang),
            );
        }
        let layout = Layout::new(data, plot, canvas.lang)?;
        layout.key(canvas)?;
        layout.axis(canvas, data.asked)?;
        for (i, bar) in data.bars.iter().enumerate() {
            let says = Label::of(bar, data.asked, 1.0, canvas.lang).says(&bar.name);
            canvas.group(Some(&bar.name), Some(&says), || layout.bar(canvas, data.asked, bar, i))?;
        }
        Ok(())
    })
}

/// Where things stand.
struct Layout {
    rows: Rows,
    scale: Scale,
    key: Key,
}

impl Layout {
    fn new(data: &Served, plot: Area, lang: Lang) -> anyhow::Result<Self> {
        let key = Key::new(&words::shades(lang), 40.0, plot.width());
        let room = Area {
            y0: plot.y0 + 56.0 + key.more(),
            y1: plot.y1 - 62.0,
            ..plot
        };
        let rows = Rows::new(room, data.bars.iter().map(|bar| &*bar.name), NAMES)?;
        let total = data
            .bars
            .iter()
            .map(ServedBar::length)
            .fold(data.asked.max(1), u64::max) as f64;

        // The bars take the width at which every label still fits behind its bar; a long reason is cut instead.
        let full = rows.field.width();
        let width = data
            .bars
            .iter()
            .map(|bar| {
                let part = bar.length() as f64 / total;
                let wish = full - GAP - SLIVER - Label::of(bar, data.asked, rows.px, lang).room();
                if part > 0.0 { wish / part } else { full }
            })
            .fold(full - 60.0, f64::min)
            .max(full * 0.4);
        let scale = Scale::linear((0.0, total), (rows.field.x0, rows.field.x0 + width));
        Ok(Self { rows, scale, key })
    }

    /// What the shades mean, in no model's colour.
    fn key(&self, canvas: &Canvas<'_>) -> anyhow::Result<()> {
        let (field, color) = (self.rows.field, canvas.theme.quiet);
        self.key.draw(canvas, field, field.y0 - 44.0, &|shade, sample| {
            canvas.fill(sample, canvas.theme.track)?;
            match shade {
                0 => canvas.fill(sample, color),
                1 => starved(canvas, sample, color),
                2 => refused(canvas, sample, color),
                _ => Ok(()),
            }
        })
    }

    fn axis(&self, canvas: &Canvas<'_>, asked: u64) -> anyhow::Result<()> {
        let (theme, face, field) = (canvas.theme, regular(26.0), self.rows.field);
        let ticks = count_ticks(asked);
        let mut free = f64::INFINITY;
        // From the right, because the total must be there and the others only where there is room.
        for &tick in ticks.iter().rev() {
            let x = self.scale.at(tick as f64);
            // Not beside the tracks but between them: labels run across the end of a track.
            let top = if tick == asked { field.y1 } else { field.y0 };
            canvas.line(&[(x, top), (x, field.y1 + 10.0)], theme.grid, 2)?;
            let words = if tick == asked {
                words::asked(&thousands(tick), canvas.lang)
            } else {
                thousands(tick)
            };
            let half = face.width(&words) / 2.0;
            let x = x.min(field.x1 - half);
            if x + half + GAP < free {
                let color = if tick == asked { theme.ink } else { theme.quiet };
                canvas.text(face, color, Align::Middle, x, field.y1 + 40.0, &words)?;
                free = x - half;
            }
        }
        Ok(())
    }

    fn bar(&self, canvas: &Canvas<'_>, asked: u64, bar: &ServedBar, row: usize) -> anyhow::Result<()> {
        let (theme, rows) = (canvas.theme, &self.rows);
        let (field, y, half) = (rows.field, rows.y(row), rows.half());
        let span = |x0: f64, x1: f64| Area {
            x0,
            y0: y - half,
            x1,
            y1: y + half,
        };
        let color = canvas.color_of(&bar.name);

        rows.name(canvas, row, &bar.name, &bar.name)?;
        canvas.fill(span(field.x0, self.scale.at(asked as f64)), theme.track)?;
        let sliver = |n: u64, from: u64| if n > from { SLIVER } else { 0.0 };
        let served = self.scale.at(bar.served as f64).max(field.x0 + sliver(bar.served, 0));
        let after = |from: f64, upto: u64, n: u64| self.scale.at(upto as f64).max(from + sliver(n, 0));
        let waiting = after(served, bar.served + bar.starved(), bar.starved());
        let connected = after(waiting, bar.length(), bar.refused);
        if waiting > served {
            starved(canvas, span(served, waiting), color)?;
        }
        if connected > waiting {
            refused(canvas, span(waiting, connected), color)?;
        }
        if bar.served > 0 {
            canvas.fill(span(field.x0, served), color)?;
        }

        let x = connected + if connected > field.x0 { GAP * 0.75 } else { GAP };
        Label::of(bar, asked, rows.px, canvas.lang).draw(canvas, canvas.ink_of(&bar.name), x, y, field.x1)
    }
}

/// The shade of connections that the kernel made and nobody served.
fn starved(canvas: &Canvas<'_>, area: Area, color: RGBColor) -> anyhow::Result<()> {
    canvas.fill(area, canvas.theme.tint(color, 0.22))?;
    canvas.hatch(area, color, 14.0)?;
    canvas.outline(area, color, 2)
}

/// The shade of connections that the server took and closed at once: they were there, and it is over.
fn refused(canvas: &Canvas<'_>, area: Area, color: RGBColor) -> anyhow::Result<()> {
    canvas.fill(area, canvas.theme.tint(color, 0.10))?;
    canvas.outline(area, color, 2)
}

/// What stands at the end of a bar: the numbers, and why there are no more of them.
struct Label {
    numbers: String,
    reason: String,
    failed: bool,
    px: f64,
}

impl Label {
    fn of(bar: &ServedBar, asked: u64, px: f64, lang: Lang) -> Self {
        let plain = bar.served >= asked && bar.failed.is_none() && bar.length() <= bar.served;
        let some = |n: u64| (n > 0).then(|| thousands(n));
        let (starved, refused) = (some(bar.starved()), some(bar.refused));
        let numbers = if bar.failed.is_some() && bar.length() == 0 {
            String::new()
        } else {
            let served = thousands(bar.served);
            words::connections(&served, starved.as_deref(), refused.as_deref(), plain, lang)
        };
        let reason = match (&bar.failed, &bar.stopped_by) {
            (Some(why), _) => format!("✗ {why}"),
            (None, Some(what)) => format!("— {what}"),
            (None, None) => String::new(),
        };
        Self {
            numbers,
            reason,
            failed: bar.failed.is_some(),
            px,
        }
    }

    /// What a bar says.
    fn says(&self, name: &str) -> String {
        let parts = [name, &*self.numbers, self.reason.trim_start_matches("— ")];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    }

    fn faces(&self) -> (Face, Face) {
        (
            bold(self.px),
            if self.failed { bold(self.px) } else { regular(self.px) },
        )
    }

    /// Between the numbers and the reason.
    fn space(&self) -> f64 {
        if self.numbers.is_empty() || self.reason.is_empty() {
            0.0
        } else {
            self.px * 0.4
        }
    }

    /// The room that bars leave to it: all that the numbers need, and enough of the reason to recognise it by.
    fn room(&self) -> f64 {
        let (strong, plain) = self.faces();
        strong.width(&self.numbers) + self.space() + plain.width(&self.reason).min(9.0 * self.px)
    }

    /// Draws what fits from `x` to `right`, the numbers first.
    fn draw(&self, canvas: &Canvas<'_>, ink: RGBColor, x: f64, y: f64, right: f64) -> anyhow::Result<()> {
        let theme = canvas.theme;
        let (strong, plain) = self.faces();
        let numbers = strong.fit(&self.numbers, right - x);
        canvas.label(strong, ink, Align::Left, x, y, &numbers)?;
        let x = x + strong.width(&numbers) + self.space();
        let color = if self.failed { theme.failure } else { theme.quiet };
        canvas.label(plain, color, Align::Left, x, y, &plain.fit(&self.reason, right - x))
    }
}
