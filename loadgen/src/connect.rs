//! Opening the connections: evenly over the ramp, each with its own deadline, each greeted with one request.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::clock::{nanoseconds, now_ns};
use crate::closed::ClosedLoop;
use crate::config::Config;
use crate::engine::Engine;
use crate::histogram::Histogram;
use crate::interrupt;
use crate::outcome::{Outcome, Outcomes};
use crate::wire::Opened;

/// When for this long no silent client was answered, the remaining ones are taken to wait for good.
const PATIENCE: Duration = Duration::from_millis(500);
/// Attempts in a row before replies have their turn.
const BATCH: usize = 64;

/// Opens all connections of `config` and greets each; ends when every one has its outcome.
pub(crate) fn connect(config: &Config, clients: &mut ClosedLoop, engine: &mut impl Engine) -> io::Result<Opened> {
    let mut attempts = Attempts::new(config)?;
    engine.watch(attempts.epoll.0.as_raw_fd())?;
    let began = now_ns();
    clients.progress_ns = began;
    let due_at = |i: u64| began + (u128::from(config.ramp_ns) * u128::from(i) / u128::from(config.conns)) as u64;
    let mut next = 0;
    loop {
        let mut now = now_ns();
        for _ in 0..BATCH {
            if next == config.conns || due_at(next) > now {
                break;
            }
            if let Some((socket, at)) = attempts.begin(next as usize, config) {
                establish(next as usize, socket, at, clients, engine)?;
            }
            next += 1;
            now = now_ns();
        }
        for (i, socket, at) in attempts.settled(now)? {
            establish(i, socket, at, clients, engine)?;
        }
        let opened = next == config.conns && attempts.waiting == 0;
        let patience_ends = clients.progress_ns.max(attempts.last_ns) + nanoseconds(PATIENCE);
        if opened && (clients.silent() == 0 || now >= patience_ends) || interrupt::requested() {
            break;
        }
        let until = if next < config.conns {
            due_at(next)
        } else if attempts.waiting > 0 {
            attempts.next_deadline()
        } else {
            patience_ends
        };
        engine.turn(until.min(clients.next_tick_ns()), clients)?;
        // Also bounds this phase: a server that answers one client now and then would else prolong it each time.
        clients.tick(now_ns(), engine);
    }
    let tally = clients.tally(|_| true);
    attempts.outcomes.merge(&clients.take_outcomes());
    Ok(Opened {
        connected: tally.connected,
        turned_away: tally.turned_away,
        greeted: clients.first_replies.len(),
        outcomes: attempts.outcomes,
        connect: attempts.latencies,
        first_reply: clients.first_replies.clone(),
        elapsed_ns: now_ns() - began,
    })
}

fn establish(
    i: usize,
    socket: TcpStream,
    began: u64,
    clients: &mut ClosedLoop,
    engine: &mut impl Engine,
) -> io::Result<()> {
    engine.add(i, socket)?;
    clients.greet(i, began, engine);
    Ok(())
}

/// Connection attempts whose handshake is not done yet. An epoll instance of their own, which the engine watches,
/// keeps their events apart from those of established connections.
struct Attempts {
    epoll: Epoll,
    pending: Vec<Option<(Socket, u64)>>,
    /// In the order of their deadlines; may hold attempts that have ended.
    order: VecDeque<(u64, usize)>,
    waiting: usize,
    timeout_ns: u64,
    /// When the last attempt had its outcome.
    last_ns: u64,
    latencies: Histogram,
    outcomes: Outcomes,
}

impl Attempts {
    fn new(config: &Config) -> io::Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            pending: (0..config.conns).map(|_| None).collect(),
            order: VecDeque::new(),
            waiting: 0,
            timeout_ns: config.connect_timeout_ns,
            last_ns: 0,
            latencies: Histogram::default(),
            outcomes: Outcomes::default(),
        })
    }

    /// Begins one attempt. On loopback the handshake is usually done within the call.
    fn begin(&mut self, i: usize, config: &Config) -> Option<(TcpStream, u64)> {
        let began = now_ns();
        let socket = match prepare(config, i) {
            Ok(socket) => socket,
            Err(error) => return self.failed(Outcome::of_attempt(&error)),
        };
        match socket.connect(&config.target.into()) {
            Ok(()) => Some(self.succeeded(socket, began)),
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {
                if let Err(errno) = self.epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLOUT, i as u64)) {
                    return self.failed(Outcome::of_attempt(&errno.into()));
                }
                self.pending[i] = Some((socket, began));
                self.order.push_back((began + self.timeout_ns, i));
                self.waiting += 1;
                None
            }
            Err(error) => self.failed(Outcome::of_attempt(&error)),
        }
    }

    /// The attempts that have succeeded since; those that failed or are overdue are counted.
    fn settled(&mut self, now: u64) -> io::Result<Vec<(usize, TcpStream, u64)>> {
        let mut established = Vec::new();
        if self.waiting == 0 {
            return Ok(established);
        }
        let mut events = [EpollEvent::empty(); 256];
        let ready = match self.epoll.wait(&mut events, EpollTimeout::ZERO) {
            Err(nix::errno::Errno::EINTR) => 0,
            other => other?,
        };
        for event in &events[..ready] {
            let i = event.data() as usize;
            let Some((socket, began)) = self.pending[i].take() else {
                continue;
            };
            self.waiting -= 1;
            self.epoll.delete(&socket)?;
            match socket.take_error()? {
                None => {
                    let (socket, began) = self.succeeded(socket, began);
                    established.push((i, socket, began));
                }
                Some(error) => drop(self.failed(Outcome::of_attempt(&error))),
            }
        }
        while let Some(&(deadline, i)) = self.order.front() {
            match &self.pending[i] {
                Some(_) if deadline > now => break,
                Some(_) => {
                    self.pending[i] = None;
                    self.waiting -= 1;
                    self.failed(Outcome::ConnectTimeout);
                }
                None => {}
            }
            self.order.pop_front();
        }
        Ok(established)
    }

    fn next_deadline(&self) -> u64 {
        self.order.front().map_or(0, |&(deadline, _)| deadline)
    }

    fn succeeded(&mut self, socket: Socket, began: u64) -> (TcpStream, u64) {
        self.last_ns = now_ns();
        self.latencies.record(self.last_ns - began);
        (socket.into(), began)
    }

    fn failed(&mut self, how: Outcome) -> Option<(TcpStream, u64)> {
        self.last_ns = now_ns();
        self.outcomes.add(how, 1);
        None
    }
}

fn prepare(config: &Config, i: usize) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(config.target),
        Type::STREAM.nonblocking(),
        Some(Protocol::TCP),
    )?;
    socket.set_tcp_nodelay(true)?;
    // Closing resets: a run leaves no thousands of connections in TIME_WAIT that take ports from the next.
    socket.set_linger(Some(Duration::ZERO))?;
    if config.sources > 1 {
        // The kernel then chooses the port when it connects, and may choose one that another target has in use.
        setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
        let source =
            u32::from(Ipv4Addr::LOCALHOST) + (config.first_id + i as u64 * config.stride) as u32 % config.sources;
        socket.bind(&SocketAddr::new(IpAddr::V4(source.into()), 0).into())?;
    }
    Ok(socket)
}
