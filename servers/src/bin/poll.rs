//! poll(2): select without the cap, and with the same growth: every call hands over and scans the whole list.
//!
//! One thread, an array with an entry for each connection. Nothing limits the array but RLIMIT_NOFILE, yet each call
//! costs time for every connection *watched*: with 10,000 of them and 100 talking, nearly all of the work is asking
//! those that are silent. With all of them talking one scan finds thousands ready, and the price is shared.
//!
//! Left out: nothing.

use std::io;
use std::os::fd::AsRawFd;
use std::process::ExitCode;

use libc::{POLLIN, POLLOUT, pollfd};
use nix::errno::Errno;
use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Next, Server, Timers};

/// Newcomers accepted in a row before the connections have their turn; the next call tells of the rest.
const ACCEPTS: usize = 256;

/// What is watched. Dense, so that the kernel scans no holes: entry 0 is the listener, entry i + 1 is connection i.
struct Watched {
    polled: Vec<pollfd>,
    connections: Vec<Connection>,
    asleep: Timers<Connection>,
}

fn main() -> ExitCode {
    servers::main("poll", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let mut buffer = [0; BUFFER_BYTES];
    let mut watched = Watched {
        polled: vec![entry(server.listener.as_raw_fd(), POLLIN)],
        connections: Vec::new(),
        asleep: Timers::new(),
    };
    server.ready(&Capacity::descriptors())?;

    while !servers::stopping() {
        let mut left = poll(&mut watched.polled, watched.asleep.timeout_ms())?;
        let newcomers = watched.polled[0].revents != 0;
        left -= usize::from(newcomers);
        let mut i = 0;
        while left > 0 && i < watched.connections.len() {
            if watched.polled[i + 1].revents == 0 {
                i += 1;
                continue;
            }
            left -= 1;
            let connection = &mut watched.connections[i];
            match if connection.is_blocked() {
                connection.flush()
            } else {
                connection.exchange(&mut buffer)
            } {
                // Write interest only while output is pending, or every call would return at once.
                Next::Wait | Next::Empty | Next::More => watched.polled[i + 1].events = POLLIN,
                Next::Blocked => watched.polled[i + 1].events = POLLOUT,
                // The last one moves here, with its own events still to be seen: `i` stays.
                Next::Sleep(time) => {
                    let connection = watched.remove(i);
                    watched.asleep.sleep(connection, time);
                    continue;
                }
                Next::Closed => {
                    watched.remove(i);
                    continue;
                }
            }
            i += 1;
        }
        // Last, so that a newcomer's entry is not taken for one that this call has filled.
        while let Some(mut connection) = watched.asleep.due() {
            match connection.resume() {
                Next::Wait | Next::Empty | Next::More => watched.add(connection, POLLIN),
                Next::Blocked => watched.add(connection, POLLOUT),
                Next::Sleep(time) => watched.asleep.sleep(connection, time),
                Next::Closed => {}
            }
        }
        if newcomers {
            accept(server, &mut watched);
        }
    }
    Ok(())
}

impl Watched {
    fn add(&mut self, connection: Connection, events: i16) {
        self.polled.push(entry(connection.as_raw_fd(), events));
        self.connections.push(connection);
    }

    fn remove(&mut self, i: usize) -> Connection {
        self.polled.swap_remove(i + 1);
        self.connections.swap_remove(i)
    }
}

fn accept(server: &Server, watched: &mut Watched) {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) => {
                watched.add(Connection::new(client, server.service, server.admit()), POLLIN);
            }
            Accept::Gone => {}
            Accept::Nobody | Accept::Later | Accept::Stopped => return,
        }
    }
}

/// Waits until one of the descriptors is ready, and returns how many are.
fn poll(polled: &mut [pollfd], timeout_ms: Option<u16>) -> io::Result<usize> {
    let timeout = timeout_ms.map_or(-1, i32::from);
    // SAFETY: the array is valid for its length, and every descriptor in it is open.
    let ready = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, timeout) };
    match Errno::result(ready) {
        Ok(ready) => Ok(ready as usize),
        // What the last call has found was dealt with; this one has found nothing.
        Err(Errno::EINTR) => {
            polled[0].revents = 0;
            Ok(0)
        }
        Err(errno) => Err(errno.into()),
    }
}

fn entry(fd: i32, events: i16) -> pollfd {
    pollfd { fd, events, revents: 0 }
}
