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
use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Next, Server};

/// Newcomers accepted in a row before the connections have their turn; the next call tells of the rest.
const ACCEPTS: usize = 256;

fn main() -> ExitCode {
    servers::main("poll", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let mut buffer = [0; BUFFER_BYTES];
    // Dense, so that the kernel scans no holes: entry 0 is the listener, entry i + 1 belongs to connection i.
    let mut polled = vec![pollfd {
        fd: server.listener.as_raw_fd(),
        events: POLLIN,
        revents: 0,
    }];
    let mut connections: Vec<Connection> = Vec::new();
    server.ready(&Capacity::descriptors())?;

    while !servers::stopping() {
        // SAFETY: the array is valid for its length, and every descriptor in it is open.
        let ready = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, -1) };
        if ready < 0 {
            match Errno::last() {
                Errno::EINTR => continue,
                errno => return Err(errno.into()),
            }
        }
        let mut left = ready as usize - usize::from(polled[0].revents != 0);
        let newcomers = polled[0].revents != 0;
        let mut i = 0;
        while left > 0 && i < connections.len() {
            if polled[i + 1].revents == 0 {
                i += 1;
                continue;
            }
            left -= 1;
            let connection = &mut connections[i];
            match if connection.is_blocked() {
                connection.flush()
            } else {
                connection.exchange(&mut buffer)
            } {
                // Write interest only while output is pending, or every call would return at once.
                Next::Wait | Next::Empty | Next::More => polled[i + 1].events = POLLIN,
                Next::Blocked => polled[i + 1].events = POLLOUT,
                Next::Closed => {
                    // The last one moves here, with its own events still to be seen: `i` stays.
                    connections.swap_remove(i);
                    polled.swap_remove(i + 1);
                    continue;
                }
            }
            i += 1;
        }
        // Last, so that a newcomer's entry is not taken for one that this call has filled.
        if newcomers {
            accept(server, &mut connections, &mut polled);
        }
    }
    Ok(())
}

fn accept(server: &Server, connections: &mut Vec<Connection>, polled: &mut Vec<pollfd>) {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) => {
                polled.push(pollfd {
                    fd: client.as_raw_fd(),
                    events: POLLIN,
                    revents: 0,
                });
                connections.push(Connection::new(client, server.protocol, server.admit()));
            }
            Accept::Gone => {}
            Accept::Nobody | Accept::Later | Accept::Stopped => return,
        }
    }
}
