//! Statistics: pure functions from rows to what can be said of them.

pub mod compare;

mod asked;
mod change_points;
mod courses;
mod curve;
pub(crate) mod details;
pub(crate) mod findings;
pub mod gate;
mod judge;
pub(crate) mod limit;
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
pub use details::{Connect, Details, Fairness, Pace, Tail, Tails};
pub use findings::{
    Aim, Choice, Finding, Message, Standing, Topic, choices, clocks_title, connect_title, cpu_title, fairness_title,
    findings, in_one_gib, memory_title, offered_title, others_title, pace_title, ruler_title, scaling_title,
    served_title, tails_title, watched_title,
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
pub use summary::{Estimate, Line, Summary, Suspect, WindowSummary, summarise};
pub(crate) use warnings::size as warning_size;
pub use warnings::warnings;
