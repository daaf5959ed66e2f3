//! Is the machine still enough to measure on: who else runs, above us and beside us.

use std::time::Duration;

use crate::environment::Environment;

use super::advice::{Advice, Severity};
use super::format::{bytes, percent};
use super::wish::Wish;

/// Steal from which it is worth a warning, in parts of the time: where the 99th percentile begins, so that all beyond it
/// may be the hypervisor's.
pub(crate) const STEAL: f64 = 0.01;
/// What to do about it, before a run and after it.
pub(crate) const STEAL_REMEDY: &str =
    "Take a machine with CPUs of its own, or more rounds; look at the steal that each row records.";
/// Time that may be lost on spinning CPUs before the machine is called busy, in parts.
const LOST: f64 = 0.01;
/// Load per CPU from which the machine is called busy.
const BUSY: f64 = 0.5;

pub(super) fn virtual_machine(env: &Environment, _: &Wish) -> Option<Advice> {
    if env.virtualisation.is_virtual() != Some(true) {
        return None;
    }
    let finding = format!("this is a {}.", env.virtualisation.summary());
    let consequence = "Waking an idle CPU goes through the hypervisor and costs tens of microseconds, about 60 µs for a \
                       round trip between two CPUs: at low load, latency is the hypervisor's. Neighbours come and go, so \
                       only runs interleaved in time can be compared.";
    let advice = Advice::new(Severity::Warning, "virtual machine", finding, consequence);
    Some(advice.remedy(
        "Read low-load latency from a bare machine, or keep the CPUs awake with --spin (its use is recorded), and compare \
         servers by CPU per request.",
    ))
}

/// Documentation/filesystems/proc.rst, /proc/stat: involuntary wait.
pub(super) fn steal(env: &Environment, _: &Wish) -> Option<Advice> {
    let sampled = env.jitter.as_ref().and_then(|jitter| jitter.steal_share);
    let (share, when) = match (sampled, env.load.steal_share()) {
        (Some(now), _) if now >= STEAL => (now, "while its CPUs were spun on just now"),
        // A quiet sample outweighs a stormy past.
        (None, Some(past)) if past >= STEAL => (past, "of the time it wanted since boot"),
        _ => return None,
    };
    let finding = format!("the hypervisor took {} {when}.", percent(share));
    let consequence =
        "Others use the same hardware. Tails of latency show them, and throughput drifts while they come and go.";
    let advice = Advice::new(Severity::Warning, "stolen time", finding, consequence);
    Some(advice.remedy(STEAL_REMEDY))
}

pub(super) fn jitter(env: &Environment, _: &Wish) -> Option<Advice> {
    let jitter = env.jitter.as_ref()?;
    if jitter.lost_share < LOST {
        return None;
    }
    let longest = Duration::from_nanos(jitter.longest_gap_ns);
    let finding = format!(
        "spinning CPUs were kept from running for {} of the time, once for {:.1} ms.",
        percent(jitter.lost_share),
        longest.as_secs_f64() * 1e3
    );
    let consequence = "Server and load generator will be interrupted as often: percentiles beyond p99 show that, not the \
                       model.";
    let advice = Advice::new(Severity::Warning, "interruptions", finding, consequence);
    Some(advice.remedy("Stop what else runs here; on a virtual machine it may be a neighbour."))
}

/// The load average counts tasks that run or want to (proc(5)), the runner's own last minute among them.
pub(super) fn busy(env: &Environment, _: &Wish) -> Option<Advice> {
    let [minute, ..] = env.load.averages?;
    let online = env.cpu.online.as_ref().map(Vec::len).filter(|&online| online > 0)?;
    if minute / (online as f64) < BUSY {
        return None;
    }
    let finding = format!("over the last minute {minute:.1} tasks wanted one of {online} CPUs.");
    let consequence =
        "Something else is running, or has just been (a build counts for minutes); it will be in the numbers.";
    let advice = Advice::new(Severity::Warning, "busy machine", finding, consequence);
    Some(
        advice
            .remedy("Wait until it is quiet; see who it is.")
            .command("top -b -n1 -o %CPU | head -15"),
    )
}

pub(super) fn swap(env: &Environment, _: &Wish) -> Option<Advice> {
    let used = env.memory.swap_used_bytes.filter(|&used| used > 0)?;
    let finding = format!("{} of swap are in use.", bytes(used));
    let consequence = "Memory per connection leaves out what is swapped, and a page that comes back from disk is a stall of \
                       milliseconds.";
    let advice = Advice::new(Severity::Info, "swap", finding, consequence);
    Some(
        advice
            .remedy("Free memory first, or turn swap off while measuring.")
            .command("sudo swapoff -a"),
    )
}

/// Documentation/admin-guide/mm/transhuge.rst. A large mapping that is touched once may then hold 2 MiB. Thread stacks
/// are exempt since 6.7 (MAP_STACK means no huge pages), other stacks and heaps are not.
pub(super) fn huge_pages(env: &Environment, _: &Wish) -> Option<Advice> {
    if env.memory.transparent_hugepages.as_deref() != Some("always") {
        return None;
    }
    let finding = "transparent huge pages are given to every program.";
    let consequence =
        "Memory per connection can come in steps of 2 MiB, and may depend on how addresses happen to align.";
    let advice = Advice::new(Severity::Info, "transparent huge pages", finding, consequence);
    Some(advice.command("echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"))
}
