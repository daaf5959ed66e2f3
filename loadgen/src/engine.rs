//! The wall between *when* to send what (a load) and *how* bytes move (an engine).
//!
//! A load reacts to what comes and may send of its own accord; an engine waits, receives and sends. The closed loop
//! and the open loop are loads; a shard drives either of them over an engine.

use std::io;
use std::net::TcpStream;
use std::os::fd::RawFd;

use crate::attempts::Attempts;
use crate::client::{Client, State, Tally};
use crate::histogram::Histogram;
use crate::outcome::{Outcome, Outcomes};
use crate::wire::Window;

/// What an engine asks of a load.
pub(crate) trait Load {
    /// Bytes came on connection `id`. Returns what to send on it now, or `Err` to have it closed.
    fn received(&mut self, id: usize, bytes: &[u8]) -> Result<&[u8], Close>;

    /// Connection `id` ended by itself, in the way that `how` tells.
    fn lost(&mut self, id: usize, how: Outcome);
}

/// The load has no more use for the connection.
#[derive(Debug)]
pub(crate) enum Close {
    /// It is closed as its socket is set up to be.
    AsSetUp,
    /// It is closed in order, even if its socket is set up to be reset: the server has done nothing wrong.
    InOrder,
}

/// What a load asks of an engine.
pub(crate) trait Engine {
    /// Takes over an established connection.
    fn add(&mut self, id: usize, socket: TcpStream) -> io::Result<()>;

    /// Has [`Engine::turn`] also return when `fd` is readable.
    fn watch(&mut self, fd: RawFd) -> io::Result<()>;

    /// Waits until something happens or `until_ns` has come, and tells `load` of all that did.
    /// True when a watched descriptor is readable.
    fn turn(&mut self, until_ns: u64, load: &mut impl Load) -> io::Result<bool>;

    /// Sends `bytes` on connection `id`, as far as it takes them now and the rest as soon as it does.
    fn send(&mut self, id: usize, bytes: &[u8]) -> Result<(), Outcome>;

    /// Closes connection `id`.
    fn close(&mut self, id: usize);
}

/// What a shard asks of the clients that it drives, however their requests are paced.
pub(crate) trait Clients: Load {
    /// Client `i` is connected since its attempt at `began_ns` succeeded: it says hello with one request.
    fn greet(&mut self, i: usize, began_ns: u64, engine: &mut impl Engine);

    /// Every client for which `active` holds sends from now on; in an open loop all of them together at `rate_per_s`.
    fn begin(&mut self, active: impl Fn(u64) -> bool, rate_per_s: Option<f64>, engine: &mut impl Engine);

    /// Whether every client that can be has been answered since.
    fn is_steady(&self) -> bool;

    /// When a client was last served that had not been before, or was last asked for the first time.
    fn progress_ns(&self) -> u64;

    /// Connecting begins at `now`.
    fn restart_progress(&mut self, now: u64);

    /// Records what completes from `start_ns` until `end_ns`, from zero.
    fn open_window(&mut self, start_ns: u64, end_ns: u64);

    /// Records nothing any more, and counts what is due as unfinished.
    fn close_window(&mut self);

    /// Ends all sending; what is under way may still be answered.
    fn rest(&mut self);

    /// All of them.
    fn all(&self) -> &[Client];

    /// Replies that served clients still wait for.
    fn outstanding(&self) -> u64 {
        let served = self.all().iter().filter(|client| client.state == State::Served);
        served.map(|client| u64::from(client.under_way())).sum()
    }

    /// Established clients without a reply so far.
    fn silent(&self) -> u64 {
        let silent = self.all().iter().filter(|client| client.state == State::Silent);
        silent.count() as u64
    }

    /// Counts over all clients for which `active` holds.
    fn tally(&self, active: impl Fn(u64) -> bool) -> Tally {
        Tally::of(self.all().iter().filter(|client| active(u64::from(client.id))))
    }

    /// When [`Clients::tick`] wants to be called next.
    fn next_tick_ns(&self) -> u64;

    /// Does what is due by the clock and not by a reply.
    fn tick(&mut self, now: u64, engine: &mut impl Engine);

    /// What has ended since the last call. Every failure is told once, whenever it came.
    fn take_outcomes(&mut self) -> Outcomes;

    /// From the start of a connection to its first reply.
    fn first_replies(&self) -> &Histogram;

    /// Writes its times into what is said of the window.
    fn report(&self, window: &mut Window);

    /// When [`Clients::reconnect`] has something to do.
    fn next_connect_ns(&self) -> u64 {
        u64::MAX
    }

    /// Opens the connections that clients want after their first ones.
    fn reconnect(&mut self, _attempts: &mut Attempts, _engine: &mut impl Engine) -> io::Result<()> {
        Ok(())
    }
}
