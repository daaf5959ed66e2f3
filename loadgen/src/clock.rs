//! CLOCK_MONOTONIC in nanoseconds: one clock for all processes of a run, so that a window means the same to each.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds of CLOCK_MONOTONIC.
#[inline]
#[must_use]
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Linux has CLOCK_MONOTONIC");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}

/// Something that tells the time: the machine, or a test.
pub(crate) trait Clock {
    /// Nanoseconds.
    fn now_ns(&self) -> u64;
}

/// CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Monotonic;

impl Clock for Monotonic {
    #[inline]
    fn now_ns(&self) -> u64 {
        now_ns()
    }
}

/// A duration in whole nanoseconds, at most 584 years.
#[must_use]
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
