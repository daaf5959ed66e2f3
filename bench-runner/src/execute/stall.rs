//! A stop in the middle of a window: what a long collection of garbage, a page that must come from disk, or a busy
//! neighbour does to a server.

use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::probe::Tree;
use super::wait;

/// Stops all processes of the tree from `from_ns` (CLOCK_MONOTONIC) on for `length_ns`.
///
/// # Errors
/// When the user interrupts; nothing is left stopped then.
pub(super) fn stall(tree: &Tree, from_ns: u64, length_ns: u64) -> Result<()> {
    wait::until(from_ns)?;
    let stopped = Stopped::now(tree);
    let waited = wait::until(from_ns + length_ns);
    drop(stopped);
    waited
}

/// Processes that are stopped for as long as this is there.
pub(super) struct Stopped<'a>(&'a Tree);

impl<'a> Stopped<'a> {
    /// Stops all processes of the tree.
    pub(super) fn now(tree: &'a Tree) -> Self {
        send(tree.pids().iter(), Signal::SIGSTOP);
        Self(tree)
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        // Children first: a parent that goes on earlier would find them stopped.
        send(self.0.pids().iter().rev(), Signal::SIGCONT);
    }
}

/// One that has ended meanwhile is no error here: whoever looks after the server sees that.
fn send<'a>(pids: impl Iterator<Item = &'a i32>, signal: Signal) {
    for &pid in pids {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}
