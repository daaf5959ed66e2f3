//! Green threads: coroutines that look like threads, and the hub that switches between them.
//!
//! The words are those of gevent: [`spawn`] makes a green thread that runs when its turn comes, [`Handle::join`] waits
//! for its end, [`sleep`] lets time pass, and a call on a [`Green`] socket that would block switches to the hub. The
//! hub runs whoever can go on, in turn, and waits on epoll when nobody can. All of it happens in one thread: nothing
//! here is ever interrupted, and a green thread that neither blocks nor sleeps keeps all the others from running.

use std::cell::{Cell, OnceCell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// Of a stack only the pages that were touched cost memory.
const STACK_BYTES: usize = 64 * 1024;
/// Memory mappings that a green thread takes: its stack and the guard page.
pub const MAPPINGS: u64 = 2;
/// Events fetched by one wait.
const EVENTS: usize = 512;

type Id = usize;
type Switch = Yielder<(), ()>;

thread_local! {
    /// Never dropped: a coroutine that has not come to its end would have to be unwound first.
    static HUB: ManuallyDrop<Hub> = ManuallyDrop::default();
}

/// No borrow of its parts lasts over a switch: whoever runs next may want them too.
#[derive(Default)]
struct Hub {
    epoll: OnceCell<Epoll>,
    threads: RefCell<Vec<GreenThread>>,
    free: RefCell<Vec<Id>>,
    ready: RefCell<VecDeque<Id>>,
    asleep: RefCell<BinaryHeap<Reverse<(Instant, Id)>>>,
    sources: RefCell<Vec<Source>>,
    running: Cell<Option<Id>>,
}

struct GreenThread {
    /// Away while it runs, and once it has ended.
    coroutine: Option<Coroutine<(), (), ()>>,
    /// The way back to the hub. Lies on the coroutine's own stack, from its start to its end.
    switch: *const Switch,
    end: Rc<End>,
}

/// The end of a green thread, and who waits for it.
#[derive(Default)]
struct End {
    has_come: Cell<bool>,
    joining: RefCell<Vec<Id>>,
}

/// A green thread that was spawned. Dropping it lets the thread run on.
pub struct Handle(Rc<End>);

/// What is known of a descriptor that is watched, and who waits for it.
#[derive(Clone, Default)]
struct Source {
    readable: bool,
    writable: bool,
    /// The other end has sent its last byte, or the connection has failed: no further edge will come.
    ended: bool,
    waiting: Option<(Id, Direction)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

/// Runs `first` as a green thread, with the hub behind it, until it returns; whoever else still runs then is stopped
/// where it stands, and never dropped.
///
/// # Errors
/// Where there is no descriptor for the hub's epoll, or no memory for the stack of the first.
///
/// # Panics
/// When called from a green thread.
pub fn run<T>(first: impl FnOnce() -> T) -> io::Result<T> {
    HUB.with(|hub| {
        assert!(hub.running.get().is_none(), "the hub runs already");
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        assert!(hub.epoll.set(epoll).is_ok(), "one hub a thread");
        let mut result = None;
        // SAFETY: `first` and `result` outlive it, because this function returns only when it has ended.
        let handle = unsafe { hub.spawn(|| result = Some(first())) }?;
        loop {
            hub.run_those_ready();
            if handle.0.has_come.get() {
                return Ok(result.expect("the first has returned"));
            }
            hub.wait()?;
        }
    })
}

/// Makes a green thread. It runs when whoever runs now gives way, behind those that are ready already.
///
/// # Errors
/// Where there is no memory, or no room for a mapping, for its stack.
pub fn spawn(body: impl FnOnce() + 'static) -> io::Result<Handle> {
    // SAFETY: `body` borrows nothing.
    HUB.with(|hub| unsafe { hub.spawn(body) })
}

/// Lets `time` pass; others run meanwhile. With no time at all it is [`give_way`].
pub fn sleep(time: Duration) {
    HUB.with(|hub| {
        if time.is_zero() {
            hub.ready.borrow_mut().push_back(hub.running());
        } else {
            hub.asleep
                .borrow_mut()
                .push(Reverse((Instant::now() + time, hub.running())));
        }
        hub.switch();
    });
}

/// Has all others that are ready run first.
pub fn give_way() {
    sleep(Duration::ZERO);
}

impl Handle {
    /// Waits until the green thread has ended; others run meanwhile.
    pub fn join(self) {
        HUB.with(|hub| {
            while !self.0.has_come.get() {
                self.0.joining.borrow_mut().push(hub.running());
                hub.switch();
            }
        });
    }
}

impl Hub {
    /// # Safety
    /// What `body` borrows must live until the green thread has ended.
    unsafe fn spawn<'a>(&self, body: impl FnOnce() + 'a) -> io::Result<Handle> {
        let stack = DefaultStack::new(STACK_BYTES)?;
        let start = move |switch: &Switch, ()| {
            HUB.with(|hub| hub.threads.borrow_mut()[hub.running()].switch = switch);
            body();
        };
        // SAFETY: the lifetime is the caller's promise; nothing is ever moved to another system thread.
        let coroutine = unsafe { Coroutine::with_stack_unchecked(stack, start) };
        let end = Rc::new(End::default());
        let thread = GreenThread {
            coroutine: Some(coroutine),
            switch: std::ptr::null(),
            end: Rc::clone(&end),
        };
        let mut threads = self.threads.borrow_mut();
        let id = self.free.borrow_mut().pop().unwrap_or(threads.len());
        if id == threads.len() {
            threads.push(thread);
        } else {
            threads[id] = thread;
        }
        self.ready.borrow_mut().push_back(id);
        Ok(Handle(end))
    }

    fn running(&self) -> Id {
        self.running.get().expect("only a green thread can wait")
    }

    /// From a green thread to the hub; comes back when the hub resumes the thread.
    fn switch(&self) {
        let switch = self.threads.borrow()[self.running()].switch;
        // SAFETY: the running thread has not ended, so its switch lies on its stack still.
        unsafe { &*switch }.suspend(());
    }

    /// Each until it gives way; those who become ready meanwhile have their turn after a look at the sockets.
    fn run_those_ready(&self) {
        let ready = self.ready.borrow().len();
        for _ in 0..ready {
            let id = self.ready.borrow_mut().pop_front().expect("as many as there were");
            self.resume(id);
        }
    }

    /// Looks who has become ready, and waits if nobody is.
    fn wait(&self) -> io::Result<()> {
        let timeout = if self.ready.borrow().is_empty() {
            self.until_the_next_wakes()
        } else {
            EpollTimeout::ZERO
        };
        let mut events = [EpollEvent::empty(); EVENTS];
        match self.epoll.get().expect("a hub that runs").wait(&mut events, timeout) {
            Ok(happened) => events[..happened].iter().for_each(|event| self.happened(event)),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut asleep = self.asleep.borrow_mut();
        while let Some(&Reverse((due, id))) = asleep.peek()
            && due <= Instant::now()
        {
            asleep.pop();
            self.ready.borrow_mut().push_back(id);
        }
        Ok(())
    }

    fn resume(&self, id: Id) {
        let mut coroutine = self.threads.borrow_mut()[id]
            .coroutine
            .take()
            .expect("a thread that waits");
        self.running.set(Some(id));
        let result = coroutine.resume(());
        self.running.set(None);
        let mut threads = self.threads.borrow_mut();
        match result {
            CoroutineResult::Yield(()) => threads[id].coroutine = Some(coroutine),
            CoroutineResult::Return(()) => {
                let end = &threads[id].end;
                end.has_come.set(true);
                self.ready.borrow_mut().extend(end.joining.take());
                self.free.borrow_mut().push(id);
            }
        }
    }

    /// Rounded up: to wake too early would be a spin until it is time.
    fn until_the_next_wakes(&self) -> EpollTimeout {
        let asleep = self.asleep.borrow();
        asleep.peek().map_or(EpollTimeout::NONE, |Reverse((due, _))| {
            let left = due
                .saturating_duration_since(Instant::now())
                .as_nanos()
                .div_ceil(1_000_000);
            EpollTimeout::from(u16::try_from(left).unwrap_or(u16::MAX))
        })
    }

    fn happened(&self, event: &EpollEvent) {
        const ENDED: EpollFlags = EpollFlags::EPOLLRDHUP
            .union(EpollFlags::EPOLLHUP)
            .union(EpollFlags::EPOLLERR);
        let flags = event.events();
        let mut sources = self.sources.borrow_mut();
        let source = &mut sources[event.data() as usize];
        source.ended |= flags.intersects(ENDED);
        source.readable |= source.ended || flags.contains(EpollFlags::EPOLLIN);
        source.writable |= source.ended || flags.contains(EpollFlags::EPOLLOUT);
        let (readable, writable) = (source.readable, source.writable);
        let can_go_on = |(_, direction): &mut (Id, Direction)| match direction {
            Direction::Read => readable,
            Direction::Write => writable,
        };
        if let Some((id, _)) = source.waiting.take_if(can_go_on) {
            self.ready.borrow_mut().push_back(id);
        }
    }
}

/// A non-blocking socket on which a green thread may block.
///
/// It is watched from the start to the end, for edges in both directions, so that a wait costs no system call but the
/// hub's. Only one green thread may wait for it at a time.
pub struct Green<S: AsFd> {
    source: S,
}

/// A socket that the kernel would not watch, and why.
pub struct Unwatched<S> {
    /// The socket.
    pub source: S,
    /// What epoll_ctl(2) said.
    pub errno: Errno,
}

impl<S> From<Unwatched<S>> for io::Error {
    fn from(unwatched: Unwatched<S>) -> Self {
        unwatched.errno.into()
    }
}

impl<S: AsFd> Green<S> {
    /// Has the hub watch a non-blocking socket.
    ///
    /// # Errors
    /// Gives the socket back when the kernel watches no further one.
    pub fn new(source: S) -> Result<Self, Unwatched<S>> {
        let fd = source.as_fd().as_raw_fd();
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        HUB.with(|hub| {
            let epoll = hub.epoll.get().expect("a hub that runs");
            if let Err(errno) = epoll.add(&source, EpollEvent::new(flags, fd as u64)) {
                return Err(Unwatched { source, errno });
            }
            let mut sources = hub.sources.borrow_mut();
            if sources.len() <= fd as usize {
                sources.resize(fd as usize + 1, Source::default());
            }
            sources[fd as usize] = Source::default();
            Ok(Self { source })
        })
    }
}

impl<S: AsFd> Green<S> {
    /// The socket itself, for what never blocks.
    pub fn get_ref(&self) -> &S {
        &self.source
    }

    /// Waits for the next arrival, after an attempt to read or to accept has found nothing.
    pub fn wait_until_readable(&self) {
        self.set_ready(Direction::Read, false);
        self.wait(Direction::Read);
    }

    fn wait(&self, direction: Direction) {
        HUB.with(|hub| {
            while !self.is_ready(direction) {
                let fd = self.source.as_fd().as_raw_fd() as usize;
                hub.sources.borrow_mut()[fd].waiting = Some((hub.running(), direction));
                hub.switch();
            }
        });
    }

    fn is_ready(&self, direction: Direction) -> bool {
        self.with(|source| match direction {
            Direction::Read => source.readable,
            Direction::Write => source.writable,
        })
    }

    fn set_ready(&self, direction: Direction, ready: bool) {
        self.with(|source| match direction {
            Direction::Read => source.readable = ready,
            Direction::Write => source.writable = ready,
        });
    }

    fn with<T>(&self, look: impl FnOnce(&mut Source) -> T) -> T {
        let fd = self.source.as_fd().as_raw_fd();
        HUB.with(|hub| look(&mut hub.sources.borrow_mut()[fd as usize]))
    }

    /// Tries until it would not block.
    fn attempt(&self, direction: Direction, mut operation: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        loop {
            self.wait(direction);
            match operation() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.set_ready(direction, false),
                result => return result,
            }
        }
    }
}

impl<S: AsFd> Read for &Green<S>
where
    for<'a> &'a S: Read,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.attempt(Direction::Read, || (&self.source).read(buffer))?;
        // A short read means that no more data was there (epoll(7), question 9), which saves the read that would say
        // so, unless the end was there behind it: no edge will tell of that again.
        if received < buffer.len() {
            self.with(|source| source.readable = source.ended);
        }
        Ok(received)
    }
}

impl<S: AsFd> Write for &Green<S>
where
    for<'a> &'a S: Write,
{
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(Direction::Write, || (&self.source).write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three loops that note their name three times, and do `between` after each.
    fn three_loops(between: fn()) -> String {
        let notes = Rc::new(RefCell::new(String::new()));
        run(|| {
            let spawn_one = |name| {
                let notes = Rc::clone(&notes);
                let body = move || {
                    for _ in 0..3 {
                        notes.borrow_mut().push(name);
                        between();
                    }
                };
                spawn(body).expect("a stack")
            };
            let loops: Vec<Handle> = ['a', 'b', 'c'].map(spawn_one).into_iter().collect();
            assert_eq!(*notes.borrow(), "", "nobody runs before the spawner gives way");
            loops.into_iter().for_each(Handle::join);
        })
        .expect("a hub");
        notes.take()
    }

    #[test]
    fn loops_that_never_wait_run_one_after_the_other() {
        assert_eq!(three_loops(|| {}), "aaabbbccc");
    }

    #[test]
    fn loops_that_sleep_alternate() {
        assert_eq!(three_loops(|| sleep(Duration::ZERO)), "abcabcabc");
    }

    #[test]
    fn who_sleeps_longer_wakes_later_and_nobody_early() {
        let woken = Rc::new(RefCell::new(Vec::new()));
        run(|| {
            let began = Instant::now();
            let spawn_one = |ms| {
                let woken = Rc::clone(&woken);
                let body = move || {
                    let time = Duration::from_millis(ms);
                    sleep(time);
                    assert!(began.elapsed() >= time, "{ms} ms");
                    woken.borrow_mut().push(ms);
                };
                spawn(body).expect("a stack")
            };
            [30, 10, 20].map(spawn_one).into_iter().for_each(Handle::join);
        })
        .expect("a hub");
        assert_eq!(*woken.borrow(), [10, 20, 30]);
    }

    #[test]
    fn one_that_would_block_lets_others_run_and_goes_on_when_there_is_something() {
        use std::os::unix::net::UnixStream;
        let (near, far) = UnixStream::pair().expect("a pair of sockets");
        near.set_nonblocking(true).expect("a non-blocking socket");
        let heard = run(|| {
            let writer = spawn(move || (&far).write_all(b"now").expect("room in an empty socket"));
            let near = Green::new(near).map_err(|unwatched| unwatched.errno).expect("watched");
            let mut heard = Vec::new();
            (&near).read_to_end(&mut heard).expect("what was written, and the end");
            writer.expect("a stack").join();
            heard
        });
        assert_eq!(heard.expect("a hub"), b"now");
    }
}
