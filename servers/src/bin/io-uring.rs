//! io_uring: nothing is asked for readiness; the kernel is told what to do and reports what it has done.
//!
//! One thread, one system call a batch: it submits the sends of the last batch and fetches the next completions.
//! Accepts and receives are multishot (armed once, they report until they end) and receives land in buffers lent to
//! the kernel in a ring, so an idle connection holds none. It saturates on the work that TCP itself costs.
//!
//! Left out: registered files and zero-copy sends (neither pays at these sizes), SQPOLL (it needs a core of its own).

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use io_uring::{IoUring, cqueue, opcode, squeue, types};
use nix::sys::socket::{Shutdown, shutdown};
use servers::{Accept, BUFFER_BYTES, Capacity, Counted, Server, Service, Session, Step};

/// Submissions that one call can carry; more cost another call.
const SUBMISSIONS: u32 = 4096;
/// Completions that can wait; beyond it the kernel keeps them in a slower list.
const COMPLETIONS: u32 = 32768;
/// Receive buffers shared by all connections. Each is returned as soon as it was looked at.
const BUFFERS: u16 = 1024;
const BUFFER_GROUP: u16 = 0;
/// Output kept for a client that does not take it; past this it is no longer received from.
const MOST_QUEUED: usize = 16 * BUFFER_BYTES;

/// What a completion belongs to; its user data is this and a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Accept,
    Receive,
    Send,
    Sleep,
    Silent,
}

struct Connection {
    fd: RawFd,
    session: Session,
    /// Belongs to the kernel from a send's submission to its completion.
    sending: Vec<u8>,
    sent: usize,
    /// Answers that came up while a send was under way: two sends at once could overtake each other.
    queued: Vec<u8>,
    /// Input that came behind a request that waits.
    unanswered: Vec<u8>,
    asleep: bool,
    /// Nothing more will be sent once all is that there is.
    last: bool,
    receiving: bool,
    /// The client sends no more, or has gone.
    ended: bool,
    _counted: Counted,
}

fn main() -> ExitCode {
    servers::main("io-uring", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    let mut ring = Ring::new(server.service)?;
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut batch = Vec::with_capacity(COMPLETIONS as usize);
    server.ready(&Capacity::descriptors())?;
    ring.push(&accept(server));

    while !servers::stopping() {
        match ring.uring.submit_and_wait(1) {
            Ok(_) => {}
            // Interrupted, or short of room for more: what is complete comes first.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINTR | libc::EBUSY | libc::EAGAIN)) => {}
            Err(error) => return Err(error),
        }
        batch.extend(ring.uring.completion());
        for done in batch.drain(..) {
            let (op, fd) = unpack(done.user_data());
            match op {
                Op::Accept => {
                    if let Some(client) = accepted(&done, server, &mut ring) {
                        let connection = Connection::new(client, server);
                        let fd = connection.fd as usize;
                        if connections.len() <= fd {
                            connections.resize_with(fd + 1, || None);
                        }
                        connections[fd].insert(connection).receive(&mut ring);
                    }
                }
                Op::Receive | Op::Send | Op::Sleep => {
                    let slot = &mut connections[fd as usize];
                    let connection = slot.as_mut().expect("a connection outlives its operations");
                    match op {
                        Op::Receive => connection.received(&done, &mut ring),
                        Op::Send => connection.sent(&done, &mut ring),
                        _ => connection.woken(&mut ring),
                    }
                    if connection.is_over() {
                        ring.push(&silent(opcode::Close::new(types::Fd(fd)).build()));
                        *slot = None;
                    }
                }
                Op::Silent => {}
            }
        }
        ring.buffers.publish();
    }
    Ok(())
}

impl Connection {
    fn new(client: OwnedFd, server: &Server) -> Self {
        Self {
            fd: client.into_raw_fd(),
            session: Session::new(server.service),
            sending: Vec::new(),
            sent: 0,
            queued: Vec::new(),
            unanswered: Vec::new(),
            asleep: false,
            last: false,
            receiving: false,
            ended: false,
            _counted: server.admit(),
        }
    }

    fn receive(&mut self, ring: &mut Ring) {
        self.receiving = true;
        let receive = opcode::RecvMulti::new(types::Fd(self.fd), BUFFER_GROUP).build();
        ring.push(&receive.user_data(pack(Op::Receive, self.fd)));
    }

    fn received(&mut self, done: &cqueue::Entry, ring: &mut Ring) {
        self.receiving = cqueue::more(done.flags());
        if let Some(buffer) = cqueue::buffer_select(done.flags()) {
            let idle = self.sending.is_empty();
            let mut nap = None;
            if !self.ended {
                let input = ring.buffers.filled(buffer, done.result());
                if self.asleep {
                    self.unanswered.extend_from_slice(input);
                } else {
                    nap = self.answer(input);
                }
            }
            ring.buffers.give_back(buffer);
            self.proceed(idle, nap, ring);
        }
        match -done.result() {
            // Cancelled by ourselves, or out of buffers, which are all back when this batch is done.
            libc::ECANCELED | libc::ENOBUFS => {}
            errno if errno >= 0 => self.ended = true,
            _ => {}
        }
        self.steer(ring);
    }

    /// Goes on after a wait.
    fn woken(&mut self, ring: &mut Ring) {
        self.asleep = false;
        let (idle, input) = (self.sending.is_empty(), std::mem::take(&mut self.unanswered));
        let nap = self.answer(&input);
        self.proceed(idle, nap, ring);
        self.steer(ring);
    }

    /// Puts the answer to `input` behind the output, up to a request that asks for a wait; returns for how long.
    ///
    /// Copied, so that a client that does not read pins none of the buffers that all share.
    fn answer(&mut self, mut input: &[u8]) -> Option<Duration> {
        let idle = self.sending.is_empty();
        let to = if idle { &mut self.sending } else { &mut self.queued };
        while let Some(step) = self.session.step(&mut input) {
            match step {
                Step::Send(answer) => to.extend_from_slice(answer),
                Step::Wait(time) => {
                    self.unanswered.extend_from_slice(input);
                    return Some(time);
                }
                Step::Shut => self.last = true,
            }
        }
        None
    }

    /// Sends what there is to send if nothing was under way, and sleeps if it must.
    fn proceed(&mut self, idle: bool, nap: Option<Duration>, ring: &mut Ring) {
        if idle && !self.sending.is_empty() {
            self.send(ring);
        }
        if let Some(time) = nap {
            self.asleep = true;
            ring.sleep(self.fd, time);
        }
    }

    fn send(&mut self, ring: &mut Ring) {
        let rest = &self.sending[self.sent..];
        // MSG_WAITALL has the kernel itself go on after a short send.
        let send = opcode::Send::new(types::Fd(self.fd), rest.as_ptr(), rest.len() as u32)
            .flags(libc::MSG_NOSIGNAL | libc::MSG_WAITALL)
            .build();
        ring.push(&send.user_data(pack(Op::Send, self.fd)));
    }

    fn sent(&mut self, done: &cqueue::Entry, ring: &mut Ring) {
        if done.result() < 0 {
            // The client has gone: nothing more can be sent, and the receive must end too.
            self.ended = true;
            self.queued.clear();
            self.unanswered.clear();
            self.sent = self.sending.len();
        } else {
            self.sent += done.result() as usize;
        }
        if self.sent == self.sending.len() {
            self.sent = 0;
            self.sending.clear();
            std::mem::swap(&mut self.sending, &mut self.queued);
            // A client that was slow once should not cost memory for ever.
            self.queued.shrink_to(BUFFER_BYTES);
        }
        if !self.sending.is_empty() {
            self.send(ring);
        }
        self.steer(ring);
    }

    /// Whether nothing of it is left, neither here nor in the kernel.
    fn is_over(&self) -> bool {
        self.ended && !self.receiving && !self.asleep && self.sending.is_empty()
    }

    /// Receives as long as the client takes its answers and no longer; shuts the writing side behind the last one.
    fn steer(&mut self, ring: &mut Ring) {
        if self.last && self.sending.is_empty() {
            self.last = false;
            // Not by the ring, which would have a thread made for it. That the client has gone is seen elsewhere.
            let _ = shutdown(self.fd, Shutdown::Write);
        }
        let wanted = !self.ended && self.queued.len() + self.unanswered.len() < MOST_QUEUED;
        if wanted && !self.receiving {
            self.receive(ring);
        } else if !wanted && self.receiving {
            ring.push(&silent(opcode::AsyncCancel::new(pack(Op::Receive, self.fd)).build()));
        }
    }
}

/// Lets newcomers in, as many as come.
///
/// A full server has one place, that of the newcomer to be turned away, and accepts one at a time: multishot takes the
/// descriptor for the next client as soon as it has one, so it would end with EMFILE after each.
fn accept(server: &Server) -> squeue::Entry {
    let listener = types::Fd(server.listener.as_raw_fd());
    let accept = if server.listener.is_full() {
        let nobody = std::ptr::null_mut();
        let once = opcode::Accept::new(listener, nobody, nobody.cast());
        once.flags(libc::SOCK_CLOEXEC).build()
    } else {
        opcode::AcceptMulti::new(listener).flags(libc::SOCK_CLOEXEC).build()
    };
    accept.user_data(pack(Op::Accept, 0))
}

/// The client that is to be served, if the completion brought one; arms the next accept where this one has ended.
fn accepted(done: &cqueue::Entry, server: &Server, ring: &mut Ring) -> Option<OwnedFd> {
    let mut admitted = None;
    if done.result() >= 0 {
        // SAFETY: the kernel has just made this descriptor for us.
        let client = unsafe { OwnedFd::from_raw_fd(done.result()) };
        if server.listener.is_full() {
            // Those that left may not be closed yet: their descriptors come free with what waits to be submitted.
            let _ = ring.uring.submit();
        }
        match server.listener.room() {
            Ok(()) => admitted = Some(client),
            Err(reason) => server.refuse(client, reason),
        }
    } else if let Accept::Stopped = server.listener.survive(&io::Error::from_raw_os_error(-done.result())) {
        return None;
    }
    if !cqueue::more(done.flags()) {
        ring.push(&accept(server));
    }
    admitted
}

fn pack(op: Op, fd: RawFd) -> u64 {
    (op as u64) << 32 | fd as u64
}

fn unpack(user_data: u64) -> (Op, RawFd) {
    const OPS: [Op; 5] = [Op::Accept, Op::Receive, Op::Send, Op::Sleep, Op::Silent];
    (OPS[(user_data >> 32) as usize], user_data as RawFd)
}

/// Reports only if it fails, and then there is nothing to do about it.
fn silent(entry: squeue::Entry) -> squeue::Entry {
    entry.flags(squeue::Flags::SKIP_SUCCESS).user_data(pack(Op::Silent, 0))
}

struct Ring {
    uring: IoUring,
    buffers: Buffers,
    nap: types::Timespec,
}

impl Ring {
    fn new(service: Service) -> io::Result<Self> {
        // DEFER_TASKRUN finishes operations when this thread asks for completions, not by interrupting it in between;
        // it needs SINGLE_ISSUER. TASKRUN_FLAG shows that there is something to finish.
        let uring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_taskrun_flag()
            .setup_cqsize(COMPLETIONS)
            .build(SUBMISSIONS)
            .map_err(explain)?;
        let buffers = Buffers::new(&uring, service.read_bytes()).map_err(explain)?;
        let nap = types::Timespec::new();
        Ok(Self { uring, buffers, nap })
    }

    /// Has the kernel report when `time` has passed.
    fn sleep(&mut self, fd: RawFd, time: Duration) {
        // Read by the kernel when it takes the submission, and the same for everybody.
        self.nap = types::Timespec::from(time);
        let sleep = opcode::Timeout::new(&raw const self.nap).build();
        self.push(&sleep.user_data(pack(Op::Sleep, fd)));
    }

    fn push(&mut self, entry: &squeue::Entry) {
        // SAFETY: what an entry points to, a connection's output, lives until its completion was seen.
        while unsafe { self.uring.submission().push(entry) }.is_err() {
            // Full: hand over what there is. An error here shows again at the next wait.
            let _ = self.uring.submit();
        }
    }
}

fn explain(error: io::Error) -> io::Error {
    let why = match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            "this kernel forbids io_uring here (kernel.io_uring_disabled, or a container's seccomp profile)"
        }
        Some(libc::ENOSYS) => "this kernel has no io_uring, or a container's seccomp profile hides it",
        Some(libc::EINVAL) => "this kernel's io_uring is too old; Linux 6.1 or later is needed",
        Some(libc::ENOMEM) => "no memory for the rings; RLIMIT_MEMLOCK may be too low",
        _ => return error,
    };
    io::Error::new(error.kind(), why)
}

/// The provided buffers: memory for receives, and the ring by which it is lent to the kernel.
struct Buffers {
    memory: Vec<u8>,
    each: usize,
    ring: *mut types::BufRingEntry,
    tail: u16,
}

impl Buffers {
    fn new(uring: &IoUring, each: usize) -> io::Result<Self> {
        let length = usize::from(BUFFERS) * size_of::<types::BufRingEntry>();
        let (protection, flags) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a fresh anonymous mapping, page-aligned as the kernel wants it, never unmapped.
        let ring = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, -1, 0) };
        if ring == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let submitter = uring.submitter();
        // SAFETY: the ring's memory stays for as long as the process.
        unsafe { submitter.register_buf_ring_with_flags(ring as u64, BUFFERS, BUFFER_GROUP, 0) }?;
        let memory = vec![0; usize::from(BUFFERS) * each];
        let mut buffers = Self {
            memory,
            each,
            ring: ring.cast(),
            tail: 0,
        };
        (0..BUFFERS).for_each(|buffer| buffers.give_back(buffer));
        buffers.publish();
        Ok(buffers)
    }

    /// What a receive of `length` bytes has put into `buffer`.
    fn filled(&self, buffer: u16, length: i32) -> &[u8] {
        &self.memory[usize::from(buffer) * self.each..][..length.max(0) as usize]
    }

    fn give_back(&mut self, buffer: u16) {
        // SAFETY: the index is below the ring's length; the kernel reads an entry only once the tail has passed it.
        let entry = unsafe { &mut *self.ring.add(usize::from(self.tail & (BUFFERS - 1))) };
        entry.set_addr(self.memory[usize::from(buffer) * self.each..].as_ptr() as u64);
        entry.set_len(self.each as u32);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Shows the kernel all that was given back: one store for a whole batch.
    fn publish(&self) {
        // SAFETY: the tail lies in the ring's first entry, aligned for u16; the kernel reads it with acquire ordering.
        let tail = unsafe { &*types::BufRingEntry::tail(self.ring).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }
}
