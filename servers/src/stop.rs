//! How every model stops: one signal handler that shuts the listening socket down.
//!
//! A flag alone would be lost when it is set just before a blocking call, and a descriptor to watch costs each model
//! something else. `shutdown(2)` on a listening socket is async-signal-safe, cannot be missed, and wakes every way of
//! waiting there is: a blocked or later accept(2) ends with EINVAL; select, poll, epoll and io_uring see the socket
//! hang up. (Linux: `inet_shutdown` takes a listener back to TCP_CLOSE and calls `sk_state_change`.)
//!
//! Standard input, where it controls the server, needs no thread either: O_ASYNC makes the kernel send SIGIO when a
//! line comes or the other end closes (`fcntl(2)`), and the handler reads it.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering::SeqCst};

use libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static STOP: AtomicBool = AtomicBool::new(false);
static LISTENER: AtomicI32 = AtomicI32::new(-1);
static CLIENT: AtomicI32 = AtomicI32::new(-1);
/// The line of standard input that has begun: its last eight bytes. A pipe may bring a line in pieces.
static LINE: AtomicU64 = AtomicU64::new(0);
const QUIT: u64 = u64::from_be_bytes(*b"\0\0\0\0quit");

/// Whether the server was told to stop.
#[must_use]
pub fn stopping() -> bool {
    STOP.load(SeqCst)
}

/// Stops the server as a signal does.
pub fn stop() {
    begin();
}

/// Has a stop also shut `client` down, for a process that serves one client at a time and blocks on it.
///
/// Lasts until the guard is dropped, which must be before `client` is closed.
pub fn shut_on_stop(client: &impl AsRawFd) -> impl Drop {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            CLIENT.store(-1, SeqCst);
        }
    }
    CLIENT.store(client.as_raw_fd(), SeqCst);
    // A stop that came before the store did not see this client.
    if stopping() {
        begin();
    }
    Guard
}

/// Gives SIGTERM and SIGINT back their default action: a forked child ends at once and says nothing.
pub fn reset_in_child() {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD] {
        // SAFETY: installs no handler of ours.
        let _ = unsafe { sigaction(signal, &default) };
    }
}

/// Installs the handlers; from here on a stop shuts `listener` down.
pub(crate) fn install(listener: BorrowedFd<'_>, control_stdin: bool) -> io::Result<()> {
    LISTENER.store(listener.as_raw_fd(), SeqCst);
    // SA_RESTART: a read that a signal interrupts goes on, so that no model needs a retry of its own for EINTR.
    let on = |handler| SigAction::new(SigHandler::Handler(handler), SaFlags::SA_RESTART, SigSet::all());
    // SAFETY: both handlers only touch atomics and call functions that signal-safety(7) allows.
    unsafe {
        sigaction(Signal::SIGTERM, &on(on_stop))?;
        sigaction(Signal::SIGINT, &on(on_stop))?;
        if control_stdin {
            sigaction(Signal::SIGIO, &on(on_stdin))?;
        }
    }
    if control_stdin {
        watch_stdin()?;
    }
    Ok(())
}

fn watch_stdin() -> io::Result<()> {
    let check = |result: c_int| {
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(result)
        }
    };
    // SAFETY: plain calls on descriptor 0 with integer arguments.
    unsafe {
        check(libc::fcntl(0, libc::F_SETOWN, libc::getpid()))?;
        let flags = check(libc::fcntl(0, libc::F_GETFL))?;
        check(libc::fcntl(0, libc::F_SETFL, flags | libc::O_ASYNC))?;
    }
    // What came before O_ASYNC was set sent no signal.
    on_stdin(0);
    Ok(())
}

extern "C" fn on_stop(_: c_int) {
    begin();
}

extern "C" fn on_stdin(_: c_int) {
    // SAFETY: errno belongs to this thread; the code that the handler interrupts must find it as it left it.
    let errno = unsafe { *libc::__errno_location() };
    if stdin_says_quit() {
        begin();
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

fn stdin_says_quit() -> bool {
    loop {
        let mut ready = libc::pollfd {
            fd: 0,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one valid pollfd. Asking first keeps the read from blocking on a pipe that is not O_NONBLOCK.
        if unsafe { libc::poll(&raw mut ready, 1, 0) } != 1 {
            return false;
        }
        let mut input = [0; 256];
        // SAFETY: reads into a buffer of the length given.
        match unsafe { libc::read(0, input.as_mut_ptr().cast(), input.len()) } {
            0 => return true,
            n if n < 0 => return false,
            n if input[..n as usize].iter().any(|&byte| ends_quit(byte)) => return true,
            _ => {}
        }
    }
}

/// Whether `byte` ends the line `quit`.
fn ends_quit(byte: u8) -> bool {
    match byte {
        b'\n' => LINE.swap(0, SeqCst) == QUIT,
        b'\r' => false,
        _ => {
            LINE.store(LINE.load(SeqCst) << 8 | u64::from(byte), SeqCst);
            false
        }
    }
}

/// Sets the flag first: whoever is woken by the shutdown finds it set.
fn begin() {
    STOP.store(true, SeqCst);
    // SAFETY: errno as in `on_stdin`; shutdown(2) on a number that is no socket only fails.
    unsafe {
        let errno = *libc::__errno_location();
        for fd in [&LISTENER, &CLIENT].map(|fd| fd.load(SeqCst)) {
            if fd >= 0 {
                libc::shutdown(fd, libc::SHUT_RDWR);
            }
        }
        *libc::__errno_location() = errno;
    }
}
