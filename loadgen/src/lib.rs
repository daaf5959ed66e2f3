//! The instrument: opens N concurrent TCP clients against a server and records what became of every one of them.
//!
//! It measures as a client sees: a request is sent, its reply is checked byte for byte, the time between is recorded
//! in a histogram that merges exactly. Whatever does not end in a correct reply is counted in a class of its own
//! ([`Outcome`]). The generator is made of one or more *shards*, processes that speak lines of JSON ([`wire`]) and that
//! a [`Fleet`] drives; `loadgen` by itself and `bench-runner` both go that way.
//!
//! Data flows one way: [`Config`] → connect → load → [`wire::Window`]s of the shards → [`Measurement`].

// Elsewhere there are only the types of records, for whoever reads them; of these, the part that only the generator
// uses lies idle there.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

#[cfg(target_os = "linux")]
mod account;
#[cfg(target_os = "linux")]
pub mod ask;
#[cfg(target_os = "linux")]
mod attempts;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod client;
pub mod clock;
#[cfg(target_os = "linux")]
mod closed;
mod config;
#[cfg(target_os = "linux")]
mod connect;
#[cfg(target_os = "linux")]
mod dialogue;
mod ending;
#[cfg(target_os = "linux")]
mod engine;
#[cfg(target_os = "linux")]
mod epoll;
mod exchange;
#[cfg(target_os = "linux")]
mod fleet;
#[cfg(target_os = "linux")]
mod foreign;
mod histogram;
pub mod http;
pub mod interrupt;
mod knee;
#[cfg(target_os = "linux")]
mod lines;
mod measurement;
#[cfg(target_os = "linux")]
mod open;
mod outcome;
mod payload;
mod schedule;
mod series;
#[cfg(target_os = "linux")]
mod shard;
pub mod units;
pub mod wire;

#[cfg(target_os = "linux")]
pub use child::{die_with_parent, pin};
pub use config::{Config, DEEPEST_PIPELINE, MOST_CONNS, MOST_REQUESTS_PER_CONN, Protocol, RAREST_SLOW};
pub use ending::Ending;
pub use exchange::{Bytes, Exchange, Expected, ExpectedHttp};
#[cfg(target_os = "linux")]
pub use fleet::{Connected, Fleet, shards_needed};
pub use histogram::{Histogram, Quantiles};
pub use knee::{KEEPS_UP, Load, knee};
#[cfg(target_os = "linux")]
pub use lines::{Lines, Read};
pub use measurement::{Generator, LittlesLaw, Measurement};
pub use outcome::{Outcome, Outcomes};
pub use payload::{LARGEST_MESSAGE, Payload, SMALLEST_REPLY, SMALLEST_REQUEST};
pub use schedule::Arrivals;
pub use series::Series;
#[cfg(target_os = "linux")]
pub use shard::main as shard_main;
