//! select(2): one thread asks which of at most 1,024 descriptors are ready, and the kernel looks at every one.
//!
//! Each call copies three bit sets in and out and scans all descriptors up to the highest, so its cost grows with the
//! connections *watched*, not with those that talk. It ends at FD_SETSIZE, which bounds the descriptor's number: one
//! of 1024 or more would be written past the end of the set. Such newcomers are refused.
//!
//! Left out: `except` sets (nothing here sends urgent data).

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::process::ExitCode;
use std::ptr::null_mut;

use nix::errno::Errno;
use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Next, Reason, Server, Timers};

const FD_SETSIZE: usize = libc::FD_SETSIZE;

/// Newcomers accepted in a row before the connections have their turn; the next call tells of the rest.
const ACCEPTS: usize = 256;

/// What is watched, by descriptor. It is kept from call to call; select overwrites its arguments, so each call gets
/// copies.
struct Watched {
    connections: Vec<Option<Connection>>,
    read: FdSet,
    write: FdSet,
    highest: RawFd,
    asleep: Timers<Connection>,
}

fn main() -> ExitCode {
    servers::main("select", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let listener = server.listener.as_raw_fd();
    let mut watched = Watched {
        connections: (0..FD_SETSIZE).map(|_| None).collect(),
        read: FdSet::new(),
        write: FdSet::new(),
        highest: listener,
        asleep: Timers::new(),
    };
    watched.read.insert(listener);
    let mut buffer = [0; BUFFER_BYTES];
    server.ready(&Capacity::descriptors_below(FD_SETSIZE))?;

    while !servers::stopping() {
        let (mut readable, mut writable) = (watched.read, watched.write);
        let mut left = select(
            watched.highest,
            &mut readable,
            &mut writable,
            watched.asleep.timeout_ms(),
        )?;
        for fd in 0..=watched.highest {
            if left == 0 {
                break;
            }
            let (reads, writes) = (readable.contains(fd), writable.contains(fd));
            if !reads && !writes {
                continue;
            }
            left -= 1;
            if fd == listener {
                accept(server, &mut watched);
            } else if let Some(mut connection) = watched.connections[fd as usize].take() {
                let next = if writes {
                    connection.flush()
                } else {
                    connection.exchange(&mut buffer)
                };
                watched.settle(connection, next);
            }
        }
        while let Some(mut connection) = watched.asleep.due() {
            let next = connection.resume();
            watched.settle(connection, next);
        }
        while watched.highest > listener && watched.connections[watched.highest as usize].is_none() {
            watched.highest -= 1;
        }
    }
    Ok(())
}

impl Watched {
    /// Watches for what the connection needs next, and for nothing else: write interest only while output is pending,
    /// or every call would return at once.
    fn settle(&mut self, connection: Connection, next: Next) {
        let fd = connection.as_raw_fd();
        self.read.set(fd, matches!(next, Next::Wait | Next::Empty | Next::More));
        self.write.set(fd, next == Next::Blocked);
        match next {
            Next::Closed => {}
            Next::Sleep(time) => self.asleep.sleep(connection, time),
            Next::Wait | Next::Empty | Next::More | Next::Blocked => {
                self.connections[fd as usize] = Some(connection);
                self.highest = self.highest.max(fd);
            }
        }
    }
}

fn accept(server: &Server, watched: &mut Watched) {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) if client.as_raw_fd() as usize >= FD_SETSIZE => {
                server.refuse(client, Reason::FdSetsize);
            }
            Accept::Client(client) => {
                watched.settle(Connection::new(client, server.service, server.admit()), Next::Wait);
            }
            Accept::Gone => {}
            Accept::Nobody | Accept::Later | Accept::Stopped => return,
        }
    }
}

/// Waits until one of the descriptors up to `highest` is ready, and returns how many are.
fn select(highest: RawFd, readable: &mut FdSet, writable: &mut FdSet, timeout_ms: Option<u16>) -> io::Result<usize> {
    let mut time = timeout_ms.map(|ms| libc::timeval {
        tv_sec: (ms / 1000).into(),
        tv_usec: libc::suseconds_t::from(ms % 1000) * 1000,
    });
    let timeout = time.as_mut().map_or(null_mut(), |time| &raw mut *time);
    // SAFETY: what is pointed to lives here, and every descriptor in the sets is below FD_SETSIZE.
    let ready = unsafe { libc::select(highest + 1, &mut readable.0, &mut writable.0, null_mut(), timeout) };
    match Errno::result(ready) {
        Ok(ready) => Ok(ready as usize),
        Err(Errno::EINTR) => Ok(0),
        Err(errno) => Err(errno.into()),
    }
}

/// A bit for each descriptor below FD_SETSIZE. The callers see to that bound; FD_SET itself does not.
#[derive(Clone, Copy)]
struct FdSet(libc::fd_set);

impl FdSet {
    fn new() -> Self {
        // SAFETY: an fd_set is an array of integers, and FD_ZERO makes it just this.
        Self(unsafe { std::mem::zeroed() })
    }

    fn insert(&mut self, fd: RawFd) {
        self.set(fd, true);
    }

    fn set(&mut self, fd: RawFd, wanted: bool) {
        // SAFETY: `fd` is below FD_SETSIZE.
        unsafe {
            if wanted {
                libc::FD_SET(fd, &mut self.0);
            } else {
                libc::FD_CLR(fd, &mut self.0);
            }
        }
    }

    fn contains(&self, fd: RawFd) -> bool {
        // SAFETY: `fd` is below FD_SETSIZE.
        unsafe { libc::FD_ISSET(fd, &self.0) }
    }
}
