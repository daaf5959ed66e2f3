//! A server that is held for a moment: what clients do meanwhile reaches it all at once, however busy the machine is.

use std::time::Duration;

use nix::sys::signal::{Signal, killpg};

use super::client::comes_true;
use crate::execute::probe::Tree;
use crate::execute::server::Server;

/// Time that all its threads have to stop.
const TO_HALT: Duration = Duration::from_secs(2);

/// A server all of whose processes are stopped. They go on when this is dropped.
pub(crate) struct Halt<'a>(&'a Server);

impl<'a> Halt<'a> {
    /// Stops all of them; `None` where they cannot be stopped, as those that have left their process group.
    pub(crate) fn of(server: &'a Server) -> Option<Self> {
        killpg(server.group(), Signal::SIGSTOP).ok()?;
        let halt = Self(server);
        comes_true(TO_HALT, || Tree::of(server.pid()).is_stopped()).then_some(halt)
    }
}

impl Drop for Halt<'_> {
    fn drop(&mut self) {
        let _ = killpg(self.0.group(), Signal::SIGCONT);
    }
}
