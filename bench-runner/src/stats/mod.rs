//! Statistics: pure functions from rows to what can be said of them.

pub mod compare;

mod asked;
mod change_points;
mod courses;
mod curve;
mod findings;
pub mod gate;
mod judge;
mod limit;
mod others;
mod paired;
mod rank_sum;
mod spectrum;
mod spread;
mod stall;
mod steady;
mod summary;
mod warnings;

pub use asked::Asked;
pub use change_points::{ChangePoint, change_points};
pub use courses::{Course, Group, courses, percent};
pub use curve::RateSummary;
pub use findings::{
    Aim, Choice, Finding, Standing, Topic, choices, clocks_title, cpu_title, findings, in_one_gib, memory_title,
    offered_title, others_title, ruler_title, scaling_title, served_title, watched_title,
};
pub use judge::{Evidence, Open, judge};
pub use limit::{ACCEPT_BACKLOG, Clues, Limit, limited_by};
pub use others::Others;
pub use paired::{Paired, paired};
pub use spectrum::{PER_NINE, spectrum};
pub use spread::{Spread, spread};
pub use stall::Stall;
pub use steady::{Trend, trend};
pub(crate) use summary::median_wait;
pub use summary::{Estimate, Line, Summary, WindowSummary, summarise};
pub use warnings::warnings;
