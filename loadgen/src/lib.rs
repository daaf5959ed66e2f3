//! The instrument: opens N concurrent TCP clients against a server and records what became of every one of them.
//!
//! It measures as a client sees: a request is sent, its reply is checked byte for byte, the time between is recorded
//! in a histogram that merges exactly. Whatever does not end in a correct reply is counted in a class of its own
//! ([`Outcome`]). The generator is made of one or more *shards*, processes that speak lines of JSON ([`wire`]) and that
//! a [`Fleet`] drives; `loadgen` by itself and `bench-runner` both go that way.
//!
//! Data flows one way: [`Config`] → connect → load → [`wire::Window`]s of the shards → [`Measurement`].

mod account;
pub mod ask;
mod attempts;
mod child;
mod client;
pub mod clock;
mod closed;
mod config;
mod connect;
mod dialogue;
mod ending;
mod engine;
mod epoll;
mod exchange;
mod fleet;
mod foreign;
mod histogram;
pub mod http;
pub mod interrupt;
mod knee;
mod lines;
mod measurement;
mod open;
mod outcome;
mod payload;
mod schedule;
mod series;
mod shard;
pub mod units;
pub mod wire;

pub use child::{die_with_parent, pin};
pub use config::{Config, DEEPEST_PIPELINE, MOST_CONNS, MOST_REQUESTS_PER_CONN, Protocol, RAREST_SLOW};
pub use ending::Ending;
pub use exchange::{Bytes, Exchange, Expected, ExpectedHttp};
pub use fleet::{Connected, Fleet, shards_needed};
pub use histogram::{Histogram, Quantiles};
pub use knee::{KEEPS_UP, Load, knee};
pub use lines::{Lines, Read};
pub use measurement::{Generator, LittlesLaw, Measurement};
pub use outcome::{Outcome, Outcomes};
pub use payload::{LARGEST_MESSAGE, Payload, SMALLEST_REPLY, SMALLEST_REQUEST};
pub use schedule::Arrivals;
pub use series::Series;
pub use shard::main as shard_main;
