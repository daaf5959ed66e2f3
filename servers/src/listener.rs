//! The listening socket, and what becomes of a newcomer when there is no room.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
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
    /// The server is stopping.
    Stopped,
}

/// A listening TCP socket with one descriptor in reserve.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    /// Held so that a newcomer can still be accepted, and closed, when the process has no descriptor left. Without it
    /// the newcomer stays in the queue, a level-triggered loop spins on it and its client waits for nothing.
    reserve: RefCell<Option<File>>,
    nonblocking: bool,
}

impl Listener {
    pub(crate) fn bind(address: SocketAddr, backlog: i32) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        // Linux hands TCP_NODELAY on to the sockets that are accepted, which saves every model a call per connection.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&address.into())?;
        socket.listen(backlog)?;
        let reserve = RefCell::new(Some(File::open("/dev/null")?));
        Ok(Self {
            socket: socket.into(),
            reserve,
            nonblocking: false,
        })
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
            Ok(client) => Accept::Client(client.into()),
            Err(Errno::EAGAIN) => Accept::Nobody,
            Err(errno) if self.survive(&errno.into()) => Accept::Gone,
            Err(_) => Accept::Stopped,
        }
    }

    /// Accepts the next client for a model that blocks until there is one; `None` when the server is stopping.
    #[must_use]
    pub fn next_client(&self) -> Option<TcpStream> {
        loop {
            match self.accept() {
                Accept::Client(client) => return Some(client),
                Accept::Nobody | Accept::Gone => {}
                Accept::Stopped => return None,
            }
        }
    }

    /// Deals with an accept that failed; false when the server is to stop.
    ///
    /// # Panics
    /// When the listening socket itself is broken, which no later attempt can mend.
    #[must_use]
    pub fn survive(&self, error: &io::Error) -> bool {
        if stopping() {
            return false;
        }
        match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
            Errno::EMFILE => self.refuse_one(Reason::Nofile),
            Errno::ENFILE => self.refuse_one(Reason::SystemFiles),
            Errno::ENOBUFS | Errno::ENOMEM => {
                counters().refuse(Reason::Memory);
                pause();
            }
            Errno::EBADF | Errno::EFAULT | Errno::EINVAL | Errno::ENOTSOCK => panic!("cannot accept any more: {error}"),
            // accept(2): Linux passes on pending network errors of the new socket; they are the client's, not ours.
            _ => {}
        }
        true
    }

    /// Spends the reserved descriptor on one waiting client, to close it, and takes the reserve back.
    fn refuse_one(&self, reason: Reason) {
        let mut reserve = self.reserve.borrow_mut();
        drop(reserve.take());
        match self.accept4() {
            Ok(_closed_here) => counters().refuse(reason),
            Err(Errno::EMFILE | Errno::ENFILE) => pause(),
            Err(_) => {}
        }
        *reserve = File::open("/dev/null").ok();
    }

    /// Gives the reserve up for as long as `full` lasts, for a model whose accept is always pending.
    pub fn spend_reserve(&self, full: bool) {
        *self.reserve.borrow_mut() = if full { None } else { File::open("/dev/null").ok() };
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
