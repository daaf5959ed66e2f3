//! The statistics of the regression gate: from the paired data of head and base to a verdict for each metric.
//!
//! Pure functions; those that draw take a seed. docs/STATISTICS.md has every formula with its source, and what they do to
//! campaigns whose truth is known.
//!
//! They rest on one thing that the campaign has to do: **which of head and base is in the first slot of a pair is a coin
//! toss**. Where head and base are the same, a pair's datum is then the difference of its slots with a random sign, and
//! the sign-flip test compares the mean with what the other tosses would have made of the same noise. It is exact
//! whatever that noise is (R. A. Fisher, *The Design of Experiments*, 1935, § 21): not normal, not independent from pair
//! to pair, not even alike in the two slots.

mod confirm;
mod hodges_lehmann;
mod holm;
mod judge;
mod metric;
mod paired;
mod power;
mod rate;
mod rule;
mod sign_flip;

pub use confirm::{Final, confirmed};
pub use hodges_lehmann::{Interval, hodges_lehmann, signed_rank_interval};
pub use holm::holm;
pub use judge::{Bad, Judged, POWER, judge, judge_each};
pub use metric::{lacks, paired, typical};
pub use paired::{Worse, log_ratio};
pub use power::visible_effect;
pub use rate::rate_bound;
pub use rule::{Rule, Verdict};
pub use sign_flip::{DRAWS, EXACT, least_p, sign_flip_p};
