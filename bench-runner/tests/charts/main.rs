//! The charts: what they look like (snapshots), that all their texts can be read, and that the check of that can fail.
//!
//! `CHARTS_DIR=some/dir cargo test -p bench-runner --test charts` also writes every picture there as SVG and PNG, to be
//! looked at: a snapshot says that a chart has changed, not that it is good.

mod check;
mod clocks;
mod courses;
mod details;
mod families;
mod offered;
mod others;
mod parts;
mod random;
mod reference;
mod ruler;
mod served;
mod styles;
mod support;
mod watched;
mod watching;
