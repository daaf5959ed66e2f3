//! The experiment: plan, run, record, judge, draw.
//!
//! Data flows one way: catalogue and flags → [`plan`] → cells ([`execute`]) → rows ([`record`]) → statistics
//! ([`stats`]) → words ([`words`]) → rendering ([`render`], [`charts`], [`export`]). Rendering reads records only, so
//! that everything can be drawn again without measuring again. No part knows a concurrency model: there is the
//! catalogue, and there are two contracts, the server's and the load generator's.

// Elsewhere there is only what reads records; of what is shared, the part that only measuring uses lies idle there.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

pub mod catalog;
pub mod charts;
pub mod claims;
pub mod cli;
pub mod commands;
pub mod environment;
#[cfg(target_os = "linux")]
pub mod execute;
pub mod export;
pub mod machine;
pub mod plan;
pub mod progress;
pub mod record;
pub mod render;
pub mod stats;
pub mod words;
