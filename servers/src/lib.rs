//! Plumbing that all servers share, so that a server's file holds its concurrency model and nothing else.
//!
//! What is held constant lives here: the flags, the listening socket, the protocols, the buffer size, the policy at
//! a limit, the way to stop and the two lines that a server says about itself (docs/SERVER-CONTRACT.md). What
//! differs, which is who waits for whom and how, stands in `src/bin/*.rs`.

mod connection;
mod contract;
mod counters;
mod flags;
mod http;
pub mod hub;
mod limits;
mod listener;
mod protocol;
mod stop;
mod timers;
mod work;

pub use connection::{Connection, Next};
pub use contract::{Server, main, processors};
pub use counters::{Counted, Reason, shared_flags};
pub use flags::Flags;
pub use limits::Capacity;
pub use listener::{Accept, Listener};
pub use protocol::{Protocol, Service, Session, Step};
pub use stop::{reset_in_child, shut_on_stop, stop, stopping};
pub use timers::Timers;
pub use work::Work;

/// Bytes that a server reads at once, in every model: one page.
///
/// A thread, a process or a task can hold this much by itself 10,000 times over; an event loop needs it once. It is
/// the same everywhere so that the comparison is of models, not of buffer sizes.
pub const BUFFER_BYTES: usize = 4096;
