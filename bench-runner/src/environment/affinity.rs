//! Which CPUs this thread may run on (sched_setaffinity(2), which Linux has and other systems do not).

#[cfg(target_os = "linux")]
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
#[cfg(target_os = "linux")]
use nix::unistd::Pid;

/// The CPUs that this thread may run on, ascending; `None` where the system does not tell.
#[cfg(target_os = "linux")]
#[must_use]
pub fn allowed() -> Option<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0)).ok()?;
    let cpus: Vec<usize> = (0..CpuSet::count())
        .filter(|&cpu| set.is_set(cpu).unwrap_or(false))
        .collect();
    (!cpus.is_empty()).then_some(cpus)
}

/// Keeps this thread, and what it starts from now on, to `cpus`. No CPUs, or a refusal, leave it where it is.
#[cfg(target_os = "linux")]
pub fn keep_to(cpus: &[usize]) {
    let mut set = CpuSet::new();
    if !cpus.is_empty() && cpus.iter().all(|&cpu| set.set(cpu).is_ok()) {
        let _ = sched_setaffinity(Pid::from_raw(0), &set);
    }
}

/// No system but Linux tells.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn allowed() -> Option<Vec<usize>> {
    None
}

/// No system but Linux can.
#[cfg(not(target_os = "linux"))]
pub fn keep_to(_: &[usize]) {}
