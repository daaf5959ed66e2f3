//! What one readiness call costs: select, poll and epoll_wait, with one connection that talks among N that do not.
//!
//! The calls are those that the servers of these names make in each turn, over real TCP connections. The one that
//! talks has sent a byte that is never read, so every call returns at once and finds it again. It is the last in the
//! list, which is the dearest place: until select and poll have found somebody ready they enter the caller in the wait
//! queue of each connection they pass. A server whose clients are mostly silent pays just this, because it asks when
//! nobody is ready yet, and so the kernel goes through the whole list before it puts it to sleep.

use std::io::{self, Read, Write};
use std::mem::zeroed;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::ptr::null_mut;
use std::time::Duration;

use criterion::{Bencher, BenchmarkId, Criterion};
use libc::{POLLIN, pollfd};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pause};
use servers::Capacity;
use socket2::{Domain, Socket, Type};

const FD_SETSIZE: usize = libc::FD_SETSIZE;

const WATCHED: [usize; 4] = [10, 100, 1000, 10_000];
/// Descriptors that are neither watched nor open yet: the listener, the line between the processes, epoll.
const OTHERS: usize = 8;
const BACKLOG: i32 = 4096;
/// As in the epoll servers.
const EVENTS: usize = 512;

fn main() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("readiness");
    for count in WATCHED {
        let watched = match Watched::connect(count) {
            Ok(watched) => watched,
            Err(error) => {
                eprintln!("readiness: {count} watched are left out: {error}");
                continue;
            }
        };
        let sockets = &watched.sockets;
        if count < FD_SETSIZE {
            if sockets.iter().all(|socket| (socket.as_raw_fd() as usize) < FD_SETSIZE) {
                group.bench_function(BenchmarkId::new("select", count), |b| select(b, sockets));
            } else {
                eprintln!("readiness: select of {count} is left out: a descriptor of them is beyond FD_SETSIZE");
            }
        }
        group.bench_function(BenchmarkId::new("poll", count), |b| poll(b, sockets));
        group.bench_function(BenchmarkId::new("epoll_wait", count), |b| epoll_wait(b, sockets));
    }
    group.finish();
    criterion.final_summary();
}

/// With the copies of the two sets that it is kept in, which each turn of the server makes because the call overwrites
/// its arguments. Nothing is set anew.
fn select(b: &mut Bencher, sockets: &[TcpStream]) {
    // SAFETY: an fd_set is an array of integers, and FD_ZERO makes it just this.
    let (mut read, write): (libc::fd_set, libc::fd_set) = unsafe { (zeroed(), zeroed()) };
    for fd in descriptors(sockets) {
        // SAFETY: `fd` is below FD_SETSIZE; `main` has seen to it.
        unsafe { libc::FD_SET(fd, &mut read) };
    }
    let highest = descriptors(sockets).max().expect("sockets");
    b.iter(|| {
        let (mut readable, mut writable) = (read, write);
        // SAFETY: what is pointed to lives here, and every descriptor in the sets is open and below FD_SETSIZE.
        let ready = unsafe { libc::select(highest + 1, &mut readable, &mut writable, null_mut(), null_mut()) };
        assert_eq!(ready, 1);
    });
}

fn poll(b: &mut Bencher, sockets: &[TcpStream]) {
    let entry = |fd| pollfd {
        fd,
        events: POLLIN,
        revents: 0,
    };
    let mut polled: Vec<pollfd> = descriptors(sockets).map(entry).collect();
    b.iter(|| {
        // SAFETY: the array is valid for its length, and every descriptor in it is open.
        let ready = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, -1) };
        assert_eq!(ready, 1);
    });
}

/// Level-triggered: an edge would be reported once and never again.
fn epoll_wait(b: &mut Bencher, sockets: &[TcpStream]) {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("a descriptor for epoll");
    for socket in sockets {
        let interest = EpollEvent::new(EpollFlags::EPOLLIN, socket.as_raw_fd() as u64);
        epoll.add(socket, interest).expect("room for a watch");
    }
    let mut events = [EpollEvent::empty(); EVENTS];
    b.iter(|| {
        let ready = epoll.wait(&mut events, EpollTimeout::NONE);
        assert_eq!(ready, Ok(1));
    });
}

fn descriptors(sockets: &[TcpStream]) -> impl Iterator<Item = RawFd> {
    sockets.iter().map(AsRawFd::as_raw_fd)
}

/// Connections, of which the last has a byte to read. The other ends live in a process of their own, which has a
/// descriptor table of its own: in this one they would take as many descriptors again.
struct Watched {
    sockets: Vec<TcpStream>,
    peers: Pid,
}

impl Watched {
    fn connect(count: usize) -> io::Result<Self> {
        let free = Capacity::descriptors().connections;
        let needed = count + OTHERS;
        if free < needed as u64 {
            let error = format!("they need {needed} descriptors, and RLIMIT_NOFILE leaves {free} (hint: ulimit -n)");
            return Err(io::Error::other(error));
        }
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into())?;
        listener.listen(BACKLOG)?;
        let address = listener.local_addr()?.as_socket().expect("an IPv4 address");
        let (mut line, end) = UnixStream::pair()?;
        let parent = getpid();
        // SAFETY: this process has one thread, so the child may go on with everything it inherits.
        let peers = match unsafe { fork() }? {
            ForkResult::Child => {
                drop(line);
                let _ = prctl::set_pdeathsig(Signal::SIGKILL);
                if getppid() == parent {
                    let _ = be_the_peers(&listener, count, end);
                }
                // SAFETY: ends the process, and nothing of the parent's is flushed or dropped twice.
                unsafe { libc::_exit(1) }
            }
            ForkResult::Parent { child } => child,
        };
        // Without these copies nobody listens when the child ends, and the line ends with it: nothing here waits for
        // one that is gone.
        drop((listener, end));
        let mut watched = Self {
            sockets: Vec::with_capacity(count),
            peers,
        };
        for _ in 0..count {
            watched.sockets.push(TcpStream::connect(address)?);
        }
        line.read_exact(&mut [0])?;
        // Sent is not yet arrived.
        watched.sockets[count - 1].peek(&mut [0])?;
        Ok(watched)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = kill(self.peers, Signal::SIGKILL);
        let _ = waitpid(self.peers, None);
    }
}

/// The child's life: it accepts, has the last of its connections talk, says that all is done, and holds them until it
/// is killed. It comes back only if something fails.
fn be_the_peers(listener: &Socket, count: usize, mut end: UnixStream) -> io::Result<()> {
    let mut accepted = Vec::with_capacity(count);
    for _ in 0..count {
        accepted.push(listener.accept()?.0);
    }
    accepted[count - 1].write_all(b"x")?;
    end.write_all(b"x")?;
    loop {
        pause();
    }
}
