//! Lines from a pipe, with a deadline: how the parent of a process hears it without waiting for ever.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::clock::now_ns;
use crate::interrupt;

/// A signal may come just before a wait, which then does not see it: so often it is looked for.
const SLICE_MS: u64 = 200;

/// What a read came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A line, without its end.
    Line(String),
    /// The other end is closed and all lines were read.
    End,
    /// The deadline passed.
    TimedOut,
    /// A signal came; the caller looks whether it is to stop.
    Interrupted,
}

/// A pipe that is read line by line.
#[derive(Debug)]
pub struct Lines {
    pipe: OwnedFd,
    pending: Vec<u8>,
    ended: bool,
}

impl Lines {
    /// Reads from `pipe`.
    pub fn new(pipe: impl Into<OwnedFd>) -> Self {
        Self {
            pipe: pipe.into(),
            pending: Vec::new(),
            ended: false,
        }
    }

    /// The next line, if one comes until `deadline_ns` of CLOCK_MONOTONIC.
    ///
    /// # Errors
    /// Whatever poll(2) or read(2) report.
    pub fn next(&mut self, deadline_ns: u64) -> io::Result<Read> {
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                return Ok(Read::Line(String::from_utf8_lossy(&line[..end]).into_owned()));
            }
            if self.ended {
                let rest = std::mem::take(&mut self.pending);
                let rest = String::from_utf8_lossy(&rest).into_owned();
                return Ok(if rest.is_empty() { Read::End } else { Read::Line(rest) });
            }
            let left = deadline_ns.saturating_sub(now_ns()).div_ceil(1_000_000).min(SLICE_MS);
            let timeout = PollTimeout::try_from(left as i32).unwrap_or(PollTimeout::ZERO);
            let mut polled = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
            match poll(&mut polled, timeout) {
                Ok(0) if now_ns() >= deadline_ns => return Ok(Read::TimedOut),
                Ok(0) if interrupt::requested() => return Ok(Read::Interrupted),
                Ok(0) => continue,
                Ok(_) => {}
                Err(Errno::EINTR) => return Ok(Read::Interrupted),
                Err(errno) => return Err(errno.into()),
            }
            let mut buffer = [0; 64 * 1024];
            match nix::unistd::read(&self.pipe, &mut buffer) {
                Ok(0) => self.ended = true,
                Ok(read) => self.pending.extend_from_slice(&buffer[..read]),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl AsFd for Lines {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
