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
use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Next, Reason, Server};

const FD_SETSIZE: usize = libc::FD_SETSIZE;

/// Newcomers accepted in a row before the connections have their turn; the next call tells of the rest.
const ACCEPTS: usize = 256;

fn main() -> ExitCode {
    servers::main("select", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let listener = server.listener.as_raw_fd();
    let mut connections: Vec<Option<Connection>> = (0..FD_SETSIZE).map(|_| None).collect();
    let mut buffer = [0; BUFFER_BYTES];
    // What is wanted is kept from call to call; select overwrites its arguments, so each call gets copies.
    let (mut want_read, mut want_write) = (FdSet::new(), FdSet::new());
    want_read.insert(listener);
    let mut highest = listener;
    server.ready(&Capacity::descriptors_below(FD_SETSIZE))?;

    while !servers::stopping() {
        let (mut readable, mut writable) = (want_read, want_write);
        // SAFETY: both sets live here, and every descriptor in them is below FD_SETSIZE.
        let ready = unsafe { libc::select(highest + 1, &mut readable.0, &mut writable.0, null_mut(), null_mut()) };
        if ready < 0 {
            match Errno::last() {
                Errno::EINTR => continue,
                errno => return Err(errno.into()),
            }
        }
        let mut left = ready as usize;
        let asked = highest;
        for fd in 0..=asked {
            if left == 0 {
                break;
            }
            let (reads, writes) = (readable.contains(fd), writable.contains(fd));
            if !reads && !writes {
                continue;
            }
            left -= 1;
            if fd == listener {
                accept(server, &mut connections, &mut want_read, &mut highest);
                continue;
            }
            let Some(connection) = &mut connections[fd as usize] else {
                continue;
            };
            match if writes {
                connection.flush()
            } else {
                connection.exchange(&mut buffer)
            } {
                // Write interest only while output is pending, or every call would return at once.
                Next::Wait | Next::Empty | Next::More => {
                    want_read.insert(fd);
                    want_write.remove(fd);
                }
                Next::Blocked => {
                    want_read.remove(fd);
                    want_write.insert(fd);
                }
                Next::Closed => {
                    want_read.remove(fd);
                    want_write.remove(fd);
                    connections[fd as usize] = None;
                }
            }
        }
        while highest > listener && connections[highest as usize].is_none() {
            highest -= 1;
        }
    }
    Ok(())
}

fn accept(server: &Server, connections: &mut [Option<Connection>], want_read: &mut FdSet, highest: &mut RawFd) {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) if client.as_raw_fd() as usize >= FD_SETSIZE => {
                server.refuse(client, Reason::FdSetsize);
            }
            Accept::Client(client) => {
                let fd = client.as_raw_fd();
                connections[fd as usize] = Some(Connection::new(client, server.protocol, server.admit()));
                want_read.insert(fd);
                *highest = fd.max(*highest);
            }
            Accept::Gone => {}
            Accept::Nobody | Accept::Later | Accept::Stopped => return,
        }
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
        // SAFETY: `fd` is below FD_SETSIZE.
        unsafe { libc::FD_SET(fd, &mut self.0) }
    }

    fn remove(&mut self, fd: RawFd) {
        // SAFETY: `fd` is below FD_SETSIZE.
        unsafe { libc::FD_CLR(fd, &mut self.0) }
    }

    fn contains(&self, fd: RawFd) -> bool {
        // SAFETY: `fd` is below FD_SETSIZE.
        unsafe { libc::FD_ISSET(fd, &self.0) }
    }
}
