//! What bounds the number of connections, computed before the first of them comes.

use std::fs;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::Serialize;

/// How many connections a server believes it can serve at once, and what would stop it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// Connections at once.
    pub connections: u64,
    /// Name of the limit.
    pub bound_by: &'static str,
}

impl Capacity {
    /// Bounded by `connections`, called `bound_by`.
    #[must_use]
    pub fn new(connections: u64, bound_by: &'static str) -> Self {
        Self { connections, bound_by }
    }

    /// Bounded by the descriptors that the process may have, less those that are open now.
    #[must_use]
    pub fn descriptors() -> Self {
        let allowed = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
        Self::new(allowed.saturating_sub(open_descriptors_below(allowed)), "RLIMIT_NOFILE")
    }

    /// Bounded by the *number* of a descriptor: every one below `size` that is not in use yet.
    #[must_use]
    pub fn descriptors_below(size: usize) -> Self {
        let size = size as u64;
        Self::new(size.saturating_sub(open_descriptors_below(size)), "FD_SETSIZE").or(Self::descriptors())
    }

    /// Bounded by the processes and threads that the system and this user may have; both count against the same
    /// limits.
    #[must_use]
    pub fn tasks() -> Self {
        let system = [
            ("/proc/sys/kernel/threads-max", "kernel.threads-max"),
            ("/proc/sys/kernel/pid_max", "kernel.pid_max"),
        ];
        let limits = system
            .into_iter()
            .filter_map(|(path, name)| Some(Self::new(read_number(path)?, name)));
        let mut capacity = limits
            .chain(cgroup_pids())
            .fold(Self::new(u64::MAX, "nothing known"), Self::or);
        // The kernel does not hold a privileged user to RLIMIT_NPROC (fork(2)).
        if !nix::unistd::geteuid().is_root()
            && let Ok((soft, _)) = getrlimit(Resource::RLIMIT_NPROC)
        {
            capacity = capacity.or(Self::new(soft, "RLIMIT_NPROC"));
        }
        capacity
    }

    /// Bounded by this process's memory mappings, of which each connection takes `each`.
    #[must_use]
    pub fn mappings(each: u64) -> Self {
        let used = fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count() as u64);
        let allowed = read_number("/proc/sys/vm/max_map_count").unwrap_or(65_530);
        // A margin for what the program maps later: malloc's arenas, a few at a time.
        Self::new(allowed.saturating_sub(used + 256) / each, "vm.max_map_count")
    }

    /// The narrower of two bounds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.connections < self.connections {
            other
        } else {
            self
        }
    }
}

/// Raises the soft limit of descriptors to the hard one, which needs no privilege.
pub(crate) fn raise_descriptors() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Descriptors in use whose number is below `limit`: one above it, inherited from whoever set the limit, takes no
/// place that a connection could have.
fn open_descriptors_below(limit: u64) -> u64 {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else {
        return 8;
    };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let below = numbers.filter(|&number: &u64| number < limit).count() as u64;
    // The listing itself holds one descriptor while it is read.
    below.saturating_sub(1)
}

/// The pids controller's limit for this process's cgroup (cgroup v2), where there is one.
fn cgroup_pids() -> Option<Capacity> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(Capacity::new(
        read_number(&format!("/sys/fs/cgroup{path}/pids.max"))?,
        "cgroup pids.max",
    ))
}

fn read_number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}
