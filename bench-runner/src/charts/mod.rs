//! The charts: pictures made to be read from the back of a room.
//!
//! Only drawing happens here. What a chart says (its title, its subtitle, which models, which numbers) is decided by
//! whoever fills in its data; this module decides where it stands and what it looks like. Every chart is 1920 × 1080,
//! states its finding in the title and how it was measured in the subtitle, and labels things where they are instead
//! of in a legend.
//!
//! Nothing is dropped silently: a character that the embedded font lacks is an error, text that is too long ends in an
//! ellipsis, and [`check::text_problems`] tells whether any text is cut off, overlapped or not drawn at all.

pub mod check;
pub mod font;
pub mod number;
pub mod palette;
pub mod theme;

mod canvas;
mod frame;
mod picture;
mod place;
mod scale;
mod served;
mod text;
mod watched;

pub use canvas::{HEIGHT, WIDTH};
pub use picture::Picture;
pub use served::{Served, ServedBar};
pub use theme::Theme;
pub use watched::{Ended, Panel, Point, Series, Watched};

/// Draws "asked, connected, served": one bar a model, out of the connections that were asked for.
pub fn served(data: &Served) -> anyhow::Result<Picture> {
    served_in(data, &theme::LIGHT)
}

/// [`served()`] in another theme.
pub fn served_in(data: &Served, theme: &Theme) -> anyhow::Result<Picture> {
    served::draw(data, theme)
}

/// Draws "throughput against connections watched": two panels on one logarithmic axis of requests per second.
pub fn watched(data: &Watched) -> anyhow::Result<Picture> {
    watched_in(data, &theme::LIGHT)
}

/// [`watched()`] in another theme.
pub fn watched_in(data: &Watched, theme: &Theme) -> anyhow::Result<Picture> {
    watched::draw(data, theme)
}
