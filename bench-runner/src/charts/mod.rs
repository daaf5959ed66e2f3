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

mod axis;
mod canvas;
mod clocks;
mod courses;
mod families;
mod frame;
mod group;
mod lines;
mod offered;
mod others;
mod parts;
mod picture;
mod place;
mod rows;
mod ruler;
mod scale;
mod served;
mod text;
mod watched;
mod watching;

pub use canvas::{HEIGHT, WIDTH};
pub use clocks::Clocks;
pub use courses::{CoursePanel, Courses, Level, MOST_PANELS};
pub use families::Families;
pub use group::Said;
pub use lines::{Bound, Ended, Panel, Point, Series};
pub use offered::Offered;
pub use others::Others;
pub use parts::{Parts, PartsBar, PartsValue};
pub use picture::Picture;
pub use ruler::{Ruler, Step, Time};
pub use served::{Served, ServedBar};
pub use theme::Theme;
pub use watched::Watched;
pub use watching::Watching;

/// A chart's data, which can be drawn.
pub trait Chart {
    /// Draws it.
    ///
    /// # Errors
    /// When there is more than a sheet has room for, a value that has no place on an axis, or a character that the
    /// font lacks.
    fn draw(&self, theme: &Theme) -> anyhow::Result<Picture>;
    /// The finding that it states.
    fn title(&self) -> &str;
}

/// Has the data of a chart drawn by its module.
macro_rules! charts {
    ($($data:ty: $module:ident),* $(,)?) => { $(
        impl Chart for $data {
            fn draw(&self, theme: &Theme) -> anyhow::Result<Picture> {
                $module::draw(self, theme)
            }

            fn title(&self) -> &str {
                &self.title
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
}
