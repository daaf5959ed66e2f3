//! Waiting that Ctrl-C ends at once.

use std::time::Duration;

use anyhow::{Result, bail};
use loadgen::clock::now_ns;
use loadgen::interrupt;

/// Sleeps until `instant_ns` of CLOCK_MONOTONIC.
///
/// # Errors
/// When the user interrupts.
pub(crate) fn until(instant_ns: u64) -> Result<()> {
    loop {
        if interrupt::requested() {
            bail!("interrupted");
        }
        match instant_ns.saturating_sub(now_ns()) {
            0 => return Ok(()),
            // In slices, so that a signal that arrives just before the sleep is not slept through.
            left => nap(Duration::from_nanos(left.min(200_000_000))),
        }
    }
}

/// One sleep that a signal cuts short; std's own would go on.
pub(crate) fn nap(length: Duration) {
    let spec = nix::sys::time::TimeSpec::from_duration(length);
    // SAFETY: a valid timespec; the remainder is not asked for.
    unsafe { libc::nanosleep(spec.as_ref(), std::ptr::null_mut()) };
}
