//! epoll, edge-triggered: the kernel keeps the list and tells of each arrival once, so the server must drain.
//!
//! One thread. A wait costs what is ready, not what is watched, so 10,000 connections of which 100 talk cost what 100
//! do. It saturates on one core: on the receive and the send of each request. An edge says "something came", once:
//! the listener is accepted from and a connection is read until nothing is left, or the rest is never heard of again.
//!
//! Left out: more than one core (that is epoll-percore).

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Next, Server, Timers};

/// Events fetched by one wait: enough that a busy server seldom calls, few enough to stay in the first-level cache.
const EVENTS: usize = 512;
/// Reads in a row from one connection before the others have their turn.
const TURN: usize = 16;
/// Newcomers accepted in a row before the connections have theirs.
const ACCEPTS: usize = 256;

fn main() -> ExitCode {
    servers::main("epoll-edge", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let listener = server.listener.as_raw_fd();
    epoll.add(&server.listener, newcomers(listener))?;
    let mut events = [EpollEvent::empty(); EVENTS];
    let mut buffer = [0; BUFFER_BYTES];
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut asleep = Timers::new();
    server.ready(&Capacity::descriptors())?;

    while !servers::stopping() {
        let timeout = asleep.timeout_ms().map_or(EpollTimeout::NONE, EpollTimeout::from);
        let ready = match epoll.wait(&mut events, timeout) {
            Ok(ready) => ready,
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno.into()),
        };
        for event in &events[..ready] {
            let fd = event.data() as RawFd;
            if fd == listener {
                accept(server, &epoll, &mut connections)?;
                continue;
            }
            // An event for a connection that this batch has closed finds nothing, or a newcomer with the same number
            // for whom it is one read in vain. One for a connection that sleeps is made up for when it wakes.
            let Some(Some(connection)) = connections.get_mut(fd as usize) else {
                continue;
            };
            match turn(connection, event.events(), &epoll, &mut buffer)? {
                Next::Sleep(time) => asleep.sleep(connections[fd as usize].take().expect("just served"), time),
                Next::Closed => connections[fd as usize] = None,
                _ => {}
            }
        }
        while let Some(mut connection) = asleep.due() {
            let begun = connection.resume();
            // Edges that came in its sleep have found nobody, that of the stream's end perhaps among them.
            match drain(&mut connection, begun, true, &epoll, &mut buffer)? {
                Next::Sleep(time) => asleep.sleep(connection, time),
                Next::Closed => {}
                _ => {
                    let fd = connection.as_raw_fd() as usize;
                    connections[fd] = Some(connection);
                }
            }
        }
    }
    Ok(())
}

/// Serves one connection for which an edge came.
fn turn(
    connection: &mut Connection,
    event: EpollFlags,
    epoll: &Epoll,
    buffer: &mut [u8; BUFFER_BYTES],
) -> io::Result<Next> {
    let begun = if connection.is_blocked() {
        connection.flush()
    } else if event == EpollFlags::EPOLLOUT {
        // Every connection is writable at first, which is no reason to read.
        Next::Wait
    } else {
        Next::More
    };
    // A short read proves that no data is left, but not that the end of the stream had not come with it. This edge
    // told of that end, and none will again: then only a read of 0 will do.
    let to_the_end = event.intersects(EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
    drain(connection, begun, to_the_end, epoll, buffer)
}

/// Goes on until the connection is drained, blocked, asleep or closed, or has had its turn.
fn drain(
    connection: &mut Connection,
    begun: Next,
    to_the_end: bool,
    epoll: &Epoll,
    buffer: &mut [u8; BUFFER_BYTES],
) -> io::Result<Next> {
    if begun != Next::More {
        return Ok(begun);
    }
    for _ in 0..TURN {
        match connection.exchange(buffer) {
            Next::More => {}
            Next::Wait if to_the_end => {}
            next => return Ok(next),
        }
    }
    // Setting the same interest again has the kernel look again: if more is there, this connection is reported anew,
    // behind all those that are ready now.
    epoll.modify(&*connection, &mut both_ways(connection.as_raw_fd()))?;
    Ok(Next::More)
}

fn accept(server: &Server, epoll: &Epoll, connections: &mut Vec<Option<Connection>>) -> io::Result<()> {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) => {
                let fd = client.as_raw_fd();
                if let Err(errno) = epoll.add(&client, both_ways(fd)) {
                    server.refuse(client, errno.into());
                    continue;
                }
                if connections.len() <= fd as usize {
                    connections.resize_with(fd as usize + 1, || None);
                }
                connections[fd as usize] = Some(Connection::new(client, server.service, server.admit()));
            }
            Accept::Gone => {}
            Accept::Later => break,
            Accept::Nobody | Accept::Stopped => return Ok(()),
        }
    }
    // Somebody may still be waiting, and no edge will tell of it: have the kernel look again.
    epoll.modify(&server.listener, &mut newcomers(server.listener.as_raw_fd()))?;
    Ok(())
}

fn newcomers(listener: RawFd) -> EpollEvent {
    EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, listener as u64)
}

/// Interest in both directions at once, for good: an edge for room to write comes only after a send that found none,
/// so a connection needs no second epoll_ctl when it blocks.
fn both_ways(fd: RawFd) -> EpollEvent {
    let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
    EpollEvent::new(flags, fd as u64)
}
