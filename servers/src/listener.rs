//! The listening socket, and what becomes of a newcomer when there is no room.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{SockFlag, accept4};
use socket2::{Domain, Protocol, Socket, Type};

use crate::Reason;
use crate::counters::counters;
use crate::stop::stopping;

/// What an attempt to accept came to.
#[derive(Debug)]
pub enum Accept {
    /// A client; it is not counted yet, see [`crate::Server::admit`].
    Client(TcpStream),
    /// Nobody is waiting (non-blocking listener).
    Nobody,
    /// A newcomer was refused for want of room, or had already gone: try again.
    Gone,
    /// The whole system is short of something. Somebody may be waiting: see to those who are in, then try again.
    Later,
    /// The server is stopping.
    Stopped,
}

/// A listening TCP socket with one descriptor in reserve.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    /// A descriptor to give up when the process has no other left, so that a newcomer can still be accepted, and
    /// closed. Without it the newcomer stays in the queue, a level-triggered loop spins on it and its client waits for
    /// nothing. `None` as long as there is no room.
    ///
    /// Listeners that share an address share it too: one that each had could be taken by a client of another.
    reserve: Arc<Mutex<Option<File>>>,
    nonblocking: bool,
}

impl Listener {
    pub(crate) fn bind(address: SocketAddr, backlog: i32) -> io::Result<Self> {
        let socket = socket(address)?;
        socket.bind(&address.into())?;
        socket.listen(backlog)?;
        let reserve = Arc::new(Mutex::new(Some(File::open("/dev/null")?)));
        Ok(Self {
            socket: socket.into(),
            reserve,
            nonblocking: false,
        })
    }

    /// Binds another listener to the address of this one, which shares it (SO_REUSEPORT).
    pub(crate) fn sibling(&self, backlog: i32) -> io::Result<Self> {
        let address = self.address()?;
        let socket = socket(address)?;
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(self.nonblocking)?;
        socket.bind(&address.into())?;
        socket.listen(backlog)?;
        Ok(Self {
            socket: socket.into(),
            reserve: Arc::clone(&self.reserve),
            nonblocking: self.nonblocking,
        })
    }

    /// Gives up the address and binds it anew so that others can share it. The descriptor keeps its number, by which
    /// a stop finds it.
    pub(crate) fn rebind_shared(&mut self, address: SocketAddr, backlog: i32) -> io::Result<()> {
        let socket = socket(address)?;
        socket.set_reuse_port(true)?;
        // SAFETY: both descriptors are ours and stay open; the old socket behind the second is closed.
        Errno::result(unsafe { libc::dup3(socket.as_raw_fd(), self.socket.as_raw_fd(), libc::O_CLOEXEC) })?;
        socket.bind(&address.into())?;
        socket.listen(backlog)
    }

    /// The address in force, with the port that the kernel chose where 0 was asked for.
    ///
    /// # Errors
    /// Whatever getsockname(2) reports.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Makes the listener, and all that it accepts from now on, non-blocking.
    ///
    /// # Errors
    /// Whatever fcntl(2) reports.
    pub fn set_nonblocking(&mut self) -> io::Result<()> {
        self.socket.set_nonblocking(true)?;
        self.nonblocking = true;
        Ok(())
    }

    /// The socket itself, for a model that accepts through a library.
    #[must_use]
    pub fn socket(&self) -> &TcpListener {
        &self.socket
    }

    /// Accepts one client, in one system call unless there is no room for it.
    #[must_use]
    pub fn accept(&self) -> Accept {
        match self.accept4() {
            Ok(client) => match self.room() {
                Ok(()) => Accept::Client(client.into()),
                Err(reason) => {
                    drop(client);
                    counters().refuse(reason);
                    Accept::Gone
                }
            },
            Err(Errno::EAGAIN) => Accept::Nobody,
            Err(errno) => self.survive(&errno.into()),
        }
    }

    /// Accepts the next client for a model that blocks until there is one; `None` when the server is stopping.
    #[must_use]
    pub fn next_client(&self) -> Option<TcpStream> {
        loop {
            match self.accept() {
                Accept::Client(client) => return Some(client),
                Accept::Nobody | Accept::Gone | Accept::Later => {}
                Accept::Stopped => return None,
            }
        }
    }

    /// Whether there is no descriptor for another client, as far as is known.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.reserve().is_none()
    }

    /// Whether the client that was accepted just now can stay, for a model that accepts in a way of its own.
    ///
    /// The client of a full server may have got the descriptor that was given up. It can stay if another is found to
    /// take its place; until then the descriptor passes from one newcomer to the next.
    ///
    /// # Errors
    /// The limit for whose sake the client must be refused.
    pub fn room(&self) -> Result<(), Reason> {
        if self.is_full() {
            let reserve = File::open("/dev/null").map_err(Reason::from)?;
            self.reserve().replace(reserve);
        }
        Ok(())
    }

    /// Deals with an accept that failed and says how to go on: [`Accept::Gone`], [`Accept::Later`] or
    /// [`Accept::Stopped`].
    ///
    /// # Panics
    /// When the listening socket itself is broken, which no later attempt can mend.
    #[must_use]
    pub fn survive(&self, error: &io::Error) -> Accept {
        let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
        // EINVAL: the socket listens no more. A forked worker learns of the stop in this way.
        if stopping() || errno == Errno::EINVAL {
            return Accept::Stopped;
        }
        match errno {
            // The kernel looks for a descriptor before it looks for a client, so there may be nobody to refuse yet.
            Errno::EMFILE | Errno::ENFILE if self.reserve().take().is_some() => Accept::Gone,
            Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM => {
                pause();
                Accept::Later
            }
            // From a library that has the client watched by epoll as it accepts it; it has closed it too.
            Errno::ENOSPC => {
                counters().refuse(Reason::Watches);
                Accept::Gone
            }
            Errno::EBADF | Errno::EFAULT | Errno::ENOTSOCK => panic!("cannot accept any more: {error}"),
            // accept(2): Linux passes on pending network errors of the new socket; they are the client's, not ours.
            _ => Accept::Gone,
        }
    }

    fn reserve(&self) -> MutexGuard<'_, Option<File>> {
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept4(&self) -> nix::Result<OwnedFd> {
        let flags = if self.nonblocking {
            SockFlag::SOCK_NONBLOCK
        } else {
            SockFlag::empty()
        };
        let fd = accept4(self.socket.as_raw_fd(), flags | SockFlag::SOCK_CLOEXEC)?;
        // SAFETY: the kernel has just made this descriptor for us.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // Linux hands TCP_NODELAY on to the sockets that are accepted, which saves every model a call per connection.
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> i32 {
        self.socket.as_raw_fd()
    }
}

/// The shortage is the whole system's, and asking again at once would spin on it.
fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}
