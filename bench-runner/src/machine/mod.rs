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
#[cfg(target_os = "linux")]
mod raise;
mod render;
mod system;
mod tasks;
mod wish;

#[cfg(test)]
mod tests;

pub use advice::{Advice, Severity};
pub use capacity::{Ceiling, ceiling};
pub(crate) use format::cpus;
pub(crate) use quiet::{STEAL, STEAL_REMEDY};
#[cfg(target_os = "linux")]
pub use raise::{Raised, raise_soft_limits};
pub use render::{render_doctor, verdict};
pub use wish::{Model, PerConnection, Wish};

use crate::environment::Environment;

/// One topic: what there is to say about it, if anything.
type Topic = fn(&Environment, &Wish) -> Option<Advice>;

/// Each with the name of its kind, under which records keep it. In the order in which they are shown within one severity: what caps a run, then what falsifies it, then notes.
const TOPICS: &[(&str, Topic)] = &[
    ("descriptors", descriptors::per_process),
    ("files-of-the-machine", descriptors::whole_machine),
    ("user-tasks", tasks::user_limit),
    ("threads-max", tasks::threads_max),
    ("pid-max", tasks::pid_max),
    ("group-tasks", tasks::control_group),
    ("memory", memory::enough),
    ("memory-mappings", memory::mappings),
    ("memory-promised", memory::promised),
    ("address-space", memory::address_space),
    ("socket-memory", memory::sockets),
    ("io-uring", io_uring::usable),
    ("accept-queue", connections::accept_queue),
    ("half-open-connections", connections::half_open),
    ("syn-cookies", connections::cookies),
    ("abort-on-overflow", connections::abort_on_overflow),
    ("connection-tracking", connections::tracked),
    ("client-ports", connections::ports),
    ("debug-build", system::debug_build),
    ("dirty-tree", system::dirty_tree),
    ("debug-servers", system::binaries),
    ("perf-counters", system::counters),
    ("cpus", processors::count),
    ("placement", processors::placement),
    ("shared-core", processors::shared_core),
    ("cpu-quota", processors::quota),
    ("governor", processors::governor),
    ("clock-source", processors::clock),
    ("virtual-machine", quiet::virtual_machine),
    ("steal", quiet::steal),
    ("interruptions", quiet::jitter),
    ("busy-machine", quiet::busy),
    ("swap", quiet::swap),
    ("huge-pages", quiet::huge_pages),
    ("unknown-limits", system::untold),
];

/// Everything worth saying about this machine before it is asked for this, worst first.
pub fn examine(env: &Environment, wish: &Wish) -> Vec<Advice> {
    if let Some(advice) = system::other_system(env) {
        // Every other topic is about Linux.
        return vec![advice.of_kind("operating-system")];
    }
    let mut advice: Vec<Advice> = TOPICS
        .iter()
        .filter_map(|(kind, topic)| Some(topic(env, wish)?.of_kind(kind)))
        .collect();
    advice.sort_by_key(|advice| std::cmp::Reverse(advice.severity));
    advice
}
