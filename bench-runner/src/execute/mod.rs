//! Execution: from a plan to rows. Everything that touches processes stands here.

mod around;
pub mod binaries;
mod cell;
mod config;
mod contest;
mod cost;
mod counters;
pub mod cpus;
mod failure;
mod group;
mod launch;
mod listen;
mod probe;
mod revision;
mod row;
mod server;
mod stall;
pub mod verify;
pub(crate) mod wait;

pub use cell::{Bench, run_cell};
pub use contest::{BETWEEN, Broken, Contest, Due, SLICE};
pub use failure::Failure;
pub use launch::launches;
pub use revision::Workshop;
pub(crate) use server::adopt_orphans;
pub use server::{Launch, Server};
