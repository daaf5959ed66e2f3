//! The engine over epoll, level-triggered: one receive and one send a reply.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::SockRef;

use crate::clock::now_ns;
use crate::config::Config;
use crate::engine::{Close, Engine, Load};
use crate::outcome::Outcome;

/// As many events as a wait can usefully bring; more would only age in our hands while they wait for their turn.
const EVENTS: usize = 1024;
const RECEIVE_BYTES: usize = 64 * 1024;
/// Watched descriptors are told from connections by their user data.
const WATCHED: u64 = u64::MAX;
const BOTH_WAYS: EpollFlags = EpollFlags::EPOLLIN.union(EpollFlags::EPOLLOUT);

/// Sockets and the epoll instance that watches them.
pub(crate) struct EpollEngine {
    epoll: Epoll,
    connections: Vec<Option<Connection>>,
    events: Vec<EpollEvent>,
    buffer: Vec<u8>,
    waiting: Waiting,
}

/// How an engine waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// Polls without sleeping.
    pub(crate) spin: bool,
    /// Waits end on time, not only to the millisecond.
    pub(crate) on_time: bool,
    /// For so long before the instant at which a wait is to end it is not slept any more: waking takes time.
    early_ns: u64,
    /// Events handled between two looks at the clock.
    batch: usize,
}

impl Waiting {
    /// As it suits the load of `config`.
    pub(crate) fn of(config: &Config) -> Self {
        let open = config.arrivals.is_some();
        Self {
            spin: config.spin,
            on_time: open || config.think_ns > 0,
            early_ns: if open { EARLY_NS } else { 0 },
            // What is due waits for as many replies at the most.
            batch: if open { 16 } else { EVENTS },
        }
    }
}

/// Waking up from a sleep takes about as long on a virtual machine.
const EARLY_NS: u64 = 60_000;

/// What the kernel takes whatever the word size, which libc's `timespec` is not.
#[repr(C)]
struct KernelTimespec {
    tv_sec: i64,
    tv_nsec: i64,
}

struct Connection {
    socket: TcpStream,
    /// What the socket had no room for; while there is any, writability is watched too.
    unsent: Vec<u8>,
    /// Set when nothing can be sent any more, because the server has reset the connection. What it had said before may
    /// be there to be read, and that may be that the connection ends.
    broken: Option<Outcome>,
}

impl Connection {
    /// Nothing was sent, and `how` is why.
    #[cold]
    fn broke(&mut self, how: Outcome) -> Result<bool, Outcome> {
        if how != Outcome::Reset {
            return Err(how);
        }
        self.unsent.clear();
        self.broken = Some(how);
        Ok(false)
    }

    /// Reading came to an end with `how`.
    fn end(&self, how: Outcome) -> Option<Outcome> {
        Some(self.broken.unwrap_or(how))
    }

    /// Sends `bytes`, or keeps what the socket does not take; true when it has just begun to keep something.
    // Always: the optimiser gives it a frame of its own else, which every reply pays for.
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) -> Result<bool, Outcome> {
        if bytes.is_empty() {
            return Ok(false);
        }
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(false);
        }
        let sent = match self.socket.write(bytes) {
            Ok(sent) if sent == bytes.len() => return Ok(false),
            Ok(sent) => sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return self.broke(Outcome::of(&error)),
        };
        self.unsent.extend_from_slice(&bytes[sent..]);
        Ok(true)
    }
}

impl EpollEngine {
    pub(crate) fn new(conns: usize, waiting: Waiting) -> io::Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            connections: std::iter::repeat_with(|| None).take(conns).collect(),
            events: vec![EpollEvent::empty(); waiting.batch],
            buffer: vec![0; RECEIVE_BYTES],
            waiting,
        })
    }

    fn interest(&self, id: usize, flags: EpollFlags) -> io::Result<()> {
        let Some(connection) = &self.connections[id] else {
            return Ok(());
        };
        Ok(self
            .epoll
            .modify(&connection.socket, &mut EpollEvent::new(flags, id as u64))?)
    }

    fn flush(&mut self, id: usize) -> Result<(), Outcome> {
        let Some(connection) = &mut self.connections[id] else {
            return Ok(());
        };
        match connection.socket.write(&connection.unsent) {
            Ok(sent) => drop(connection.unsent.drain(..sent)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => _ = connection.broke(Outcome::of(&error))?,
        }
        if connection.unsent.is_empty() {
            self.interest(id, EpollFlags::EPOLLIN)
                .map_err(|error| Outcome::of(&error))?;
        }
        Ok(())
    }

    /// Waits for events until `until_ns`, and tells how many there are.
    fn wait(&mut self, until_ns: u64) -> nix::Result<usize> {
        if self.waiting.on_time && !self.waiting.spin {
            match self.wait_on_time(until_ns) {
                // Linux before 5.11.
                Err(Errno::ENOSYS) => self.waiting.on_time = false,
                waited => return waited,
            }
        }
        let timeout = self.timeout(until_ns);
        self.epoll.wait(&mut self.events, timeout)
    }

    fn wait_on_time(&mut self, until_ns: u64) -> nix::Result<usize> {
        let until_ns = until_ns.saturating_sub(self.waiting.early_ns);
        let left = until_ns.saturating_sub(now_ns()).min(60_000_000_000) as i64;
        let timeout = KernelTimespec {
            tv_sec: left / 1_000_000_000,
            tv_nsec: left % 1_000_000_000,
        };
        // SAFETY: `EpollEvent` is `epoll_event` transparently, there is room for `EVENTS` of them, and without a signal
        // mask its size is not looked at. By number, because C libraries have the function only since 2021.
        let ready = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.epoll.0.as_raw_fd(),
                self.events.as_mut_ptr(),
                self.events.len() as libc::c_int,
                &raw const timeout,
                std::ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        };
        Errno::result(ready).map(|ready| ready as usize)
    }

    fn timeout(&self, until_ns: u64) -> EpollTimeout {
        if self.waiting.spin {
            return EpollTimeout::ZERO;
        }
        // Rounded up: a wait of 0 ms just before the instant would spin up to it.
        let ms = until_ns.saturating_sub(now_ns()).div_ceil(1_000_000).min(60_000);
        EpollTimeout::try_from(ms as i32).unwrap_or(EpollTimeout::ZERO)
    }
}

impl Engine for EpollEngine {
    fn add(&mut self, id: usize, socket: TcpStream) -> io::Result<()> {
        self.epoll
            .add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, id as u64))?;
        self.connections[id] = Some(Connection {
            socket,
            unsent: Vec::new(),
            broken: None,
        });
        Ok(())
    }

    fn watch(&mut self, fd: RawFd) -> io::Result<()> {
        // SAFETY: the descriptor is only borrowed for the call.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        Ok(self.epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, WATCHED))?)
    }

    fn turn(&mut self, until_ns: u64, load: &mut impl Load) -> io::Result<bool> {
        let ready = match self.wait(until_ns) {
            Ok(ready) => ready,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        let mut watched = false;
        for i in 0..ready {
            let event = self.events[i];
            if event.data() == WATCHED {
                watched = true;
                continue;
            }
            let id = event.data() as usize;
            if event.events().contains(EpollFlags::EPOLLOUT)
                && let Err(how) = self.flush(id)
            {
                self.close(id);
                load.lost(id, how);
                continue;
            }
            // Closed earlier in this batch.
            let Some(connection) = &mut self.connections[id] else {
                continue;
            };
            let end = match connection.socket.read(&mut self.buffer) {
                Ok(0) => connection.end(Outcome::ClosedEarly),
                Ok(received) => match load.received(id, &self.buffer[..received]) {
                    Ok(reaction) => match connection.put(reaction) {
                        Ok(false) => None,
                        Ok(true) => {
                            self.interest(id, BOTH_WAYS)?;
                            None
                        }
                        Err(how) => Some(how),
                    },
                    Err(how) => {
                        if matches!(how, Close::InOrder) {
                            // Where that fails, the server sees a reset of a connection that it has ended itself.
                            let _ = SockRef::from(&connection.socket).set_linger(None);
                        }
                        self.close(id);
                        None
                    }
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => None,
                Err(error) => connection.end(Outcome::of(&error)),
            };
            if let Some(how) = end {
                self.close(id);
                load.lost(id, how);
            }
        }
        Ok(watched)
    }

    fn send(&mut self, id: usize, bytes: &[u8]) -> Result<(), Outcome> {
        let Some(connection) = &mut self.connections[id] else {
            return Ok(());
        };
        if connection.put(bytes)? {
            self.interest(id, BOTH_WAYS).map_err(|error| Outcome::of(&error))?;
        }
        Ok(())
    }

    fn close(&mut self, id: usize) {
        self.connections[id] = None;
    }
}
