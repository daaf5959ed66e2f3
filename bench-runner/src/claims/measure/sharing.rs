//! Who sees what another one wrote: a thread, a coroutine, a child process.

use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::AsRawFd;
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

use corosensei::{Coroutine, Yielder};
use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

use crate::claims::measured::Sharing;

const ADDED: u64 = 1000;
/// How far the child moves in the file.
const MOVED: i64 = 7;

pub(super) fn measure() -> Result<Sharing, String> {
    seen().map_err(|error| format!("memory could not be shared or a child not be made: {error}"))
}

fn seen() -> io::Result<Sharing> {
    let counter = Arc::new(AtomicU64::new(0));
    let theirs = Arc::clone(&counter);
    let _ended = thread::spawn(move || add(&theirs)).join();
    let by_thread = counter.load(SeqCst);

    let counter = Rc::new(AtomicU64::new(0));
    let theirs = Rc::clone(&counter);
    let mut coroutine = Coroutine::new(move |_: &Yielder<(), ()>, ()| add(&theirs));
    coroutine.resume(());
    let by_coroutine = counter.load(SeqCst);

    let plain = Box::new(AtomicU64::new(0));
    let (mapped, within) = (Mapped::new()?, Mapped::new()?);
    let mut file: File = tempfile::tempfile()?;
    // SAFETY: the child adds to memory that is there, moves in a file and ends; it takes no lock and allocates nothing.
    match unsafe { fork() }? {
        ForkResult::Child => {
            add(&plain);
            add(mapped.counter());
            within.counter().store(plain.load(SeqCst), SeqCst);
            // SAFETY: both are plain system calls, and nothing of the parent's is flushed or dropped twice.
            unsafe {
                libc::lseek(file.as_raw_fd(), MOVED, libc::SEEK_CUR);
                libc::_exit(0)
            }
        }
        ForkResult::Parent { child } => while waitpid(child, None) == Err(Errno::EINTR) {},
    }
    Ok(Sharing {
        added: ADDED,
        by_thread,
        by_coroutine,
        by_process: plain.load(SeqCst),
        within_process: within.counter().load(SeqCst),
        by_process_mapped: mapped.counter().load(SeqCst),
        file_offset: file.stream_position()?,
    })
}

fn add(counter: &AtomicU64) {
    for _ in 0..ADDED {
        counter.fetch_add(1, SeqCst);
    }
}

/// A counter in a page that is shared with children (MAP_SHARED).
struct Mapped(NonNull<AtomicU64>);

impl Mapped {
    fn new() -> io::Result<Self> {
        let (access, kind) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a new mapping, of which nothing is known to anybody else; it is filled with zeros.
        let page = unsafe { libc::mmap(null_mut(), size_of::<AtomicU64>(), access, kind, -1, 0) };
        match NonNull::new(page.cast()) {
            Some(counter) if page != libc::MAP_FAILED => Ok(Self(counter)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn counter(&self) -> &AtomicU64 {
        // SAFETY: the page lives as long as this, is aligned, and is only used as this type.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<AtomicU64>()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_writes_into_its_own_copy_unless_the_page_is_shared() {
        let seen = measure().unwrap();
        assert_eq!((seen.by_thread, seen.by_coroutine), (ADDED, ADDED));
        assert_eq!(
            (seen.by_process, seen.within_process, seen.by_process_mapped),
            (0, ADDED, ADDED)
        );
        assert_eq!(seen.file_offset, MOVED as u64);
    }
}
