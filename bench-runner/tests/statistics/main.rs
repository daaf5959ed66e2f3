//! The statistics of the regression gate against campaigns whose truth is known: how often they raise a false alarm under
//! noise of six kinds, how often they find a difference that is there, and what must not matter to them. All seeds are
//! stated, so that a count is the same on every run.
//!
//! The tables of docs/STATISTICS.md are computed here. `STATISTICS_WRITE=1 cargo test -p bench-runner --test statistics`
//! writes them there; without it a table that differs fails.

mod alarms;
mod docs;
mod metamorphic;
mod noise;
mod power;
mod real;
mod rivals;
mod visible;
