//! The experiment: plan, run, record, judge, draw.
//!
//! Data flows one way: catalogue and flags → [`plan`] → cells ([`execute`]) → rows ([`record`]) → statistics
//! ([`stats`]) → words ([`words`]) → rendering ([`render`], [`charts`], [`export`]). Rendering reads records only, so
//! that everything can be drawn again without measuring again. No part knows a concurrency model: there is the
//! catalogue, and there are two contracts, the server's and the load generator's.

pub mod catalog;
pub mod charts;
pub mod claims;
pub mod cli;
pub mod commands;
pub mod environment;
pub mod execute;
pub mod export;
pub mod machine;
pub mod plan;
pub mod progress;
pub mod record;
pub mod render;
pub mod stats;
pub mod words;
