//! epoll, level-triggered: the kernel keeps the list, and goes on reporting what was not dealt with.
//!
//! One thread. A wait costs what is ready, not what is watched, as with edges, but nothing can be missed: one receive
//! for each report is enough, and what is left is reported again. In return interest must follow the state, as in
//! select and poll: room to write is asked for only while output is pending, at a system call each way. It saturates
//! on one core: on the receive and the send of each request.
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
/// Newcomers accepted in a row before the connections have theirs; the next wait tells of the rest.
const ACCEPTS: usize = 256;

fn main() -> ExitCode {
    servers::main("epoll-level", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let listener = server.listener.as_raw_fd();
    epoll.add(&server.listener, interest(EpollFlags::EPOLLIN, listener))?;
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
                accept(server, &epoll, &mut connections);
                continue;
            }
            // An event for a connection that this batch has closed finds nothing, or a newcomer with the same number
            // for whom it is one read in vain.
            let Some(Some(connection)) = connections.get_mut(fd as usize) else {
                continue;
            };
            let was_blocked = connection.is_blocked();
            let next = if was_blocked {
                connection.flush()
            } else {
                connection.exchange(&mut buffer)
            };
            match next {
                Next::Blocked if !was_blocked => {
                    epoll.modify(&*connection, &mut interest(EpollFlags::EPOLLOUT, fd))?;
                }
                Next::Wait | Next::Empty | Next::More if was_blocked => {
                    epoll.modify(&*connection, &mut interest(EpollFlags::EPOLLIN, fd))?;
                }
                Next::Wait | Next::Empty | Next::More | Next::Blocked => {}
                Next::Sleep(time) => {
                    // Not watched meanwhile: input that it does not read yet would be reported without end.
                    epoll.delete(&*connection)?;
                    asleep.sleep(connections[fd as usize].take().expect("just served"), time);
                }
                Next::Closed => connections[fd as usize] = None,
            }
        }
        while let Some(mut connection) = asleep.due() {
            let fd = connection.as_raw_fd();
            match connection.resume() {
                Next::Sleep(time) => asleep.sleep(connection, time),
                Next::Closed => {}
                next => {
                    let blocked = next == Next::Blocked;
                    let wanted = if blocked {
                        EpollFlags::EPOLLOUT
                    } else {
                        EpollFlags::EPOLLIN
                    };
                    epoll.add(&connection, interest(wanted, fd))?;
                    connections[fd as usize] = Some(connection);
                }
            }
        }
    }
    Ok(())
}

fn accept(server: &Server, epoll: &Epoll, connections: &mut Vec<Option<Connection>>) {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) => {
                let fd = client.as_raw_fd();
                if let Err(errno) = epoll.add(&client, interest(EpollFlags::EPOLLIN, fd)) {
                    server.refuse(client, errno.into());
                    continue;
                }
                if connections.len() <= fd as usize {
                    connections.resize_with(fd as usize + 1, || None);
                }
                connections[fd as usize] = Some(Connection::new(client, server.service, server.admit()));
            }
            Accept::Gone => {}
            Accept::Nobody | Accept::Later | Accept::Stopped => return,
        }
    }
}

fn interest(flags: EpollFlags, fd: RawFd) -> EpollEvent {
    EpollEvent::new(flags, fd as u64)
}
