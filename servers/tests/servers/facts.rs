//! What the kernel says about a server, read from /proc.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::Model;
use crate::harness::eventually;

/// Descriptors in use whose number is below `limit`.
pub(crate) fn descriptors_below(pid: u32, limit: usize) -> usize {
    let numbers = entries(&format!("/proc/{pid}/fd")).filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|&number: &usize| number < limit).count()
}

/// Sockets that a process holds, by inode.
pub(crate) fn sockets(pid: u32) -> BTreeSet<String> {
    let targets = entries(&format!("/proc/{pid}/fd")).filter_map(|entry| fs::read_link(entry.path()).ok());
    let names = targets.map(|target| target.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("socket:")).collect()
}

/// Clients that a process holds, beside its listening sockets.
pub(crate) fn clients(pid: u32) -> usize {
    let sockets = sockets(pid);
    let table = fs::read_to_string("/proc/net/tcp").expect("/proc/net/tcp");
    // `sl local_address rem_address st ... uid timeout inode`; state 0A listens.
    let listening = table.lines().filter(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() > 9 && fields[3] == "0A" && sockets.contains(&format!("socket:[{}]", fields[9]))
    });
    sockets.len() - listening.count()
}

fn entries(directory: &str) -> impl Iterator<Item = fs::DirEntry> + use<> {
    fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok)
}

/// Threads, the first one included.
pub(crate) fn threads(pid: u32) -> usize {
    entries(&format!("/proc/{pid}/task")).count()
}

/// Children, those included that have ended and were not waited for.
pub(crate) fn children(pid: u32) -> BTreeSet<u32> {
    let pids = entries("/proc").filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&child| stat(child).is_some_and(|(_, parent)| parent == pid))
        .collect()
}

/// Whether a process still runs; one that only waits to be waited for does not.
pub(crate) fn runs(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// State and parent. The name before them may hold anything, even a parenthesis.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Time on a CPU that all threads of a process have had, those included that have ended.
fn cpu_time(pid: u32) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: both calls write one value each, into valid memory.
    unsafe {
        let mut clock = 0;
        assert_eq!(
            libc::clock_getcpuclockid(pid as i32, &raw mut clock),
            0,
            "a living process"
        );
        assert_eq!(libc::clock_gettime(clock, &raw mut time), 0, "a living process");
    }
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Waits until the server leaves the CPU alone; one that spins never does, which is the model of some.
#[track_caller]
pub(crate) fn assert_idle(model: &Model, pid: u32) {
    if model.spins {
        return;
    }

    const WINDOW: Duration = Duration::from_millis(200);
    eventually("a quiet server: it spins", || {
        let (before, start) = (cpu_time(pid), Instant::now());
        std::thread::sleep(WINDOW);
        // One part in twenty: far above what a silent server needs, far below a spin's share of a busy machine.
        (cpu_time(pid) - before) * 20 < start.elapsed()
    });
}

/// What a server holds when nobody is connected, to see that it holds no more once all have gone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holdings {
    sockets: usize,
    threads: usize,
    children: usize,
}

impl Holdings {
    /// Threads and processes beside the first.
    pub(crate) fn further_tasks(&self) -> usize {
        self.threads - 1 + self.children
    }

    pub(crate) fn of(pid: u32) -> Self {
        let children = children(pid);
        let all = children.iter().chain([&pid]);
        Self {
            sockets: all.map(|&pid| sockets(pid).len()).sum(),
            threads: threads(pid),
            children: children.len(),
        }
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, pid: u32) {
        eventually(&format!("the server holds no more than {self:?}"), || {
            Self::of(pid) == *self
        });
    }
}
