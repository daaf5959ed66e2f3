//! What a server counts about itself: connections accepted, open, at their peak, refused.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use nix::errno::Errno;

/// Why a newcomer was refused: accepted and closed at once, so that it learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The descriptor's number does not fit into an `fd_set`.
    FdSetsize,
    /// The process has all the descriptors it may have (EMFILE).
    Nofile,
    /// The system has all the open files it may have (ENFILE).
    SystemFiles,
    /// No memory for it (ENOBUFS, ENOMEM).
    Memory,
    /// The user has all the epoll watches allowed (ENOSPC from epoll_ctl).
    Watches,
    /// No further process can be created (EAGAIN from fork).
    Processes,
    /// No further thread can be created (EAGAIN from clone).
    Threads,
    /// No room for a further thread's memory mappings.
    MaxMapCount,
}

impl Reason {
    const ALL: [Self; 8] = [
        Self::FdSetsize,
        Self::Nofile,
        Self::SystemFiles,
        Self::Memory,
        Self::Watches,
        Self::Processes,
        Self::Threads,
        Self::MaxMapCount,
    ];

    /// The limit's name as the contract writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FdSetsize => "FD_SETSIZE",
            Self::Nofile => "RLIMIT_NOFILE",
            Self::SystemFiles => "fs.file-max",
            Self::Memory => "memory",
            Self::Watches => "fs.epoll.max_user_watches",
            Self::Processes => "process limit",
            Self::Threads => "thread limit",
            Self::MaxMapCount => "vm.max_map_count",
        }
    }
}

/// The limit that a system call ran into.
impl From<Errno> for Reason {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::EMFILE => Self::Nofile,
            Errno::ENFILE => Self::SystemFiles,
            Errno::ENOSPC => Self::Watches,
            _ => Self::Memory,
        }
    }
}

impl From<std::io::Error> for Reason {
    fn from(error: std::io::Error) -> Self {
        Errno::from_raw(error.raw_os_error().unwrap_or(0)).into()
    }
}

#[derive(Default)]
pub(crate) struct Counters {
    accepted: AtomicU64,
    open: AtomicU64,
    peak: AtomicU64,
    /// The peak before the latest connection, for the case that it is taken back.
    peak_before: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
    worked: AtomicU64,
    waited_ns: AtomicU64,
    longest_wait_ns: AtomicU64,
}

/// The process's counters, in memory that forked children share: a child's end is counted where the parent looks.
pub(crate) fn counters() -> &'static Counters {
    static COUNTERS: OnceLock<&'static Counters> = OnceLock::new();
    // SAFETY: atomics; zero bytes are valid ones.
    COUNTERS.get_or_init(|| unsafe { &shared::<Counters>(1)[0] })
}

/// As many flags, all false, in memory that children forked from now on share.
#[must_use]
pub fn shared_flags(count: usize) -> &'static [AtomicBool] {
    // SAFETY: atomics; zero bytes are valid ones.
    unsafe { shared(count) }
}

/// Memory that a process and its children share, never given back.
///
/// # Safety
/// `T` may be written from several processes, and all its bytes may be zero.
unsafe fn shared<T>(count: usize) -> &'static [T] {
    use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
    let length = std::num::NonZeroUsize::new(size_of::<T>() * count).expect("something to share");
    let (protection, flags) = (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED);
    // SAFETY: a fresh anonymous mapping of this length, zeroed and page-aligned, never unmapped; the rest is the
    // caller's promise.
    unsafe {
        let memory = mmap_anonymous(None, length, protection, flags).expect("a little shared memory");
        std::slice::from_raw_parts(memory.cast::<T>().as_ptr(), count)
    }
}

impl Counters {
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    pub(crate) fn refuse(&self, reason: Reason) {
        self.refused[reason as usize].fetch_add(1, Relaxed);
    }

    /// Only where a single thread accepts: the connection taken back is then the latest.
    pub(crate) fn take_back(&self) {
        self.accepted.fetch_sub(1, Relaxed);
        self.peak.store(self.peak_before.load(Relaxed), Relaxed);
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }

    /// A request has had its work, for which it was kept waiting this long.
    pub(crate) fn worked(&self, waited: Duration) {
        let waited_ns = waited.as_nanos() as u64;
        self.worked.fetch_add(1, Relaxed);
        self.waited_ns.fetch_add(waited_ns, Relaxed);
        self.longest_wait_ns.fetch_max(waited_ns, Relaxed);
    }

    /// Requests that had work, the time that all of them were kept waiting for it, and the longest, in nanoseconds.
    pub(crate) fn work(&self) -> [u64; 3] {
        [&self.worked, &self.waited_ns, &self.longest_wait_ns].map(|counter| counter.load(Relaxed))
    }

    /// Refusals by the limit's name, those that happened.
    pub(crate) fn refused(&self) -> BTreeMap<&'static str, u64> {
        let count = |reason: Reason| (reason.name(), self.refused[reason as usize].load(Relaxed));
        Reason::ALL.into_iter().map(count).filter(|&(_, n)| n > 0).collect()
    }
}

/// One open connection, counted from its creation until it is dropped.
///
/// Forget it (`std::mem::forget`) where somebody else ends the count by [`Counted::end_elsewhere`].
#[derive(Debug)]
pub struct Counted(());

impl Counted {
    pub(crate) fn begin() -> Self {
        let counters = counters();
        counters.accepted.fetch_add(1, Relaxed);
        let open = counters.open.fetch_add(1, Relaxed) + 1;
        let before = counters.peak.fetch_max(open, Relaxed);
        counters.peak_before.store(before, Relaxed);
        Self(())
    }

    /// Ends the count of a connection whose own `Counted` was forgotten, or ended with another process.
    ///
    /// Only touches an atomic, so a signal handler may call it.
    pub fn end_elsewhere() {
        counters().open.fetch_sub(1, Relaxed);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        Self::end_elsewhere();
    }
}
