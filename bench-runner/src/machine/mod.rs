//! What this machine can and cannot do for a plan, and what to change.
//!
//! [`examine`] is a pure function of a captured [`Environment`] and a [`Wish`], so every topic can be tested from a
//! machine that does not exist. One file per group of topics; a topic says one thing or nothing. What the machine does
//! not tell gives no advice: a guess would be worse than silence.

mod advice;
mod capacity;
mod connections;
mod descriptors;
mod format;
mod io_uring;
mod memory;
mod processors;
mod quiet;
mod raise;
mod render;
mod system;
mod tasks;
mod wish;

#[cfg(test)]
mod tests;

pub use advice::{Advice, Severity};
pub use capacity::{Ceiling, ceiling};
pub use raise::{Raised, raise_soft_limits};
pub use render::{render_doctor, verdict};
pub use wish::{Model, PerConnection, Wish};

use crate::environment::Environment;

/// One topic: what there is to say about it, if anything.
type Topic = fn(&Environment, &Wish) -> Option<Advice>;

/// In the order in which they are shown within one severity: what caps a run, then what falsifies it, then notes.
const TOPICS: &[Topic] = &[
    descriptors::per_process,
    descriptors::whole_machine,
    tasks::user_limit,
    tasks::threads_max,
    tasks::pid_max,
    tasks::control_group,
    memory::enough,
    memory::mappings,
    memory::promised,
    memory::address_space,
    memory::sockets,
    io_uring::usable,
    connections::accept_queue,
    connections::half_open,
    connections::cookies,
    connections::abort_on_overflow,
    connections::tracked,
    connections::ports,
    system::debug_build,
    system::binaries,
    system::counters,
    processors::count,
    processors::placement,
    processors::shared_core,
    processors::quota,
    processors::governor,
    processors::clock,
    quiet::virtual_machine,
    quiet::steal,
    quiet::jitter,
    quiet::busy,
    quiet::swap,
    quiet::huge_pages,
    system::untold,
];

/// Everything worth saying about this machine before it is asked for this, worst first.
pub fn examine(env: &Environment, wish: &Wish) -> Vec<Advice> {
    if let Some(advice) = system::other_system(env) {
        // Every other topic is about Linux.
        return vec![advice];
    }
    let mut advice: Vec<Advice> = TOPICS.iter().filter_map(|topic| topic(env, wish)).collect();
    advice.sort_by_key(|advice| std::cmp::Reverse(advice.severity));
    advice
}
