//! epoll through the mio crate: the loop of epoll-edge, in portable words.
//!
//! mio is what tokio stands on: the same calls on Linux, kqueue and IOCP elsewhere. It is edge-triggered throughout,
//! so the server drains as epoll-edge does, and what differs between the two is what the crate costs: nothing that
//! could be measured, if it is a good one. It saturates where epoll-edge does.
//!
//! Left out: mio's own socket types. Its `SourceFd` watches any descriptor, and so the accepting and the reading stay
//! those of the other servers.

use std::io;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::time::Duration;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};
use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Next, Server, Timers};

/// Events fetched by one wait: enough that a busy server seldom calls, few enough to stay in the first-level cache.
const EVENTS: usize = 512;
/// Reads in a row from one connection before the others have their turn.
const TURN: usize = 16;
/// Newcomers accepted in a row before the connections have theirs.
const ACCEPTS: usize = 256;

/// Interest in both directions at once, for good: an edge for room to write comes only after a send that found none,
/// so a connection needs no second registration when it blocks.
const BOTH_WAYS: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn main() -> ExitCode {
    servers::main("mio", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let mut poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    let listener = Token(server.listener.as_raw_fd() as usize);
    registry.register(
        &mut SourceFd(&server.listener.as_raw_fd()),
        listener,
        Interest::READABLE,
    )?;
    let mut events = Events::with_capacity(EVENTS);
    let mut buffer = [0; BUFFER_BYTES];
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut asleep = Timers::new();
    server.ready(&Capacity::descriptors())?;

    while !servers::stopping() {
        let timeout = asleep.timeout_ms().map(|ms| Duration::from_millis(ms.into()));
        match poll.poll(&mut events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == listener {
                accept(server, &registry, &mut connections)?;
                continue;
            }
            let Token(fd) = event.token();
            // An event for a connection that this batch has closed finds nothing, or a newcomer with the same number
            // for whom it is one read in vain. One for a connection that sleeps is made up for when it wakes.
            let Some(Some(connection)) = connections.get_mut(fd) else {
                continue;
            };
            match turn(connection, event, &registry, &mut buffer)? {
                Next::Sleep(time) => asleep.sleep(connections[fd].take().expect("just served"), time),
                Next::Closed => connections[fd] = None,
                _ => {}
            }
        }
        while let Some(mut connection) = asleep.due() {
            let begun = connection.resume();
            // Edges that came in its sleep have found nobody, that of the stream's end perhaps among them.
            match drain(&mut connection, begun, true, &registry, &mut buffer)? {
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
    event: &Event,
    registry: &Registry,
    buffer: &mut [u8; BUFFER_BYTES],
) -> io::Result<Next> {
    let begun = if connection.is_blocked() {
        connection.flush()
    } else if !event.is_readable() {
        // Every connection is writable at first, which is no reason to read.
        Next::Wait
    } else {
        Next::More
    };
    // A short read proves that no data is left, but not that the end of the stream had not come with it. This edge
    // told of that end, and none will again: then only a read of 0 will do.
    let to_the_end = event.is_read_closed() || event.is_error();
    drain(connection, begun, to_the_end, registry, buffer)
}

/// Goes on until the connection is drained, blocked, asleep or closed, or has had its turn.
fn drain(
    connection: &mut Connection,
    begun: Next,
    to_the_end: bool,
    registry: &Registry,
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
    let fd = connection.as_raw_fd();
    registry.reregister(&mut SourceFd(&fd), Token(fd as usize), BOTH_WAYS)?;
    Ok(Next::More)
}

fn accept(server: &Server, registry: &Registry, connections: &mut Vec<Option<Connection>>) -> io::Result<()> {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) => {
                let fd = client.as_raw_fd();
                if let Err(error) = registry.register(&mut SourceFd(&fd), Token(fd as usize), BOTH_WAYS) {
                    server.refuse(client, error.into());
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
    let fd = server.listener.as_raw_fd();
    registry.reregister(&mut SourceFd(&fd), Token(fd as usize), Interest::READABLE)
}
