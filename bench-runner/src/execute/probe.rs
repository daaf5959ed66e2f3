//! What a server costs, read from outside: CPU, memory, processes, over the whole process tree.
//!
//! Sweeping /proc over 10,000 processes takes a good part of a second, so it is done outside the windows. At their
//! edges only CPU clocks are read, one system call a process.

use std::fs;

use libc::clockid_t;
use nix::time::{ClockId, clock_gettime};
use procfs::process::Process;

use loadgen::clock::now_ns;

/// Up to this many processes the division of CPU time into user and system is read at the edges of a window: it is
/// told in ticks of 10 ms for each process, which for thousands of short-lived turns adds up to nothing.
const MOST_FOR_TICKS: usize = 64;

/// The processes of a server: the first and all that descend from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pids: Vec<i32>,
}

/// Memory and counts of a tree at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Footprint {
    pub(super) rss_bytes: Option<u64>,
    pub(super) pss_bytes: Option<u64>,
    pub(super) threads: u64,
    pub(super) processes: u64,
    pub(super) descriptors: Option<u64>,
}

/// CPU time that a tree has used up to one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuReading {
    pub(super) at_ns: u64,
    pub(super) total_ns: Option<u64>,
    /// User and system time as /proc/PID/stat divides it.
    pub(super) split_ns: Option<(u64, u64)>,
    /// Grows with each child that has ended and was waited for by the first process.
    pub(super) reaped: Option<u64>,
}

/// CPU time between two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CpuSpan {
    /// Between the readings.
    pub(super) over_ns: u64,
    /// CPU time in it, or why it is not known.
    pub(super) total_ns: Result<u64, &'static str>,
    /// User and system time in it.
    pub(super) split_ns: Option<(u64, u64)>,
}

impl CpuSpan {
    /// `still`: whether the tree is made of the same processes after the second reading as before the first. The time
    /// of one that came later, or of one that has gone, is in neither sum.
    pub(super) fn between(before: CpuReading, after: CpuReading, still: bool) -> Self {
        let total_ns = match before.total_ns.zip(after.total_ns) {
            None => Err("a process of the server ended inside the window"),
            Some(_) if !still => Err("processes of the server came or went inside the window"),
            Some(_) if before.reaped != after.reaped => Err("processes of the server came and went inside the window"),
            Some((first, last)) => Ok(last.saturating_sub(first)),
        };
        let split_ns = before
            .split_ns
            .zip(after.split_ns)
            .map(|(before, after)| (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1)));
        Self {
            over_ns: after.at_ns - before.at_ns,
            total_ns,
            split_ns,
        }
    }
}

impl Tree {
    /// The tree as it is now.
    pub(super) fn of(pid: u32) -> Self {
        let mut pids = vec![pid as i32];
        let mut next = 0;
        while let Some(&parent) = pids.get(next) {
            pids.extend(children(parent));
            next += 1;
        }
        Self { pids }
    }

    /// Its processes, the first before those that descend from it.
    pub(super) fn pids(&self) -> &[i32] {
        &self.pids
    }

    /// Whether it has so few processes that to read something of each takes no time worth speaking of.
    pub(super) fn is_small(&self) -> bool {
        self.pids.len() <= MOST_FOR_TICKS
    }

    /// Whether it consists of the same processes now.
    pub(super) fn is_still(&self, pid: u32) -> bool {
        let sorted = |tree: &Self| {
            let mut pids = tree.pids.clone();
            pids.sort_unstable();
            pids
        };
        sorted(self) == sorted(&Self::of(pid))
    }

    /// Whether all threads of all its processes are stopped, as by SIGSTOP, or have ended.
    pub(super) fn is_stopped(&self) -> bool {
        self.states().all(|state| matches!(state, 'T' | 't' | 'Z' | 'X'))
    }

    /// Whether any of its threads runs, or would if a CPU were free.
    pub(super) fn wants_cpu(&self) -> bool {
        self.states().any(|state| state == 'R')
    }

    /// The state of each thread.
    fn states(&self) -> impl Iterator<Item = char> {
        let tasks = self.pids.iter().filter_map(|&pid| Process::new(pid).ok()?.tasks().ok());
        tasks.flat_map(|tasks| tasks.flatten().filter_map(|task| Some(task.stat().ok()?.state)))
    }

    /// Sweeps the tree. A process that ends meanwhile is left out.
    pub(super) fn footprint(&self) -> Footprint {
        let mut sum = Footprint {
            rss_bytes: Some(0),
            pss_bytes: Some(0),
            descriptors: Some(0),
            ..Footprint::default()
        };
        let page = procfs::page_size();
        let add =
            |total: &mut Option<u64>, value: Option<u64>| *total = total.zip(value).map(|(total, value)| total + value);
        for process in self.pids.iter().filter_map(|&pid| Process::new(pid).ok()) {
            let Ok(stat) = process.stat() else { continue };
            sum.processes += 1;
            sum.threads += stat.num_threads as u64;
            add(&mut sum.rss_bytes, Some(stat.rss * page));
            add(&mut sum.pss_bytes, pss(&process));
            add(&mut sum.descriptors, process.fd_count().ok().map(|count| count as u64));
        }
        sum
    }

    /// Reads the CPU clocks. One that cannot be read (its process has ended) makes the total unknown.
    pub(super) fn cpu(&self) -> CpuReading {
        let total_ns = self.pids.iter().map(|&pid| cpu_ns(pid)).sum();
        let split_ns = self.is_small().then(|| self.split()).flatten();
        CpuReading {
            at_ns: now_ns(),
            total_ns,
            split_ns,
            reaped: self.pids.first().and_then(|&pid| reaped(pid)),
        }
    }

    fn split(&self) -> Option<(u64, u64)> {
        let tick = 1_000_000_000 / procfs::ticks_per_second();
        self.pids.iter().try_fold((0, 0), |(user, system), &pid| {
            let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
            Some((user + stat.utime * tick, system + stat.stime * tick))
        })
    }
}

/// CPU time of a whole process with all its threads, in nanoseconds (`clock_getcpuclockid(3)`). Unlike
/// /proc/PID/stat it is not rounded to ticks, and unlike /proc/PID/schedstat it is not of one thread only.
fn cpu_ns(pid: i32) -> Option<u64> {
    // The encoding of a process's CPU clock: the complement of its id, shifted, and CPUCLOCK_SCHED (clock_gettime(2),
    // linux/posix-timers.h); clock_getcpuclockid(3) computes just this.
    let clock = ClockId::from_raw((!pid << 3 | 2) as clockid_t);
    let time = clock_gettime(clock).ok()?;
    Some(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}

/// Page faults of children that have ended and were waited for: no process runs without any, so this counts those that
/// were born and died between two sweeps too.
fn reaped(pid: i32) -> Option<u64> {
    let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
    Some(stat.cminflt)
}

fn pss(process: &Process) -> Option<u64> {
    let rollup = process.smaps_rollup().ok()?;
    rollup.memory_map_rollup.0.first()?.extension.map.get("Pss").copied()
}

fn children(pid: i32) -> Vec<i32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let of_task = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
    // Children are listed under the thread that made them, but a process of thousands of threads that forks from any
    // but its first is not worth thousands of reads.
    let lists = tasks.flatten().take(MOST_FOR_TICKS).map(of_task);
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<i32>>()
        })
        .collect()
}

/// Kernel memory of the whole machine that connections and tasks make grow, in bytes.
pub(super) fn kernel_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let field = |name: &str| -> Option<u64> {
        let line = text
            .lines()
            .find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    };
    Some(field("Slab")? + field("KernelStack")? + field("PageTables")?)
}

/// Waits, for a second at most, until the kernel has freed what earlier connections left (it does so later, by RCU).
///
/// Before a server runs: one that never sleeps keeps its CPU from freeing anything for so long that the rest looks
/// settled, and what is freed later would be taken off from what its own connections need.
pub(super) fn settle_kernel() {
    let Some(mut last) = kernel_bytes() else { return };
    // It frees in bursts: one quiet interval is no end.
    let mut quiet = 0;
    for _ in 0..20 {
        super::wait::nap(std::time::Duration::from_millis(50));
        let Some(now) = kernel_bytes() else { return };
        quiet = if last.saturating_sub(now) < 128 * 1024 {
            quiet + 1
        } else {
            0
        };
        if quiet == 3 {
            return;
        }
        last = now;
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    #[test]
    fn a_process_is_read_with_its_descendants() {
        let mut shell = Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        let deadline = now_ns() + 10_000_000_000;
        let tree = loop {
            let tree = Tree::of(shell.id());
            if tree.pids.len() == 2 || now_ns() > deadline {
                break tree;
            }
            std::thread::yield_now();
        };
        let footprint = tree.footprint();
        for &pid in &tree.pids {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        shell.wait().unwrap();
        assert_eq!((footprint.processes, footprint.threads), (2, 2));
        assert!(footprint.pss_bytes.unwrap() > 0 && footprint.pss_bytes <= footprint.rss_bytes);
    }

    #[test]
    fn a_stopped_process_is_told_from_one_that_runs_and_from_one_that_waits() {
        let mut shell = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
        let deadline = now_ns() + 10_000_000_000;
        let until = |holds: &dyn Fn() -> bool| {
            while !holds() && now_ns() < deadline {
                std::thread::yield_now();
            }
            holds()
        };
        let (runs, waits) = (Tree::of(shell.id()), Tree::of(sleeper.id()));
        let wanted = until(&|| runs.wants_cpu() && !runs.is_stopped());
        let rested = until(&|| !waits.wants_cpu() && !waits.is_stopped());
        let send = |signal| kill(Pid::from_raw(shell.id() as i32), signal).unwrap();
        send(Signal::SIGSTOP);
        let stopped = until(&|| runs.is_stopped() && !runs.wants_cpu());
        send(Signal::SIGCONT);
        let continued = until(&|| !runs.is_stopped());
        for child in [&mut shell, &mut sleeper] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!((wanted, rested, stopped, continued), (true, true, true, true));
    }

    #[test]
    fn cpu_time_is_missing_when_processes_came_or_went() {
        let reading = |at_ns, total_ns, reaped| CpuReading {
            at_ns,
            total_ns,
            split_ns: Some((at_ns, 0)),
            reaped: Some(reaped),
        };
        let before = reading(10, Some(100), 5);
        let span = |after, still| CpuSpan::between(before, after, still).total_ns;
        assert_eq!(span(reading(30, Some(110), 5), true), Ok(10));
        assert!(
            span(reading(30, Some(110), 5), false).is_err(),
            "another set of processes"
        );
        assert!(span(reading(30, Some(110), 6), true).is_err(), "one that nobody saw");
        assert!(span(reading(30, None, 5), true).is_err(), "one cannot be read any more");
    }

    #[test]
    fn a_child_that_comes_or_goes_is_noticed() {
        let own = std::process::id();
        // Other tests of this program have children too: a shell has only its own.
        let script = "read go; sleep 60 & read go; kill $!; wait $!; read go";
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        assert_ne!(shell.id(), own);
        let mut stdin = shell.stdin.take().unwrap();
        let mut go = || std::io::Write::write_all(&mut stdin, b"\n").unwrap();
        let deadline = now_ns() + 10_000_000_000;
        let until = |holds: &dyn Fn() -> bool| {
            while !holds() {
                assert!(now_ns() < deadline, "waited in vain");
                std::thread::yield_now();
            }
        };
        let alone = Tree::of(shell.id());
        let before = alone.cpu().reaped;
        assert!(alone.is_still(shell.id()));
        go();
        until(&|| !alone.is_still(shell.id()));
        go();
        until(&|| alone.is_still(shell.id()) && alone.cpu().reaped > before);
        go();
        drop(stdin);
        shell.wait().unwrap();
    }

    #[test]
    fn cpu_time_is_that_of_the_whole_process_and_not_rounded() {
        let own = Tree {
            pids: vec![std::process::id() as i32],
        };
        let before = own.cpu().total_ns.unwrap();
        std::thread::spawn(|| {
            let end = cpu_ns(std::process::id() as i32).unwrap() + 5_000_000;
            while cpu_ns(std::process::id() as i32).unwrap() < end {}
        })
        .join()
        .unwrap();
        let after = own.cpu().total_ns.unwrap();
        assert!(after - before >= 5_000_000, "{before} → {after}");
        assert_eq!(
            Tree {
                pids: vec![i32::MAX / 16]
            }
            .cpu()
            .total_ns,
            None,
            "a process that is not there"
        );
    }
}
