//! The wall between *when* to send what (a load) and *how* bytes move (an engine).
//!
//! A load reacts to what comes and may send of its own accord; an engine waits, receives and sends. The closed loop
//! over epoll is one pair; an open loop, or an engine over io_uring, stands beside it behind the same two traits.

use std::io;
use std::net::TcpStream;
use std::os::fd::RawFd;

use crate::outcome::Outcome;

/// What an engine asks of a load.
pub(crate) trait Load {
    /// Bytes came on connection `id`. Returns what to send on it now, or `Err` to have it closed.
    fn received(&mut self, id: usize, bytes: &[u8]) -> Result<&[u8], Close>;

    /// Connection `id` ended by itself, in the way that `how` tells.
    fn lost(&mut self, id: usize, how: Outcome);
}

/// The load has no more use for the connection.
#[derive(Debug)]
pub(crate) struct Close;

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
