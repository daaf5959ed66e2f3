//! epoll and poll by their system calls: what is measured is what these answer, so nothing stands between.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use libc::{epoll_event, pollfd};

/// An epoll instance.
pub(super) struct Epoll(OwnedFd);

impl Epoll {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: the descriptor is new and nobody else's.
        unsafe { owned(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }.map(Self)
    }

    /// Watches a descriptor for `events`, such as EPOLLIN | EPOLLET.
    pub(super) fn add(&self, fd: RawFd, events: i32) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, events)
    }

    /// Watches it for these instead.
    pub(super) fn modify(&self, fd: RawFd, events: i32) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, events)
    }

    fn control(&self, what: i32, fd: RawFd, events: i32) -> io::Result<()> {
        let mut event = epoll_event {
            events: events as u32,
            u64: fd as u64,
        };
        // SAFETY: the event lives here.
        checked(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), what, fd, &mut event) }).map(drop)
    }

    /// How many are reported, after `timeout` at most; an interrupted wait reports none.
    pub(super) fn wait(&self, events: &mut [epoll_event], timeout: Duration) -> io::Result<usize> {
        let (room, ms) = (events.len() as i32, timeout.as_millis() as i32);
        // SAFETY: the array is valid for its length.
        let reported = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), room, ms) };
        match checked(reported) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            other => other.map(|reported| reported as usize),
        }
    }

    /// Whether anything is reported now.
    pub(super) fn reports(&self) -> io::Result<bool> {
        Ok(self.wait(&mut [NO_EVENT], Duration::ZERO)? > 0)
    }
}

pub(super) const NO_EVENT: epoll_event = epoll_event { events: 0, u64: 0 };

/// An entry of poll that waits for something to read; a negative descriptor is copied and not looked at.
pub(super) fn entry(fd: RawFd) -> pollfd {
    pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    }
}

/// How many of `polled` are reported, after `timeout` at most; an interrupted wait reports none.
pub(super) fn poll(polled: &mut [pollfd], timeout: Duration) -> io::Result<usize> {
    let ms = timeout.as_millis() as i32;
    // SAFETY: the array is valid for its length.
    match checked(unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, ms) }) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            polled.iter_mut().for_each(|entry| entry.revents = 0);
            Ok(0)
        }
        other => other.map(|reported| reported as usize),
    }
}

/// What a system call returned, or its error.
pub(super) fn checked(returned: i32) -> io::Result<i32> {
    if returned < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(returned)
    }
}

/// A new descriptor of a system call.
///
/// # Safety
/// It must be nobody else's.
pub(super) unsafe fn owned(returned: i32) -> io::Result<OwnedFd> {
    // SAFETY: as the caller says.
    checked(returned).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}
