//! Statistics: pure functions from rows to what can be said of them.

mod asked;
mod curve;
mod findings;
mod judge;
mod limit;
mod others;
mod spectrum;
mod spread;
mod stall;
mod steady;
mod summary;
mod warnings;

pub use asked::Asked;
pub use curve::RateSummary;
pub use findings::{
    Aim, Choice, Finding, Standing, Topic, choices, clocks_title, cpu_title, findings, in_one_gib, memory_title,
    offered_title, others_title, ruler_title, scaling_title, served_title, watched_title,
};
pub use judge::{Evidence, Open, judge};
pub use limit::{ACCEPT_BACKLOG, Clues, Limit, limited_by};
pub use others::Others;
pub use spectrum::{PER_NINE, spectrum};
pub use spread::{Spread, spread};
pub use stall::Stall;
pub use steady::{Trend, trend};
pub use summary::{Estimate, Line, Summary, WindowSummary, summarise};
pub use warnings::warnings;
