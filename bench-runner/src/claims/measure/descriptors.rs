//! The system call select(2) with descriptors from 1,024 up.
//!
//! libc's `fd_set` is an array of 1,024 bits, and FD_SET of more would write behind it. The kernel takes a pointer and a
//! number of bits, and asks for nothing but that the array is as long as that. So the sets here are as long as they have
//! to be, and the call goes by its number past the library.

use std::io::{self, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::ptr::{null, null_mut};

use libc::c_ulong;

use super::epoll::{checked, owned};
use crate::claims::measured::{Descriptors, Tried};

/// The last one that fits into an fd_set, the first that does not, and one far beyond.
const NUMBERS: [RawFd; 3] = [1023, 1024, 10_000];
/// The lowest of the far ones, where there is no room for that.
const FIRST_BEYOND: RawFd = 1024;
const WORD: usize = c_ulong::BITS as usize;

/// Asks about descriptors up to the highest that this process may have.
pub(super) fn measure(nofile: u64) -> Result<Descriptors, String> {
    let top = RawFd::try_from(nofile.saturating_sub(2)).unwrap_or(RawFd::MAX);
    if top <= FIRST_BEYOND {
        return Err(format!(
            "RLIMIT_NOFILE is {nofile}: no descriptor from 1,024 up can be had"
        ));
    }
    let mut tried = Vec::new();
    for number in NUMBERS {
        let number = number.min(top);
        tried.push(reported(number).map_err(|error| format!("descriptor {number} could not be tried: {error}"))?);
    }
    Ok(Descriptors {
        fd_set_bits: 8 * size_of::<libc::fd_set>() as u64,
        tried,
    })
}

/// Whether select reports a descriptor of this number, or the next that is free, when there is something to read and not
/// before.
fn reported(number: RawFd) -> io::Result<Tried> {
    let (mut writer, reader) = UnixStream::pair()?;
    // SAFETY: the descriptor is new.
    let high = unsafe { owned(libc::fcntl(reader.as_raw_fd(), libc::F_DUPFD_CLOEXEC, number)) }?;
    let fd = high.as_raw_fd() as usize;
    let asked = || -> io::Result<(i32, bool)> {
        let mut set = Set::new(fd);
        set.insert(fd);
        let reported = select(fd + 1, &mut set, None)?;
        Ok((reported, set.contains(fd)))
    };
    let before = asked()?;
    writer.write_all(b"x")?;
    Ok(Tried {
        descriptor: fd as u64,
        reported: before == (0, false) && asked()? == (1, true),
    })
}

/// A set with room for descriptors up to a given one.
#[derive(Clone)]
pub(super) struct Set(Vec<c_ulong>);

impl Set {
    pub(super) fn new(highest: usize) -> Self {
        Self(vec![0; highest / WORD + 1])
    }

    pub(super) fn insert(&mut self, fd: usize) {
        self.0[fd / WORD] |= 1 << (fd % WORD);
    }

    pub(super) fn contains(&self, fd: usize) -> bool {
        self.0[fd / WORD] >> (fd % WORD) & 1 == 1
    }

    /// Makes it equal to a set of the same room, as must be done before each call: it is overwritten.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.0.copy_from_slice(&other.0);
    }
}

/// pselect6(2), which every architecture has: how many descriptors below `end` are ready now.
pub(super) fn select(end: usize, readable: &mut Set, writable: Option<&mut Set>) -> io::Result<i32> {
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let writable = writable.map_or(null_mut(), |set| set.0.as_mut_ptr());
    // SAFETY: both sets have a bit for each descriptor below `end`, rounded up to whole words, and the time lives here.
    let returned = unsafe {
        libc::syscall(
            libc::SYS_pselect6,
            end,
            readable.0.as_mut_ptr(),
            writable,
            null_mut::<c_ulong>(),
            &raw const at_once,
            null::<libc::c_void>(),
        )
    };
    checked(returned as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_reports_what_is_ready_and_nothing_else() {
        // As many as a process has without being asked.
        let tried = reported(500).unwrap();
        assert!(tried.reported && tried.descriptor >= 500);
        assert!(measure(1024).unwrap_err().contains("no descriptor from 1,024 up"));
    }

    #[test]
    fn a_set_has_a_bit_for_each_descriptor() {
        let mut set = Set::new(64);
        set.insert(64);
        set.insert(3);
        assert!(set.contains(64) && set.contains(3) && !set.contains(63));
        let mut copy = Set::new(64);
        copy.copy_from(&set);
        assert!(copy.contains(64));
    }
}
