//! epoll on every core: as many edge-triggered loops as CPUs, each with a listener, a list and clients of its own.
//!
//! Nothing is shared, so nothing is locked. Each loop binds a socket to the same address (SO_REUSEPORT) and the kernel
//! spreads newcomers by a hash of the two ends' addresses. A client stays where the hash has put it: with few clients
//! one loop may have all the work while another has none, which the line `stopped` shows. It saturates on all cores
//! it was given; with one it is epoll-edge.
//!
//! Left out: moving a connection from a loop with much work to one with little.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::process::ExitCode;
use std::thread;

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::unistd::Pid;
use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Listener, Next, Server, Timers, processors};

/// Events fetched by one wait: enough that a busy server seldom calls, few enough to stay in the first-level cache.
const EVENTS: usize = 512;
/// Reads in a row from one connection before the others have their turn.
const TURN: usize = 16;
/// Newcomers accepted in a row before the connections have theirs.
const ACCEPTS: usize = 256;

fn main() -> ExitCode {
    servers::main("epoll-percore", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    let count = server.workers(processors());
    let others = server.share_address(count - 1)?;
    let server = &*server;
    let listeners = std::iter::once(&server.listener).chain(&others);
    let loops: Vec<(&Listener, Epoll)> = listeners.map(|own| watch(own, server)).collect::<io::Result<_>>()?;
    let accepted = thread::scope(|scope| {
        // One that fails takes the others with it: half a server would go on unnoticed.
        let alone = |_: &io::Error| servers::stop();
        let spawn = |(n, (own, epoll))| scope.spawn(move || run(n, own, &epoll, server).inspect_err(alone));
        let running: Vec<_> = loops.into_iter().enumerate().map(spawn).collect();
        // With nobody to tell that it is ready it would run for nobody.
        server
            .ready(&Capacity::descriptors())
            .inspect_err(|_| servers::stop())?;
        let results = running.into_iter().map(|one| one.join().expect("a loop that returns"));
        results.collect::<io::Result<Vec<u64>>>()
    })?;
    server.report("accepted_by_worker", accepted);
    Ok(())
}

/// What a loop watches from the start: its own listener, and the first one.
fn watch<'a>(own: &'a Listener, server: &Server) -> io::Result<(&'a Listener, Epoll)> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(own, newcomers(own.as_raw_fd()))?;
    // A stop shuts only the first listener down. Without any interest in it the others still learn of that.
    let first = server.listener.as_raw_fd();
    if first != own.as_raw_fd() {
        epoll.add(&server.listener, EpollEvent::new(EpollFlags::EPOLLET, first as u64))?;
    }
    Ok((own, epoll))
}

/// Loop `n`, from its start to the server's stop; returns how many clients it has accepted.
fn run(n: usize, own: &Listener, epoll: &Epoll, server: &Server) -> io::Result<u64> {
    stay_on_a_processor(n);
    let listener = own.as_raw_fd();
    let mut accepted = 0;
    let mut events = [EpollEvent::empty(); EVENTS];
    let mut buffer = [0; BUFFER_BYTES];
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut asleep = Timers::new();

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
                accepted += accept(own, server, epoll, &mut connections)?;
                continue;
            }
            // An event for a connection that this batch has closed finds nothing, or a newcomer with the same number
            // for whom it is one read in vain. One for a connection that sleeps is made up for when it wakes.
            let Some(Some(connection)) = connections.get_mut(fd as usize) else {
                continue;
            };
            match turn(connection, event.events(), epoll, &mut buffer)? {
                Next::Sleep(time) => asleep.sleep(connections[fd as usize].take().expect("just served"), time),
                Next::Closed => connections[fd as usize] = None,
                _ => {}
            }
        }
        while let Some(mut connection) = asleep.due() {
            let begun = connection.resume();
            // Edges that came in its sleep have found nobody, that of the stream's end perhaps among them.
            match drain(&mut connection, begun, true, epoll, &mut buffer)? {
                Next::Sleep(time) => asleep.sleep(connection, time),
                Next::Closed => {}
                _ => {
                    let fd = connection.as_raw_fd() as usize;
                    connections[fd] = Some(connection);
                }
            }
        }
    }
    Ok(accepted)
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

/// Takes in whoever waits, and returns how many they were.
fn accept(
    listener: &Listener,
    server: &Server,
    epoll: &Epoll,
    connections: &mut Vec<Option<Connection>>,
) -> io::Result<u64> {
    let mut accepted = 0;
    for _ in 0..ACCEPTS {
        match listener.accept() {
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
                accepted += 1;
            }
            Accept::Gone => {}
            Accept::Later => break,
            Accept::Nobody | Accept::Stopped => return Ok(accepted),
        }
    }
    // Somebody may still be waiting, and no edge will tell of it: have the kernel look again.
    epoll.modify(listener, &mut newcomers(listener.as_raw_fd()))?;
    Ok(accepted)
}

/// What a loop has in its processor's caches is of use to it only there.
fn stay_on_a_processor(n: usize) {
    let Ok(allowed) = sched_getaffinity(Pid::from_raw(0)) else {
        return;
    };
    let allowed: Vec<usize> = (0..CpuSet::count())
        .filter(|&cpu| allowed.is_set(cpu) == Ok(true))
        .collect();
    let mut own = CpuSet::new();
    if !allowed.is_empty() && own.set(allowed[n % allowed.len()]).is_ok() {
        // Where it is not allowed, the scheduler does what it can.
        let _ = sched_setaffinity(Pid::from_raw(0), &own);
    }
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
