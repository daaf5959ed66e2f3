//! A shortage that comes and goes while a server runs: its accept(2) asks the test first.
//!
//! A filter of seccomp(2) holds the call back and hands it to a supervisor, which lets it go on or has it fail.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use libc::{c_int, c_long, c_ulong};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::harness::Server;
use crate::sandbox::check;

/// Where the server finds the filter's other end when it starts, and we when it runs.
const SUPERVISOR: c_int = 41;

pub(crate) struct Shortage {
    lasts: Arc<AtomicBool>,
}

impl Shortage {
    /// Supervises a server that was started in [`crate::sandbox::Sandbox::supervised`]; fails where a container
    /// forbids to take a descriptor from another process.
    pub(crate) fn of(server: &Server) -> io::Result<Self> {
        // SAFETY: plain system calls; the kernel has just made both descriptors for us.
        let supervisor = unsafe {
            let process = owned(libc::syscall(libc::SYS_pidfd_open, server.pid(), 0))?;
            owned(libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), SUPERVISOR, 0))?
        };
        let lasts = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&lasts);
        std::thread::spawn(move || while answer(&supervisor, &seen) {});
        Ok(Self { lasts })
    }

    /// From now on the system has all the open files that it may have.
    pub(crate) fn begin(&self) {
        self.lasts.store(true, SeqCst);
    }

    pub(crate) fn end(&self) {
        self.lasts.store(false, SeqCst);
    }
}

/// Answers one call of the server's; false when the server has ended.
fn answer(supervisor: &OwnedFd, shortage: &AtomicBool) -> bool {
    let mut fds = [PollFd::new(supervisor.as_fd(), PollFlags::POLLIN)];
    if poll(&mut fds, PollTimeout::NONE).is_err() || fds[0].revents() != Some(PollFlags::POLLIN) {
        return false;
    }
    // SAFETY: both structs are plain integers, which the kernel wants zeroed and fills or reads.
    unsafe {
        let mut call: libc::seccomp_notif = std::mem::zeroed();
        let mut answer: libc::seccomp_notif_resp = std::mem::zeroed();
        // A signal may have taken the call back, here or below: then it comes again.
        if libc::ioctl(supervisor.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) == 0 {
            answer.id = call.id;
            if shortage.load(SeqCst) {
                answer.error = -libc::ENFILE;
            } else {
                answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
            }
            libc::ioctl(supervisor.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer);
        }
    }
    true
}

/// Applies `filter` to this process and leaves its other end where a supervisor will look for it.
///
/// Makes system calls only, so it may run between fork and exec.
pub(crate) fn submit_to(filter: &libc::sock_fprog) -> io::Result<()> {
    // SAFETY: `filter` is valid for the call.
    unsafe {
        let (mode, flags): (c_long, c_ulong) = (
            libc::SECCOMP_SET_MODE_FILTER.into(),
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
        );
        let other_end = check(libc::syscall(libc::SYS_seccomp, mode, flags, filter) as c_int)?;
        check(libc::dup2(other_end, SUPERVISOR))?;
    }
    Ok(())
}

/// # Safety
/// `result` is what a system call returned that makes a descriptor.
unsafe fn owned(result: c_long) -> io::Result<OwnedFd> {
    let fd = check(result as c_int)?;
    // SAFETY: as the caller promises.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
