//! Attempts to connect, up to the end of the handshake.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::clock::now_ns;
use crate::config::Config;
use crate::outcome::Outcome;

/// Attempts whose handshake is not done yet. An epoll instance of their own, which the engine watches, keeps their
/// events apart from those of established connections.
pub(crate) struct Attempts {
    epoll: Epoll,
    config: Config,
    pending: Vec<Option<(Socket, u64)>>,
    /// In the order of their deadlines; may hold attempts that have ended.
    order: VecDeque<(u64, usize)>,
    waiting: usize,
    /// How many have begun.
    begun: u64,
}

/// An attempt that has its outcome.
pub(crate) struct Settled {
    /// Whose it was.
    pub(crate) client: usize,
    /// Instant of connect(2).
    pub(crate) began_ns: u64,
    /// When the outcome was seen.
    pub(crate) at_ns: u64,
    pub(crate) result: Result<TcpStream, Outcome>,
}

impl Attempts {
    pub(crate) fn new(config: &Config) -> io::Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            config: config.clone(),
            pending: (0..config.conns).map(|_| None).collect(),
            order: VecDeque::new(),
            waiting: 0,
            begun: 0,
        })
    }

    /// Readable when an attempt may have its outcome.
    pub(crate) fn fd(&self) -> RawFd {
        self.epoll.0.as_raw_fd()
    }

    /// Attempts without their outcome.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Begins an attempt for client `i`, which has none. On loopback its outcome is usually there at once.
    pub(crate) fn begin(&mut self, i: usize) -> Option<Settled> {
        let began_ns = now_ns();
        let result = self.dial(i, began_ns).transpose()?;
        Some(Settled {
            client: i,
            began_ns,
            at_ns: now_ns(),
            result: result.map_err(|error| Outcome::of_attempt(&error)),
        })
    }

    /// The established socket, or none as long as the handshake is under way.
    fn dial(&mut self, i: usize, began_ns: u64) -> io::Result<Option<TcpStream>> {
        let socket = self.prepare()?;
        match socket.connect(&self.config.target.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            // On loopback the handshake was done within the call, but the answer came while the call had the socket
            // locked, so that it could not know. One that has a peer is established, and needs no epoll to tell.
            Err(_) if socket.peer_addr().is_err() => {}
            _ => return Ok(Some(socket.into())),
        }
        self.epoll
            .add(&socket, EpollEvent::new(EpollFlags::EPOLLOUT, i as u64))?;
        self.pending[i] = Some((socket, began_ns));
        self.order.push_back((began_ns + self.config.connect_timeout_ns, i));
        self.waiting += 1;
        Ok(None)
    }

    /// The attempts that have had their outcome since; those that are overdue have it now.
    pub(crate) fn settled(&mut self, now: u64) -> io::Result<Vec<Settled>> {
        let mut settled = Vec::new();
        if self.waiting == 0 {
            self.order.clear();
            return Ok(settled);
        }
        let mut events = [EpollEvent::empty(); 256];
        let ready = match self.epoll.wait(&mut events, EpollTimeout::ZERO) {
            Err(nix::errno::Errno::EINTR) => 0,
            other => other?,
        };
        for event in &events[..ready] {
            let i = event.data() as usize;
            let Some((socket, began_ns)) = self.pending[i].take() else {
                continue;
            };
            self.waiting -= 1;
            self.epoll.delete(&socket)?;
            settled.push(Settled {
                client: i,
                began_ns,
                at_ns: now_ns(),
                result: match socket.take_error()? {
                    None => Ok(socket.into()),
                    Some(error) => Err(Outcome::of_attempt(&error)),
                },
            });
        }
        while let Some(&(deadline, i)) = self.order.front() {
            // The client may have a later attempt under way by now, whose deadline stands further behind.
            let began_ns = deadline - self.config.connect_timeout_ns;
            if self.pending[i].as_ref().is_some_and(|&(_, began)| began == began_ns) {
                if deadline > now {
                    break;
                }
                self.pending[i] = None;
                self.waiting -= 1;
                settled.push(Settled {
                    client: i,
                    began_ns,
                    at_ns: now_ns(),
                    result: Err(Outcome::ConnectTimeout),
                });
            }
            self.order.pop_front();
        }
        Ok(settled)
    }

    /// When the next attempt is overdue.
    pub(crate) fn next_deadline_ns(&self) -> u64 {
        self.order.front().map_or(u64::MAX, |&(deadline, _)| deadline)
    }

    fn prepare(&mut self) -> io::Result<Socket> {
        let config = &self.config;
        let number = config.first_id + self.begun * config.stride;
        self.begun += 1;
        let socket = Socket::new(
            Domain::for_address(config.target),
            Type::STREAM.nonblocking(),
            Some(Protocol::TCP),
        )?;
        socket.set_tcp_nodelay(true)?;
        if config.requests_per_conn.is_none() {
            // Closing resets: a run leaves no thousands of connections in TIME_WAIT that take ports from the next.
            // Where closing is what is measured, it is done in order.
            socket.set_linger(Some(Duration::ZERO))?;
        }
        if config.sources > 1 {
            // The kernel then chooses the port when it connects, and may choose one that another target has in use.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
            let source = u32::from(Ipv4Addr::LOCALHOST) + (number % u64::from(config.sources)) as u32;
            socket.bind(&SocketAddr::new(IpAddr::V4(source.into()), 0).into())?;
        }
        Ok(socket)
    }
}
