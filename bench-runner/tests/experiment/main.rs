//! The program over real servers and real connections, in windows of a fraction of a second: what a run leaves behind,
//! what becomes of servers that do wrong in every way we could think of, and that nothing outlives it. No test asserts
//! a speed.

mod claims;
mod failures;
mod format;
mod gate;
mod hostile;
mod http;
mod judged;
mod languages;
mod life;
mod open;
mod readme;
mod records;
mod redrawn;
mod revisions;
mod stall;
mod support;
mod trend;
mod tutorial;
mod usage;
mod verdicts;
mod warned;
mod work;
