//! The charts: pictures made to be read from the back of a room.
//!
//! Only drawing happens here. What a chart says (its title, its subtitle, which models, which numbers) is decided by
//! whoever fills in its data; this module decides where it stands and what it looks like ([`Style`]). Every chart states
//! its finding in the title and how it was measured in the subtitle, and labels things where they are instead of in a
//! legend.
//!
//! Nothing is dropped silently: for a character that no embedded font has another sign stands, and the picture tells
//! which ([`Picture::missing`]), text that is too long ends in an ellipsis, and [`check::text_problems`] tells whether any text is cut off, overlapped or not drawn at all.

pub mod check;
pub mod font;
pub mod number;
pub mod palette;
pub mod theme;

mod axis;
mod canvas;
mod clocks;
mod courses;
mod families;
mod frame;
mod group;
mod key;
mod lines;
mod offered;
mod others;
mod outline;
mod parts;
mod percentiles;
mod picture;
mod place;
mod rows;
mod ruler;
mod scale;
mod served;
mod spans;
mod style;
mod text;
mod timeline;
mod watched;
mod watching;

pub use clocks::Clocks;
pub use courses::{CoursePanel, Courses, Level, MOST_PANELS};
pub use families::Families;
pub use group::Said;
pub use lines::{Bound, Ended, Panel, Point, Series};
pub use offered::Offered;
pub use others::Others;
pub use parts::{Parts, PartsBar, PartsValue};
pub use percentiles::Percentiles;
pub use picture::Picture;
pub use ruler::{Ruler, Step, Time};
pub use served::{Served, ServedBar};
pub use spans::{Span, SpanTime, Spans};
pub use style::{Letters, Size, Step as BuildStep, Style};
pub use theme::Theme;
pub use timeline::Timeline;
pub use watched::Watched;
pub use watching::Watching;

/// A chart's data, which can be drawn.
pub trait Chart: Send + Sync {
    /// Draws it.
    ///
    /// # Errors
    /// When there is more than a sheet has room for, or a value that has no place on an axis.
    fn draw(&self, style: &Style) -> anyhow::Result<Picture>;
    /// The finding that it states.
    fn title(&self) -> &str;
    /// What can be shown one after the other, in the order in which it is read: mostly models.
    fn parts(&self) -> Vec<&str>;
}

/// The names of all series, each once.
fn names<'a>(panels: impl IntoIterator<Item = &'a Panel>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for series in panels.into_iter().flat_map(|panel| &panel.series) {
        if !names.contains(&&*series.name) {
            names.push(&*series.name);
        }
    }
    names
}

/// Has the data of a chart drawn by its module.
macro_rules! charts {
    ($($data:ty: $module:ident),* $(,)?) => { $(
        impl Chart for $data {
            fn draw(&self, style: &Style) -> anyhow::Result<Picture> {
                $module::draw(self, style)
            }

            fn title(&self) -> &str {
                &self.title
            }

            fn parts(&self) -> Vec<&str> {
                $module::parts(self)
            }
        }
    )* };
}

charts! {
    Served: served,
    Watched: watched,
    Watching: watching,
    Families: families,
    Offered: offered,
    Others: others,
    Clocks: clocks,
    Parts: parts,
    Ruler: ruler,
    Courses: courses,
    Percentiles: percentiles,
    Timeline: timeline,
    Spans: spans,
}
