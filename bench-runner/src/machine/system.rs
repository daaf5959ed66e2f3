//! The system as a whole: is it Linux, is the build fit, what may be counted, what remained unknown.

use crate::environment::{Capability, Environment};

use super::advice::{Advice, Severity};
use super::format::listed;
use super::wish::Wish;

pub(super) fn other_system(env: &Environment) -> Option<Advice> {
    if env.os.is_linux() {
        return None;
    }
    let name = env.os.name.as_deref().unwrap_or("not Linux");
    let finding = format!("this is {name}; the servers and all that is measured about them are Linux's.");
    let consequence = "Nothing can be measured here. Records made elsewhere can be reported, compared and exported.";
    let advice = Advice::new(Severity::Blocking, "operating system", finding, consequence);
    Some(
        advice.remedy("Measure on Linux: a virtual machine will do, at the price that its hypervisor adds to latency."),
    )
}

pub(super) fn debug_build(env: &Environment, _: &Wish) -> Option<Advice> {
    if env.build.profile.as_deref() != Some("debug") {
        return None;
    }
    let consequence = "The load generator that stands beside it is most likely one too, and would be the bottleneck.";
    let advice = Advice::new(
        Severity::Warning,
        "build profile",
        "bench-runner is a debug build.",
        consequence,
    );
    Some(advice.command("cargo build --release --workspace"))
}

/// A record names the commit that is checked out, from which nobody can build again what differs from it.
pub(super) fn dirty_tree(env: &Environment, _: &Wish) -> Option<Advice> {
    let source = env.source.as_ref().filter(|source| source.dirty == Some(true))?;
    let revision: String = source
        .revision
        .as_deref()
        .unwrap_or("unknown")
        .chars()
        .take(12)
        .collect();
    let finding = format!("files of the source tree differ from its revision {revision}, or are unknown to git.");
    let consequence = "The record names that revision, and what was measured may be something else.";
    let advice = Advice::new(Severity::Warning, "source tree", finding, consequence);
    Some(
        advice
            .remedy("Commit or stash the changes and build again.")
            .command("git status --short"),
    )
}

pub(super) fn binaries(env: &Environment, _: &Wish) -> Option<Advice> {
    let debug: Vec<&str> = env
        .binaries
        .iter()
        .filter(|binary| binary.is_debug_build())
        .map(|binary| binary.name.as_str())
        .collect();
    if debug.is_empty() {
        return None;
    }
    let finding = format!("debug builds: {}.", listed(&debug));
    let consequence = "What is measured is the missing optimisation; models rank by how much code they run themselves.";
    let advice = Advice::new(Severity::Warning, "unoptimised binaries", finding, consequence);
    Some(advice.command("cargo build --release --workspace"))
}

/// Documentation/admin-guide/sysctl/kernel.rst, perf_event_paranoid. A counter that leaves the kernel out, which is all
/// that 2 allows, reads 0 context switches: wrong rather than missing. Some distributions add 3 and 4, "nothing at all".
pub(super) fn counters(env: &Environment, _: &Wish) -> Option<Advice> {
    let paranoid = env.sysctl.perf_event_paranoid?;
    if paranoid <= 1 || env.user.has(Capability::Perfmon) || env.user.has(Capability::SysAdmin) {
        return None;
    }
    let finding = format!("kernel.perf_event_paranoid is {paranoid}, and this user has no CAP_PERFMON.");
    let consequence =
        "Context switches, page faults and system calls are missing; CPU time is read from a control group, or /proc.";
    let advice = Advice::new(Severity::Info, "performance counters", finding, consequence);
    Some(advice.command("sudo sysctl -w kernel.perf_event_paranoid=1"))
}

/// Limits that could not be read are limits that nobody checked.
pub(super) fn untold(env: &Environment, _: &Wish) -> Option<Advice> {
    let asked = [
        ("RLIMIT_NOFILE", env.rlimits.nofile.is_none()),
        ("RLIMIT_NPROC", env.rlimits.nproc.is_none()),
        ("net.core.somaxconn", env.sysctl.somaxconn.is_none()),
        ("fs.file-max", env.sysctl.file_max.is_none()),
        ("kernel.threads-max", env.sysctl.threads_max.is_none()),
        ("kernel.pid_max", env.sysctl.pid_max.is_none()),
        ("vm.max_map_count", env.sysctl.max_map_count.is_none()),
        ("available memory", env.memory.available_bytes.is_none()),
        ("CPUs online", env.cpu.online.is_none()),
    ];
    let missing: Vec<&str> = asked
        .iter()
        .filter(|(_, missing)| *missing)
        .map(|(name, _)| *name)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let finding = format!("could not be read: {}.", listed(&missing));
    Some(Advice::new(
        Severity::Info,
        "unknown limits",
        finding,
        "They were not checked, and may bind during the run.",
    ))
}
