//! Statistics: pure functions from rows to what can be said of them.

mod asked;
mod findings;
mod judge;
mod limit;
mod steady;
mod summary;
mod warnings;

pub use asked::Asked;
pub use findings::{
    Finding, Topic, cpu_title, findings, in_one_gib, memory_title, ruler_title, scaling_title, served_title,
    watched_title,
};
pub use judge::{Evidence, judge};
pub use limit::{ACCEPT_BACKLOG, Clues, Limit, limited_by};
pub use steady::{Trend, trend};
pub use summary::{Estimate, Line, Summary, WindowSummary, summarise};
pub use warnings::{lateness, warnings};
